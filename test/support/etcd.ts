import { join } from 'node:path'
import { peer } from './peers.ts'
import { freePort } from './start-server.ts'
import { tempFolder } from './temp-folder.ts'

/** Files (PEM) of an etcd that speaks TLS and wants client certificates of the same authority. */
export interface EtcdCertificates {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface EtcdStart {
  readonly tls?: EtcdCertificates
  /** Added to the command line of every member. */
  readonly flags?: readonly string[]
  /** How many members; 1 without it. */
  readonly members?: number
  /** False: resolves before it serves. */
  readonly wait?: boolean
}

/** One member of an etcd. */
export interface EtcdMember {
  readonly url: string
  readonly pid: () => number
  /** Ends it; what it keeps stays. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Makes it stand still, connections open, until `thaw`; resolves when it does. */
  freeze(): Promise<void>
  thaw(): void
  /** Starts it again on the same port; resolves when it serves, or at once. */
  start(wait?: boolean): Promise<void>
}

/** A real etcd on free ports of 127.0.0.1 with a folder of its own. Disposing kills it and removes the folder. */
export interface Etcd extends AsyncDisposable {
  /** Of the first member: "http://127.0.0.1:41000" */
  readonly url: string
  /** Of all members, as --storage-etcd-endpoint wants them. */
  readonly endpoints: string
  readonly members: readonly EtcdMember[]
  /** The first member's. */
  readonly stop: EtcdMember['stop']
  readonly start: EtcdMember['start']
  /** Sends a message to the JSON gateway of the first member; texts below `key`, `value` and `range_end` become base64. */
  ask(path: string, message: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>
}

const startTimeout = 30_000

/** Starts etcd and waits until it serves. Throws with all it wrote when it does not. */
export async function startEtcd({
  tls,
  flags = [],
  members: count = 1,
  wait = true,
}: EtcdStart = {}): Promise<Etcd> {
  const program = peer('etcd')
  if (program === undefined) throw new Error('etcd is missing: ask for it with peerTest')
  const own = await tempFolder()
  const scheme = tls === undefined ? 'http' : 'https'
  const places = Array.from({ length: count }, (_, i) => ({
    name: `m${i}`,
    url: `${scheme}://127.0.0.1:${freePort()}`,
    peerUrl: `http://127.0.0.1:${freePort()}`,
  }))
  const cluster = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')
  const clientTls = tls === undefined ? {} : await clientOf(tls)
  const members = places.map(({ name, url, peerUrl }) => {
    const named = {
      '--name': name,
      '--data-dir': join(own.path, name),
      '--log-level': 'error',
      '--initial-cluster': cluster,
      '--listen-peer-urls': peerUrl,
      '--initial-advertise-peer-urls': peerUrl,
      '--listen-client-urls': url,
      '--advertise-client-urls': url,
      ...(tls && { '--cert-file': tls.cert, '--key-file': tls.key, '--trusted-ca-file': tls.ca }),
    }
    const line = [program, ...Object.entries(named).flat(), ...(tls ? ['--client-cert-auth'] : []), ...flags]
    return member(line, url, join(own.path, `${name}.log`), own.path, clientTls)
  })
  const [first] = members
  if (first === undefined) throw new Error('An etcd has a member')

  const etcd: Etcd = {
    url: first.url,
    endpoints: members.map(({ url }) => url).join(','),
    members,
    stop: first.stop,
    start: first.start,
    async ask(path, message) {
      const body = JSON.stringify(encoded(message))
      const answer = await fetch(first.url + path, { method: 'POST', body, tls: clientTls })
      return (await answer.json()) as Record<string, unknown>
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map((each) => each.stop('SIGKILL')))
      await own[Symbol.asyncDispose]()
    },
  }
  try {
    await Promise.all(members.map((each) => each.start(wait)))
    return etcd
  } catch (error) {
    await etcd[Symbol.asyncDispose]()
    throw error
  }
}

interface ClientTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

function member(line: readonly string[], url: string, log: string, cwd: string, tls: ClientTls): EtcdMember {
  let child: Bun.Subprocess | undefined
  return {
    url,
    pid: () => child?.pid ?? 0,
    async stop(signal = 'SIGTERM') {
      child?.kill(signal)
      await child?.exited
    },
    async freeze() {
      child?.kill('SIGSTOP')
      const status = Bun.file(`/proc/${child?.pid}/status`)
      while (!/^State:\s+T/m.test(await status.text())) await Bun.sleep(5)
    },
    thaw: () => child?.kill('SIGCONT'),
    async start(wait = true) {
      const output = Bun.file(log)
      child = Bun.spawn([...line], {
        cwd,
        env: { PATH: process.env.PATH ?? '', HOME: cwd, ETCD_UNSUPPORTED_ARCH: process.arch },
        stdin: 'ignore',
        stdout: output,
        stderr: output,
      })
      if (wait) await untilReady(url, child, log, tls)
    },
  }
}

async function untilReady(url: string, child: Bun.Subprocess, log: string, tls: ClientTls): Promise<void> {
  const deadline = Date.now() + startTimeout
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/v3/kv/range`, {
      method: 'POST',
      body: '{"key":"AA=="}',
      tls: { ...tls },
      signal: AbortSignal.timeout(2_000),
    }).catch(() => undefined) // not listening yet
    if (answer?.ok === true) return
    await Bun.sleep(30)
  }
  throw new Error(
    `etcd did not start (exit code ${child.exitCode}). It wrote:\n${await Bun.file(log).text()}`,
  )
}

async function clientOf({ ca, cert, key }: EtcdCertificates): Promise<ClientTls> {
  const [caText, certText, keyText] = await Promise.all([ca, cert, key].map((file) => Bun.file(file).text()))
  return { ca: caText ?? '', cert: certText ?? '', key: keyText ?? '' }
}

const texts = new Set(['key', 'value', 'range_end'])

function encoded(message: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => [
      name,
      texts.has(name) && typeof value === 'string' ? Buffer.from(value).toString('base64') : value,
    ]),
  )
}
