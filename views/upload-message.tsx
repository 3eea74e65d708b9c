/** @jsxImportSource preact */
import type { Page } from './page.ts'
import type { UploadCode, UploadRowData } from './upload-data.ts'
import { sizeText } from './words/language.ts'
import { uploadWords, type Parts } from './words/upload.ts'

/** What is said of a file. Where something is filled in later stands an element with a `data-slot`. */
export function UploadMessage({ page, row }: { page: Page; row: UploadRowData }) {
  const words = uploadWords[page.language]
  if (row.code === 'TOO_LARGE') {
    return <Filled parts={words.tooLarge(row.limit ?? 0)} slot="size" value={sizeText(row.size)} />
  }
  if (row.code === 'NETWORK') return <Filled parts={words.network()} slot="percent" value="0" />
  if (row.code === 'SIGNED_OUT' && page.authentication === 'bearer') return <>{words.tokenRefused}</>
  return <>{sentences[row.code]?.(words, row) ?? words.failed}</>
}

type Words = (typeof uploadWords)['en']

const sentences: Partial<Record<UploadCode, (words: Words, row: UploadRowData) => string>> = {
  PUBLISHED: (words, row) => withSeal(words, words.published, row),
  REPLACED: (words, row) => withSeal(words, words.replaced, row),
  PROV_ADDED: (words) => words.provenanceAdded,
  SAME: (words, { version = '' }) => words.same(version),
  EXISTS: (words, { version = '' }) => words.exists(version),
  NAME_TAKEN: (words) => words.nameTaken,
  NOT_GZIP: (words) => words.notGzip,
  DAMAGED: (words) => words.damaged,
  NO_CHART_YAML: (words) => words.noChartYaml,
  BAD_YAML: (words, row) => words.badYaml(placeIn(words, row), (row.text ?? '').replace(/\.$/, '')),
  BAD_NAME: (words, row) => {
    return row.text === undefined
      ? words.noName(placeIn(words, row))
      : words.badName(placeIn(words, row), row.text)
  },
  BAD_VERSION: (words, row) => {
    return row.text === undefined
      ? words.noVersion(placeIn(words, row))
      : words.badVersion(placeIn(words, row), row.text)
  },
  BAD_CHART: (words, row) => `${words.badChart(placeIn(words, row))} ${row.text ?? ''}`.trim(),
  UNSAFE_PATH: (words, { text = '' }) => words.unsafePath(text),
  BOMB: (words) => words.bomb,
  PROV_MISMATCH: (words) => words.provMismatch,
  PROV_ALONE: (words) => words.provAlone,
  BAD_PROV: (words) => words.badProv,
  QUOTA: (words, { limit = 0 }) => words.quota(limit),
  STORE_FULL: (words) => words.storeFull,
  BUSY: (words) => words.busy,
  FORBIDDEN: (words) => words.forbidden,
  SIGNED_OUT: (words) => words.signedOut,
  CANCELLED: (words) => words.cancelled,
}

function withSeal(words: Words, text: string, { withProvenance }: UploadRowData): string {
  return withProvenance ? `${text} · ${words.signed}` : text
}

/** "Chart.yaml line 7" */
function placeIn(words: Words, { inside = 'Chart.yaml', line }: UploadRowData): string {
  return line === undefined ? inside : words.inLine(inside, line)
}

function Filled({ parts, slot, value }: { parts: Parts; slot: string; value: string }) {
  const [before, after] = parts
  return (
    <>
      {before}
      <span data-slot={slot}>{value}</span>
      {after}
    </>
  )
}
