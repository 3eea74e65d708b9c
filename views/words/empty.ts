import type { InLanguages } from './language.ts'

const en = {
  title: 'Getting started',
  charts: 'Charts',
  nothing: 'Nothing has been published here yet.',
  lede: 'Nothing has been published here yet. Three steps to the first chart.',
  upload: 'Upload',
  choose: 'Choose files to upload',
  orCommands: 'Or package and upload a chart from a shell:',
  add: 'Add',
  install: 'Install',
  caHint: (file: string) =>
    `${file} is the certificate authority of this server; ask whoever runs it for the file.`,
  unknownTitle: 'Not found',
  unknown: (repository: string) => `There is no repository ${repository}`,
  unknownHint: 'Nothing has been published under this name, or you may not read it.',
  nearest: 'Repositories with a similar name',
  all: 'All repositories',
}

/** The words of a repository without charts. */
export const emptyWords: InLanguages<typeof en> = {
  en,
  'zh-CN': {
    title: '开始使用',
    charts: 'Chart 列表',
    nothing: '这里还没有发布任何 Chart。',
    lede: '这里还没有发布任何 Chart。只需三步即可发布第一个。',
    upload: '上传',
    choose: '选择要上传的文件',
    orCommands: '或在命令行中打包并上传 Chart：',
    add: '添加仓库',
    install: '安装',
    caHint: (file) => `${file} 是本服务器的证书颁发机构文件，请向管理员索取。`,
    unknownTitle: '未找到',
    unknown: (repository) => `没有名为 ${repository} 的仓库`,
    unknownHint: '此名称下还没有发布任何内容，或者您无权读取。',
    nearest: '名称相近的仓库',
    all: '全部仓库',
  },
}
