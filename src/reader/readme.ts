import type { Nodes } from 'mdast'
import rehypeRaw from 'rehype-raw'
import rehypeSanitize from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import remarkRehype from 'remark-rehype'
import { unified } from 'unified'
import { toHtml, TooLongError } from './html.ts'
import type { ReadmeOptions } from './readme-parts.ts'
import { plainReadme, shownPart } from './readme-plain.ts'
import type { Readme } from './readme-plain.ts'
import { readmeLimits, readmeWords } from './readme-rules.ts'
import { readmeSchema } from './readme-schema.ts'
import { rewriteReadme } from './readme-tree.ts'
import { TooLargeError } from './readme-size.ts'

/**
 * Renders Markdown (GFM, HTML in it allowed by a list) for a page:
 *
 *   text → Markdown tree → HTML tree → sanitised → rewritten (ids, links, pictures, code) → text
 *
 * Takes 3 ms per KB at worst for what people write, and much more than proportional time for what attackers write
 * (`*_a` over and over: 1.7 s for 5 KB), so untrusted text is rendered by a worker that can be stopped; see worker.ts.
 */
export function renderReadme(markdown: string, options: ReadmeOptions): Readme {
  const { text, truncated } = shownPart(markdown)
  if (nested.test(text)) return plainReadme(markdown)
  try {
    const rendered = rewriteReadme(safeTree(text, options), options)
    const html = toHtml(rendered.nodes, readmeLimits.html).trim()
    return { html, toc: rendered.toc, form: 'rendered', truncated }
  } catch (error) {
    // RangeError: elements nested so deep that the stack ends.
    const expected =
      error instanceof TooLargeError || error instanceof TooLongError || error instanceof RangeError
    if (!expected) throw error
    return plainReadme(markdown)
  }
}

/** A line in a hundred quotations or lists: the parser would need the square of their number in time and memory. */
const nested = /^(?:[ \t]*(?:>|[-+*]|\d{1,9}[.)])){100}/m

const parser = unified().use(remarkParse).use(remarkGfm)

function safeTree(text: string, options: ReadmeOptions) {
  const words = readmeWords[options.language ?? 'en']
  const tree = parser.parse(text)
  limitTree(tree)
  return unified()
    .use(remarkRehype, {
      allowDangerousHtml: true,
      clobberPrefix: '',
      footnoteLabel: words.footnotes,
    })
    .use(rehypeRaw)
    .use(rehypeSanitize, readmeSchema)
    .runSync(tree)
}

/** Empties addresses that would be written out, long as they are, wherever they are referred to; counts the nodes. */
function limitTree(tree: Nodes): void {
  let count = 0
  const left: Nodes[] = [tree]
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (++count > readmeLimits.nodes) throw new TooLargeError(`more than ${readmeLimits.nodes} parts`)
    if ('url' in node && node.url.length > readmeLimits.address) node.url = ''
    if ('title' in node && node.title != null && node.title.length > readmeLimits.address) node.title = null
    if ('children' in node) for (const child of node.children) left.push(child)
  }
}
