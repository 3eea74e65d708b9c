import { numberText, plural, type InLanguages } from './language.ts'

const en = {
  templates: {
    title: 'Templates',
    none: 'This chart has no templates.',
    noneHint: 'It makes nothing of its own; what it installs comes from its dependencies, if it has any.',
    filter: 'Filter, e.g. deployment',
    file: 'File',
    kind: 'Kind',
    size: 'Size',
    groups: {
      manifests: 'Manifests',
      helpers: 'Helpers',
      tests: 'Tests',
      crds: 'CRDs',
      notes: 'NOTES.txt',
    },
    list: 'Templates of this version',
    unknownKey: 'not in values.yaml',
    unknownDefine: 'not defined in the files of this chart',
    dotted: 'Dotted: not in values.yaml, or not defined in the files of this chart.',
  },
  files: {
    title: 'Files',
    list: 'Files of this version',
    filesCount: (count: number) => plural(count, 'file', 'files'),
    subChart: 'sub-chart',
    inRegistry: (what: string) => `${what} in this repository`,
    missing: (path: string) => `This version has no file “${path}”.`,
    near: 'Files with this name',
    all: 'All files',
    allTemplates: 'All templates',
    large: 'This file is too large to be shown here.',
    binary: 'This file is no text and no picture that could be shown here.',
    picture: (path: string) => `Picture ${path}`,
    folder: 'Folder',
  },
}

export type FilesWords = typeof en

export const filesWords: InLanguages<typeof en> = {
  en,
  'zh-CN': {
    templates: {
      title: '模板',
      none: '此 Chart 没有模板。',
      noneHint: '它自身不产生任何资源；如有依赖，安装的内容来自依赖。',
      filter: '筛选，例如 deployment',
      file: '文件',
      kind: '类型',
      size: '大小',
      groups: {
        manifests: '资源清单',
        helpers: '辅助模板',
        tests: '测试',
        crds: 'CRD',
        notes: 'NOTES.txt',
      },
      list: '此版本的模板',
      unknownKey: 'values.yaml 中没有此项',
      unknownDefine: '此 Chart 的文件中没有定义',
      dotted: '虚线：values.yaml 中没有此项，或此 Chart 的文件中没有定义。',
    },
    files: {
      title: '文件',
      list: '此版本的文件',
      filesCount: (count) => `${numberText('zh-CN', count)} 个文件`,
      subChart: '子 Chart',
      inRegistry: (what) => `此仓库中的 ${what}`,
      missing: (path) => `此版本中没有文件“${path}”。`,
      near: '同名文件',
      all: '全部文件',
      allTemplates: '全部模板',
      large: '此文件过大，无法在此显示。',
      binary: '此文件不是可在此显示的文本或图片。',
      picture: (path) => `图片 ${path}`,
      folder: '文件夹',
    },
  },
}
