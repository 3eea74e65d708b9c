import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIPv6 } from 'node:net'
import { selfSignedFiles } from '../http/self-signed.ts'

/** The settings that tell where the server of this computer answers. */
export interface HealthTarget {
  readonly listenHost: string
  readonly port: number
  readonly contextPath: string
  readonly tlsCert: string
  readonly tlsKey: string
  readonly tlsCaCert: string
  readonly tlsSelfSigned: boolean
  readonly tlsSelfSignedDir: string
}

/** The outcome and a sentence for the person or the log of the container engine. */
export interface Health {
  readonly healthy: boolean
  readonly message: string
}

/**
 * Asks the server that runs with the same settings on this computer for /livez. The certificate is not judged: it is
 * our own, and its names are those that clients use.
 *
 * A server that demands client certificates is shown its own one. Where its authority does not take that, the server
 * has still proved, by the handshake that it made, that it runs and answers; more is not known then, and said so.
 */
export async function checkHealth(target: HealthTarget, timeoutMs = 4500): Promise<Health> {
  const url = healthUrl(target)
  if (target.port === 0) {
    return { healthy: false, message: 'The port is 0, a free one: give --port to ask for health' }
  }
  const asked: Asked = { url, handshake: false }
  try {
    const status = await statusOf(asked, await ownCertificate(target), timeoutMs)
    return status === 200
      ? { healthy: true, message: `${url} is well` }
      : { healthy: false, message: `${url} answered ${status}` }
  } catch (error) {
    if (asked.handshake && target.tlsCaCert !== '') {
      const message = `${url} runs: it made a TLS handshake and asked for a client certificate. What it answers was not checked, because its own certificate is none that it takes from a client`
      return { healthy: true, message }
    }
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { healthy: false, message: `${url} does not answer: ${why}` }
  }
}

/** Where this computer reaches a server that listens on the target. */
export function healthUrl({ listenHost, port, contextPath, tlsCert, tlsSelfSigned }: HealthTarget): string {
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  const host = everywhere[listenHost] ?? listenHost
  const scheme = tlsCert !== '' || tlsSelfSigned ? 'https' : 'http'
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}${contextPath}/livez`
}

/** The pair that the server shows; nothing where clients need none, or where this user may not read it. */
async function ownCertificate(target: HealthTarget): Promise<{ cert: string; key: string } | undefined> {
  if (target.tlsCaCert === '') return undefined
  const made = selfSignedFiles(target.tlsSelfSignedDir)
  const [certFile, keyFile] = target.tlsSelfSigned
    ? [made.certFile, made.keyFile]
    : [target.tlsCert, target.tlsKey]
  try {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')])
    return { cert, key }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

interface Asked {
  readonly url: string
  /** True once the server has shown its certificate and proved that it has the key. */
  handshake: boolean
}

/** By node:http, which knows no proxy variables: fetch would send even this to the HTTP_PROXY of the environment. */
function statusOf(
  asked: Asked,
  pair: { cert: string; key: string } | undefined,
  timeoutMs: number,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const options = { rejectUnauthorized: false, agent: false, ...pair } as const
  const send = asked.url.startsWith('https:') ? httpsRequest : httpRequest
  const request = send(asked.url, options, (response) => {
    response.resume()
    resolve(response.statusCode ?? 0)
  })
  const late = setTimeout(() => {
    reject(new Error(`no answer within ${timeoutMs} ms`))
    request.destroy()
  }, timeoutMs)
  request.on('socket', (socket) => {
    socket.on('secureConnect', () => {
      asked.handshake = true
    })
  })
  request.on('error', reject)
  request.end()
  return promise.finally(() => clearTimeout(late))
}
