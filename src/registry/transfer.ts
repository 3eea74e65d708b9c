import { isRegistryError, RegistryError } from '../errors.ts'
import type { OpenedArchive } from './archive.ts'
import { openArchive } from './archive.ts'
import { newTurns } from './archive-turns.ts'
import type { Upload } from './upload.ts'

/** An archive that a source offers, as far as it can be told without reading it. */
export interface Offer {
  /** The repository it belongs to: "" or "org/team". */
  readonly repo: string
  /** The name of its file: "mychart-1.0.0.tgz". */
  readonly file: string
  /** Where the source has it: a key of a store, or addresses of which one is enough. */
  readonly places: readonly string[]
  /** Whether a provenance lies beside it; undefined: the source has to be asked. */
  readonly signed?: boolean | undefined
  readonly chart?: string | undefined
  readonly version?: string | undefined
  /** SHA-256 that the source promises, as hex. */
  readonly digest?: string | undefined
  /** When it was published, RFC 3339. */
  readonly created?: string | undefined
}

/** What a source offers, and what it has and cannot offer. */
export interface Offers {
  readonly offers: readonly Offer[]
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[]
}

/** Where charts are copied from. Nothing in it is changed. */
export interface Source {
  list(): Promise<Offers>
  /** Throws RegistryError: `not_found`, `too_large`, `unavailable`. */
  archive(offer: Offer): Promise<Upload>
  provenance(offer: Offer): Promise<Upload | undefined>
  /** When an archive was published, where the source knows it by its digest. */
  created?(offer: Offer, digest: string): Promise<string | undefined>
}

/** What a destination has of an offer: the same with all that belongs to it, the same without provenance, or another. */
export interface Known {
  readonly state: 'same' | 'unsigned' | 'other'
  /** The path of what is there: "org/mychart-1.0.0.tgz". */
  readonly path: string
  /** SHA-256 of what is there, as hex. */
  readonly digest: string
  /** A provenance is there. */
  readonly signed: boolean
}

/** What has arrived of an offer. */
export interface Arrived {
  readonly offer: Offer
  /** Undefined when only the provenance was missing. */
  readonly archive?: { readonly upload: Upload; readonly opened: OpenedArchive }
  readonly provenance?: Upload | undefined
  readonly created?: string | undefined
}

/** How storing ended. */
export interface Stored {
  readonly outcome: 'copied' | 'replaced' | 'unchanged'
  readonly path: string
  /** What of it could not be stored, as a sentence. */
  readonly incomplete?: string | undefined
}

/** Where charts are copied to. */
export interface Destination {
  /** What is there of an offer; undefined when that cannot be told without its bytes. */
  known(offer: Offer): Promise<Known | undefined>
  /** Throws RegistryError: `conflict` when something else is there and may not be replaced, `full`, `unavailable`. */
  store(arrived: Arrived, options: { force: boolean }): Promise<Stored>
}

/** How the copying of one archive ended. */
export type TransferOutcome = 'copied' | 'replaced' | 'unchanged' | 'conflict' | 'broken' | 'failed'

export interface TransferResult {
  readonly path: string
  readonly outcome: TransferOutcome
  /** SHA-256 as hex, where it is known. */
  readonly digest?: string | undefined
  /** Bytes that were copied. */
  readonly bytes: number
  readonly signed: boolean
  /** Why it did not arrive, or not all of it. */
  readonly reason?: string | undefined
}

export interface TransferOptions {
  readonly parallel: number
  readonly force: boolean
  /** Ends the copying: what is on its way is finished or given up, nothing new is begun. */
  readonly signal: AbortSignal
  /** Called after each archive. */
  readonly progress: (result: TransferResult) => void
}

/** How a whole transfer ended. */
export interface Transferred {
  readonly results: readonly TransferResult[]
  /** Archives that nobody has looked at, because the transfer ended before. */
  readonly left: number
  /** Why it ended before, as a clause; undefined when it went through. */
  readonly stopped?: string | undefined
}

/** A store that is down fails every time: after so many failures one after the other the rest is not tried. */
const mostFailuresInARow = 20

/** As many archives as an upload may open at once; whoever copies has the time to wait for them. */
const patient = newTurns({ atOnce: 4, waitMs: 2 ** 31 - 1 })

/**
 * Copies what a source offers to a destination, byte for byte, `parallel` archives at a time. Every archive is judged as
 * an upload is, and compared with the digest that the source promises; what does not pass is told and not copied. What
 * the destination has already is left alone, so a transfer that was ended is gone on with by running it again.
 */
export async function transfer(
  offers: readonly Offer[],
  source: Source,
  destination: Destination,
  { parallel, force, signal, progress }: TransferOptions,
): Promise<Transferred> {
  const results: TransferResult[] = []
  const queue = offers.values()
  let stopped: string | undefined
  let inARow = 0

  function take(result: TransferResult, error: unknown): void {
    results.push(result)
    progress(result)
    if (isAway(error)) inARow += 1
    else if (result.outcome !== 'failed') inARow = 0
    if (isRegistryError(error, 'full') && error.about !== 'upload') stopped ??= 'the destination is full'
    if (inARow >= mostFailuresInARow) stopped ??= `${inARow} charts one after the other could not be copied`
  }

  async function work(): Promise<void> {
    for (const offer of queue) {
      const copied = copyOne(offer, { source, destination, force })
      const [result, error] = await copied.then(
        (done) => [done, undefined] as const,
        (reason: unknown) => [failure(offer, reason), reason] as const,
      )
      if (signal.aborted && result.outcome === 'failed') return
      take(result, error)
      if (stopped !== undefined || signal.aborted) return
    }
  }

  await Promise.all(Array.from({ length: Math.min(parallel, offers.length) }, work))
  if (signal.aborted) stopped ??= 'it was interrupted'
  const left = offers.length - results.length
  return { results, left, stopped: left > 0 ? stopped : undefined }
}

interface Between {
  readonly source: Source
  readonly destination: Destination
  readonly force: boolean
}

async function copyOne(offer: Offer, between: Between): Promise<TransferResult> {
  const { source, destination, force } = between
  const known = await destination.known(offer)
  if (known?.state === 'same') {
    const { path, digest, signed } = known
    return { path, outcome: 'unchanged', digest, bytes: 0, signed }
  }
  if (known?.state === 'other' && !force) throw conflict(known.digest, offer.digest)
  const provenance = offer.signed === false ? undefined : await source.provenance(offer)
  try {
    if (known?.state !== 'unsigned') return await copyArchive(offer, provenance, between)
    const { path, digest } = known
    if (provenance === undefined) return { path, outcome: 'unchanged', digest, bytes: 0, signed: false }
    const file = path.slice(path.lastIndexOf('/') + 1)
    const stored = await destination.store({ offer: { ...offer, file }, provenance }, { force })
    return { ...stored, digest, bytes: provenance.size, signed: true, reason: stored.incomplete }
  } finally {
    await provenance?.discard()
  }
}

async function copyArchive(
  offer: Offer,
  provenance: Upload | undefined,
  { source, destination, force }: Between,
): Promise<TransferResult> {
  const upload = await source.archive(offer)
  try {
    const opened = await openArchive(upload.body, { turns: patient })
    const { digest } = opened
    if (offer.digest !== undefined && offer.digest !== digest) throw changedOnTheWay(offer.digest, digest)
    const created = offer.created ?? (await source.created?.(offer, digest))
    const arrived = { offer, archive: { upload, opened }, provenance, created }
    const stored = await destination.store(arrived, { force })
    const bytes = stored.outcome === 'unchanged' ? 0 : upload.size
    const signed = provenance !== undefined
    return { ...stored, digest, bytes, signed, reason: stored.incomplete }
  } finally {
    await upload.discard()
  }
}

/** A failure that the next archive will meet too; one that is missing or too large says nothing about others. */
function isAway(error: unknown): boolean {
  if (!isRegistryError(error)) return error !== undefined
  return error.code === 'unavailable' || error.code === 'forbidden'
}

function changedOnTheWay(promised: string, arrived: string): RegistryError {
  const message = `its digest is ${arrived}, but the index of the source says ${promised}`
  return new RegistryError('invalid', 'upload', message)
}

function conflict(there: string, offered: string | undefined): RegistryError {
  const other = offered === undefined ? '' : `, the source has ${offered}`
  return new RegistryError('conflict', 'file', `other bytes are there (${there}${other})`)
}

/** Throws what is no trouble of the source, of the destination or of a chart, but a defect of this program. */
function failure(offer: Offer, error: unknown): TransferResult {
  const path = offer.repo === '' ? offer.file : `${offer.repo}/${offer.file}`
  const base = { path, digest: offer.digest, bytes: 0, signed: false }
  if (isRegistryError(error, 'conflict')) return { ...base, outcome: 'conflict', reason: error.message }
  if (isRegistryError(error, 'invalid') && error.about !== 'upload') {
    return { ...base, outcome: 'broken', reason: error.message }
  }
  if (isRegistryError(error)) return { ...base, outcome: 'failed', reason: error.message }
  if (error instanceof Error && 'code' in error) {
    return { ...base, outcome: 'failed', reason: `it cannot be read (${String(error.code)})` }
  }
  throw error
}
