/**
 * Every key in etcd, on one screen. `<base>` is the prefix as ChartMuseum takes it: "/charts".
 *
 *   <base>/<key>                            the bytes of an object: ChartMuseum's layout
 *   <base>/<key>/timestamp                  when it was written, Unix seconds as text: ChartMuseum's layout
 *   .chartroom<base>//data/<key>            the first bytes of an object of our own (its key begins with ".chartroom/")
 *   .chartroom<base>//part/<write>/0        of which object the following parts are
 *   .chartroom<base>//part/<write>/<n>      the n-th part of a large object of our own
 *   .chartroom<base>//head/<folder>//<name> what is known of an object, of both kinds: its size, time and parts
 *   .chartroom<base>//void/<write>/<n>      the n-th try of a write must not count any more
 *
 * ChartMuseum loads every value whose key begins with `<base>`, which always begins with "/". Ours begins with "." and
 * can therefore never be among them. No base has an empty part, so that "//" ends it: no two bases share a key.
 */
export interface EtcdKeys {
  /** What stands in front of every ordinary key. */
  readonly data: string
  /** Where a key of the interface, or the start of one, has its bytes. */
  dataKey(key: string): string
  /** Undefined for objects of our own: their head tells the time. */
  timestampKey(key: string): string | undefined
  headKey(key: string): string
  /** Below this lie the parts of one write: add a number. */
  partsOf(write: string): string
  /** Undoes dataKey(): the key of the interface. */
  keyOf(dataKey: string): string
  voidKey(write: string, attempt: number): string
  /** Below these lies what a process that died may have left: `<write>/<n>`. */
  readonly litter: { readonly parts: string; readonly voids: string }
}

/** What belongs to Chartroom itself. */
const reserved = '.chartroom/'
const timestamp = 'timestamp'

/** The keys below a base. */
export function etcdKeys(base: string): EtcdKeys {
  const data = `${base}/`
  const own = `.chartroom${base}//`
  const ownData = `${own}data/`
  return {
    data,
    dataKey: (key) => (isOwn(key) ? ownData + key.slice(reserved.length) : data + key),
    timestampKey: (key) => (isOwn(key) ? undefined : `${data}${key}/${timestamp}`),
    headKey(key) {
      const folder = folderOf(key)
      return `${own}head/${folder.slice(0, -1)}//${key.slice(folder.length)}`
    },
    keyOf: (key) => (key.startsWith(ownData) ? reserved + key.slice(ownData.length) : key.slice(data.length)),
    partsOf: (write) => `${own}part/${write}/`,
    voidKey: (write, attempt) => `${own}void/${write}/${attempt}`,
    litter: { parts: `${own}part/`, voids: `${own}void/` },
  }
}

/** True for an object of our own, which may have parts and is not in ChartMuseum's layout. */
export function isOwn(key: string): boolean {
  return key.startsWith(reserved)
}

/** What stands in front of the name: "" or a text that ends in "/". */
export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1)
}

/** True for a key that ChartMuseum's layout keeps for the time of another one. */
export function isTimestamp(key: string): boolean {
  return !isOwn(key) && (key === timestamp || key.endsWith(`/${timestamp}`))
}

/** The first key behind all that begin with this one. */
export function endOf(start: string | Uint8Array): Buffer {
  const bytes = Buffer.from(start)
  const last = bytes.length - 1
  // No key ends in the byte 0xff: it is none of UTF-8.
  bytes[last] = (bytes[last] ?? 0) + 1
  return bytes
}

/** The first key behind this one. */
export function behind(key: Uint8Array): Buffer {
  return Buffer.concat([key, Buffer.alloc(1)])
}

/** Names one write: its time, so that litter has an age, and what nobody else has. */
export function newWrite(now = Date.now()): string {
  return `${now.toString(36)}-${crypto.randomUUID()}`
}

/** When a write was begun, milliseconds since 1970; NaN for what is none. */
export function beginOf(write: string): number {
  return Number.parseInt(write.split('-', 1)[0] ?? '', 36)
}
