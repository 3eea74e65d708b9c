import type { YamlLine } from './yaml-tokens.ts'

/** What comments say about a key. */
export interface ValueComments {
  readonly description: string | undefined
  readonly example: string | undefined
}

const mostDescription = 2000
const mostLines = 200

/** `## @param master.count [nullable] Number of masters`, as the readme generator of Bitnami reads it. */
const parameter = /^\s*#+\s*@(?:param|extra)\s+(\S+)\s*(?:\[[^\]]*\]\s*)?(.*)$/
/** `# -- (int) Number of masters` or `# master.count -- Number of masters`, as helm-docs reads it. */
const helmDocs = /^\s*#+\s*(?:\S+\s+)?--\s+(?:\([^)]*\)\s*)?(.*)$/
const directive =
  /^@(?:param|extra|section|skip|default|ignored|raw|descriptionStart|descriptionEnd|notationType)\b/
/** Settings of the schema generators, and rulers. */
const noText = /^(?:@schema\b|[-=#*~_]{3,}$|yaml-language-server:|yamllint )/
const looksLikeYaml = /^\s*(?:- |-$|[\w."'/-]+:(?:\s|$))/

/** Descriptions by path of the keys that `## @param` lines anywhere in the file document. */
export function parameterComments(source: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const line of source) {
    if (!line.includes('@param') && !line.includes('@extra')) continue
    const [, path, text] = parameter.exec(line.slice(0, mostDescription)) ?? []
    if (path !== undefined && text) found.set(path, text.trim())
  }
  return found
}

/**
 * What the comments at a key say: `documented`, where a `## @param` line did; else the block directly above it, whose
 * lines from the first that looks like YAML on are an example; else the comment on its line. Commented-out lines below
 * an empty value are an example too.
 */
export function readComments(
  lines: readonly YamlLine[],
  source: readonly string[],
  at: number,
  documented: string | undefined,
): ValueComments {
  const block = blockAbove(lines, source, at)
  const { text, example } = split(block)
  const { comment } = lines[at] as YamlLine
  const description = documented ?? (text || withoutHash(comment).trim())
  const shown = example || exampleBelow(lines, source, at)
  return {
    description: description === '' ? undefined : description.slice(0, mostDescription),
    example: shown === '' ? undefined : shown.slice(0, mostDescription),
  }
}

/** The comment lines directly above a line, without their hashes. */
function blockAbove(lines: readonly YamlLine[], source: readonly string[], at: number): string[] {
  let first = at
  while (first > 0 && at - first < mostLines && lines[first - 1]?.kind === 'comment') first--
  const block = source.slice(first, at)
  const start = block.findLastIndex((line) => line.includes('--') && helmDocs.test(line))
  // What stands above the mark of helm-docs belongs to something else.
  return start < 0 ? block.map(withoutHash) : block.slice(start).map(helmDocsText)
}

function helmDocsText(line: string, index: number): string {
  if (index > 0) return withoutHash(line)
  return helmDocs.exec(line)?.[1] ?? ''
}

function split(block: readonly string[]): { text: string; example: string } {
  const useful = block.filter((line) => !directive.test(line.trim()) && !noText.test(line.trim()))
  const yaml = useful.findIndex((line, index) => looksLikeYaml.test(line) && isExample(useful, index))
  const end = yaml < 0 ? useful.length : yaml
  const text = useful.slice(0, end).map((line) => line.trim())
  return { text: text.join('\n').trim(), example: yaml < 0 ? '' : unindented(useful.slice(yaml)) }
}

/** "Note: it is …" is a sentence; a key with nothing or one word behind it, or a dash, is YAML. */
function isExample(lines: readonly string[], at: number): boolean {
  const line = (lines[at] as string).trim()
  const value = line.replace(/^[^:]*:\s*/, '')
  if (line.startsWith('-')) return at > 0
  if (/^(?:[A-Z]|ref:|https?:)/.test(line)) return false
  return value === '' ? at < lines.length - 1 : /^(?:["'[{|>&*].*|\S+)$/.test(value)
}

function exampleBelow(lines: readonly YamlLine[], source: readonly string[], at: number): string {
  const { key, value } = lines[at] as YamlLine
  if (key === undefined || !/^(?:\{\s*\}|\[\s*\])$/.test(value)) return ''
  let end = at + 1
  while (
    end - at < mostLines &&
    lines[end]?.kind === 'comment' &&
    isDeeper(source[end] as string, key.column)
  )
    end++
  const block = source.slice(at + 1, end).map(withoutHash)
  return block.some((line) => looksLikeYaml.test(line)) ? unindented(block) : ''
}

function isDeeper(line: string, column: number): boolean {
  const hash = line.indexOf('#')
  return hash > column || (hash === column && /^\s{2,}\S|^\s*-/.test(line.slice(hash + 1)))
}

function withoutHash(line: string): string {
  return line.replace(/^\s*(?:#+ ?)+/, '').trimEnd()
}

function unindented(lines: readonly string[]): string {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))
  const indent = Math.min(...indents)
  return lines
    .map((line) => line.slice(indent))
    .join('\n')
    .trimEnd()
}
