import { isUtf8 } from 'node:buffer'
import { readAddress } from './readme-links.ts'

/** What a picture is, by its first bytes. */
export type PictureKind = 'png' | 'jpeg' | 'gif' | 'webp' | 'svg'

/** A picture that may be shown, as an `<img>` and nothing else: an SVG could hold a script. */
export interface Picture {
  readonly kind: PictureKind
  readonly bytes: Uint8Array
}

/** Where the picture of a chart is. One that lies elsewhere is never fetched, by us or by a browser: it is none. */
export type IconSource =
  | { readonly kind: 'picture'; readonly picture: Picture }
  /** A file of the archive, by its name as seen from the chart. */
  | { readonly kind: 'file'; readonly path: string }

/** Bytes of an icon that is shown; 48 pixels need a hundredth of it. */
export const largestIcon = 256 * 1024

/** Reads `icon` of a Chart.yaml: a `data:` address, or the path of a file ("./icon.png"). Undefined for the rest. */
export function iconSource(icon: string | undefined): IconSource | undefined {
  if (icon === undefined || icon === '') return undefined
  if (/^\s*data:/i.test(icon)) {
    const picture = dataPicture(icon.trim())
    return picture && { kind: 'picture', picture }
  }
  const address = readAddress(icon)
  return address.kind === 'file' ? { kind: 'file', path: address.path } : undefined
}

/** The bytes as a picture; undefined when they are none that browsers show, or too many. */
export function pictureOf(bytes: Uint8Array): Picture | undefined {
  if (bytes.byteLength > largestIcon) return undefined
  const kind = pictureKind(bytes)
  return kind && { kind, bytes }
}

/** What picture the bytes are, whatever they are called; undefined for those that browsers do not show. */
export function pictureKind(bytes: Uint8Array): PictureKind | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 16)).toString('latin1')
  const found = starts.find(([pattern]) => pattern.test(start))?.[1]
  return found ?? (isSvg(bytes) ? 'svg' : undefined)
}

const starts: readonly (readonly [start: RegExp, kind: PictureKind])[] = [
  [/^\x89PNG\r\n/, 'png'],
  [/^\xff\xd8\xff/, 'jpeg'],
  [/^GIF8[79]a/, 'gif'],
  [/^RIFF[^]{4}WEBP/, 'webp'],
]

/**
 * True for an SVG that an `<img>` shows: it names the namespace of SVG, is whole, and brings no entities, of which a few
 * lines can become gigabytes.
 */
function isSvg(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x1f || !isUtf8(bytes)) return false
  const text = new TextDecoder().decode(bytes)
  const root = rootTag(text)
  if (root === undefined || text.includes('<!ENTITY') || !text.includes('</svg>')) return false
  return /^<svg\s/.test(root) && /\bxmlns\s*=\s*["']http:\/\/www\.w3\.org\/2000\/svg["']/.test(root)
}

/** What may stand before the root, with its end: a declaration, comments, a document type without rules of its own. */
const before: readonly (readonly [start: string, end: string])[] = [
  ['<?', '?>'],
  ['<!--', '-->'],
  ['<!', '>'],
]

/** The first tag of an XML text, as it is written. */
function rootTag(text: string): string | undefined {
  let at = 0
  for (;;) {
    while (/[\s\ufeff]/.test(text.charAt(at))) at++
    const [, end] = before.find(([start]) => text.startsWith(start, at)) ?? []
    const to = text.indexOf(end ?? '>', at)
    if (to < 0) return undefined
    if (end === undefined) return text.slice(at, to)
    at = to + end.length
  }
}

/** RFC 2397. What it says of its type is not believed. */
function dataPicture(address: string): Picture | undefined {
  // Percent-encoding takes three characters for a byte; beyond that it cannot be small enough.
  if (address.length > largestIcon * 3 + 200) return undefined
  const [, parameters = '', data = ''] = /^data:([^,]{0,200}),([^]*)$/i.exec(address) ?? []
  const bytes = /;\s*base64\s*$/i.test(parameters) ? base64Bytes(data) : percentBytes(data)
  return bytes && pictureOf(bytes)
}

function base64Bytes(data: string): Uint8Array | undefined {
  const text = data.includes('%') ? percentText(data) : data
  return text === undefined || !/^[\w+/=\s-]+$/.test(text) ? undefined : Buffer.from(text, 'base64')
}

function percentBytes(data: string): Uint8Array | undefined {
  const text = percentText(data)
  return text === undefined ? undefined : new TextEncoder().encode(text)
}

function percentText(data: string): string | undefined {
  try {
    return decodeURIComponent(data)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
