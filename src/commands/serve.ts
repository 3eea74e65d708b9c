import type { Loaded } from '../config/load.ts'
import type { Settings } from '../config/options.ts'
import { drainOnSignal } from '../drain.ts'
import { greet } from '../greeting.ts'
import { createApp, listen } from '../http/app.ts'
import { chooseKeyPair } from '../http/certificates.ts'
import { createFront } from '../http/front.ts'
import { hostCheck, isLoopback } from '../http/host-names.ts'
import { compile } from '../http/paths.ts'
import { addresses } from '../http/public-url.ts'
import { operatorFolder } from '../http/web/operator-folder.ts'
import type { WebSettings } from '../http/web/parts.ts'
import type { LogWriter } from '../log-writer.ts'
import { openKeyring } from '../reader/keyring.ts'
import { program } from '../version.ts'
import { chooseAccess } from './access.ts'
import { overwriteRule, registryToServe } from './open-registry.ts'
import { createRoutes } from './routes.ts'

/**
 * Serves until a signal ends it: settings → storage → registry → routes → listen. A store that is away does not keep it
 * from listening: it lives, says what it waits for, and serves as soon as the store is there.
 */
export async function serve(loaded: Loaded, log: LogWriter, fail: (error: unknown) => never): Promise<void> {
  const { settings } = loaded
  const { contextPath, listenHost, debug, logHealth } = settings
  const keyPair = await chooseKeyPair(settings, log)
  const access = await chooseAccess(settings, log)
  const keyring = settings.keyring === '' ? undefined : await openKeyring(settings.keyring)
  const { registry, opened, scratch, stopOpening } = await registryToServe(settings, log)
  const publicUrl = settings.publicUrl === '' ? undefined : settings.publicUrl
  const loopbackOnly = access.open && isLoopback(listenHost)
  const draining = { now: false }
  const operator = operatorFolder(settings.webTemplatePath, contextPath, log)
  const ownHome = operator?.home !== undefined
  const web = webSettings(settings, { loopbackOnly, authenticated: !access.open, ownHome })
  const overwrite = overwriteRule(settings)
  const rows = createRoutes({ settings, registry, scratch, overwrite, web, keyring, operator, draining })
  const front = createFront({
    matcher: compile(rows.scoped, { contextPath, depth: settings.depth, dynamic: settings.depthDynamic }),
    access,
    addresses: addresses({
      ...(publicUrl !== undefined && { publicUrl }),
      contextPath,
      tls: keyPair !== undefined,
      trustedProxies: settings.trustedProxies,
    }),
    hostRefusal: hostCheck({ loopbackOnly, ...(publicUrl !== undefined && { publicUrl }) }),
    log,
    logHealth,
    debug,
    contextPath,
    corsOrigin: settings.corsAlloworigin,
    problemPage: async (problem) => (await import('../http/web/problem.ts')).problemPage(web, problem),
  })
  // Bun counts whole seconds up to 255.
  const idleSeconds = Math.min(settings.writeTimeout, 255)
  const app = createApp({ front, rootRows: rows.root, fixedRows: rows.fixed, contextPath, idleSeconds })
  const server = listen(app, {
    hostname: listenHost,
    port: settings.port,
    tls: keyPair,
    idleSeconds,
  })
  greet(loaded, { port: server.port, tls: keyPair !== undefined, open: access.open, log })
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
    await server.drain()
    await registry.close()
    await scratch?.close()
    log.flush()
  })
}

/** How pages for people are set. */
function webSettings(
  settings: Settings,
  mode: { loopbackOnly: boolean; authenticated: boolean; ownHome: boolean },
): WebSettings {
  return {
    contextPath: settings.contextPath,
    depth: settings.depth,
    dynamic: settings.depthDynamic,
    version: program.version,
    ...mode,
    anonymousPull: settings.authAnonymousGet,
    systemFonts: settings.uiFonts === 'system',
    repositoryAlias: settings.uiRepoAlias,
    caHint: settings.uiCaHint,
  }
}
