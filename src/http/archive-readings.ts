import { isUtf8 } from 'node:buffer'
import { concernsDependencies, readDependencies } from '../reader/dependencies.ts'
import { entryOf, findFile, isCalled, listFiles, listSubCharts } from '../reader/files.ts'
import type { FileEntry, SubChart } from '../reader/files.ts'
import { pictureKind } from '../reader/icon.ts'
import { readSchema } from '../reader/schema.ts'
import { decodeText, isText, shortened } from '../reader/text.ts'
import { valueEntries } from '../reader/value-copies.ts'
import type { ValueEntry } from '../reader/value-copies.ts'
import { readValues } from '../reader/values.ts'
import type { Absent, ChartReader, Found, Made, Reading } from './chart-reader.ts'
import { goJson } from './headers.ts'

/** What is read in one archive, for programs and for pages alike. */
export const schemaReading: Reading = {
  kind: 'schema',
  async make({ open }) {
    const { files } = await open((name) => name === 'values.schema.json')
    const found = findFile(files, 'values.schema.json')
    if (found === undefined) return { absent: 'values.schema.json not found' }
    return { json: goJson(readSchema(decodeText(found.data))) }
  },
}

/** The outcome of `valueKeysReading`. */
export interface ValueKeys {
  readonly keys: readonly ValueEntry[]
  readonly truncated: boolean
}

export const valueKeysReading: Reading = {
  kind: 'keys',
  async make({ open }) {
    const { files } = await open((name) => name === 'values.yaml')
    const found = findFile(files, 'values.yaml')
    if (found === undefined) return { absent: 'values.yaml not found' }
    const text = decodeText(found.data)
    const values = readValues(text)
    const keys: ValueKeys = { keys: valueEntries(text, values), truncated: values.truncated }
    return { json: goJson(keys) }
  },
}

/** The outcome of `filesReading`. */
export interface FileList {
  readonly files: readonly FileEntry[]
  readonly subCharts: readonly SubChart[]
}

export const filesReading: Reading = {
  kind: 'files',
  async make({ open }) {
    const opened = await open(() => true)
    const list: FileList = { files: listFiles(opened.files), subCharts: listSubCharts(opened.files) }
    return { json: goJson(list) }
  },
}

export const dependenciesReading: Reading = {
  kind: 'dependencies',
  async make({ open }) {
    const { metadata, files: found } = await open(concernsDependencies)
    return { json: goJson(readDependencies(metadata, found)) }
  },
}

/** One file: a text as text, everything else in base64. */
export function fileReading(path: string): Reading {
  return {
    kind: `file/${path}`,
    async make({ open }) {
      const { files: found } = await open((name) => isCalled(name, path))
      const one = findFile(found, path)
      if (one === undefined) return noFile(path)
      const entry = entryOf(one)
      const content =
        entry.kind === 'text'
          ? { text: decodeText(one.data) }
          : { data: Buffer.from(one.data).toString('base64') }
      return { json: goJson({ ...entry, ...content }) }
    },
  }
}

/** One file as it stands in the archive; only pictures and texts are named as what they are. */
export function rawReading(path: string): Reading {
  return {
    kind: `raw/${path}`,
    async make({ open }): Promise<Made> {
      const { files: found } = await open((name) => isCalled(name, path))
      const one = findFile(found, path)
      if (one === undefined) return noFile(path)
      const { data } = one
      return { bytes: data, type: isDrawing(path, data) ? 'image/svg+xml' : typeOf(data) }
    },
  }
}

/** An SVG that is called one: shown in a page it runs nothing, and opened by itself nothing either, by its policy. */
function isDrawing(path: string, data: Uint8Array): boolean {
  return /\.svg$/i.test(path) && pictureKind(data) === 'svg'
}

/** Bytes that no browser and no reader can show. */
export const unknownType = 'application/octet-stream'

const pictures: readonly (readonly [start: RegExp, type: string])[] = [
  [/^\x89PNG\r\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[^]{4}WEBP/, 'image/webp'],
]

/** By the first bytes, never by the name: a file that lies about itself is a text or only bytes. */
export function typeOf(data: Uint8Array): string {
  const start = Buffer.from(data.subarray(0, 16)).toString('latin1')
  const picture = pictures.find(([pattern]) => pattern.test(start))
  if (picture !== undefined) return picture[1]
  return isText(data) && isUtf8(data) ? 'text/plain; charset=utf-8' : unknownType
}

export function noFile(path: string): Absent {
  return { absent: `Cannot read "${shortened(path, 200)}": the archive has no file of that name` }
}

/** A reading that is JSON, as the value it was written from. Throws RegistryError `not_found` where it is absent. */
export async function readJson<T>(reader: ChartReader, found: Found, reading: Reading): Promise<T> {
  const { body } = await reader.read(found, reading)
  return JSON.parse(await body.text()) as T
}
