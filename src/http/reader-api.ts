import { RegistryError } from '../errors.ts'
import type { Dependencies } from '../reader/dependencies.ts'
import { resolveNeed } from '../reader/resolve-needs.ts'
import type { Registry } from '../registry/registry.ts'
import {
  dependenciesReading,
  fileReading,
  filesReading,
  rawReading,
  schemaReading,
  valueKeysReading,
} from './archive-readings.ts'
import {
  compareDoc,
  dependenciesDoc,
  fileDoc,
  filesDoc,
  rawDoc,
  readmeDoc,
  schemaDoc,
  valueKeysDoc,
} from './docs/reader.ts'
import { sendObject } from './conditional.ts'
import { goJson, jsonType } from './headers.ts'
import type { ChartReader, Reading } from './chart-reader.ts'
import { hereOf, type Naming } from './here.ts'
import { readComparison, readReadme } from './reader-answers.ts'
import type { Ask, Row } from './route.ts'
import { get } from './route.ts'

const version = '/api/:repo/charts/:name/:version'

/** The server around the charts: where the needs of one of them are looked for. */
export interface Place extends Naming {
  readonly registry: Registry
}

/** What a person reads in a chart, for programs: everything the pages of a version show, as JSON. */
export function readerRows(reader: ChartReader, place: Place): Row[] {
  return [
    get(`${version}/readme`, 'pull', (ask) => send(ask, reader, readReadme(reader)), readmeDoc),
    get(`${version}/schema`, 'pull', (ask) => send(ask, reader, schemaReading), schemaDoc),
    get(`${version}/values/keys`, 'pull', (ask) => send(ask, reader, valueKeysReading), valueKeysDoc),
    get(`${version}/files`, 'pull', (ask) => send(ask, reader, filesReading), filesDoc),
    get(`${version}/file`, 'pull', (ask) => send(ask, reader, fileReading(pathOf(ask.query))), fileDoc),
    get(`${version}/raw`, 'pull', (ask) => send(ask, reader, rawReading(pathOf(ask.query))), rawDoc),
    get(`${version}/dependencies`, 'pull', (ask) => sendNeeds(ask, reader, place), dependenciesDoc),
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

/**
 * What the archive says, and what of it is found here for this caller: that changes with other charts, so it has a tag
 * of its own and no date.
 */
async function sendNeeds(ask: Ask, reader: ChartReader, place: Place): Promise<Response> {
  const { request, repo, params } = ask
  const found = await reader.find(repo, params.name, params.version)
  const read = await reader.read(found, dependenciesReading)
  const { needs, undeclared } = (await read.body.json()) as Dependencies
  const here = await hereOf(ask, place.registry, place)
  const resolved = await Promise.all(
    needs.map(async (need) => ({ ...need, resolved: await resolveNeed(need, here) })),
  )
  const text = goJson({ needs: resolved, undeclared })
  const hash = new Bun.CryptoHasher('sha256').update(text).digest('hex').slice(0, 16)
  const body = new Blob([text])
  // A date of this very second is not sent.
  return sendObject({
    request,
    body,
    size: body.size,
    etag: `${read.tag}-${hash}`,
    modified: new Date(),
    type: jsonType,
  })
}

async function sendComparison(ask: Ask, reader: ChartReader): Promise<Response> {
  const other = await reader.find(ask.repo, ask.params.name, ask.query.get('to') ?? 'latest')
  return send(ask, reader, readComparison(reader, other))
}

function pathOf(query: URLSearchParams): string {
  const path = query.get('path')
  if (path !== null && path !== '') return path
  throw new RegistryError('invalid', 'request', 'path is missing: name a file of the archive')
}
