/** What one README may cost. A README of the largest public chart (argo-cd, 329 KB) has 23,000 nodes. */
export const readmeLimits = {
  /** Characters up to which it is rendered whole. */
  wholeLength: 1024 * 1024,
  /** Of a longer one, so many from the front. */
  partLength: 200 * 1024,
  /**
   * Of letters 1 each, of marks of Markdown 41, of line ends 161: the Markdown parser takes some 10 KB of memory for a
   * cell of a table, so this much is 300 MB while it works. argo-cd weighs 1,100,000.
   */
  weight: 1_600_000,
  /** Elements and texts of the tree. */
  nodes: 100_000,
  /** Elements in elements. */
  depth: 100,
  /** Characters of an address. */
  address: 2048,
  /** Characters of HTML. */
  html: 8 * 1024 * 1024,
  /** Entries of the table of contents. */
  contents: 500,
} as const

/** The few words that a README gets from us, in the language of the reader. */
export interface ReadmeWords {
  readonly image: string
  readonly absent: string
  readonly table: string
  readonly footnotes: string
  readonly done: string
  readonly open: string
  readonly badges: (count: number) => string
  /** By GitHub's names: note, tip, important, warning, caution. */
  readonly alerts: Readonly<Record<string, string>>
}

/** By language: "en", "zh". */
export const readmeWords = {
  en: {
    image: 'Image',
    absent: 'not in this package',
    table: 'Table',
    footnotes: 'Footnotes',
    done: 'Done',
    open: 'Not done',
    badges: (count) => (count === 1 ? '1 badge not shown' : `${count} badges not shown`),
    alerts: { note: 'Note', tip: 'Tip', important: 'Important', warning: 'Warning', caution: 'Caution' },
  },
  zh: {
    image: '图片',
    absent: '不在此软件包中',
    table: '表格',
    footnotes: '脚注',
    done: '已完成',
    open: '未完成',
    badges: (count) => `未显示 ${count} 个徽章`,
    alerts: { note: '说明', tip: '提示', important: '重要', warning: '警告', caution: '小心' },
  },
} as const satisfies Record<string, ReadmeWords>

export type ReadmeLanguage = keyof typeof readmeWords
