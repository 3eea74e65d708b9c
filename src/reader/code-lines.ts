import type { ElementContent } from 'hast'
import type { Language } from './files.ts'
import { highlight } from './highlight.ts'
import { templateLines } from './template-tokens.ts'
import type { TokenKind } from './token.ts'
import { splitLines, yamlLines } from './yaml-tokens.ts'

/** A piece of a line and what it is: one of our kinds, or the class that highlight.js gives it. */
export interface CodePiece {
  readonly kind: TokenKind | `hljs-${string}`
  readonly text: string
}

export type CodeLine = readonly CodePiece[]

/**
 * Whether codeLines() takes time in proportion to the text, whatever it is. The expressions of highlight.js do not:
 * 100 KB can be written that take minutes, so its languages are for a worker that can be stopped.
 */
export function isQuick(language: Language): boolean {
  return language !== 'bash' && language !== 'dockerfile' && language !== 'toml'
}

/** The lines of a source text, coloured as far as its language is known. Never throws. */
export function codeLines(language: Language, text: string): CodeLine[] {
  // What colours YAML colours JSON: it is a part of it.
  if (language === 'yaml' || language === 'json') return yamlLines(text).map(({ tokens }) => tokens)
  if (language === 'go-template') return templateLines(text)
  if (language === 'diff') return splitLines(text).map(diffLine)
  if (isQuick(language)) return plainLines(text)
  const lines = newLines()
  addNodes(lines, highlight(language, text))
  const all = lines.list.map(({ pieces }) => pieces)
  // As splitLines() has it: a last line feed ends the last line and begins no other.
  return all.at(-1)?.length === 0 ? all.slice(0, -1) : all
}

/** The lines of a text without colours. */
export function plainLines(text: string): CodeLine[] {
  return splitLines(text).map((line) => (line === '' ? [] : [{ kind: 'plain', text: line }]))
}

function diffLine(line: string): CodeLine {
  if (line === '') return []
  const kinds = { '+': 'hljs-addition', '-': 'hljs-deletion', '@': 'hljs-meta' } as const
  return [{ kind: kinds[line[0] as keyof typeof kinds] ?? 'plain', text: line }]
}

interface Lines {
  readonly list: { readonly pieces: CodePiece[] }[]
}

function newLines(): Lines {
  return { list: [{ pieces: [] }] }
}

/**
 * Elements of highlight.js lie in each other and go over lines; here the innermost one counts, line by line. Without
 * recursion: a hostile text nests them by the ten thousand.
 */
function addNodes(lines: Lines, nodes: readonly ElementContent[]): void {
  const open: { readonly kind: CodePiece['kind']; readonly nodes: readonly ElementContent[]; at: number }[] =
    [{ kind: 'plain', nodes, at: 0 }]
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const node = top.nodes[top.at++]
    if (node === undefined) open.pop()
    else if (node.type === 'text') addText(lines, node.value, top.kind)
    else if (node.type === 'element')
      open.push({ kind: classOf(node.properties['className']) ?? top.kind, nodes: node.children, at: 0 })
  }
}

function classOf(names: unknown): `hljs-${string}` | undefined {
  const name: unknown = Array.isArray(names) ? names[0] : undefined
  return typeof name === 'string' && /^hljs-[a-z_-]+$/.test(name) ? (name as `hljs-${string}`) : undefined
}

function addText({ list }: Lines, text: string, kind: CodePiece['kind']): void {
  for (const [at, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (at > 0) list.push({ pieces: [] })
    if (line !== '') list.at(-1)?.pieces.push({ kind, text: line })
  }
}
