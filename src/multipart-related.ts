/** What stands around bytes that are sent together with a description of them. */
export interface MultipartRelated {
  readonly head: Uint8Array<ArrayBuffer>
  readonly tail: Uint8Array<ArrayBuffer>
  /** For bytes of this size: how the whole is announced. */
  headers(size: number): Readonly<Record<string, string>>
}

/** A message of two parts, JSON and bytes (RFC 2387). `id` must not occur in either. */
export function multipartRelated(description: unknown, id: string): MultipartRelated {
  const boundary = `chartroom-${id}`
  const bytes = (text: string) => new TextEncoder().encode(text)
  const head = bytes(
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(description)}\r\n` +
      `--${boundary}\r\nContent-Type: application/octet-stream\r\n\r\n`,
  )
  const tail = bytes(`\r\n--${boundary}--\r\n`)
  return {
    head,
    tail,
    headers: (size) => ({
      'content-type': `multipart/related; boundary=${boundary}`,
      'content-length': String(head.byteLength + size + tail.byteLength),
    }),
  }
}
