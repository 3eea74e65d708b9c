import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { negotiateEncoding } from './encoding.ts'
import { headersFor } from './headers.ts'
import { byLabel, gauge } from './metrics-definitions.ts'
import type { Definition } from './metrics-registry.ts'

/** The scrapes themselves, by the names of Go's handler. */
export interface Scrapes {
  readonly running: number
  readonly definitions: readonly Definition[]
  run(answer: () => Promise<Response>): Promise<Response>
}

export function countScrapes(): Scrapes {
  const codes = new Map([
    ['200', 0],
    ['500', 0],
    ['503', 0],
  ])
  let running = 0
  const count = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1)
  return {
    get running() {
      return running
    },
    async run(answer) {
      running += 1
      try {
        const response = await answer()
        count('200')
        return response
      } catch (error) {
        count('500')
        throw error
      } finally {
        running -= 1
      }
    },
    definitions: [
      {
        name: 'promhttp_metric_handler_requests_total',
        type: 'counter',
        help: 'Total number of scrapes by HTTP status code.',
        read: () => byLabel('code', codes),
      },
      {
        name: 'promhttp_metric_handler_requests_in_flight',
        type: 'gauge',
        help: 'Current number of scrapes being served.',
        read: () => [gauge(running)],
      },
    ],
  }
}

// ChartMuseum, with newer versions of Go's client library.
const textType = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'
const compress = promisify(gzip)

/** Answers with the text of all metrics, compressed when the client asks for that. */
export async function sendText(request: Request, text: () => Promise<string>): Promise<Response> {
  const encoding = negotiateEncoding(request.headers.get('accept-encoding'))
  const bytes = new TextEncoder().encode(await text())
  const headers = headersFor('protocol', textType)
  headers.set('cache-control', 'no-store')
  headers.set('vary', 'Accept-Encoding')
  if (encoding === undefined) return new Response(bytes, { headers })
  headers.set('content-encoding', encoding)
  const packed = encoding === 'gzip' ? await compress(bytes, { level: 4 }) : await Bun.zstdCompress(bytes)
  return new Response(new Uint8Array(packed), { headers })
}
