/** A response that remembers how long its body is: a Response does not tell until it is sent. */
interface Measured extends Response {
  bodyBytes?: number
}

/** Notes the bytes of a response's body for those who count; costs nothing that could be measured. Returns the response. */
export function withBodyBytes(response: Response, bytes: number): Response {
  const measured: Measured = response
  measured.bodyBytes = bytes
  return response
}

/** Bytes of the body as it was noted; undefined where nobody did. */
export function bodyBytesOf(response: Response): number | undefined {
  const measured: Measured = response
  return measured.bodyBytes
}

/** A response with a text, or bytes, whose length is noted. */
export function responseOf(body: string | Uint8Array<ArrayBuffer>, init: ResponseInit): Response {
  return withBodyBytes(new Response(body, init), Buffer.byteLength(body))
}
