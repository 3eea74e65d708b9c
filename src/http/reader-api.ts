import { isUtf8 } from 'node:buffer'
import { RegistryError } from '../errors.ts'
import { concernsDependencies, readDependencies } from '../reader/dependencies.ts'
import { entryOf, findFile, listFiles, listSubCharts } from '../reader/files.ts'
import { readSchema } from '../reader/schema.ts'
import { decodeText, isText, shortened } from '../reader/text.ts'
import type { Registry } from '../registry/registry.ts'
import {
  compareDoc,
  dependenciesDoc,
  fileDoc,
  filesDoc,
  rawDoc,
  readmeDoc,
  schemaDoc,
} from './docs/reader.ts'
import { sendObject } from './conditional.ts'
import { goJson, jsonType } from './headers.ts'
import { createChartReader } from './chart-reader.ts'
import type { Absent, ChartReader, Made, Reading } from './chart-reader.ts'
import { readComparison, readReadme } from './reader-answers.ts'
import type { Ask, Row } from './route.ts'
import { get } from './route.ts'

const version = '/api/:repo/charts/:name/:version'

/** What a person reads in a chart, for programs: everything the pages of a version show, as JSON. */
export function readerRows(registry: Registry): Row[] {
  const reader = createChartReader(registry)
  return [
    get(`${version}/readme`, 'pull', (ask) => send(ask, reader, readReadme(reader)), readmeDoc),
    get(`${version}/schema`, 'pull', (ask) => send(ask, reader, schema), schemaDoc),
    get(`${version}/files`, 'pull', (ask) => send(ask, reader, files), filesDoc),
    get(`${version}/file`, 'pull', (ask) => send(ask, reader, file(ask)), fileDoc),
    get(`${version}/raw`, 'pull', (ask) => send(ask, reader, raw(ask)), rawDoc),
    get(`${version}/dependencies`, 'pull', (ask) => send(ask, reader, dependencies), dependenciesDoc),
    get(`${version}/compare`, 'pull', (ask) => sendComparison(ask, reader), compareDoc),
  ]
}

async function send(ask: Ask, reader: ChartReader, reading: Reading): Promise<Response> {
  const { request, repo, params } = ask
  const found = await reader.find(repo, params.name, params.version)
  const { body, tag, type = jsonType } = await reader.read(found, reading)
  const modified = new Date(found.version.modified)
  return sendObject({ request, body, size: body.size, etag: tag, modified, type })
}

async function sendComparison(ask: Ask, reader: ChartReader): Promise<Response> {
  const other = await reader.find(ask.repo, ask.params.name, ask.query.get('to') ?? 'latest')
  return send(ask, reader, readComparison(reader, other))
}

const schema: Reading = {
  kind: 'schema',
  async make({ open }) {
    const { files } = await open((name) => name === 'values.schema.json')
    const found = findFile(files, 'values.schema.json')
    if (found === undefined) return { absent: 'values.schema.json not found' }
    return { json: goJson(readSchema(decodeText(found.data))) }
  },
}

const files: Reading = {
  kind: 'files',
  async make({ open }) {
    const opened = await open(() => true)
    return { json: goJson({ files: listFiles(opened.files), subCharts: listSubCharts(opened.files) }) }
  },
}

const dependencies: Reading = {
  kind: 'dependencies',
  async make({ open }) {
    const { metadata, files: found } = await open(concernsDependencies)
    return { json: goJson(readDependencies(metadata, found)) }
  },
}

/** One file: a text as text, everything else in base64. */
function file({ query }: Ask): Reading {
  const path = pathOf(query)
  return {
    kind: `file/${path}`,
    async make({ open }) {
      const { files: found } = await open((name) => name === path)
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
function raw({ query }: Ask): Reading {
  const path = pathOf(query)
  return {
    kind: `raw/${path}`,
    async make({ open }): Promise<Made> {
      const { files: found } = await open((name) => name === path)
      const one = findFile(found, path)
      if (one === undefined) return noFile(path)
      const { data } = one
      return { bytes: data, type: typeOf(data) }
    },
  }
}

const pictures: readonly (readonly [start: RegExp, type: string])[] = [
  [/^\x89PNG\r\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[^]{4}WEBP/, 'image/webp'],
]

/** By the first bytes, never by the name: a file that lies about itself is a text or only bytes. */
function typeOf(data: Uint8Array): string {
  const start = Buffer.from(data.subarray(0, 16)).toString('latin1')
  const picture = pictures.find(([pattern]) => pattern.test(start))
  if (picture !== undefined) return picture[1]
  return isText(data) && isUtf8(data) ? 'text/plain; charset=utf-8' : 'application/octet-stream'
}

function pathOf(query: URLSearchParams): string {
  const path = query.get('path')
  if (path !== null && path !== '') return path
  throw new RegistryError('invalid', 'request', 'path is missing: name a file of the archive')
}

function noFile(path: string): Absent {
  return { absent: `Cannot read "${shortened(path, 200)}": the archive has no file of that name` }
}
