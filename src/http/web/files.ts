import { h } from 'preact'
import type { ComponentChild } from 'preact'
import type { Page } from '../../../views/page.ts'
import { FilePage, NoFilePage } from '../../../views/file.tsx'
import { FileNav, FilesPage } from '../../../views/files.tsx'
import type { KnownSubChart } from '../../../views/files.tsx'
import { TemplateNav, TemplatesPage } from '../../../views/templates.tsx'
import type { TemplateSection } from '../../../views/templates.tsx'
import { filesWords } from '../../../views/words/files.ts'
import { fileTree } from '../../reader/file-tree.ts'
import type { FileEntry, SubChart } from '../../reader/files.ts'
import { templateGroups } from '../../reader/template-list.ts'
import { shortened, visible } from '../../reader/text.ts'
import type { Repository } from '../../registry/repository.ts'
import { filesReading, rawReading, readJson, unknownType } from '../archive-readings.ts'
import type { FileList } from '../archive-readings.ts'
import { sendObject } from '../conditional.ts'
import type { Ask } from '../route.ts'
import { assetUrl } from './assets.ts'
import { chartPageOf } from './chart-page.ts'
import type { ChartContext } from './chart-page.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'
import { codeReading, templatesReading } from './source-readings.ts'
import type { FileView, TemplateList } from './source-readings.ts'

const most = { near: 10, name: 300 } as const

/** `…/:version/templates`: what a release is made of, by group. */
export async function sendTemplates(ask: Ask, parts: WebParts): Promise<Response> {
  const place = await placeOf(ask, parts)
  if (place instanceof Response) return place
  const { page, chart } = place
  const sections = await sectionsOf(parts, chart)
  return sendPage(ask.request, h(TemplatesPage, { page, head: chart.head, sections }))
}

/** `…/:version/templates/…`: one of the files below `templates/`, with links to values and other templates. */
export async function sendTemplate(ask: Ask, parts: WebParts): Promise<Response> {
  const place = await placeOf(ask, parts)
  if (place instanceof Response) return place
  const { page, chart } = place
  const path = `templates/${ask.params.path}`
  const sections = await sectionsOf(parts, chart)
  const nav = h(TemplateNav, { page, head: chart.head, sections, current: path })
  return sendView(ask, parts, { ...place, section: 'templates', path, nav })
}

/** `…/:version/files`: all files of the archive. */
export async function sendFiles(ask: Ask, parts: WebParts): Promise<Response> {
  const place = await placeOf(ask, parts)
  if (place instanceof Response) return place
  const { page, chart } = place
  const { files, subCharts } = await listOf(parts, chart)
  const known = await knownSubCharts(chart.repository, subCharts)
  const props = { page, head: chart.head, tree: fileTree(files), subCharts: known, count: files.length }
  return sendPage(ask.request, h(FilesPage, props))
}

/** `…/:version/files/…`: one of them. */
export async function sendFile(ask: Ask, parts: WebParts): Promise<Response> {
  const place = await placeOf(ask, parts)
  if (place instanceof Response) return place
  const { page, chart } = place
  const { path } = ask.params
  const { files, subCharts } = await listOf(parts, chart)
  const known = await knownSubCharts(chart.repository, subCharts)
  const tree = fileTree(files)
  const nav = h(FileNav, { page, head: chart.head, tree, subCharts: known, current: path })
  return sendView(ask, parts, { ...place, section: 'files', path, nav })
}

/** `…/:version/raw/…`: the bytes of a file. Texts and pictures are shown by the browser, everything else is saved. */
export async function sendRaw({ request, repo, params }: Ask, { reader }: WebParts): Promise<Response> {
  const found = await reader.find(repo, params.name, params.version)
  const { body, tag, type = unknownType } = await reader.read(found, rawReading(params.path))
  const modified = new Date(found.version.modified)
  const name = encodeURIComponent(params.path.split('/').at(-1) ?? '')
  const disposition = `${type === unknownType ? 'attachment' : 'inline'}; filename*=UTF-8''${name}`
  const headers = { 'content-disposition': disposition }
  return sendObject({ request, body, size: body.size, etag: tag, modified, type, headers })
}

interface Place {
  readonly page: Page
  readonly chart: ChartContext
}

async function placeOf(ask: Ask, parts: WebParts): Promise<Place | Response> {
  const page = await pageOf(ask, parts)
  const chart = await chartPageOf(ask, parts, page)
  return chart instanceof Response ? chart : { page, chart }
}

/** Names are made visible where they are shown and linked alike; `findFile()` knows them by both. */
async function listOf({ reader }: WebParts, chart: ChartContext): Promise<FileList> {
  const { files, subCharts } = await readJson<FileList>(reader, chart, filesReading)
  return { files: files.map(visibleEntry), subCharts }
}

function visibleEntry<Entry extends { readonly name: string }>(entry: Entry): Entry {
  return { ...entry, name: visible(entry.name) }
}

async function sectionsOf({ reader }: WebParts, chart: ChartContext): Promise<TemplateSection[]> {
  const list = await readJson<TemplateList>(reader, chart, templatesReading)
  return templateGroups
    .map((group) => ({ group, entries: list.filter((entry) => entry.group === group).map(visibleEntry) }))
    .filter(({ entries }) => entries.length > 0)
}

/** Each sub-chart, and whether the very same version is in the repository. */
async function knownSubCharts(
  repository: Repository,
  subCharts: readonly SubChart[],
): Promise<KnownSubChart[]> {
  return Promise.all(
    subCharts.map(async ({ name, version, path }) => {
      const versions = version === undefined ? [] : await repository.versions(name)
      return {
        path: visible(path),
        name: visible(name),
        version: version && visible(version),
        here: versions.some((one) => one.version === version),
      }
    }),
  )
}

interface ViewPlace extends Place {
  readonly section: 'templates' | 'files'
  /** As seen from the chart. */
  readonly path: string
  /** The list beside it. */
  readonly nav: ComponentChild
}

async function sendView(ask: Ask, parts: WebParts, place: ViewPlace): Promise<Response> {
  const { page, chart, section, path, nav } = place
  const words = filesWords[page.language].templates
  // From the folder of the page up to the address of the version.
  const root = '../'.repeat(ask.params.path.split('/').length)
  const reading = codeReading(parts.reader, path, { root, language: page.language, words })
  const view = await readJson<FileView>(parts.reader, chart, reading)
  if (view === null) return sendNoFile(ask, parts, place)
  const props = {
    page,
    head: chart.head,
    script: await assetUrl(page.contextPath, 'source.js'),
    section,
    entry: visibleEntry<FileEntry>(view.entry),
    form: view.form,
    html: view.form === 'code' ? view.html : '',
    lines: view.form === 'code' ? view.lines : 0,
    unknown: view.form === 'code' && view.html.includes('class="unknown"'),
    children: nav,
  }
  return sendPage(ask.request, h(FilePage, props))
}

async function sendNoFile(ask: Ask, parts: WebParts, { page, chart, section, path }: ViewPlace) {
  const { files } = await listOf(parts, chart)
  const last = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const near = files.filter(({ name }) => name.toLowerCase().split('/').at(-1) === last)
  const props = {
    page,
    head: chart.head,
    section,
    path: shortened(path, most.name),
    near: near.slice(0, most.near).map(({ name }) => name),
  }
  return sendPage(ask.request, h(NoFilePage, props), { status: 404 })
}
