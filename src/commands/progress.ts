import type { TransferResult } from '../registry/transfer.ts'

/** Tells a person how far a copy is: a bar on a terminal, a line now and then elsewhere. */
export interface Progress {
  /** One more archive is done. */
  done(result: TransferResult): void
  /** Makes room for a line of somebody else. */
  clear(): void
  /** Takes the bar away. */
  end(): void
}

export interface ProgressOptions {
  readonly total: number
  /** Columns of the terminal; undefined: there is none. */
  readonly columns: number | undefined
  readonly write: (text: string) => void
  /** Milliseconds; a test has a clock of its own. */
  readonly now?: () => number
}

/** The bar is drawn at most so often, lines are written at most so often, milliseconds. */
const [drawMs, lineMs] = [80, 5_000]
const clearLine = '\r\u001b[K'

export function createProgress({ total, columns, write, now = Date.now }: ProgressOptions): Progress {
  const started = now()
  let count = 0
  let bytes = 0
  let troubles = 0
  let told = started
  let drawn = false

  function facts(): string {
    const seconds = Math.max(0.001, (now() - started) / 1000)
    const trouble = troubles === 0 ? '' : `, ${troubles} with trouble`
    return `${grouped(count)} of ${chartCount(total)}, ${sizeText(bytes)}, ${sizeText(bytes / seconds)}/s${trouble}`
  }

  function draw(width: number): void {
    const share = total === 0 ? 1 : count / total
    const text = ` ${String(Math.floor(share * 100)).padStart(3)} %  ${facts()}`
    // The last column stays free: some terminals begin a new line there.
    const cells = Math.max(0, Math.min(30, width - text.length - 4))
    const full = Math.round(share * cells)
    const bar = cells < 5 ? '' : `[${'#'.repeat(full)}${'-'.repeat(cells - full)}]`
    write(`${clearLine}${`${bar}${text}`.slice(0, width - 1)}`)
    drawn = true
  }

  function clear(): void {
    if (drawn) write(clearLine)
    drawn = false
  }

  return {
    done(result) {
      count += 1
      bytes += result.bytes
      if (isTrouble(result)) {
        troubles += 1
        clear()
        write(`${troubleLine(result)}\n`)
      }
      const every = columns === undefined ? lineMs : drawMs
      if (now() - told < every && count < total) return
      told = now()
      if (columns === undefined) write(`${facts()}\n`)
      else draw(columns)
    },
    clear,
    end: clear,
  }
}

/** True for an archive that did not arrive as a whole. */
export function isTrouble({ outcome, reason }: TransferResult): boolean {
  return ['conflict', 'broken', 'failed'].includes(outcome) || reason !== undefined
}

/** What went wrong with an archive, in one line. */
export function troubleLine({ path, outcome, reason = '' }: TransferResult): string {
  const words: Partial<Record<TransferResult['outcome'], string>> = {
    conflict: 'kept as it is',
    broken: 'not copied, it is no chart',
    failed: 'not copied',
  }
  return printable(`${path}: ${words[outcome] ?? 'copied, but not all of it'}: ${reason}`)
}

/** Names and reasons come from outside: nothing in them may speak to the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\ufffd').slice(0, 2000)
}

/** 34_100_000 → "34.1 MB". */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 'B'
  for (const next of units) {
    if (value < 999.5) break
    value /= 1000
    unit = next
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** "1 chart", "2,345 charts". */
export function chartCount(number: number): string {
  return `${grouped(number)} ${number === 1 ? 'chart' : 'charts'}`
}

/** 12345 → "12,345". */
export function grouped(number: number): string {
  return number.toLocaleString('en-US')
}
