import type { Log } from '../log.ts'
import { StartError } from '../start-error.ts'
import { watchFiles, type FileWatch } from '../watched-file.ts'
import { readTls, type ReadTls, type TlsFiles } from './certificates.ts'
import { parseCertificate } from './key-pair.ts'
import type { TlsTexts } from './listener.ts'

/** What is to be kept up to date. */
export interface CertificateWatch {
  /** What is served now. */
  readonly texts: TlsTexts
  readonly files: TlsFiles
  /** Serves with other texts from now on. @throws when they cannot be used. */
  readonly change: (texts: TlsTexts) => Promise<void>
  readonly log: Log
}

/** How files are looked at. */
export interface LookOptions {
  /** Milliseconds between two looks. */
  readonly everyMs?: number
  /** Certificate and key are replaced one after the other: for so long they may not belong together, milliseconds. */
  readonly settleMs?: number
}

const retryMs = 250
/** How often a log is told that a certificate ends soon, milliseconds. */
const warnEveryMs = 24 * 60 * 60 * 1000

/**
 * Takes over certificate, key and authorities when their files change, and on SIGHUP. What cannot be used changes
 * nothing: the error is logged once, and so is its end.
 */
export function watchCertificates(
  { texts, files, change, log }: CertificateWatch,
  { everyMs = 1_000, settleMs = 5_000 }: LookOptions = {},
): FileWatch {
  const { certFile, keyFile, caFile } = files
  let served = texts
  let told = ''
  let closed = false

  async function look(): Promise<void> {
    const until = performance.now() + settleMs
    for (;;) {
      const found = await usable()
      if (closed || typeof found !== 'string') return
      if (performance.now() >= until) return complain(found)
      await Bun.sleep(retryMs)
    }
  }

  /** Serves with what stands in the files; else the reason why not. */
  async function usable(): Promise<string | undefined> {
    try {
      const read = await readTls(files)
      if (!sameTexts(read.texts, served)) await take(read)
      else if (told !== '')
        log.info('The certificate files can be used again, and are what is served', { file: certFile })
      told = ''
      return undefined
    } catch (error) {
      if (error instanceof StartError) return error.message
      // What Bun says of texts that it cannot use.
      if (error instanceof Error) return `--tls-cert "${certFile}" cannot be served with: ${error.message}`
      throw error
    }
  }

  async function take({ texts: next, warnings }: ReadTls): Promise<void> {
    await change(next)
    served = next
    const until = parseCertificate(next.cert)?.validTo
    log.info('New connections get the certificate that was put in place', {
      file: certFile,
      ...(until !== undefined && { validUntil: new Date(until).toISOString() }),
    })
    tell(warnings)
  }

  function complain(reason: string): void {
    if (reason === told) return
    told = reason
    log.error(`${reason}. The certificate from before stays in use`)
  }

  function tell(warnings: ReadTls['warnings']): void {
    for (const { file, warning } of warnings) log.warn(warning, { file })
  }

  const daily = setInterval(() => {
    readTls(files).then(
      ({ warnings }) => tell(warnings),
      (error: unknown) => log.error(String(error)),
    )
  }, warnEveryMs).unref()
  const paths = [certFile, keyFile, ...(caFile === '' ? [] : [caFile])]
  let turn = Promise.resolve()
  const inTurn = () => (turn = turn.then(look))
  const watch = watchFiles(paths, inTurn, { everyMs })
  // What changed between the reading at start and now.
  void inTurn()
  return {
    close() {
      closed = true
      clearInterval(daily)
      watch.close()
    },
  }
}

function sameTexts(one: TlsTexts, other: TlsTexts): boolean {
  return one.cert === other.cert && one.key === other.key && one.ca === other.ca
}
