import { numberText, type InLanguages } from './language.ts'

const en = {
  sections: 'Chart sections',
  tabs: {
    overview: 'Overview',
    values: 'Values',
    schema: 'Schema',
    templates: 'Templates',
    files: 'Files',
    dependencies: 'Dependencies',
    versions: 'Versions',
  },
  app: (version: string) => `app ${version}`,
  application: 'application',
  kubernetes: (range: string) => `Kubernetes ${range}`,
  published: 'published',
  download: 'Download .tgz',
  compare: 'Compare',
  compareWith: (version: string) => `with ${version}`,
  more: 'More',
  copyLink: 'Copy page link',
  copyDigest: 'Copy digest',
  chartYaml: 'View Chart.yaml',
  deleteVersion: 'Delete this version',
  deleteChart: 'Delete the chart',
  failed: {
    unreadable: 'Provenance unreadable',
    signature: 'Signature wrong',
    digest: 'Signature of another archive',
    file: 'Signature of another file',
    key: 'Signed, key unknown',
  },
}

type ChartHeadWords = typeof en

export const chartHeadWords: InLanguages<ChartHeadWords> = {
  en,
  'zh-CN': {
    sections: 'Chart 内容',
    tabs: {
      overview: '概览',
      values: '默认配置（Values）',
      schema: '配置结构（Schema）',
      templates: '模板',
      files: '文件',
      dependencies: '依赖',
      versions: '版本',
    },
    app: (version) => `应用版本 ${version}`,
    application: '应用',
    kubernetes: (range) => `Kubernetes ${range}`,
    published: '发布于',
    download: '下载 .tgz',
    compare: '版本对比',
    compareWith: (version) => `与 ${version}`,
    more: '更多',
    copyLink: '复制页面链接',
    copyDigest: '复制摘要',
    chartYaml: '查看 Chart.yaml',
    deleteVersion: '删除此版本',
    deleteChart: '删除此 Chart',
    failed: {
      unreadable: '签名文件无法读取',
      signature: '签名错误',
      digest: '签名属于另一个归档',
      file: '签名属于另一个文件',
      key: '已签名，密钥未知',
    },
  },
}

const missingEn = {
  title: 'Not found',
  noChart: (name: string, repo: string) =>
    repo === '' ? `No chart named “${name}” here` : `No chart named “${name}” in ${repo}`,
  noVersion: (name: string, version: string) => `${name} has no version ${version}`,
  nearest: 'Did you mean',
  versions: 'Versions of this chart',
  allVersions: (count: number) => `All ${numberText('en', count)} versions`,
  search: 'Search for it',
  toList: 'All charts',
  deleted: (what: string) => `${what} was deleted`,
  by: (user: string) => `by ${user}`,
  trash: 'See what can be restored',
  broken: (file: string) => `${file} is stored here, but cannot be read as a chart:`,
  download: 'Download it all the same',
}

/** Words of the page for a chart or a version that is not there. */
export const missingWords: InLanguages<typeof missingEn> = {
  en: missingEn,
  'zh-CN': {
    title: '未找到',
    noChart: (name, repo) =>
      repo === '' ? `这里没有名为“${name}”的 Chart` : `${repo} 中没有名为“${name}”的 Chart`,
    noVersion: (name, version) => `${name} 没有版本 ${version}`,
    nearest: '您要找的是不是',
    versions: '此 Chart 的版本',
    allVersions: (count) => `全部 ${numberText('zh-CN', count)} 个版本`,
    search: '搜索',
    toList: '全部 Chart',
    deleted: (what) => `${what} 已被删除`,
    by: (user) => `操作者：${user}`,
    trash: '查看可恢复的内容',
    broken: (file) => `${file} 已存储在此，但无法作为 Chart 读取：`,
    download: '仍然下载',
  },
}
