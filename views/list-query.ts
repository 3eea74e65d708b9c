import type { SearchSort } from '../src/registry/search.ts'

/** What the address of a list of charts asks for. */
export interface ListQuery {
  readonly words: string
  readonly types: readonly string[]
  readonly keywords: readonly string[]
  readonly maintainers: readonly string[]
  /** Only charts with a provenance. */
  readonly signed: boolean
  /** Only charts with a schema. */
  readonly schema: boolean
  /** Charts that have nothing but pre-releases are shown as well. */
  readonly prereleases: boolean
  /** Deprecated charts are shown as well. */
  readonly deprecated: boolean
  /** As somebody chose it; undefined: by relevance while there are words, else the newest first. */
  readonly sort: SearchSort | undefined
  /** From 1. */
  readonly page: number
  /** The language that the address names. */
  readonly language: string | undefined
}

/** Everything, first page. */
export const wholeList: ListQuery = {
  words: '',
  types: [],
  keywords: [],
  maintainers: [],
  signed: false,
  schema: false,
  prereleases: false,
  deprecated: false,
  sort: undefined,
  page: 1,
  language: undefined,
}

/** The address of a list: of the same query always the same, and without what goes without saying. */
export function listAddress(base: string, query: Partial<ListQuery>): string {
  const { words, signed, schema, prereleases, deprecated, sort, page, language } = query
  const fields: string[] = []
  // A list has a hundred of these; URLSearchParams took a tenth of the time of the whole page.
  const add = (name: string, value: string) =>
    fields.push(`${name}=${encodeURIComponent(value.toWellFormed()).replaceAll('%20', '+')}`)
  if (words) add('q', words)
  for (const type of query.types ?? []) add('type', type)
  if (signed) add('signed', 'true')
  if (schema) add('schema', 'true')
  if (prereleases) add('show', 'pre')
  if (deprecated) add('show', 'dep')
  for (const keyword of query.keywords ?? []) add('keyword', keyword)
  for (const maintainer of query.maintainers ?? []) add('maintainer', maintainer)
  if (sort) add('sort', sort)
  if (page !== undefined && page > 1) add('page', String(page))
  if (language) add('lang', language)
  return fields.length === 0 ? base : `${base}?${fields.join('&')}`
}

/**
 * How htmx follows a control of the list: the parts that change are picked from the whole page. The select changes as a
 * whole: of options that are moved one by one the browser selects the last (Chromium 156).
 */
const swapped = {
  'hx-target': '#results',
  'hx-select': '#results',
  'hx-select-oob': '#count:innerHTML,#active:innerHTML,#facets:innerHTML,#sort:outerHTML,#pages:innerHTML',
  'hx-indicator': '#progress',
}

/** The search field: the list follows while somebody types; the address is replaced, so that Back does not replay letters. */
export function typingAttributes(base: string, include: string): Record<string, string> {
  return {
    form: 'filters',
    'hx-get': base,
    'hx-include': include,
    'hx-trigger': 'input changed delay:200ms',
    'hx-sync': 'this:replace',
    'hx-swap': 'outerHTML',
    'hx-replace-url': 'true',
    ...swapped,
  }
}

/** Fields that are chosen: facets, sort. */
export function choosingAttributes(base: string): Record<string, string> {
  return {
    'hx-get': base,
    'hx-trigger': 'change',
    'hx-sync': 'this:replace',
    'hx-swap': 'outerHTML',
    'hx-push-url': 'true',
    ...swapped,
  }
}

/** Links to another part of the list. */
export function turningAttributes(href: string): Record<string, string> {
  return { 'hx-get': href, 'hx-swap': 'outerHTML show:top', 'hx-push-url': 'true', ...swapped }
}
