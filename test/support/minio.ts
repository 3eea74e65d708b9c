import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { peer } from './peers.ts'
import { freePort } from './start-server.ts'
import { tempFolder } from './temp-folder.ts'

/** The keys of every MinIO that a test starts. */
export const minioKeys = { accessKey: 'chartroom-test', secretKey: 'chartroom-test-secret' } as const

export interface MinioOptions {
  /** Certificate and key (PEM): MinIO then speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Where it keeps everything; made when it is missing. Without it, below a temporary folder. */
  readonly folder?: string
}

/** A real MinIO on a free port of 127.0.0.1 with a folder of its own. Disposing kills it and removes the folder. */
export interface Minio extends AsyncDisposable {
  /** "http://127.0.0.1:41000" */
  readonly url: string
  readonly pid: () => number
  /** Its folder: an empty one below it is an empty bucket for a MinIO that starts. */
  readonly folder: string
  /** Ends it; what it keeps stays. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on the same port; resolves when it serves, or at once. */
  start(wait?: boolean): Promise<void>
}

const startTimeout = 30_000

/** Starts MinIO and waits until it serves. Throws with all it wrote when it does not. */
export async function startMinio(options: MinioOptions = {}): Promise<Minio> {
  const program = peer('minio')
  if (program === undefined) throw new Error('MinIO is missing: ask for it with peerTest')
  const own = await tempFolder()
  const folder = options.folder ?? join(own.path, 'data')
  const certificates = join(own.path, 'certs')
  await mkdir(folder, { recursive: true })
  await mkdir(certificates)
  if (options.tls !== undefined) {
    await Bun.write(join(certificates, 'public.crt'), options.tls.cert)
    await Bun.write(join(certificates, 'private.key'), options.tls.key)
  }
  const port = freePort()
  const scheme = options.tls === undefined ? 'http' : 'https'
  const url = `${scheme}://127.0.0.1:${port}`
  let child: Bun.Subprocess | undefined
  const log = join(own.path, 'minio.log')

  const minio: Minio = {
    url,
    folder,
    pid: () => child?.pid ?? 0,
    async stop(signal = 'SIGTERM') {
      child?.kill(signal)
      await child?.exited
    },
    async start(wait = true) {
      const output = Bun.file(log)
      child = Bun.spawn(
        [
          program,
          'server',
          folder,
          '--address',
          `127.0.0.1:${port}`,
          '--console-address',
          '127.0.0.1:0',
          '--certs-dir',
          certificates,
        ],
        {
          cwd: own.path,
          env: {
            PATH: process.env.PATH ?? '',
            HOME: own.path,
            MINIO_ROOT_USER: minioKeys.accessKey,
            MINIO_ROOT_PASSWORD: minioKeys.secretKey,
            MINIO_BROWSER: 'off',
            MINIO_UPDATE: 'off',
            MINIO_CALLHOME_ENABLE: 'off',
            ...options.env,
          },
          stdin: 'ignore',
          stdout: output,
          stderr: output,
        },
      )
      if (wait) await untilReady(url, child, log)
    },
    async [Symbol.asyncDispose]() {
      await minio.stop('SIGKILL')
      await own[Symbol.asyncDispose]()
    },
  }
  try {
    await minio.start()
    return minio
  } catch (error) {
    await minio[Symbol.asyncDispose]()
    throw error
  }
}

async function untilReady(url: string, child: Bun.Subprocess, log: string): Promise<void> {
  const deadline = Date.now() + startTimeout
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/minio/health/cluster`, {
      tls: { rejectUnauthorized: false },
      signal: AbortSignal.timeout(2_000),
    }).catch(() => undefined) // not listening yet
    if (answer?.ok === true) return
    await Bun.sleep(30)
  }
  throw new Error(
    `MinIO did not start (exit code ${child.exitCode}). It wrote:\n${await Bun.file(log).text()}`,
  )
}
