import type { Element, ElementContent, Root, RootContent } from 'hast'
import { blockHandlers } from './readme-blocks.ts'
import { anchorOf, slugOf } from './readme-links.ts'
import { levelOf, textOf } from './readme-parts.ts'
import type { Handler, Place, ReadmeOptions, Rewriting, TocEntry } from './readme-parts.ts'
import { checkSize } from './readme-size.ts'
import { badgesIn, imageOf, linkOf } from './readme-references.ts'
import { readmeLimits, readmeWords } from './readme-rules.ts'
import type { ReadmeWords } from './readme-rules.ts'
import { shortened, visible } from './text.ts'

const handlers: Readonly<Record<string, Handler>> = { ...blockHandlers, a: linkOf, img: imageOf }

/**
 * Rewrites a sanitised README for its page: ids get a prefix and links follow, headings start at the third level and
 * skip none, files of the archive are linked, pictures from elsewhere become links, code is coloured. Throws
 * TooLargeError.
 */
export function rewriteReadme(
  root: Root,
  options: ReadmeOptions,
): { nodes: ElementContent[]; toc: TocEntry[] } {
  checkSize(root)
  dropTitle(root, options.chart)
  const { ids, toc } = nameIds(root)
  const rewriting: Rewriting = {
    options,
    words: readmeWords[options.language ?? 'en'],
    levels: levelsIn(root),
    ids,
    rewrite(nodes, place) {
      const written = nodes.flatMap((node) => rewriteNode(node, place, rewriting))
      return place.inLink ? written : collapsed(written, rewriting.words)
    },
  }
  return { nodes: rewriting.rewrite(root.children, { inLink: false, inItem: false }), toc }
}

function rewriteNode(
  node: ElementContent | RootContent,
  place: Place,
  rewriting: Rewriting,
): ElementContent[] {
  if (node.type === 'text') return [{ type: 'text', value: visible(node.value) }]
  if (node.type !== 'element') return []
  const handler = Object.hasOwn(handlers, node.tagName) ? handlers[node.tagName] : undefined
  if (handler !== undefined) return handler(node, place, rewriting)
  return [{ ...node, children: rewriting.rewrite(node.children, place) }]
}

/** The badges among the children of one element as one line that says how many there were. */
function collapsed(nodes: ElementContent[], words: ReadmeWords): ElementContent[] {
  const first = nodes.findIndex((node) => badgesIn(node) > 0)
  if (first < 0) return nodes
  const count = nodes.reduce((sum, node) => sum + badgesIn(node), 0)
  const line: Element = {
    type: 'element',
    tagName: 'span',
    properties: { className: ['badges'] },
    children: [{ type: 'text', value: words.badges(count) }],
  }
  return nodes.flatMap((node, at) => (at === first ? [line] : badgesIn(node) > 0 ? [] : [node]))
}

function dropTitle(root: Root, chart: string): void {
  const at = root.children.findIndex((node) => node.type === 'element')
  const first = root.children[at]
  if (first?.type !== 'element' || first.tagName !== 'h1') return
  if (textOf(first).trim().toLowerCase() === chart.toLowerCase()) root.children.splice(at, 1)
}

/** Page and section have the first two levels of headings. */
const levelsAbove = 2

/** Each heading one level below the one it belongs to, however many its author left out: readers listen to levels. */
function levelsIn(root: Root): Map<Element, number> {
  const levels = new Map<Element, number>()
  const above: number[] = []
  const visit = (node: Element): void => {
    const level = levelOf(node)
    if (level !== undefined) {
      while ((above.at(-1) ?? 0) >= level) above.pop()
      levels.set(node, Math.min(6, above.push(level) + levelsAbove))
    }
    for (const child of node.children) if (child.type === 'element') visit(child)
  }
  for (const node of root.children) if (node.type === 'element') visit(node)
  return levels
}

/** Gives each heading an id, each id the prefix, and none twice. */
function nameIds(root: Root): { ids: Set<string>; toc: TocEntry[] } {
  const ids = new Set<string>()
  const counts = new Map<string, number>()
  const toc: TocEntry[] = []
  const unique = (wanted: string): string => {
    const id = `readme-${wanted}`
    let count = counts.get(id) ?? 0
    let free = id
    while (ids.has(free)) free = `${id}-${++count}`
    counts.set(id, count)
    ids.add(free)
    return free
  }
  const name = (node: Element): void => {
    const level = levelOf(node)
    const own = node.properties['id']
    const wanted = typeof own === 'string' && own !== '' ? anchorOf(own) : undefined
    delete node.properties['id']
    if (level !== undefined) {
      const text = textOf(node).trim()
      const id = unique(wanted ?? slugOf(text))
      node.properties['id'] = id
      const listed = text !== '' && wanted !== 'footnote-label' && toc.length < readmeLimits.contents
      if (listed) toc.push({ id, text: shortened(text, 200), level })
    } else if (wanted !== undefined) node.properties['id'] = unique(wanted)
    for (const child of node.children) if (child.type === 'element') name(child)
  }
  for (const node of root.children) if (node.type === 'element') name(node)
  return { ids, toc }
}
