import { newTokens } from './token.ts'
import type { Token } from './token.ts'
import { pieceTokens, splitLines } from './yaml-tokens.ts'

/**
 * Colours a file that goes through Helm's template engine, line by line: what stands in `{{ }}` is one token, the rest
 * is YAML as far as it can be told. Never throws.
 */
export function templateLines(text: string): Token[][] {
  let ending: string | undefined
  return splitLines(text).map((line) => {
    const tokens = newTokens()
    let at = 0
    while (at < line.length) {
      if (ending === undefined) {
        const start = line.indexOf('{{', at)
        const end = start < 0 ? line.length : start
        const piece = line.slice(at, end)
        // Only what begins a line can be a key.
        if (at === 0) for (const { kind, text: part } of pieceTokens(piece).list) tokens.add(kind, part)
        else tokens.add('plain', piece)
        at = end
        if (start < 0) break
        ending = /^\{\{-?\s*\/\*/.test(line.slice(start, start + 100)) ? '*/' : '}}'
      }
      const kind = ending === '*/' ? 'comment' : 'template'
      const stop = line.indexOf('}}', ending === '*/' ? Math.max(at, line.indexOf('*/', at)) : at)
      const closed = stop >= 0 && (ending === '}}' || line.includes('*/'))
      tokens.add(kind, closed ? line.slice(at, stop + 2) : line.slice(at))
      at = closed ? stop + 2 : line.length
      if (closed) ending = undefined
    }
    return tokens.list
  })
}
