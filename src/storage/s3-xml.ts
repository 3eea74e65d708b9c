/**
 * Answers of S3 as XML, read without turning anything into numbers: the XML reader of the `minio` package makes "1.1"
 * of a key or token "1.10" and 7 of "007". Only what S3 sends is understood: elements, and text with entities.
 */

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The text of the first element of that name, or undefined. */
export function element(xml: string, name: string): string | undefined {
  const start = xml.indexOf(`<${name}>`)
  if (start < 0) return undefined
  const from = start + name.length + 2
  const end = xml.indexOf(`</${name}>`, from)
  return end < 0 ? undefined : plain(xml.slice(from, end))
}

/** The inner XML of every element of that name, none of which holds another of its kind. */
export function* elements(xml: string, name: string): Generator<string> {
  const [open, close] = [`<${name}>`, `</${name}>`]
  for (let at = xml.indexOf(open); at >= 0; at = xml.indexOf(open, at)) {
    const end = xml.indexOf(close, at)
    if (end < 0) return
    yield xml.slice(at + open.length, end)
    at = end + close.length
  }
}

/** Text as it was before it became XML. */
function plain(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#(\d+)|#x([\da-fA-F]+)|(\w+));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name] ?? whole
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}
