import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { peer } from './peers.ts'
import { freePort } from './start-server.ts'
import { tempFolder } from './temp-folder.ts'

/** A real fake-gcs-server on a free port of 127.0.0.1. Disposing kills it and removes what it keeps. */
export interface Gcs extends AsyncDisposable {
  /** "http://127.0.0.1:41000", as STORAGE_EMULATOR_HOST names it. */
  readonly url: string
  readonly pid: () => number
  /** Makes an empty bucket. */
  makeBucket(name: string): Promise<void>
  /** Removes a bucket of the folder with all that is in it. */
  removeBucket(name: string): Promise<void>
  /** Ends it; what it keeps in a folder stays. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on the same port and waits until it serves. */
  start(): Promise<void>
}

const startTimeout = 30_000
/** Some tests keep objects of 192 MiB, and a container may have 64 MiB for all. */
const roomyBytes = 2 ** 30

export interface GcsOptions {
  /**
   * Where objects are kept. In a folder, the default, a name of 255 bytes has no room for what the server adds while it
   * writes. In its memory it compares each write with every object: 2,000 of them take 10 times as long.
   */
  readonly keeps?: 'folder' | 'memory'
}

/**
 * Starts fake-gcs-server and waits until it serves. Throws with all it wrote when it does not. Its folder lies in memory
 * where that has room: on a disk, it waits for the disk at each write.
 */
export async function startGcs({ keeps = 'folder' }: GcsOptions = {}): Promise<Gcs> {
  const program = peer('fake-gcs-server')
  if (program === undefined) throw new Error('fake-gcs-server is missing: ask for it with peerTest')
  const own = await tempFolder(await roomyMemory())
  const port = freePort()
  const url = `http://127.0.0.1:${port}`
  const log = join(own.path, 'gcs.log')
  const folder = join(own.path, 'objects')
  const place = keeps === 'memory' ? ['memory'] : ['filesystem', '-filesystem-root', folder]
  const address = [
    '-scheme',
    'http',
    '-host',
    '127.0.0.1',
    '-port',
    String(port),
    '-public-host',
    url.slice(7),
  ]
  let child: Bun.Subprocess | undefined

  const gcs: Gcs = {
    url,
    pid: () => child?.pid ?? 0,
    async makeBucket(name) {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ name })
      await done(await fetch(`${url}/storage/v1/b?project=test`, { method: 'POST', headers, body }))
    },
    removeBucket: (name) => rm(join(folder, name), { recursive: true, force: true }),
    async stop(signal = 'SIGTERM') {
      child?.kill(signal)
      await child?.exited
    },
    async start() {
      const output = Bun.file(log)
      child = Bun.spawn([program, ...address, '-log-level', 'warn', '-backend', ...place], {
        cwd: own.path,
        env: { PATH: process.env.PATH ?? '', HOME: own.path, TMPDIR: own.path },
        stdin: 'ignore',
        stdout: output,
        stderr: output,
      })
      await untilReady(url, child, log)
    },
    async [Symbol.asyncDispose]() {
      await gcs.stop('SIGKILL')
      await own[Symbol.asyncDispose]()
    },
  }
  try {
    await gcs.start()
    return gcs
  } catch (error) {
    await gcs[Symbol.asyncDispose]()
    throw error
  }
}

/** A folder in memory with room, where the system has one. */
async function roomyMemory(): Promise<string | undefined> {
  const room = await statfs('/dev/shm').catch(() => undefined) // not on this system
  return room !== undefined && room.bavail * room.bsize > roomyBytes ? '/dev/shm' : undefined
}

async function done(answer: Response): Promise<void> {
  const text = await answer.text()
  if (!answer.ok) throw new Error(`fake-gcs-server says ${answer.status}: ${text}`)
}

async function untilReady(url: string, child: Bun.Subprocess, log: string): Promise<void> {
  const deadline = Date.now() + startTimeout
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/_internal/healthcheck`, {
      signal: AbortSignal.timeout(2_000),
    }).catch(() => undefined) // not listening yet
    if (answer?.ok === true) return
    await Bun.sleep(30)
  }
  throw new Error(
    `fake-gcs-server did not start (exit code ${child.exitCode}). It wrote:\n${await Bun.file(log).text()}`,
  )
}
