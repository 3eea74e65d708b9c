import { sha256 } from './site.ts'

/** What writers were answered, and so what has to be in the store: digests by file, `undefined` for "not there". */
export interface Ledger {
  readonly archives: ReadonlyMap<string, readonly Uint8Array[]>
  readonly wrong: string[]
  answered: number
  open: number
  read: number
  /** True or false when it is known whether a file is there; undefined while a write is open. */
  isThere(file: string): boolean | undefined
  /** A write begins; what it gives is called with true when it was answered as done, with false when nobody knows. */
  begin(file: string, digest: string | undefined): (done: boolean) => void
  /** What is known for sure now, with a number that changes with every write. */
  settled(): ReadonlyMap<string, Settled>
  /** Compares what was shown with what was known before, for files that nobody wrote since; one file or all. */
  compare(
    before: ReadonlyMap<string, Settled>,
    shown: ReadonlyMap<string, string>,
    what: string,
    only?: string,
  ): void
  changedSince(before: ReadonlyMap<string, Settled>, file: string): boolean
  /** Bytes that a reader got: they must be one of the archives that were sent under this name. */
  seen(file: string, digest: string, etag: string | null): void
  /** What the store has now decides what open writes have come to. It must be one of what they may have come to. */
  decide(stored: ReadonlyMap<string, string>): void
}

interface Settled {
  readonly writes: number
  readonly digest: string | undefined
}

interface Account {
  /** All that may be there; one when it is known. */
  possible: Set<string | undefined>
  writes: number
  writing: boolean
}

export function createLedger(archives: ReadonlyMap<string, readonly Uint8Array[]>): Ledger {
  const accounts = new Map<string, Account>()
  for (const file of archives.keys())
    accounts.set(file, { possible: new Set([undefined]), writes: 0, writing: false })
  const sent = new Map([...archives].map(([file, all]) => [file, new Set(all.map((one) => sha256(one)))]))

  function account(file: string): Account {
    const found = accounts.get(file)
    if (found === undefined) throw new Error(`nobody publishes "${file}"`)
    return found
  }

  const ledger: Ledger = {
    archives,
    wrong: [],
    answered: 0,
    open: 0,
    read: 0,
    isThere(file) {
      const { possible } = account(file)
      return possible.size === 1 ? !possible.has(undefined) : undefined
    },
    begin(file, digest) {
      const entry = account(file)
      entry.possible.add(digest)
      entry.writes += 1
      entry.writing = true
      return (done) => {
        entry.writing = false
        entry.writes += 1
        ledger[done ? 'answered' : 'open'] += 1
        if (done) entry.possible = new Set([digest])
      }
    },
    settled() {
      const known = [...accounts].filter(([, { possible, writing }]) => possible.size === 1 && !writing)
      return new Map(
        known.map(([file, { possible, writes }]) => [file, { writes, digest: [...possible][0] }]),
      )
    },
    changedSince: (before, file) => before.get(file)?.writes !== account(file).writes,
    compare(before, shown, what, only) {
      for (const [file, { digest, writes }] of before) {
        if (only !== undefined && file !== only) continue
        if (account(file).writes !== writes || shown.get(file) === digest) continue
        ledger.wrong.push(`${what} shows ${shown.get(file)} for ${file}, answered was ${digest}`)
      }
    },
    seen(file, digest, etag) {
      ledger.read += 1
      if (sent.get(file)?.has(digest) !== true) ledger.wrong.push(`${file} is ${digest}, which nobody sent`)
      if (etag !== null && /^"[0-9a-f]{64}"$/.test(etag) && etag !== `"${digest}"`)
        ledger.wrong.push(`${file} is ${digest}, its tag ${etag}`)
    },
    decide(stored) {
      for (const [file, entry] of accounts) {
        const digest = stored.get(file)
        if (!entry.possible.has(digest)) {
          const may = [...entry.possible].join(' or ')
          ledger.wrong.push(`${file} is ${digest} in the store, answered was ${may}`)
        }
        entry.possible = new Set([digest])
      }
      for (const file of stored.keys())
        if (!accounts.has(file)) ledger.wrong.push(`${file} is in the store, which nobody published`)
    },
  }
  return ledger
}
