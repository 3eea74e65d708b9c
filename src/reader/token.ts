/** What a piece of source text is. `template` is what Helm's template engine replaces. */
export type TokenKind = 'key' | 'string' | 'number' | 'word' | 'comment' | 'template' | 'plain'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

/** Tokens being collected: neighbours of one kind become one. */
export interface Tokens {
  readonly list: Token[]
  add(kind: TokenKind, text: string): void
}

export function newTokens(): Tokens {
  const list: Token[] = []
  return {
    list,
    add(kind, text) {
      if (text === '') return
      const last = list.at(-1)
      if (last?.kind === kind) list[list.length - 1] = { kind, text: last.text + text }
      else list.push({ kind, text })
    },
  }
}

const number =
  /^[-+]?(?:0x[0-9a-f_]+|0o?[0-7_]+|\d[\d_]*(?:\.\d*)?(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|\.inf)$|^\.nan$/i
const words = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n', 'null', '~'])

/** What a scalar without quotes is, by the words of YAML 1.1, which Helm reads. */
export function kindOfScalar(text: string): 'number' | 'word' | 'string' {
  if (number.test(text)) return 'number'
  return words.has(text.toLowerCase()) && !/^[a-z]+[A-Z]/.test(text) ? 'word' : 'string'
}

/** What is open at the end of a line of YAML. */
export interface Open {
  /** Inside a block scalar (`|` or `>`) of a node at this column. */
  block: number | undefined
  /** Inside a quoted text. */
  quote: '"' | "'" | undefined
  /** Brackets that are open. */
  depth: number
}

export function nothingOpen(): Open {
  return { block: undefined, quote: undefined, depth: 0 }
}

export function skipBlanks(line: string, from: number): number {
  let at = from
  while (line[at] === ' ' || line[at] === '\t') at++
  return at
}
