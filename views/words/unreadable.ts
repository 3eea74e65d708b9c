import { numberText, plural, type InLanguages } from './language.ts'

const en = {
  count: (count: number) =>
    plural(count, 'file here cannot be read as a chart', 'files here cannot be read as charts'),
}

/** Words about files that are no charts. */
export const unreadableWords: InLanguages<typeof en> = {
  en,
  'zh-CN': { count: (count) => `这里有 ${numberText('zh-CN', count)} 个文件无法作为 Chart 读取` },
}
