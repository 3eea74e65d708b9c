import { durationText } from './duration.ts'
import { plural, type InLanguages } from './language.ts'

const en = {
  titleOne: (name: string) => `Delete ${name}`,
  askOne: (name: string) => `Delete ${name}?`,
  askChart: (name: string) => `Delete the chart ${name} with all its versions?`,
  askMany: (count: number, name: string) => `Delete ${plural(count, 'version', 'versions')} of ${name}?`,
  stops: (command: string) => ['', command, ' will stop working.'],
  chartStops: (name: string) => `Nobody will be able to install ${name} from here any more.`,
  all: (count: number, size: string) => `${plural(count, 'version', 'versions')}, ${size} in all`,
  more: (count: number) => `and ${plural(count, 'more version', 'more versions')}`,
  canUndo: (span: string) => `You can undo this for ${span}.`,
  cannotUndo: 'This cannot be undone.',
  typeName: (name: string) => ['Type ', name, ' to confirm'],
  otherName: (name: string) => `This is not the name of the chart. Type ${name}.`,
  delete: 'Delete',
  cancel: 'Cancel',
  expired:
    'The page was open for too long, or the versions changed meanwhile. Look again and confirm once more.',
  nothing: 'No versions are selected. Go back and select at least one.',
  back: 'Back to the versions',
  duration: (ms: number) => durationText('en', ms),
}

/** The words of the question before something is deleted. */
export const deleteWords: InLanguages<typeof en> = {
  en,
  'zh-CN': {
    titleOne: (name) => `删除 ${name}`,
    askOne: (name) => `要删除 ${name} 吗？`,
    askChart: (name) => `要删除 Chart ${name} 及其所有版本吗？`,
    askMany: (count, name) => `要删除 ${name} 的 ${count} 个版本吗？`,
    stops: (command) => ['', command, ' 将不再可用。'],
    chartStops: (name) => `之后将无法再从这里安装 ${name}。`,
    all: (count, size) => `共 ${count} 个版本，${size}`,
    more: (count) => `以及另外 ${count} 个版本`,
    canUndo: (span) => `${span}内可以撤销。`,
    cannotUndo: '此操作无法撤销。',
    typeName: (name) => ['输入 ', name, ' 以确认'],
    otherName: (name) => `这不是该 Chart 的名称，请输入 ${name}。`,
    delete: '删除',
    cancel: '取消',
    expired: '此页面打开时间过长，或版本已发生变化。请重新查看并再次确认。',
    nothing: '没有选择任何版本，请返回并至少选择一个。',
    back: '返回版本列表',
    duration: (ms) => durationText('zh-CN', ms),
  },
}
