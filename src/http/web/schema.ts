import { h } from 'preact'
import { SchemaPage } from '../../../views/schema.tsx'
import { isRegistryError } from '../../errors.ts'
import type { Schema } from '../../reader/schema.ts'
import { schemaGroups } from '../../reader/schema-groups.ts'
import { readJson, schemaReading } from '../archive-readings.ts'
import type { ChartReader, Found } from '../chart-reader.ts'
import type { Ask } from '../route.ts'
import { assetUrl } from './assets.ts'
import { chartPageOf } from './chart-page.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'
import { codeReading } from './source-readings.ts'
import type { FileView } from './source-readings.ts'

/** Up to so many rows all of them are open. */
const mostOpen = 150

/** `…/:version/schema`: what values.schema.json says; where it cannot be read, the file and the reason. */
export async function sendSchema(ask: Ask, parts: WebParts): Promise<Response> {
  const page = await pageOf(ask, parts)
  const chart = await chartPageOf(ask, parts, page)
  if (chart instanceof Response) return chart
  const schema = await schemaOf(parts.reader, chart)
  const props = {
    page,
    head: chart.head,
    script: await assetUrl(page.contextPath, 'source.js'),
    schema,
    groups: schemaGroups(schema?.rows ?? []),
    open: (schema?.rows.length ?? 0) <= mostOpen,
    html: schema?.problem === undefined ? undefined : await fileOf(parts.reader, chart),
  }
  return sendPage(ask.request, h(SchemaPage, props), { status: schema === undefined ? 404 : 200 })
}

async function schemaOf(reader: ChartReader, found: Found): Promise<Schema | undefined> {
  try {
    return await readJson<Schema>(reader, found, schemaReading)
  } catch (error) {
    if (isRegistryError(error, 'not_found')) return undefined
    throw error
  }
}

async function fileOf(reader: ChartReader, found: Found): Promise<string | undefined> {
  // A schema has no template in it, so that no link and no word is written.
  const nothing = { root: '', language: '', words: { unknownKey: '', unknownDefine: '' } }
  const view = await readJson<FileView>(reader, found, codeReading(reader, 'values.schema.json', nothing))
  return view?.form === 'code' ? view.html : undefined
}
