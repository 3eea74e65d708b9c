import type { Loaded } from './config/load.ts'
import type { Settings } from './config/options.ts'
import { selfSignedFiles, shellWord } from './http/self-signed.ts'
import type { Log } from './log.ts'
import { program } from './version.ts'

/** What is known once the server listens. */
export interface Listening {
  readonly port: number
  readonly tls: boolean
  /** True when nobody is asked for credentials. */
  readonly open: boolean
  readonly log: Log
}

/** Addresses that mean every address of the computer. */
const everywhere: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/**
 * Says that the server is ready: one log line always, a warning when anybody in the network may write, and for somebody
 * who is trying Chartroom a few lines for people on standard output.
 */
export function greet(
  { settings, trial }: Loaded,
  listening: Listening,
  print: (text: string) => void = (text) => printOut(text, listening.log),
): void {
  const { log, open, port } = listening
  log.info('Starting Chartroom', { host: settings.listenHost, port })
  if (open && !settings.disableApi && !isLoopback(settings.listenHost)) {
    log.warn(
      'Anybody who reaches this port may upload and delete charts: --basic-auth-user and --basic-auth-pass close it',
    )
  }
  if (trial) print(trialGreeting(settings, listening))
}

/** A server does not end because nobody can read its greeting: a closed pipe, a file on a full disk. */
function printOut(text: string, log: Log): void {
  process.stdout.on('error', (error) => log.debug('Cannot print the greeting', { error: error.message }))
  process.stdout.write(text)
}

/** Where to open it, where the charts are, how helm gets them, and what opens it to the network. */
export function trialGreeting(settings: Settings, { port, tls, open }: Omit<Listening, 'log'>): string {
  const url = settings.publicUrl || ownAddress(settings, port, tls)
  const repository = [url, ...exampleRepository(settings)].join('/')
  const user = open ? '' : ` --username ${shellWord(settings.basicAuthUser || 'YOUR_NAME')}`
  const trusted = tls && settings.tlsSelfSigned ? selfSignedFiles(settings.tlsSelfSignedDir).certFile : ''
  const authority = trusted === '' ? '' : ` --ca-file ${shellWord(trusted)}`
  const network = isLoopback(settings.listenHost)
    ? 'only this computer; --listen-host 0.0.0.0 (LISTEN_HOST) opens it to the network'
    : `every computer that reaches ${settings.listenHost}`
  const lines = [
    ['Open', url],
    ['Charts', settings.storageLocalRootdir],
    ['Helm', `helm repo add chartroom ${repository}${user}${authority}`],
    ['Network', network],
    ['Settings', '--help lists them all'],
  ]
  const rows = lines.map(([name = '', value = '']) => `  ${name.padEnd(10)}${value}\n`)
  return `\nChartroom ${program.version} is running in local trial mode.\n\n${rows.join('')}\n`
}

/** The address by which this computer reaches the server. */
function ownAddress({ listenHost, contextPath }: Settings, port: number, tls: boolean): string {
  const host = everywhere.has(listenHost) ? 'localhost' : listenHost
  const scheme = tls ? 'https' : 'http'
  const shownPort = port === (tls ? 443 : 80) ? '' : `:${port}`
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}${shownPort}${contextPath}`
}

/** Path segments of a repository that may exist at the depth. */
function exampleRepository({ depth, depthDynamic }: Settings): string[] {
  const names = ['myorg', 'myteam']
  return depthDynamic ? [] : Array.from({ length: depth }, (_, level) => names[level] ?? `level${level + 1}`)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
