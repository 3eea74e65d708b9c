import type { Element, ElementContent, Properties } from 'hast'
import { anchorOf, isBadge, readAddress } from './readme-links.ts'
import type { Handler, Rewriting } from './readme-parts.ts'
import { isReadme } from './files.ts'
import { shortened } from './text.ts'

/** Stands for badges that are left out, until the element around them counts them. */
const markers = new WeakMap<object, number>()

/** How many badges a node stands for; 0 for every other node. */
export function badgesIn(node: ElementContent): number {
  return markers.get(node) ?? 0
}

function marker(count: number): Element {
  const node = element('span', {}, [])
  markers.set(node, count)
  return node
}

const elsewhere = ['nofollow', 'noopener', 'noreferrer']

/** A link: kept, led to a file of the archive, or reduced to its text. */
export const linkOf: Handler = (node, place, rewriting) => {
  const children = rewriting.rewrite(node.children, { ...place, inLink: true })
  if (place.inLink) return children
  const badges = children.reduce((sum, child) => sum + badgesIn(child), 0)
  const rest = children.filter((child) => badgesIn(child) === 0)
  if (badges > 0 && rest.every((child) => child.type === 'text' && child.value.trim() === ''))
    return [marker(badges)]
  const { id, href, title } = node.properties
  const own = { ...(id !== undefined && { id }), ...titled(title) }
  const target = typeof href === 'string' ? targetOf(href, rewriting) : undefined
  if (target !== undefined) return [element('a', { ...own, ...target }, rest)]
  const absent = typeof href === 'string' ? { title: rewriting.words.absent } : {}
  return [element('span', { ...own, ...absent }, rest)]
}

function targetOf(href: string, { options, ids }: Rewriting): Properties | undefined {
  const address = readAddress(href)
  if (address.kind === 'outside') return { href: address.href, rel: elsewhere }
  if (address.kind === 'here') return { href: inPage(address.id, ids) }
  if (address.kind === 'none') return undefined
  const found = options.resolve(address.path, 'link')
  if (found === undefined) return undefined
  return { href: isReadme(address.path) && address.fragment !== '' ? inPage(address.fragment, ids) : found }
}

/** A place on the page: GitHub takes the id of a heading in any case. */
function inPage(name: string, ids: ReadonlySet<string>): string {
  const wanted = anchorOf(name)
  const exact = `readme-${wanted}`
  const lower = `readme-${wanted.toLowerCase()}`
  return `#${encodeURIComponent(!ids.has(exact) && ids.has(lower) ? lower : exact)}`
}

/** A picture: of the archive it is shown, from elsewhere it is a link, a badge is only counted. */
export const imageOf: Handler = (node, place, rewriting) => {
  const { words, options } = rewriting
  const { src, alt, title, width, height } = node.properties
  const address = readAddress(typeof src === 'string' ? src : '')
  const label = typeof alt === 'string' ? shortened(alt.trim(), 200) : ''
  const text = label === '' ? words.image : `${words.image}: ${label}`
  if (address.kind === 'outside') {
    if (isBadge(address.href)) return [marker(1)]
    const chip = `${text} ↗ ${shortened(address.host, 100)}`
    if (place.inLink) return [element('span', {}, [textNode(chip)])]
    const properties = { className: ['remote-image'], href: address.href, rel: elsewhere }
    return [element('a', properties, [textNode(chip)])]
  }
  const found = address.kind === 'file' ? options.resolve(address.path, 'image') : undefined
  if (found === undefined) return [element('span', { title: words.absent }, [textNode(text)])]
  const properties = {
    src: found,
    alt: label,
    ...titled(title),
    ...measured('width', width),
    ...measured('height', height),
    loading: 'lazy',
  }
  return [element('img', properties, [])]
}

function titled(title: unknown): Properties {
  return typeof title === 'string' ? { title: shortened(title, 500) } : {}
}

function measured(name: string, value: unknown): Properties {
  const text = String(value ?? '')
  return /^\d{1,4}%?$/.test(text) ? { [name]: text } : {}
}

function element(tagName: string, properties: Properties, children: ElementContent[]): Element {
  return { type: 'element', tagName, properties, children }
}

function textNode(value: string): ElementContent {
  return { type: 'text', value }
}
