import { readFileSync } from 'node:fs'
import { checkHealth } from './commands/health.ts'
import { licensesText } from './commands/licenses.ts'
import { createRoutes } from './commands/routes.ts'
import { storageSettings } from './commands/storage-settings.ts'
import { versionText } from './commands/version.ts'
import { runWork } from './commands/work.ts'
import { readCommandLine } from './config/command-line.ts'
import { helpText } from './config/help.ts'
import { loadSettings, SettingsError, type Loaded } from './config/load.ts'
import type { Settings } from './config/options.ts'
import { drainOnSignal } from './drain.ts'
import { isRegistryError } from './errors.ts'
import { greet } from './greeting.ts'
import { basicAccess, openAccess } from './http/access.ts'
import { createApp, listen } from './http/app.ts'
import { CertificateError, chooseKeyPair } from './http/certificates.ts'
import { createFront } from './http/front.ts'
import { hostCheck, isLoopback } from './http/host-names.ts'
import { compile } from './http/paths.ts'
import { addresses } from './http/public-url.ts'
import { operatorFolder } from './http/web/operator-folder.ts'
import type { WebSettings } from './http/web/parts.ts'
import type { Log } from './log.ts'
import { createLog, wantsColour, type LogWriter } from './log-writer.ts'
import { openKeyring } from './reader/keyring.ts'
import { lateRegistry } from './registry/late-registry.ts'
import type { Registry } from './registry/registry.ts'
import { createRegistry } from './registry/registry.ts'
import { StartError } from './start-error.ts'
import { openLate } from './storage/late.ts'
import { openStorage } from './storage/open.ts'
import type { Scratch } from './storage/scratch.ts'
import { openScratch } from './storage/scratch.ts'
import type { Storage } from './storage/storage.ts'
import { program } from './version.ts'

/** Wrong settings, as every command line tool says it; whatever else stops the start is 1. */
const exitSettings = 2
const exitFailed = 1

// No await at the top level and no exports: both break the compiled executable (measured with Bun 1.4.5).
run(process.argv.slice(2)).catch(fail)

function fail(error: unknown): never {
  const mistaken = error instanceof SettingsError
  const expected = isRegistryError(error) || error instanceof StartError || error instanceof CertificateError
  console.error(mistaken || expected ? error.message : error)
  process.exit(mistaken ? exitSettings : exitFailed)
}

async function run(argv: readonly string[]): Promise<void> {
  const { command, subject } = readCommandLine(argv)
  if (command === 'help') return print(helpText(process.stdout.columns, subject))
  if (command === 'version') return print(versionText())
  if (command === 'licenses') return print(await licensesText())
  const loaded = load(argv)
  const { settings } = loaded
  if (command === 'health') {
    const { healthy, message } = await checkHealth(settings)
    print(message)
    process.exit(healthy ? 0 : exitFailed)
  }
  const log = logOf(settings)
  for (const warning of loaded.warnings) log.warn(warning)
  if (command === 'import' || command === 'export' || command === 'doctor') {
    process.exit(await runWork(command, loaded, { argv, log, openRegistry }))
  }
  // ChartMuseum: --gen-index works at depth 0 only and is ignored otherwise.
  if (settings.genIndex && settings.depth === 0 && !settings.depthDynamic) await printIndex(settings, log)
  else await serve(loaded, log)
}

function load(argv: readonly string[]): Loaded {
  return loadSettings({ argv, env: process.env, readFile: (path) => readFileSync(path, 'utf8') })
}

/** Prints the index of the root repository and nothing else on standard output. */
async function printIndex(settings: Settings, log: LogWriter): Promise<void> {
  const { registry, scratch } = await openRegistry(settings, log)
  print(await registry.repository('').indexText(settings.jsonIndex ? 'json' : 'yaml'))
  await registry.close()
  await scratch?.close()
  log.flush()
}

/**
 * Serves until a signal ends it: settings → storage → registry → routes → listen. A store that is away does not keep it
 * from listening: it lives, says what it waits for, and serves as soon as the store is there.
 */
async function serve(loaded: Loaded, log: LogWriter): Promise<void> {
  const { settings } = loaded
  const { contextPath, listenHost, debug, logHealth } = settings
  const keyPair = await chooseKeyPair(settings, log)
  const { registry, opened, scratch, stopOpening } = await registryToServe(settings, log)
  const access = accessOf(settings)
  const publicUrl = settings.publicUrl === '' ? undefined : settings.publicUrl
  const loopbackOnly = access.open && isLoopback(listenHost)
  const draining = { now: false }
  const operator = operatorFolder(settings.webTemplatePath, contextPath, log)
  const ownHome = operator?.home !== undefined
  const web = webSettings(settings, { loopbackOnly, authenticated: !access.open, ownHome })
  const overwrite = overwriteRule(settings)
  const keyring = settings.keyring === '' ? undefined : await openKeyring(settings.keyring)
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
    problemPage: async (problem) => (await import('./http/web/problem.ts')).problemPage(web, problem),
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

/** The registry of a server: while its store is away, one that says so. `opened` is the real one. */
async function registryToServe(settings: Settings, log: Log) {
  const scratch = openScratch()
  const opening = openLate(
    () => openStorage(storageSettings(settings), log, process.env, { wait: false }),
    log,
  )
  const opened = opening.storage.then((storage) => registryOver(storage, settings, scratch, log))
  try {
    const soon = await Promise.race([opened, opening.away])
    const registry = soon ?? lateRegistry(opened, opening.reason)
    return { registry, opened, scratch, stopOpening: opening.stop }
  } catch (error) {
    await scratch?.close()
    throw error
  }
}

async function openRegistry(settings: Settings, log: Log) {
  const storage = await openStorage(storageSettings(settings), log)
  const scratch = openScratch()
  return { registry: registryOver(storage, settings, scratch, log), scratch }
}

function registryOver(
  storage: Storage,
  settings: Settings,
  scratch: Scratch | undefined,
  log: Log,
): Registry {
  const chartUrl = settings.chartUrl.replace(/\/+$/, '')
  const options = {
    limits: {
      overwrite: overwriteRule(settings),
      idempotent: settings.idempotentPublish,
      maxObjects: settings.maxStorageObjects,
      versionsPerChart: settings.perChartLimit,
    },
    contextPath: settings.contextPath,
    chartUrl: chartUrl === '' ? undefined : chartUrl,
    statefile: settings.disableStatefiles ? undefined : settings.jsonIndex ? 'json' : 'yaml',
    adoptStatefile: !settings.disableStatefiles,
    refreshMs: settings.cacheInterval,
    trashMs: settings.trashTtl,
    freshness: { single: settings.singleReplica, maxStaleMs: settings.maxStale },
  } as const
  return createRegistry(storage, options, scratch, log)
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

function overwriteRule({ allowOverwrite, disableForceOverwrite }: Settings) {
  if (allowOverwrite) return 'always'
  return disableForceOverwrite ? 'never' : 'with-force'
}

function accessOf(settings: Settings) {
  const { basicAuthUser: user, basicAuthPass: password, authAnonymousGet: anonymousGet } = settings
  return user === '' || password === '' ? openAccess() : basicAccess({ user, password, anonymousGet })
}

function logOf(settings: Settings): LogWriter {
  const { debug, logJson: json, logLatencyInteger: latencyInteger } = settings
  const colour = wantsColour({ NO_COLOR: process.env['NO_COLOR'] }, process.stderr.isTTY)
  return createLog({ json, debug, latencyInteger, colour })
}

function print(text: string): void {
  // Whoever reads us may have seen enough: "chartroom --licenses | head".
  process.stdout.on('error', () => process.exit(0))
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}
