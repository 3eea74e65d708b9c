import type { ElementContent, RootContent } from 'hast'

/** Attributes that are ever written, by their name in the tree. Whatever else got into it is left out. */
const attributes: Readonly<Record<string, string>> = {
  align: 'align',
  alt: 'alt',
  ariaLabel: 'aria-label',
  checked: 'checked',
  className: 'class',
  colSpan: 'colspan',
  disabled: 'disabled',
  height: 'height',
  href: 'href',
  id: 'id',
  loading: 'loading',
  open: 'open',
  rel: 'rel',
  role: 'role',
  rowSpan: 'rowspan',
  scope: 'scope',
  src: 'src',
  start: 'start',
  tabIndex: 'tabindex',
  title: 'title',
  type: 'type',
  width: 'width',
}

const withoutEnd = new Set(['br', 'hr', 'img', 'input'])

/** Elements whose first line feed a browser drops. */
const dropsLineFeed = 'pre'

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text as it may stand in an element and in a quoted attribute. */
export function escapeHtml(text: string): string {
  return /[&<>"]/.test(text) ? text.replace(/[&<>"]/g, (character) => escapes[character] as string) : text
}

/** Thrown by toHtml() when the text grows over its limit. */
export class TooLongError extends Error {
  override readonly name = 'TooLongError'
}

/**
 * The HTML of a tree. Unlike rehype-stringify it escapes `<` and `>` in attributes as well, so that no tag of a chart,
 * `<hx-…>` say, ever stands in a page, and it counts what it writes: a long address that is referred to a thousand
 * times must not fill the memory. Throws TooLongError.
 */
export function toHtml(nodes: readonly (RootContent | ElementContent)[], maxLength: number): string {
  const parts: string[] = []
  let length = 0
  const write = (text: string) => {
    length += text.length
    if (length > maxLength) throw new TooLongError(`More than ${maxLength} characters of HTML`)
    parts.push(text)
  }
  const writeNode = (node: RootContent | ElementContent): void => {
    if (node.type === 'text') return write(escapeHtml(node.value))
    if (node.type !== 'element') return
    const name = node.tagName
    write(`<${name}`)
    for (const [key, value] of Object.entries(node.properties)) write(attribute(key, value))
    write('>')
    if (withoutEnd.has(name)) return
    if (name === dropsLineFeed) write('\n')
    for (const child of node.children) writeNode(child)
    write(`</${name}>`)
  }
  for (const node of nodes) writeNode(node)
  return parts.join('')
}

function attribute(key: string, value: unknown): string {
  const name = Object.hasOwn(attributes, key) ? attributes[key] : undefined
  if (name === undefined || value === undefined || value === null || value === false) return ''
  if (value === true) return ` ${name}`
  const text = Array.isArray(value) ? value.join(' ') : String(value)
  return ` ${name}="${escapeHtml(text)}"`
}
