import type { Element, ElementContent, Properties } from 'hast'
import { highlight, knownLanguage } from './highlight.ts'
import { textOf } from './readme-parts.ts'
import type { Handler, Rewriting } from './readme-parts.ts'
import { visible } from './text.ts'

const headingOf: Handler = (node, place, rewriting) => {
  const level = rewriting.levels.get(node) ?? 6
  const children = rewriting.rewrite(node.children, place)
  return [{ ...node, tagName: `h${level}`, properties: alignedByClass(node), children }]
}

const alignedOf: Handler = (node, place, rewriting) => [
  { ...node, properties: alignedByClass(node), children: rewriting.rewrite(node.children, place) },
]

/** `align` as a class: it is no attribute of HTML any more. */
function alignedByClass({ properties: { align, ...rest } }: Element): Properties {
  const known = ['left', 'center', 'right'].find((one) => one === String(align ?? '').toLowerCase())
  return known === undefined ? rest : { ...rest, className: [`align-${known}`] }
}

const cellOf: Handler = (node, place, rewriting) => {
  const { colSpan, rowSpan, scope, ...properties } = alignedByClass(node)
  if (typeof colSpan === 'number' && colSpan > 0 && colSpan <= 100) properties['colSpan'] = colSpan
  if (typeof rowSpan === 'number' && rowSpan > 0 && rowSpan <= 100) properties['rowSpan'] = rowSpan
  if (['row', 'col', 'rowgroup', 'colgroup'].includes(String(scope))) properties['scope'] = String(scope)
  return [{ ...node, properties, children: rewriting.rewrite(node.children, place) }]
}

/** Parameter tables of helm-docs and Bitnami begin with one of these; their first column is code. */
const parameterHeads = new Set(['key', 'name', 'parameter', 'value', 'param'])

/** A wide table scrolls in a box that the keyboard reaches. */
const tableOf: Handler = (node, place, rewriting) => {
  const head = firstCell(node)
  const isParameters = head !== undefined && parameterHeads.has(textOf(head).trim().toLowerCase())
  const table: Element = {
    ...node,
    properties: { ...idOf(node), ...(isParameters && { className: ['parameters'] }) },
    children: rewriting.rewrite(node.children, place),
  }
  const properties = { className: ['table'], role: 'region', tabIndex: 0, ariaLabel: rewriting.words.table }
  return [{ type: 'element', tagName: 'div', properties, children: [table] }]
}

function firstCell(node: Element): Element | undefined {
  for (const child of node.children) {
    if (child.type !== 'element') continue
    if (child.tagName === 'th') return child
    const found = firstCell(child)
    if (found !== undefined) return found
    if (child.tagName === 'tr') return undefined
  }
  return undefined
}

/** A block of code: coloured when we know its language, reached by the keyboard because it may scroll. */
const codeBlockOf: Handler = (node, place, rewriting) => {
  const code = node.children.find((child) => child.type === 'element' && child.tagName === 'code')
  if (code?.type !== 'element') return [{ ...node, children: rewriting.rewrite(node.children, place) }]
  const language = languageOf(code)
  const text = visible(textOf(code))
  const children: ElementContent[] =
    language === undefined ? [{ type: 'text', value: text }] : highlight(language, text)
  const properties: Properties = language === undefined ? {} : { className: [`language-${language}`] }
  const shell = language === 'bash' ? { className: ['shell'] } : {}
  return [
    {
      type: 'element',
      tagName: 'pre',
      properties: { ...idOf(node), ...shell, tabIndex: 0 },
      children: [{ type: 'element', tagName: 'code', properties, children }],
    },
  ]
}

function languageOf(code: Element): string | undefined {
  const { className } = code.properties
  const [name] = Array.isArray(className) ? className : []
  return name === undefined ? undefined : knownLanguage(String(name).replace(/^language-/, ''))
}

const inlineCodeOf: Handler = (node, place, rewriting) => [
  { ...node, properties: idOf(node), children: rewriting.rewrite(node.children, place) },
]

/** Check boxes come from task lists only, and nobody can change them. */
const checkboxOf: Handler = (node, place, { words }) => {
  if (!place.inItem) return []
  const checked = node.properties['checked'] === true
  const properties = {
    type: 'checkbox',
    checked,
    disabled: true,
    ariaLabel: checked ? words.done : words.open,
  }
  return [{ type: 'element', tagName: 'input', properties, children: [] }]
}

const itemOf: Handler = (node, place, rewriting) => [
  { ...node, children: rewriting.rewrite(node.children, { ...place, inItem: true }) },
]

const alertStart = /^\s*\[!(note|tip|important|warning|caution)\][ \t]*(?:\n|$)/i

/** GitHub's alerts: a quotation whose first line is `[!NOTE]` or the like. */
const quotationOf: Handler = (node, place, rewriting) => {
  const paragraph = node.children.find((child) => child.type === 'element')
  const first = paragraph?.type === 'element' ? paragraph.children[0] : undefined
  const kind = first?.type === 'text' ? alertStart.exec(first.value)?.[1]?.toLowerCase() : undefined
  if (first?.type !== 'text' || kind === undefined)
    return [{ ...node, children: rewriting.rewrite(node.children, place) }]
  first.value = first.value.replace(alertStart, '')
  return [alertOf(kind, node, rewriting.rewrite(node.children, place), rewriting)]
}

function alertOf(kind: string, node: Element, children: ElementContent[], { words }: Rewriting): Element {
  const title: Element = {
    type: 'element',
    tagName: 'p',
    properties: { className: ['alert-title'] },
    children: [{ type: 'text', value: words.alerts[kind] ?? kind }],
  }
  const properties = { ...idOf(node), className: ['alert', `alert-${kind}`] }
  return { type: 'element', tagName: 'div', properties, children: [title, ...children] }
}

function idOf({ properties: { id } }: Element): Properties {
  return id === undefined ? {} : { id }
}

export const blockHandlers: Readonly<Record<string, Handler>> = {
  h1: headingOf,
  h2: headingOf,
  h3: headingOf,
  h4: headingOf,
  h5: headingOf,
  h6: headingOf,
  p: alignedOf,
  div: alignedOf,
  td: cellOf,
  th: cellOf,
  table: tableOf,
  pre: codeBlockOf,
  code: inlineCodeOf,
  input: checkboxOf,
  li: itemOf,
  blockquote: quotationOf,
}
