import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Storage } from '../storage/storage.ts'
import { isRejected } from './catalog-file.ts'
import { blobOf, goTime } from './judge.ts'
import { catalogKey, fileKey, isRepositoryName, provenanceEnding } from './keys.ts'
import { isSame } from './publish-store.ts'
import { readSavedCatalog } from './saved-catalog.ts'
import { readStatefile } from './statefile.ts'
import type { Arrived, Destination, Offers, Source, Stored } from './transfer.ts'
import type { Upload } from './upload.ts'

/** Takes bytes that arrive and gives them back as one upload: see http/spool.ts. */
export interface Spooling {
  writer(): {
    write(chunk: Uint8Array): Promise<void>
    end(): Promise<Upload>
    abort(): Promise<void>
  }
}

/** Charts in a store that ChartMuseum or Chartroom filled, in one repository or in all of them. */
export function storeSource(
  storage: Storage,
  { spool, maxBytes, repo, log }: { spool: Spooling; maxBytes: number; repo?: string | undefined; log: Log },
): Source {
  const created = new Map<string, Promise<ReadonlyMap<string, string>>>()

  async function read(key: string): Promise<Upload | undefined> {
    const object = await storage.get(key)
    if (object === undefined) return undefined
    if (object.size > maxBytes) throw tooLarge(object.size, maxBytes)
    const body = object.body instanceof Blob ? object.body.stream() : object.body
    return spooled(spool, body, maxBytes)
  }

  return {
    list: () => listOffers(storage, repo),
    async archive({ places: [key = ''] }) {
      const upload = await read(key)
      if (upload !== undefined) return upload
      throw new RegistryError('not_found', 'file', 'it was deleted from the source meanwhile')
    },
    provenance: ({ places: [key = ''] }) => read(key + provenanceEnding),
    async created({ places: [key = ''] }, digest) {
      const from = key.slice(0, Math.max(0, key.lastIndexOf('/')))
      const known = created.get(from) ?? createdTimes(storage, from, log)
      created.set(from, known)
      const time = (await known).get(digest)
      if (time !== undefined) return time
      const info = await storage.info(key)
      return info && goTime(info.modified)
    },
  }
}

/** Reads bytes to their end, in memory or into a file. Throws RegistryError `too_large`. */
export async function spooled(
  spool: Spooling,
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Upload> {
  const writer = spool.writer()
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.byteLength
      if (size > maxBytes) throw tooLarge(size, maxBytes)
      await writer.write(chunk)
    }
    return await writer.end()
  } catch (error) {
    await writer.abort()
    throw error
  }
}

function tooLarge(bytes: number, limit: number): RegistryError {
  const message = `it has ${bytes} bytes or more, over the limit of ${limit}: --max-upload-size raises it`
  return new RegistryError('too_large', 'upload', message)
}

async function listOffers(storage: Storage, only: string | undefined): Promise<Offers> {
  const archives: { key: string; repo: string; file: string }[] = []
  const signed = new Set<string>()
  const illegal = new Set<string>()
  for await (const { key } of storage.list('')) {
    const repo = key.slice(0, Math.max(0, key.lastIndexOf('/')))
    if (key.startsWith('.') || (only !== undefined && repo !== only)) continue
    if (key.endsWith(provenanceEnding)) signed.add(key.slice(0, -provenanceEnding.length))
    if (!key.endsWith('.tgz')) continue
    if (isRepositoryName(repo))
      archives.push({ key, repo, file: key.slice(repo === '' ? 0 : repo.length + 1) })
    else illegal.add(repo)
  }
  const offers = archives.map(({ key, repo, file }) => ({
    repo,
    file,
    places: [key],
    signed: signed.has(key),
  }))
  const reason = 'no repository can have this name: letters, digits, ".", "_" and "-" only'
  return { offers, leftOut: [...illegal].map((path) => ({ path: `${path}/`, reason })) }
}

/** When charts were published, by digest: what Chartroom or ChartMuseum noted beside them. */
async function createdTimes(storage: Storage, repo: string, log: Log): Promise<ReadonlyMap<string, string>> {
  const object = await storage.get(catalogKey(repo))
  const bytes = object && (await (await blobOf(object)).bytes())
  const saved = bytes && readSavedCatalog(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), '')
  if (saved === undefined) return readStatefile(storage, repo, log)
  return new Map(saved.files.flatMap((file) => (isRejected(file) ? [] : [[file.digest, file.created]])))
}

/**
 * A store as a place to copy to: files with the names they have, and nothing else. `stored` hears of every archive that
 * is there in the end.
 */
export function storeDestination(
  storage: Storage,
  stored: (arrived: Arrived) => void = () => {},
): Destination {
  return {
    // Only the bytes tell: a plain store has no digests.
    known: async () => undefined,
    async store(arrived, { force }) {
      const { offer, archive, provenance } = arrived
      const key = fileKey(offer.repo, offer.file)
      const outcomes: Stored['outcome'][] = []
      if (archive !== undefined) outcomes.push(await putFile(storage, key, archive.upload, force))
      if (provenance !== undefined) {
        outcomes.push(await putFile(storage, key + provenanceEnding, provenance, force))
      }
      stored(arrived)
      const changed =
        outcomes.find((outcome) => outcome === 'replaced') ?? outcomes.find((outcome) => outcome === 'copied')
      return { outcome: changed ?? 'unchanged', path: key }
    },
  }
}

async function putFile(
  storage: Storage,
  key: string,
  { body }: Upload,
  force: boolean,
): Promise<Stored['outcome']> {
  if ((await storage.info(key)) !== undefined) {
    if (await isSame(storage, key, body)) return 'unchanged'
    if (!force) throw otherBytes(key)
    await storage.put(key, body)
    return 'replaced'
  }
  await storage.put(key, body, { when: 'absent' })
  return 'copied'
}

function otherBytes(key: string): RegistryError {
  const what = key.endsWith(provenanceEnding) ? 'another provenance is there' : 'other bytes are there'
  return new RegistryError('conflict', 'file', what)
}
