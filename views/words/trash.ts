import { plural, type InLanguages } from './language.ts'

const en = {
  title: 'Recently deleted',
  lede: (span: string) => `What was deleted in the last ${span} can be brought back, byte for byte.`,
  off: 'Nothing is kept here: what is deleted on this server is gone at once.',
  empty: 'Nothing was deleted lately.',
  wasDeleted: (what: string) => `Deleted ${what}.`,
  deleted: 'Deleted. This server keeps nothing to undo it with.',
  restored: 'Restored. It is in the index again.',
  undo: 'Undo',
  restore: 'Restore',
  availableUntil: 'available until',
  versionsOf: (count: number, chart: string) => `${plural(count, 'version', 'versions')} of ${chart}`,
  deletedAt: 'Deleted',
  deletedBy: (user: string) => `Deleted by ${user}`,
  until: 'Can be restored until',
  expired: 'This page was open for too long. Press Restore once more.',
  gone: 'This cannot be restored any more: its time is over, or it was restored already.',
  taken: (what: string) =>
    `${what} was not restored, because it was published again meanwhile. Delete the new version first, or keep it.`,
  busy: 'Somebody else is restoring this just now. Look again in a moment.',
  backToCharts: 'Back to the charts',
}

/** The words around what was deleted. */
export const trashWords: InLanguages<typeof en> = {
  en,
  'zh-CN': {
    title: '最近删除',
    lede: (span) => `最近${span}内删除的内容可以逐字节恢复。`,
    off: '这里不保留任何内容：在此服务器上删除后立即生效。',
    empty: '最近没有删除任何内容。',
    wasDeleted: (what) => `已删除 ${what}。`,
    deleted: '已删除。此服务器不保留可供撤销的内容。',
    restored: '已恢复，并重新出现在索引中。',
    undo: '撤销',
    restore: '恢复',
    availableUntil: '可用至',
    versionsOf: (count, chart) => `${chart} 的 ${count} 个版本`,
    deletedAt: '删除于',
    deletedBy: (user) => `由 ${user} 删除于`,
    until: '可恢复至',
    expired: '此页面打开时间过长，请再次点击“恢复”。',
    gone: '已无法恢复：期限已过，或已经恢复。',
    taken: (what) => `未恢复 ${what}，因为其间又发布了同一版本。请先删除新版本，或保留新版本。`,
    busy: '其他人正在恢复此内容，请稍后再看。',
    backToCharts: '返回 Chart 列表',
  },
}
