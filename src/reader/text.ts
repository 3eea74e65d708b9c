/** Bytes looked at to tell text from other files, as git does. */
const sniffedBytes = 8000

/** How files begin that may hold no zero byte among their first ones. */
const binaryStarts = [
  [0x1f, 0x8b],
  [0x89, 0x50, 0x4e, 0x47],
  [0x50, 0x4b, 0x03, 0x04],
  [0x25, 0x50, 0x44, 0x46],
  [0xff, 0xd8, 0xff],
]

/** True for what a person can read: no zero byte near the beginning, unless it is UTF-16 with its mark. */
export function isText(bytes: Uint8Array): boolean {
  if (utf16Of(bytes) !== undefined) return true
  if (binaryStarts.some((start) => start.every((byte, at) => bytes[at] === byte))) return false
  return !bytes.subarray(0, sniffedBytes).includes(0)
}

/** The text of a file: UTF-8, or UTF-16 with its mark. What is not valid becomes U+FFFD; a byte order mark is left out. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(utf16Of(bytes) ?? 'utf-8').decode(bytes)
}

function utf16Of([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined
}

/**
 * Control characters but tab and line feed, and what turns the direction of writing (U+202A–202E, U+2066–2069): text
 * can look like other text with them (CVE-2021-42574).
 */
// oxlint-disable-next-line no-control-regex
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** The text with characters that hide or reorder it made visible: control pictures, or "[U+202E]". */
export function visible(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    if (code === 0x7f) return '\u2421'
    return `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`
  })
}

/** Like visible(), on one line and cut to `most` UTF-16 units: for names, titles and previews. */
export function shortened(text: string, most: number): string {
  const cut =
    text.length > most
      ? `${text
          .slice(0, most)
          .toWellFormed()
          .replace(/\ufffd$/, '')}…`
      : text
  return visible(cut.replace(/\s+/g, ' '))
}
