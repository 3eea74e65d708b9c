import type { InLanguages } from './language.ts'
import { numberText, plural } from './language.ts'

const en = {
  title: 'Repositories',
  count: (count: number) => plural(count, 'repository', 'repositories'),
  charts: (count: number) => plural(count, 'chart', 'charts'),
  versions: (count: number) => plural(count, 'version', 'versions'),
  updated: 'updated',
  read: 'read',
  upload: 'upload',
  unread: 'This repository could not be read just now.',
  find: 'Find a repository',
  findButton: 'Find',
  add: 'Add a repository to Helm',
  none: 'No repositories yet.',
  first: 'The first upload creates one:',
  noMatch: (text: string) => `No repository has “${text}” in its name.`,
  all: 'All repositories',
}

/** The words of the list of repositories. */
export const repositoriesWords: InLanguages<typeof en> = {
  en,
  'zh-CN': {
    title: '仓库',
    count: (count) => `${numberText('zh-CN', count)} 个仓库`,
    charts: (count) => `${numberText('zh-CN', count)} 个 Chart`,
    versions: (count) => `${numberText('zh-CN', count)} 个版本`,
    updated: '更新于',
    read: '可读取',
    upload: '可上传',
    unread: '暂时无法读取此仓库。',
    find: '查找仓库',
    findButton: '查找',
    add: '将仓库添加到 Helm',
    none: '还没有仓库。',
    first: '首次上传时会自动创建：',
    noMatch: (text) => `没有名称包含“${text}”的仓库。`,
    all: '全部仓库',
  },
}
