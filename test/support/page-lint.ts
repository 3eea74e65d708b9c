/** What htmx may be told by our markup: it only reads. */
const htmxAttributes = new Set([
  'hx-get',
  'hx-include',
  'hx-target',
  'hx-select',
  'hx-select-oob',
  'hx-swap',
  'hx-trigger',
  'hx-sync',
  'hx-push-url',
  'hx-replace-url',
  'hx-indicator',
  'hx-disable',
  'hx-ignore',
  'hx-preserve',
])

/** Tags that no page of ours has; `script`, `link` and `meta` are looked at one by one. */
const strangeTags = new Set([
  'iframe',
  'object',
  'embed',
  'base',
  'style',
  'math',
  'frame',
  'applet',
  'marquee',
])

/** Attributes that hold addresses. */
const addressAttributes = new Set([
  'href',
  'src',
  'action',
  'formaction',
  'xlink:href',
  'poster',
  'srcset',
  'data',
  'hx-get',
  'background',
  'ping',
])

// Control characters but line feed, tab and carriage return, and those that turn the direction of writing.
// oxlint-disable-next-line no-control-regex
const unseen = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

/** A page as a test looks at it. */
export interface LintedPage {
  /** What is wrong, one line each. */
  readonly faults: readonly string[]
  /** Addresses of links, as they stand there. */
  readonly links: readonly string[]
  /** Words that a reader sees or hears, one entry for each text and attribute; neither code nor what is marked as English. */
  readonly words: readonly string[]
}

/** Attributes that are read to people. */
const readAttributes = ['aria-label', 'title', 'placeholder', 'alt']

/** Elements whose text is no sentence of ours: code, keys, commands, what charts say. */
const notOurs = [
  'code',
  'pre',
  'kbd',
  'samp',
  '.mono',
  '.prose',
  '[lang]:not(html)',
  'option',
  'mark',
  'bdi',
  'title',
]

/** Reads the HTML of a page and looks for what may never stand in one. `part`: only a piece of a page. */
export function lintPage(html: string, { part = false } = {}): LintedPage {
  const faults: string[] = []
  const links: string[] = []
  const words: string[] = []
  const seen = {
    ids: new Set<string>(),
    headings: [] as number[],
    labels: new Set<string>(),
    controls: [] as Control[],
  }
  if (/<hx-/i.test(html)) faults.push('holds the start of an <hx-…> tag')
  const hidden = unseen.exec(html)
  if (hidden !== null) {
    const code = hidden[0].charCodeAt(0).toString(16)
    faults.push(`holds U+${code} raw: ${JSON.stringify(html.slice(hidden.index - 60, hidden.index + 20))}`)
  }
  let quiet = 0
  let labelled = 0
  new HTMLRewriter()
    .on('*', {
      element(element) {
        lookAtElement(element, faults, seen, labelled > 0)
        if (element.tagName === 'a') links.push(element.getAttribute('href') ?? '')
        if (quiet > 0) return
        for (const name of readAttributes) {
          const value = element.getAttribute(name)
          if (value !== null && value !== '') words.push(decoded(value))
        }
      },
    })
    .on('label', {
      element(element) {
        const wanted = element.getAttribute('for')
        if (wanted !== null) seen.labels.add(wanted)
        labelled++
        element.onEndTag(() => void labelled--)
      },
    })
    .on(notOurs.join(','), {
      element(element) {
        if (!element.canHaveContent) return
        quiet++
        element.onEndTag(() => void quiet--)
      },
    })
    .on('body *', {
      text({ text }) {
        if (quiet === 0 && text.trim() !== '') words.push(decoded(text.trim()))
      },
    })
    .transform(html)
  for (const { id, text } of seen.controls)
    if (id === null || !seen.labels.has(id)) faults.push(`no label: ${text}`)
  if (!part) faults.push(...headingFaults(seen.headings))
  if (!part && !/^<!doctype html><html [^>]*lang="(en|zh-CN)"/.test(html)) faults.push('no language')
  return { faults, links: links.map(decoded), words }
}

interface Control {
  readonly id: string | null
  readonly text: string
}

interface Seen {
  readonly ids: Set<string>
  readonly headings: number[]
  readonly controls: Control[]
}

function lookAtElement(
  element: HTMLRewriterTypes.Element,
  faults: string[],
  seen: Seen,
  labelled: boolean,
): void {
  const { tagName } = element
  const attributes = [...element.attributes].map(([name = '', value = '']) => [name, decoded(value)] as const)
  const text = `<${tagName}${attributes.map(([name, value]) => ` ${name}="${value.slice(0, 80)}"`).join('')}>`
  const get = (wanted: string) => attributes.find(([name]) => name === wanted)?.[1] ?? null
  if (strangeTags.has(tagName) || tagName.startsWith('hx-')) faults.push(text)
  if (tagName === 'script' && !get('src')?.includes('/-/assets/')) faults.push(text)
  if (tagName === 'link' && !/^(icon|stylesheet|preload|canonical|alternate)$/.test(get('rel') ?? ''))
    faults.push(text)
  if (tagName === 'meta' && get('http-equiv') !== null) faults.push(text)
  for (const [name, value] of attributes)
    if (isFault(tagName, name, value, get('rel'))) faults.push(`${name} in ${text}`)
  const id = get('id')
  if (id !== null && seen.ids.has(id)) faults.push(`id twice: ${text}`)
  if (id !== null) seen.ids.add(id)
  const level = /^h([1-6])$/.exec(tagName)?.[1]
  if (level !== undefined) seen.headings.push(Number(level))
  const named = get('aria-label') !== null || get('aria-labelledby') !== null
  if (/^(input|select|textarea)$/.test(tagName) && get('type') !== 'hidden' && !labelled && !named) {
    seen.controls.push({ id, text })
  }
}

function isFault(tag: string, name: string, value: string, rel: string | null): boolean {
  if (
    name === 'style' ||
    name.startsWith('on') ||
    name.startsWith('data-hx') ||
    name === 'srcdoc' ||
    name === 'ping'
  )
    return true
  if (name.startsWith('hx-')) {
    if (!htmxAttributes.has(name) && !name.startsWith('hx-status:')) return true
    if (name === 'hx-trigger' && value.includes('[')) return true
  }
  return addressAttributes.has(name) && !isGoodAddress(tag, name, value, rel)
}

/** Ours, or a link that tells the other site nothing. */
function isGoodAddress(tag: string, name: string, value: string, rel: string | null): boolean {
  if (/^(?:\/(?![/\\])|\.\.?\/|[#?])/.test(value)) return true
  if (tag === 'link' && rel === 'canonical') return /^https?:/.test(value)
  if (tag !== 'a' || name !== 'href') return false
  if (value.startsWith('mailto:')) return true
  return /^https?:\/\//.test(value) && rel?.includes('noopener') === true && rel.includes('nofollow')
}

function headingFaults(levels: readonly number[]): string[] {
  const skipped = levels.some((level, at) => level > (levels[at - 1] ?? 0) + 1)
  return [
    ...(levels.filter((level) => level === 1).length === 1
      ? []
      : [`${levels.filter((level) => level === 1).length} h1`]),
    ...(skipped ? [`headings skip a level: ${levels.join(' ')}`] : []),
  ]
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
}

/** Character references, as our renderer and the README's write them. */
function decoded(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name = '') => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
      return decimal === undefined ? (entities[name] ?? whole) : String.fromCodePoint(Number(decimal))
    },
  )
}

export interface CrawledPage extends LintedPage {
  readonly path: string
  readonly status: number
  readonly html: string
}

/** So many pages are looked at, at most. */
const mostPages = 400

/** Follows every link below an address, as a browser that speaks a language, and gives the pages. */
export async function crawl(
  url: string,
  starts: readonly string[],
  headers: Readonly<Record<string, string>>,
): Promise<CrawledPage[]> {
  const waiting = [...starts]
  const known = new Set(waiting)
  const pages: CrawledPage[] = []
  for (let path = waiting.shift(); path !== undefined && pages.length < mostPages; path = waiting.shift()) {
    const response = await fetch(url + path, {
      headers: { accept: 'text/html', ...headers },
      redirect: 'manual',
    })
    const location = response.headers.get('location')
    const html = await response.text()
    const isPage = response.headers.get('content-type')?.startsWith('text/html') === true
    const page = isPage ? lintPage(html) : { faults: [], links: [], words: [] }
    if (isPage) pages.push({ ...page, path, status: response.status, html })
    const from = new URL(url + path)
    for (const link of location === null ? page.links : [location]) {
      const to = URL.parse(link, from)
      if (to === null || to.origin !== from.origin || !worthAVisit(to)) continue
      const next = to.pathname + to.search
      if (!known.has(next)) waiting.push(next)
      known.add(next)
    }
  }
  return pages
}

/** Filters can be combined without end: one at a time is enough. */
function worthAVisit({ pathname, searchParams }: URL): boolean {
  if (
    /\/-\/(assets|openapi)|\/raw\/|\.tgz/.test(pathname) ||
    searchParams.has('lang') ||
    searchParams.has('signin')
  )
    return false
  return searchParams.size <= 1
}
