import type { CodeLine, CodePiece } from './code-lines.ts'
import { escapeHtml } from './html.ts'
import { visible } from './text.ts'

/** What some lines or pieces have beside their colours. */
export interface CodeExtras {
  /** The id of the first key of a line, by its number from 1: keyAnchor(). */
  readonly keyId?: (line: number) => string | undefined
  /** The finished, safe HTML of what stands in `{{ }}`, where it has links. */
  readonly template?: (text: string) => string | undefined
}

/** A browser lays out only the blocks that it shows: 5,981 lines as one block took it three times as long. */
const linesOfBlock = 100

/**
 * Source text as HTML: blocks of 100 lines, each line an element with the id "L120" that ends with its line feed, so
 * that the text of all of it is the text of the file. `<b>` is a key, `<i class="s">` a text. Whatever is in the text,
 * no markup comes out of it, and characters that hide or reorder it are shown as signs.
 */
export function codeHtml(lines: readonly CodeLine[], extras: CodeExtras = {}): string {
  const parts: string[] = []
  for (let first = 0; first < lines.length; first += linesOfBlock) {
    parts.push('<div class="block">')
    const end = Math.min(first + linesOfBlock, lines.length)
    for (let at = first; at < end; at++) parts.push(lineHtml(lines[at] as CodeLine, at + 1, extras))
    parts.push('</div>')
  }
  return parts.join('')
}

function lineHtml(pieces: CodeLine, number: number, { keyId, template }: CodeExtras): string {
  let html = `<div id="L${number}">`
  let id = keyId?.(number)
  for (const piece of pieces) {
    const { kind, text } = piece
    if (kind === 'key' && id !== undefined) {
      html += `<b id="${escapeHtml(id)}">${codeText(text)}</b>`
      id = undefined
    } else if (kind === 'template' && template !== undefined) {
      html += `<i class="t">${template(text) ?? codeText(text)}</i>`
    } else html += pieceHtml(piece)
  }
  return `${html}\n</div>`
}

const classes = { string: 's', number: 'n', word: 'b', comment: 'c', template: 't' } as const

function pieceHtml({ kind, text }: CodePiece): string {
  if (kind === 'plain') return codeText(text)
  if (kind === 'key') return `<b>${codeText(text)}</b>`
  const name = kind in classes ? classes[kind as keyof typeof classes] : kind
  return `<i class="${name}">${codeText(text)}</i>`
}

/** Most pieces have nothing to escape or to make visible: one look instead of two copies. */
const harmless = /^[\t\x20-\x21\x23-\x25\x27-\x3b\x3d\x3f-\x7e]*$/

/** Text of a chart as it may stand in an element or a quoted attribute, its unseen characters made visible. */
export function codeText(text: string): string {
  return harmless.test(text) ? text : escapeHtml(visible(text))
}

/** Ids longer than this are left out; nobody links to them, and each key of a file has one. */
const longestId = 300

/**
 * The id of a key of the values, "v.master.persistence.size"; undefined for one that is too long. An id has no blanks
 * (HTML, 3.2.6) and nothing unseen, so these, quotes and percent signs stand in it percent-encoded.
 */
export function keyAnchor(path: string): string | undefined {
  if (path.length > longestId) return undefined
  // oxlint-disable-next-line no-control-regex
  const safe = path.replace(/[\s%"<>&\u0000-\u001f\u007f-\u{10ffff}]/gu, (character) =>
    encodeURIComponent(character.toWellFormed()),
  )
  return `v.${safe}`
}

/** The fragment of an address that leads to an id: a browser looks for it as it is written, then decoded. */
export function fragmentOf(id: string): string {
  return `#${encodeURIComponent(id)}`
}
