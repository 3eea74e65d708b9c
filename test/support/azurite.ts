import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { peer } from './peers.ts'
import { freePort } from './start-server.ts'
import { tempFolder } from './temp-folder.ts'

/** The account of every Azurite that a test starts: not the well-known one, so that no setting is right by accident. */
export const azuriteAccount = {
  account: 'chartroomtest',
  key: Buffer.from('the key of the account that tests use').toString('base64'),
} as const

export interface AzuriteOptions {
  /** Paths of certificate and key (PEM): Azurite then speaks TLS, and takes tokens beside keys. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** A real Azurite (blobs only) on a free port of 127.0.0.1 with a folder of its own. Disposing kills it and removes the folder. */
export interface Azurite extends AsyncDisposable {
  /** "http://127.0.0.1:41000" */
  readonly url: string
  /** Address of the account: the url and its name. */
  readonly endpoint: string
  /** Ends it; what it keeps stays. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on the same port; resolves when it serves, or at once. */
  start(wait?: boolean): Promise<void>
}

const startTimeout = 30_000

/** Starts Azurite by the Bun that runs the tests and waits until it serves. Throws with all it wrote when it does not. */
export async function startAzurite({ tls }: AzuriteOptions = {}): Promise<Azurite> {
  const program = peer('azurite')
  if (program === undefined) throw new Error('Azurite is missing: ask for it with peerTest')
  const own = await tempFolder()
  const folder = join(own.path, 'data')
  await mkdir(folder)
  const port = freePort()
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  let child: Bun.Subprocess | undefined
  const log = join(own.path, 'azurite.log')
  const place = ['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', folder]
  // The library asks for a newer version of the service than Azurite knows; nothing of Azurite leaves the machine.
  const how = ['--skipApiVersionCheck', '--disableTelemetry', '--silent']
  const secure = tls === undefined ? [] : ['--cert', tls.cert, '--key', tls.key, '--oauth', 'basic']

  const azurite: Azurite = {
    url,
    endpoint: `${url}/${azuriteAccount.account}`,
    async stop(signal = 'SIGTERM') {
      child?.kill(signal)
      await child?.exited
    },
    async start(wait = true) {
      const output = Bun.file(log)
      child = Bun.spawn([process.execPath, program, ...place, ...how, ...secure], {
        cwd: own.path,
        env: {
          PATH: process.env.PATH ?? '',
          HOME: own.path,
          AZURITE_ACCOUNTS: `${azuriteAccount.account}:${azuriteAccount.key}`,
        },
        stdin: 'ignore',
        stdout: output,
        stderr: output,
      })
      if (wait) await untilReady(url, child, log)
    },
    async [Symbol.asyncDispose]() {
      await azurite.stop('SIGKILL')
      await own[Symbol.asyncDispose]()
    },
  }
  try {
    await azurite.start()
    return azurite
  } catch (error) {
    await azurite[Symbol.asyncDispose]()
    throw error
  }
}

async function untilReady(url: string, child: Bun.Subprocess, log: string): Promise<void> {
  const deadline = Date.now() + startTimeout
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await fetch(url, {
      tls: { rejectUnauthorized: false },
      signal: AbortSignal.timeout(2_000),
    }).catch(() => undefined) // not listening yet
    if (answer !== undefined) return
    await Bun.sleep(30)
  }
  throw new Error(
    `Azurite did not start (exit code ${child.exitCode}). It wrote:\n${await Bun.file(log).text()}`,
  )
}
