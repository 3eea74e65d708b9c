import { SettingsError, type Loaded } from '../config/load.ts'
import { drainOnSignal, outliveHangup } from '../drain.ts'
import { isRegistryError } from '../errors.ts'
import { greet } from '../greeting.ts'
import { createApp } from '../http/app.ts'
import { chooseKeyPair } from '../http/certificates.ts'
import type { Metrics } from '../http/metrics.ts'
import { operatorFolder } from '../http/web/operator-folder.ts'
import type { LogWriter } from '../log-writer.ts'
import { openKeyring } from '../reader/keyring.ts'
import { StartError } from '../start-error.ts'
import { program } from '../version.ts'
import { chooseAccess } from './access.ts'
import { mistakesInFiles } from './check-config.ts'
import { listenWith } from './listen.ts'
import { registryToServe } from './open-registry.ts'
import { assemble } from './assemble.ts'

/**
 * Serves until a signal ends it: settings → files that they name → storage → registry → routes → listen. A store that is
 * away does not keep it from listening: it lives, says what it waits for, and serves as soon as the store is there.
 *
 * @throws SettingsError, StartError or RegistryError when it cannot start; `fail` is told what comes to light later.
 */
export async function serve(loaded: Loaded, log: LogWriter, fail: (error: unknown) => never): Promise<void> {
  const { settings } = loaded
  outliveHangup()
  const { certificate, access, keyring, operator } = await openFiles(loaded, log)
  const tls = certificate !== undefined
  const metrics = settings.enableMetrics ? await startMetrics() : undefined
  const { registry, opened, scratch, stopOpening } = await registryToServe(settings, log, metrics)
  const draining = { now: false }
  const own = { settings, log, access, tls, keyring, operator, registry, scratch, metrics, draining }
  const parts = assemble(own)
  const server = await listenWith(
    certificate,
    (leaving) => createApp({ ...parts, ...(leaving && { leaving }) }),
    { hostname: settings.listenHost, port: settings.port, idleSeconds: parts.idleSeconds },
    log,
  )
  greet(loaded, { port: server.port, tls, open: access.open, log })
  opened.then(
    // The root repository is read before the first reader asks, as ChartMuseum does; what fails here fails there again.
    (ready) => settings.depth === 0 && ready.repository('').prepare(),
    (error: unknown) => {
      log.flush()
      fail(error)
    },
  )
  drainOnSignal(async () => {
    draining.now = true
    stopOpening()
    access.close?.()
    await server.drain()
    await registry.close()
    await scratch?.close()
    log.flush()
  })
}

/** Reads what the settings name before anything is opened. When one cannot be used, all that cannot are told together. */
async function openFiles(loaded: Loaded, log: LogWriter) {
  const { settings } = loaded
  try {
    return {
      certificate: await chooseKeyPair(settings, log),
      access: await chooseAccess(settings, log),
      keyring: settings.keyring === '' ? undefined : await openKeyring(settings.keyring),
      operator: operatorFolder(settings.webTemplatePath, settings.contextPath, log),
    }
  } catch (error) {
    if (!(error instanceof StartError) && !isRegistryError(error)) throw error
    const mistakes = await mistakesInFiles(loaded)
    throw mistakes.length === 0 ? error : new SettingsError(mistakes)
  }
}

async function startMetrics(): Promise<Metrics> {
  const { createMetrics } = await import('../http/metrics.ts')
  return createMetrics({ version: program.version, revision: program.build, runtime: `bun ${Bun.version}` })
}
