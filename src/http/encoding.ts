/** Encodings we keep ready-made bodies in. */
export type Encoding = 'zstd' | 'gzip'

const seen = new Map<string, Encoding | undefined>()
/** Clients send a handful of spellings; whoever sends others only makes us parse again. */
const maxSeen = 64

/**
 * The encoding to answer with, or undefined for the plain bytes. Only what the client asks for is given:
 * ChartMuseum compresses nothing, and whoever asks for nothing gets the bytes as they are. Among equals zstd
 * wins, being smaller and cheaper to unpack; `*` stands for gzip, which everybody can read (RFC 9110,
 * 12.5.3).
 */
export function negotiateEncoding(header: string | null): Encoding | undefined {
  if (header === null) return undefined
  if (seen.has(header)) return seen.get(header)
  const encoding = parse(header)
  if (seen.size >= maxSeen) seen.clear()
  seen.set(header, encoding)
  return encoding
}

function parse(header: string): Encoding | undefined {
  const weights = new Map(header.split(',').map(weightOf))
  const zstd = weights.get('zstd') ?? 0
  const gzip = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0
  const best = Math.max(zstd, gzip)
  if (best === 0 || best < (weights.get('identity') ?? 0)) return undefined
  return zstd === best ? 'zstd' : 'gzip'
}

function weightOf(item: string): [string, number] {
  const [coding = '', ...parameters] = item.split(';')
  const q = parameters.map((parameter) => /^\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$/i.exec(parameter)?.[1])
  const weight = Number(q.find((value) => value !== undefined) ?? '1')
  return [coding.trim().toLowerCase(), Math.min(weight, 1)]
}
