import type { ChartMetadata } from '../registry/chart.ts'
import { parseYaml, YamlError } from '../registry/yaml.ts'
import type { YamlValue } from '../registry/yaml.ts'
import { readAddress } from './readme-links.ts'
import { shortened } from './text.ts'

/** An address outside, as it may stand in a page. */
export interface OutsideLink {
  readonly text: string
  /** `http:`, `https:` or `mailto:`. */
  readonly href: string
  /** Shown beside the text, so that nobody is led elsewhere unawares; undefined where the text is the address. */
  readonly host: string | undefined
}

export interface MaintainerFact {
  readonly name: string
  /** Where the maintainer can be reached. */
  readonly link: OutsideLink | undefined
}

/** What Chart.yaml tells people, ready to be shown: every text on one line, without hidden characters, bounded. */
export interface ChartFacts {
  readonly description: string
  readonly appVersion: string
  readonly type: 'application' | 'library'
  readonly kubeVersion: string
  readonly keywords: readonly string[]
  readonly deprecated: boolean
  /** From the annotation `artifacthub.io/license`, or `licenses`, as Bitnami writes it. */
  readonly licence: string
  readonly home: OutsideLink | undefined
  readonly sources: readonly OutsideLink[]
  /** From the annotation `artifacthub.io/links`. */
  readonly links: readonly OutsideLink[]
  readonly maintainers: readonly MaintainerFact[]
  /** Charts that the description of a deprecated chart names as its successor, whether they exist or not. */
  readonly successors: readonly string[]
}

/** Of a list that somebody else wrote so many entries are shown, of a text so many characters. */
const most = { entries: 50, name: 200, description: 2000 }

export function chartFacts(metadata: ChartMetadata): ChartFacts {
  const { annotations = {}, appVersion, deprecated, description, home, keywords, kubeVersion } = metadata
  return {
    description: shortened(description ?? '', most.description),
    appVersion: shortened(appVersion ?? '', most.name),
    type: metadata.type === 'library' ? 'library' : 'application',
    kubeVersion: shortened(kubeVersion ?? '', most.name),
    keywords: (keywords ?? []).slice(0, most.entries).map(named).filter(Boolean),
    deprecated: deprecated === true,
    licence: shortened(annotations['artifacthub.io/license'] ?? annotations['licenses'] ?? '', most.name),
    home: outside(home ?? ''),
    sources: (metadata.sources ?? []).slice(0, most.entries).flatMap((source) => outside(source) ?? []),
    links: annotatedLinks(annotations['artifacthub.io/links'] ?? ''),
    maintainers: maintainersOf(metadata),
    successors: deprecated === true ? successorsIn(description ?? '') : [],
  }
}

function named(text: string): string {
  return shortened(text, most.name).trim()
}

/** An address of the chart's as a link; undefined for what leads nowhere or is no address. */
function outside(address: string, text?: string): OutsideLink | undefined {
  const found = readAddress(address)
  if (found.kind !== 'outside') return undefined
  const { href, host } = found
  const shown = named(text ?? '')
  if (shown === '') return { text: shortened(plain(href), most.name), href, host: undefined }
  return { text: shown, href, host: shown.includes(host) ? undefined : shortened(host, most.name) }
}

/** As people read addresses: without the scheme, and without a slash at the end. */
function plain(href: string): string {
  return href.replace(/^(?:https?:\/\/|mailto:)/, '').replace(/\/$/, '')
}

/** A YAML list of names and addresses. One that cannot be read says nothing. */
function annotatedLinks(yaml: string): OutsideLink[] {
  const list = yaml.length > 20_000 ? undefined : parsed(yaml)
  if (!Array.isArray(list)) return []
  return list
    .slice(0, most.entries)
    .flatMap((entry) => outside(textIn(entry, 'url'), textIn(entry, 'name')) ?? [])
}

function parsed(yaml: string): YamlValue | undefined {
  try {
    return parseYaml(yaml)
  } catch (error) {
    if (error instanceof YamlError) return undefined
    throw error
  }
}

function textIn(value: YamlValue, key: string): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
    return ''
  const text = value[key]
  return typeof text === 'string' ? text : ''
}

function maintainersOf({ maintainers = [] }: ChartMetadata): MaintainerFact[] {
  return maintainers.slice(0, most.entries).flatMap(({ name = '', email = '', url = '' }) => {
    const link = outside(url) ?? (email.includes('@') ? outside(`mailto:${email}`) : undefined)
    const shown = named(name) || named(email)
    return shown === '' ? [] : [{ name: shown, link }]
  })
}

const successor =
  /\b(?:use|replaced by|superseded by|succeeded by|successor is|in favou?r of|migrate to|moved to|renamed to)[\s:]+(?:the )?(?:chart )?["'`“]?([A-Za-z0-9][\w.-]*)/gi

function successorsIn(description: string): string[] {
  const found = description.slice(0, most.description).matchAll(successor)
  return [...new Set([...found].map(([, name = '']) => name.replace(/\.+$/, '')))].slice(0, 5)
}

/** The file with the licence of a chart, by GitHub's names for it, among the names of its files. */
export function licenceFile(names: readonly string[]): string | undefined {
  return names.find((name) => /^(?:LICEN[SC]E|COPYING)(?:\.(?:md|txt|rst))?$/i.test(name))
}
