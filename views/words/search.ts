import type { InLanguages } from './language.ts'
import { numberText, plural } from './language.ts'
import { listWords } from './list.ts'

const en = {
  title: 'Search all repositories',
  titleFor: (words: string) => `“${words}”`,
  where: (repositories: number) => plural(repositories, 'repository', 'repositories'),
  found: (charts: number, repositories: number) =>
    `${plural(charts, 'chart', 'charts')} in ${plural(repositories, 'repository', 'repositories')}`,
  deprecatedHidden: listWords.en.deprecatedHidden,
  prereleasesHidden: listWords.en.prereleasesHidden,
  hint: 'Type what you are looking for in the field above.',
  repositories: 'Repositories',
  allIn: (charts: number, repository: string) =>
    `All ${numberText('en', charts)} charts in ${repository === '' ? '/' : repository}`,
}

/** The words of the search across repositories. */
export const searchWords: InLanguages<typeof en> = {
  en,
  'zh-CN': {
    title: '搜索全部仓库',
    titleFor: (words) => `“${words}”`,
    where: (repositories) => `${numberText('zh-CN', repositories)} 个仓库`,
    found: (charts, repositories) =>
      `${numberText('zh-CN', repositories)} 个仓库中共 ${numberText('zh-CN', charts)} 个 Chart`,
    deprecatedHidden: listWords['zh-CN'].deprecatedHidden,
    prereleasesHidden: listWords['zh-CN'].prereleasesHidden,
    hint: '请在上方输入要查找的内容。',
    repositories: '仓库',
    allIn: (charts, repository) =>
      `${repository === '' ? '/' : repository} 中的全部 ${numberText('zh-CN', charts)} 个 Chart`,
  },
}
