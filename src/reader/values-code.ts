import { codeHtml, keyAnchor } from './code-html.ts'
import { readKeys } from './values.ts'

/** A values.yaml ready to be shown. */
export interface ValuesCode {
  /** Safe HTML, see codeHtml(); the keys have ids, see keyAnchor(). */
  readonly html: string
  /** Path and line of each key. */
  readonly keys: readonly (readonly [path: string, line: number])[]
  readonly lines: number
  /** The end of the text, or some keys, were left out. */
  readonly truncated: boolean
  /** It has a second document, which Helm does not read. */
  readonly manyDocuments: boolean
}

/** Colours a values.yaml and gives its keys ids; a key that stands twice has its id where it stands first. */
export function valuesCode(text: string): ValuesCode {
  const values = readKeys(text)
  const ids = new Map<number, string>()
  const taken = new Set<string>()
  for (const { path, line } of values.keys) {
    const id = keyAnchor(path)
    if (id === undefined || taken.has(id)) continue
    taken.add(id)
    ids.set(line, id)
  }
  const { lines } = values
  const html = codeHtml(
    lines.map(({ tokens }) => tokens),
    { keyId: (line) => ids.get(line) },
  )
  const firstContent = lines.findIndex(({ kind }) => kind === 'content')
  return {
    html,
    keys: values.keys.map(({ path, line }) => [path, line] as const),
    lines: lines.length,
    truncated: values.truncated,
    manyDocuments:
      firstContent >= 0 && lines.slice(firstContent).some(({ kind }, at) => kind === 'document' && at > 0),
  }
}
