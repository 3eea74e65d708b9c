import { openStorage } from '../../src/storage/open.ts'
import type { StorageSettings } from '../../src/storage/open.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { chart } from './chart-builder.ts'
import { createLedger } from './kill-ledger.ts'
import type { Ledger } from './kill-ledger.ts'
import { exact, sha256 } from './site.ts'
import type { RunningServer, StartOptions } from './start-server.ts'
import { startServer } from './start-server.ts'

/** A store under a server that is killed, and how to look into it past the server. */
export interface KillStore {
  /** What the server is started with, besides what every round adds. */
  readonly start: Pick<StartOptions, 'flags' | 'env' | 'folder'>
  readonly settings: StorageSettings
  /** Kills the store itself and gives what starts it again; undefined where there is no process. */
  readonly kill?: () => Promise<() => Promise<void>>
  /** Makes it stand still, connections open, and gives what lets it go on. */
  readonly freeze?: () => Promise<() => Promise<void>>
  /** Temporary files that the driver or its store may have left, by their names. */
  readonly litter: (storage: Storage) => Promise<string[]>
}

/** What came of the rounds: all that was wrong, and how much was tried. */
export interface KillReport {
  readonly wrong: readonly string[]
  /** Writes that were answered with 201 or 200. */
  readonly answered: number
  /** Writes whose answer never came, or said "unavailable". */
  readonly open: number
  /** Archives that readers compared with the index meanwhile. */
  readonly read: number
}

const writers = 8
const readers = 2
const versions = 4
const variants = 3
/** Runs as somebody who owns nothing but the folder: root would read and write everything. */
export const otherUser = process.getuid?.() === 0 ? { uid: 1234 } : {}
const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const pause = (least: number, most: number) => Bun.sleep(least + Math.random() * (most - least))

/**
 * Kills the server, the store, or both, at random moments while writers publish, overwrite and delete and readers
 * compare what they get with the index; then looks whether all that was answered is true. Eight writers with charts of
 * their own, so that what has to be there is known exactly.
 */
export async function killRounds(store: KillStore, rounds: number): Promise<KillReport> {
  const archives = await buildArchives()
  const ledger = createLedger(archives)
  for (let round = 0; round < rounds; round++) {
    const victim = store.kill === undefined ? 'server' : (['server', 'store', 'both'] as const)[round % 3]
    await killOnce(store, ledger, victim ?? 'server')
    await using again = await startServer({ ...store.start, ...otherUser })
    await untilReady(again, ledger)
    await compareAll(again, store, ledger)
    if (ledger.wrong.length > 20) break
  }
  return ledger
}

async function killOnce(
  store: KillStore,
  ledger: Ledger,
  victim: 'server' | 'store' | 'both',
): Promise<void> {
  await using server = await startServer({ ...store.start, ...otherUser })
  await untilReady(server, ledger)
  const work = { running: true, storeDown: false, serverDown: false }
  const tasks = [
    ...Array.from({ length: writers }, (_, writer) => write(server, ledger, writer, work)),
    ...Array.from({ length: readers }, () => read(server, ledger, work)),
  ]
  await untilAnswered(ledger, ledger.answered + writers)
  await pause(0, 400)
  work.storeDown = victim !== 'server'
  const bringBack = victim === 'server' ? undefined : await store.kill?.()
  if (victim !== 'store') {
    if (victim === 'both') await pause(0, 100)
    work.serverDown = true
    await server.stop('SIGKILL')
  }
  if (bringBack !== undefined) {
    await pause(50, 300)
    await bringBack()
  }
  if (victim === 'store') {
    await untilReady(server, ledger)
    await pause(200, 400)
  }
  work.running = false
  await Promise.all(tasks)
  if (victim === 'store') await compareAll(server, store, ledger)
}

/** A busy machine needs its time to answer the first writes; a kill before them shows nothing. */
async function untilAnswered(ledger: Ledger, count: number): Promise<void> {
  const deadline = Date.now() + 30_000
  while (ledger.answered < count && Date.now() < deadline) await Bun.sleep(10)
}

interface Work {
  running: boolean
  storeDown: boolean
  serverDown: boolean
}

/** Publishes, overwrites and deletes versions of one chart until it is told to stop or nobody answers. */
async function write({ url }: RunningServer, ledger: Ledger, writer: number, work: Work): Promise<void> {
  while (work.running) {
    const version = Math.floor(Math.random() * versions)
    const name = `writer-${writer}`
    const file = `${name}-1.${version}.0.tgz`
    const isThere = ledger.isThere(file)
    const deletes = isThere === true && Math.random() < 0.4
    const archive = ledger.archives.get(file)?.[Math.floor(Math.random() * variants)] ?? new Uint8Array()
    const force = isThere === false ? '' : '?force'
    const settle = ledger.begin(file, deletes ? undefined : sha256(archive))
    const request = deletes
      ? fetch(`${url}/api/charts/${name}/1.${version}.0`, { method: 'DELETE' })
      : fetch(`${url}/api/charts${force}`, { method: 'POST', body: exact(archive) })
    const answer = await request.catch(() => undefined)
    const said = answer && `${answer.status} ${await answer.text().catch(() => 'cut')}`
    const done = said?.startsWith(deletes ? '200' : '201') === true
    settle(done)
    if (done) continue
    const excused = work.serverDown ? said === undefined : work.storeDown && said?.startsWith('503') === true
    if (!excused) ledger.wrong.push(`${deletes ? 'delete' : 'publish'} ${file}${force}: ${said}`)
    if (work.serverDown) return
    await Bun.sleep(20)
  }
}

/** Reads the index and one archive of it, again and again: what nobody changes meanwhile must be exactly as answered. */
async function read({ url }: RunningServer, ledger: Ledger, work: Work): Promise<void> {
  while (work.running) {
    const before = ledger.settled()
    const index = await indexOf(url).catch((error: unknown) => String(error))
    if (typeof index === 'string') {
      if (work.serverDown) return
      if (!work.storeDown || !index.includes('503')) ledger.wrong.push(`index: ${index}`)
      await Bun.sleep(20)
      continue
    }
    if (!work.storeDown && !work.serverDown) ledger.compare(before, index, 'the index')
    const files = [...index.keys()]
    const file = files[Math.floor(Math.random() * files.length)]
    if (file === undefined) continue
    const answer = await fetch(`${url}/charts/${file}`).catch(() => undefined)
    const body = await answer?.bytes().catch(() => undefined)
    if (answer?.status === 200 && body !== undefined) {
      ledger.seen(file, sha256(body), answer.headers.get('etag'))
      if (!work.storeDown && !work.serverDown)
        ledger.compare(before, new Map([[file, sha256(body)]]), 'an archive', file)
    } else if (!work.serverDown && !work.storeDown && !ledger.changedSince(before, file)) {
      ledger.wrong.push(`archive ${file}: ${answer?.status}`)
    }
  }
}

/** Digests by file as the index tells them. */
async function indexOf(url: string): Promise<Map<string, string>> {
  // Helm from 3.13 on gets the index as JSON.
  const answer = await fetch(`${url}/index.yaml`, { headers: { 'user-agent': 'Helm/4.0.0' } })
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
  const { entries }: { entries: Record<string, { digest: string; urls: string[] }[]> } = await answer.json()
  return new Map(
    Object.values(entries)
      .flat()
      .map(({ digest, urls }) => [(urls[0] ?? '').replace(/^charts\//, ''), digest]),
  )
}

/** Compares store, index and downloads with the ledger, and takes over what the store has of open writes. */
async function compareAll(server: RunningServer, store: KillStore, ledger: Ledger): Promise<void> {
  const storage = await openStorage(store.settings, quiet)
  try {
    const stored = await untilSame(server, storage, ledger)
    ledger.decide(stored)
    for (const file of ledger.archives.keys()) {
      const answer = await fetch(`${server.url}/charts/${file}`)
      const body = await answer.bytes()
      const digest = answer.status === 200 ? sha256(body) : undefined
      if (answer.status !== (stored.has(file) ? 200 : 404) || digest !== stored.get(file))
        ledger.wrong.push(`after the restart ${file} is ${answer.status}, of other bytes than stored`)
    }
    for (const left of await store.litter(storage)) ledger.wrong.push(`left behind: ${left}`)
  } finally {
    await storage.close()
  }
}

/** Digests of what is stored, as soon as the index tells the same; an object may still arrive from a killed writer. */
async function untilSame(
  server: RunningServer,
  storage: Storage,
  ledger: Ledger,
): Promise<Map<string, string>> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const stored = new Map<string, string>()
    for await (const { key } of storage.list('', { shallow: true })) {
      if (!key.endsWith('.tgz')) continue
      const body = (await storage.get(key))?.body
      if (body !== undefined) stored.set(key, sha256(await new Response(body).bytes()))
    }
    const index = await indexOf(server.url)
    if (Bun.deepEquals(index, stored)) return stored
    if (Date.now() > deadline) {
      ledger.wrong.push(`index and store differ: ${Bun.inspect({ index, stored })}`)
      return stored
    }
    await Bun.sleep(100)
  }
}

async function untilReady({ url, logs }: RunningServer, ledger: Ledger): Promise<void> {
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined)
    if (answer?.status === 200 && !(await answer.text()).includes('degraded')) return
    await Bun.sleep(25)
  }
  ledger.wrong.push(`the server is not ready again after 30 s:\n${logs()}`)
}

/** Archives of every writer and version, several of each: some small, some of many packets. */
async function buildArchives(): Promise<Map<string, Uint8Array[]>> {
  const archives = new Map<string, Uint8Array[]>()
  for (let writer = 0; writer < writers; writer++) {
    for (let version = 0; version < versions; version++) {
      const built = chart(`writer-${writer}`, `1.${version}.0`)
      const all = Array.from({ length: variants }, (_, i) =>
        built.with('NOTES.txt', String(i)).sized(i === 0 ? 150_000 : 0),
      )
      archives.set(built.file, await Promise.all(all.map((one) => one.tgz())))
    }
  }
  return archives
}
