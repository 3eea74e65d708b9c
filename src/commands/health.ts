import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIPv6 } from 'node:net'

/** The settings that tell where the server of this computer answers. */
export interface HealthTarget {
  readonly listenHost: string
  readonly port: number
  readonly contextPath: string
  readonly tlsCert: string
  readonly tlsSelfSigned: boolean
}

/** The outcome and a sentence for the person or the log of the container engine. */
export interface Health {
  readonly healthy: boolean
  readonly message: string
}

/**
 * Asks the server that runs with the same settings on this computer for /livez. The certificate is not judged: it is
 * our own, and its names are those that clients use.
 */
export async function checkHealth(target: HealthTarget, timeoutMs = 4500): Promise<Health> {
  const url = healthUrl(target)
  if (target.port === 0) {
    return { healthy: false, message: 'The port is 0, a free one: give --port to ask for health' }
  }
  try {
    const status = await statusOf(url, timeoutMs)
    return status === 200
      ? { healthy: true, message: `${url} is well` }
      : { healthy: false, message: `${url} answered ${status}` }
  } catch (error) {
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

/** By node:http, which knows no proxy variables: fetch would send even this to the HTTP_PROXY of the environment. */
function statusOf(url: string, timeoutMs: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const options = { rejectUnauthorized: false, agent: false } as const
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  const request = send(url, options, (response) => {
    response.resume()
    resolve(response.statusCode ?? 0)
  })
  const late = setTimeout(() => {
    reject(new Error(`no answer within ${timeoutMs} ms`))
    request.destroy()
  }, timeoutMs)
  request.on('error', reject)
  request.end()
  return promise.finally(() => clearTimeout(late))
}
