import { h } from 'preact'
import { chartPath } from '../../../views/page.ts'
import { ValueKeyPage } from '../../../views/value-key.tsx'
import { ValuesPage } from '../../../views/values.tsx'
import type { FoundKey } from '../../../views/values.tsx'
import { fragmentOf, keyAnchor } from '../../reader/code-html.ts'
import { shortened, visible } from '../../reader/text.ts'
import { keyIn } from '../../reader/value-copies.ts'
import type { ValueEntry } from '../../reader/value-copies.ts'
import { findKeys } from '../../reader/values.ts'
import { readJson, valueKeysReading } from '../archive-readings.ts'
import type { ValueKeys } from '../archive-readings.ts'
import { isRegistryError } from '../../errors.ts'
import type { ChartReader, Found } from '../chart-reader.ts'
import type { Ask } from '../route.ts'
import { assetUrl } from './assets.ts'
import { chartPageOf } from './chart-page.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'
import { valuesReading } from './source-readings.ts'
import type { ValuesView } from './source-readings.ts'

const most = { found: 200, near: 10, words: 200 } as const

/** `…/:version/values`: the default values, and with `?find=` the keys that have all its words. */
export async function sendValues(ask: Ask, parts: WebParts): Promise<Response> {
  const page = await pageOf(ask, parts)
  const chart = await chartPageOf(ask, parts, page)
  if (chart instanceof Response) return chart
  const view = await readJson<ValuesView>(parts.reader, chart, valuesReading)
  const { keys, ...values } = view ?? { keys: [] }
  const words = shortened(ask.query.get('find') ?? '', most.words).trim()
  const props = {
    page,
    head: chart.head,
    script: await assetUrl(page.contextPath, 'source.js'),
    values: 'html' in values ? values : undefined,
    keyCount: keys.length,
    problem: view?.problem,
    search: words === '' ? undefined : { words, ...search(keys, words) },
  }
  return sendPage(ask.request, h(ValuesPage, props))
}

function search(keys: readonly (readonly [path: string, line: number])[], words: string) {
  const { keys: found, count } = findKeys(
    keys.map(([path, line]) => ({ path, line })),
    words,
    most.found,
  )
  return { keys: found.map(foundKey), count }
}

function foundKey({ path, line }: { path: string; line: number }): FoundKey {
  return { path: visible(path), line, fragment: fragmentTo(path, line) }
}

function fragmentTo(path: string, line: number): string {
  const id = keyAnchor(path)
  return id === undefined ? `#L${line}` : fragmentOf(id)
}

/** `…/:version/values/key?path=`: one key and the ways to use it; a part of it is the menu of the values page. */
export async function sendKey(ask: Ask, parts: WebParts): Promise<Response> {
  const page = await pageOf(ask, parts)
  const chart = await chartPageOf(ask, parts, page)
  if (chart instanceof Response) return chart
  const path = ask.query.get('path') ?? ''
  const { keys } = await keysOf(parts.reader, chart)
  const entry = keyIn(keys, path)
  const fragment = entry === undefined ? '' : fragmentTo(path, entry.line)
  const { name, version } = chart.version
  const origin = page.publicUrl.slice(0, page.publicUrl.length - page.contextPath.length)
  const props = {
    page,
    head: chart.head,
    path: shortened(path, most.words),
    entry: entry && visibleEntry(entry),
    fragment,
    link: origin + chartPath(page, name, version, 'values') + fragment,
    near: entry === undefined ? nearKeys(keys, path) : [],
  }
  return sendPage(ask.request, h(ValueKeyPage, props), { status: entry === undefined ? 404 : 200 })
}

/** None without a values.yaml. */
async function keysOf(reader: ChartReader, found: Found): Promise<ValueKeys> {
  try {
    return await readJson<ValueKeys>(reader, found, valueKeysReading)
  } catch (error) {
    if (isRegistryError(error, 'not_found')) return { keys: [], truncated: false }
    throw error
  }
}

function visibleEntry(entry: ValueEntry): ValueEntry {
  const shown = (text: string | undefined) => text && visible(text)
  return {
    ...entry,
    path: visible(entry.path),
    description: shown(entry.description),
    example: shown(entry.example),
    set: shown(entry.set),
    yaml: shown(entry.yaml),
  }
}

/** Keys with the last word of the path, which is mistyped least often at its end. */
function nearKeys(keys: readonly ValueEntry[], path: string): string[] {
  const words = path
    .slice(0, most.words)
    .split(/[.\s]+/)
    .filter(Boolean)
  const found = words.length === 0 ? [] : findKeys(keys, words.at(-1) ?? '', most.near).keys
  return found.map((key) => visible(key.path))
}
