import type { Certificate } from '../http/certificates.ts'
import { watchCertificates } from '../http/certificate-watch.ts'
import { listen, type App, type Listener, type Listening } from '../http/listener.ts'
import { listenTls } from '../http/tls-listener.ts'
import type { Log } from '../log.ts'

/**
 * Listens by HTTP or, with a certificate, by HTTPS; then the certificate follows its files.
 *
 * @throws StartError when the port cannot be opened.
 */
export async function listenWith(
  certificate: Certificate | undefined,
  appOf: (leaving?: { readonly now: boolean }) => App,
  listening: Omit<Listening, 'tls'>,
  log: Log,
): Promise<Listener> {
  if (certificate === undefined) return listen(appOf(), { ...listening, tls: undefined })
  const { cert, key, ca, certFile, keyFile, caFile } = certificate
  const texts = { cert, key, ca }
  const server = await listenTls(appOf, { ...listening, tls: texts })
  const files = { certFile, keyFile, caFile }
  const watch = watchCertificates({ texts, files, change: server.change, log })
  return {
    port: server.port,
    drain() {
      watch.close()
      return server.drain()
    },
  }
}
