import type { ElementContent, Root, RootContent } from 'hast'
import { readmeLimits } from './readme-rules.ts'

/** Thrown for a README that is larger or deeper than anybody would read. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError'
}

/** Throws TooLargeError for a tree with too many parts or levels. */
export function checkSize(root: Root): void {
  let count = 0
  const left: { nodes: readonly (ElementContent | RootContent)[]; depth: number }[] = [
    { nodes: root.children, depth: 0 },
  ]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    count += next.nodes.length
    if (count > readmeLimits.nodes) throw new TooLargeError(`more than ${readmeLimits.nodes} parts`)
    if (next.depth > readmeLimits.depth) throw new TooLargeError(`more than ${readmeLimits.depth} levels`)
    for (const node of next.nodes)
      if (node.type === 'element') left.push({ nodes: node.children, depth: next.depth + 1 })
  }
}
