import { isRegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Storage } from '../storage/storage.ts'
import { forEachOf } from './at-once.ts'
import type { Catalog } from './catalog.ts'
import { isRejected } from './catalog.ts'
import type { Turns } from './in-turn.ts'
import { judge } from './judge.ts'
import { fileKey, provenanceFile } from './keys.ts'
import { createPauses } from './pauses.ts'
import { createProgress } from './progress.ts'

/**
 * Archives read at once while many are new. A store far away takes 20 ms or more for each, whatever its size: many small
 * ones are on their way together, while of those that may be large only so many stand in memory.
 */
const parallel = { small: 16, others: 4 }

export interface ExamineParts {
  readonly storage: Storage
  readonly repo: string
  readonly urlPrefix: string
  readonly catalog: Catalog
  readonly turns: Turns
  readonly log: Log
  /** A file could not be read; somebody should look again. */
  failed(): void
}

/** What is known before a file is examined. */
export interface ExamineHints {
  /** The archives that are small by the listing they come from. */
  readonly small?: ReadonlySet<string>
  /** The archives that have a provenance by the listing they come from; without it the store is asked. */
  readonly signed?: ReadonlySet<string>
  /** The times that an earlier index gave to archives, by digest. */
  readonly createdBefore?: ReadonlyMap<string, string> | undefined
}

/**
 * Takes archives into the catalog as the store has them now, several at a time, each in its turn, so that it never undoes
 * a publish or a deletion. One that cannot be read must not hide the others: what is known of it stays, and it is told.
 * Gives how many could not be read.
 */
export async function examine(
  parts: ExamineParts,
  files: readonly string[],
  hints: ExamineHints = {},
): Promise<number> {
  const breathe = createPauses()
  const progress = createProgress(parts, files.length)
  let failures = 0
  const all = (some: readonly string[], atOnce: number) =>
    forEachOf(some, atOnce, async (file) => {
      const read = await parts.turns.run([file], () => examineSafely(parts, file, hints))
      if (!read) failures += 1
      progress.step()
      await breathe()
    })
  const isSmall = (file: string) => hints.small?.has(file) === true
  await all(files.filter(isSmall), parallel.small)
  await all(
    files.filter((file) => !isSmall(file)),
    parallel.others,
  )
  progress.end()
  if (failures > 0) parts.failed()
  return failures
}

/** True when the file could be read, or is gone. */
async function examineSafely(parts: ExamineParts, file: string, hints: ExamineHints): Promise<boolean> {
  const { repo, log } = parts
  try {
    return await examineOne(parts, file, hints)
  } catch (error) {
    if (isRegistryError(error)) {
      log.warn('Could not read a package', { repo, package: file, error: error.message })
      return false
    }
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    log.error('Unexpected error', { repo, package: file, error: told })
    return false
  }
}

async function examineOne(parts: ExamineParts, file: string, hints: ExamineHints): Promise<boolean> {
  const { storage, repo, catalog, log, urlPrefix } = parts
  const key = fileKey(repo, file)
  const known = catalog.file(file)
  // What is not known yet is read without asking whether it changed: a start may find ten thousand of them.
  const info = known && (await storage.info(key))
  const isGone = known !== undefined && info === undefined
  // What a listing said of a file that was published or removed since holds no more.
  const listed = known === undefined ? hints.signed?.has(file) : undefined
  const signed = listed ?? (await hasProvenance(parts, file))
  if (info !== undefined && info.etag === known?.etag) {
    catalog.sign(file, signed)
    return true
  }
  const { createdBefore } = hints
  const judged = isGone ? undefined : await judge(storage, key, { urlPrefix, signed, createdBefore })
  if (judged === undefined) {
    catalog.drop(file)
    return true
  }
  const troubled = judged.etag === ''
  if (troubled && known !== undefined && !isRejected(known)) {
    log.warn('Could not read a package', {
      repo,
      package: file,
      error: isRejected(judged) ? judged.reason : '',
    })
    return false
  }
  catalog.put(judged)
  if (isRejected(judged) && !(known !== undefined && isRejected(known) && known.reason === judged.reason)) {
    const action = known === undefined ? 'added' : 'updated'
    log.warn('Invalid package in storage', { repo, action, package: file, error: judged.reason })
  }
  return !troubled
}

/** True when a provenance lies beside an archive. */
export async function hasProvenance(
  { storage, repo }: Pick<ExamineParts, 'storage' | 'repo'>,
  file: string,
): Promise<boolean> {
  return (await storage.info(fileKey(repo, provenanceFile(file)))) !== undefined
}
