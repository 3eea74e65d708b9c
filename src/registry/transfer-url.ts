import { RegistryError } from '../errors.ts'
import { shownAddress } from '../storage/web-files.ts'
import type { WebFiles } from '../storage/web-files.ts'
import { provenanceEnding } from './keys.ts'
import { isTime } from './statefile.ts'
import { spooled } from './transfer-store.ts'
import type { Spooling } from './transfer-store.ts'
import type { Offer, Offers, Source } from './transfer.ts'

/** An index over this size is not read; the largest public one has some 60 MB. */
const maxIndexBytes = 256 * 1024 * 1024
/** A provenance has some 1,500 bytes. */
const maxProvenanceBytes = 1024 * 1024

export interface UrlSourceOptions {
  /** The repository's address, as `helm repo add` takes it. */
  readonly url: URL
  readonly files: WebFiles
  readonly spool: Spooling
  readonly maxBytes: number
}

/** Charts of a Helm repository, by its index.yaml. */
export function urlSource({ url, files, spool, maxBytes }: UrlSourceOptions): Source {
  const index = new URL(url)
  index.pathname = index.pathname.replace(/\/?(index\.yaml)?$/, '/index.yaml')

  return {
    async list() {
      const text = await files.read(index, (bytes) => textOf(bytes, maxIndexBytes), { unpack: true })
      if (text === undefined) throw noIndex(index, 'there is none')
      return offersOf(parseIndex(text, index), index)
    },
    async archive({ places }) {
      for (const [at, place] of places.entries()) {
        try {
          const upload = await files.read(new URL(place), (bytes) => spooled(spool, bytes, maxBytes))
          if (upload !== undefined) return upload
        } catch (error) {
          // Another address of the same archive may do.
          if (at === places.length - 1) throw error
        }
      }
      throw new RegistryError('not_found', 'file', 'the index names it, but the source does not have it')
    },
    async provenance({ places: [place = ''] }) {
      const address = new URL(place)
      address.pathname += provenanceEnding
      const take = (bytes: AsyncIterable<Uint8Array>) => spooled(spool, bytes, maxProvenanceBytes)
      const upload = await files.read(address, take, { refusedIsNothing: true })
      if (upload === undefined || (await isProvenance(upload.body))) return upload
      // A server that has a page for everything has no provenance here.
      await upload.discard()
      return undefined
    },
  }
}

async function isProvenance(body: Uint8Array | Blob): Promise<boolean> {
  const start = '-----BEGIN PGP SIGNED MESSAGE-----'
  const head =
    body instanceof Blob ? await body.slice(0, start.length).bytes() : body.subarray(0, start.length)
  return new TextDecoder().decode(head) === start
}

async function textOf(bytes: AsyncIterable<Uint8Array>, most: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.byteLength
    if (size > most) {
      throw new RegistryError(
        'too_large',
        'upload',
        `Cannot read the index: it is over the limit of ${most} bytes`,
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseIndex(text: string, index: URL): Readonly<Record<string, unknown>> {
  let parsed: unknown
  try {
    parsed = /^\s*\{/.test(text) ? JSON.parse(text) : Bun.YAML.parse(text)
  } catch (error) {
    throw noIndex(index, error instanceof SyntaxError ? error.message.slice(0, 200) : 'it cannot be parsed')
  }
  const { entries, apiVersion } = fields(parsed)
  // An empty repository of some servers has no entries at all; a web page has neither.
  if (entries === undefined && apiVersion === undefined)
    throw noIndex(index, 'that is no index of a Helm repository')
  return fields(entries)
}

function noIndex(index: URL, why: string): RegistryError {
  return new RegistryError('invalid', 'repository', `Cannot read ${shownAddress(index)}: ${why}`)
}

/** The archives of an index, those of a chart from the oldest to the newest. */
function offersOf(entries: Readonly<Record<string, unknown>>, index: URL): Offers {
  const offers: Offer[] = []
  const leftOut: { path: string; reason: string }[] = []
  const met = new Set<string>()
  for (const [chart, versions] of Object.entries(entries)) {
    if (!Array.isArray(versions)) continue
    for (const entry of versions.toReversed()) {
      const { version, urls, digest, created } = fields(entry)
      const shown = `${chart} ${typeof version === 'string' ? version : ''}`.trim()
      const places = Array.isArray(urls) ? urls.flatMap((url) => placeOf(url, index)) : []
      if (places[0] === undefined) {
        leftOut.push({ path: shown, reason: whyNowhere(urls) })
        continue
      }
      if (met.has(places[0])) continue
      met.add(places[0])
      offers.push({
        repo: '',
        file: fileOf(places[0]),
        places,
        chart,
        version: textIn(version),
        digest: digestOf(digest),
        created: typeof created === 'string' && isTime(created) ? created : undefined,
      })
    }
  }
  return { offers, leftOut }
}

function placeOf(url: unknown, index: URL): string[] {
  const place = typeof url === 'string' ? URL.parse(url, index) : null
  return place !== null && /^https?:$/.test(place.protocol) ? [place.href] : []
}

function whyNowhere(urls: unknown): string {
  const [first] = Array.isArray(urls) ? urls : []
  if (typeof first !== 'string') return 'the index names no address for it'
  if (first.startsWith('oci:')) return 'it lies in an OCI registry, which cannot be imported from'
  return 'its address is neither http:// nor https://'
}

function fileOf(place: string): string {
  const last = new URL(place).pathname.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(last)
  } catch {
    // Not everything with a "%" is an escape.
    return last
  }
}

function digestOf(digest: unknown): string | undefined {
  const match = typeof digest === 'string' ? /^(?:sha256:)?([0-9a-f]{64})$/i.exec(digest) : null
  return match?.[1]?.toLowerCase()
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
