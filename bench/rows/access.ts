import { join } from 'node:path'
import { chartName } from '../charts.ts'
import { basic, bearerDoor, pairDoor, usersDoor } from '../credentials.ts'
import type { Door } from '../credentials.ts'
import { startFlood } from '../flood.ts'
import type { Server } from '../processes.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench, Contestant, Measurement } from '../row.ts'
import { copyOf, seededCharts } from '../seed.ts'
import { helmAgent, startOver } from '../servers.ts'
import type { Program } from '../servers.ts'
import { latencies } from '../statistics.ts'
import { measureGet } from '../wrk.ts'

/** One server of these rows: how it is started, and as whom it is asked. */
interface Variant {
  readonly program?: Program
  readonly flags: readonly string[]
  readonly authorization?: string
}

const versions = 10

/**
 * What signing in, the access log and metrics add to an index GET: each beside a server without it. And what it takes to
 * be known for the first time, and beside a flood of wrong passwords.
 */
export async function measureAccess(bench: Bench): Promise<void> {
  const pair = pairDoor()
  const plain: Variant = { flags: [] }
  const open = (door: Door): Variant => ({ flags: door.flags, authorization: door.authorization })
  await addedBy(bench, 'access-log', 'the access log', plain, { program: 'silent', flags: [] })
  await addedBy(bench, 'access-metrics', 'metrics', { flags: ['--enable-metrics'] }, plain)
  await addedBy(bench, 'access-basic', 'basic auth, one pair', open(pair), plain)
  await addedBy(
    bench,
    'access-users',
    'basic auth, a known user of 100',
    open(await usersDoor(bench.scratch, 100, 4)),
    plain,
  )
  await addedBy(bench, 'access-bearer', 'a known token', open(await bearerDoor(bench.scratch)), plain)
  const all = { flags: [...pair.flags, '--enable-metrics'], authorization: pair.authorization }
  await addedBy(bench, 'access-all', 'basic auth, log and metrics', all, { program: 'silent', flags: [] })
  await measureFirstTimes(bench)
  await measureFlood(bench)
}

/** A row of two servers that differ in one thing. */
async function addedBy(
  bench: Bench,
  id: string,
  title: string,
  withIt: Variant,
  without: Variant,
): Promise<void> {
  if (!wanted(bench, id)) return
  const get = (variant: Variant, server: Server) => measureGet(bench, server, indexRequest(variant))
  const started: Server[] = []
  try {
    const contestants: Contestant[] = []
    for (const [subject, variant] of [
      ['chartroom', withIt],
      ['without', without],
    ] as const) {
      const server = await start(bench, id, variant)
      started.push(server)
      contestants.push({ id: subject, measure: () => get(variant, server) })
    }
    await measureRow(bench, id, `index, ${versions} versions: with ${title}`, contestants)
  } finally {
    for (const server of started) await server.stop()
  }
}

/** Users that sign in for the first time, one after another: bcrypt at the cost that htpasswd's users choose. */
async function measureFirstTimes(bench: Bench): Promise<void> {
  const id = 'access-first'
  if (!wanted(bench, id)) return
  const perRound = 20
  const door = await usersDoor(bench.scratch, perRound * bench.options.rounds, 10)
  const server = await start(bench, id, { flags: door.flags, authorization: door.authorization })
  try {
    const measure = async (round: number): Promise<Measurement> => {
      const before = server.cpuMs()
      const took: number[] = []
      // The first user is known since the start.
      for (let at = Math.max(1, round * perRound); at < (round + 1) * perRound; at++) {
        took.push(await ask(server, basic(`user-${at}`, `pass-${at}`)))
      }
      return { ...latencies(took), cpu_ms: (server.cpuMs() - before) / took.length, requests: took.length }
    }
    await measureRow(bench, id, 'a user signs in for the first time (bcrypt, cost 10)', [
      { id: 'chartroom', measure },
    ])
  } finally {
    await server.stop()
  }
}

/** Somebody who is known asks without a pause, while 50 connections from 200 addresses guess as fast as they are let. */
async function measureFlood(bench: Bench): Promise<void> {
  for (const [kind, title] of [
    ['users', 'a known user of a file, while others guess passwords'],
    ['pair', 'the one user, while others guess the password'],
  ] as const) {
    const id = `access-flood-${kind}`
    if (!wanted(bench, id)) continue
    const door = kind === 'users' ? await usersDoor(bench.scratch, 100, 10) : pairDoor()
    const server = await start(bench, id, door)
    try {
      await measureRow(bench, id, title, [
        { id: 'without', measure: () => reader(bench, server, door) },
        {
          id: 'chartroom',
          async measure() {
            const flood = startFlood(server, { connections: 50, addresses: 200 })
            try {
              await Bun.sleep(1000)
              const told = await reader(bench, server, door)
              return { ...told, answered: `${Math.round(flood.perSecond())} wrong passwords per second` }
            } finally {
              await flood.stop()
            }
          },
        },
      ])
    } finally {
      await server.stop()
    }
  }
}

async function reader(bench: Bench, server: Server, { authorization }: Door): Promise<Measurement> {
  const took: number[] = []
  const end = performance.now() + bench.options.seconds * 1000
  while (performance.now() < end) took.push(await ask(server, authorization))
  return { ...latencies(took), requests: took.length }
}

/** Milliseconds until a small answer was there. */
async function ask(server: Server, authorization: string): Promise<number> {
  const started = performance.now()
  const answer = await fetch(`${server.url}/api/charts/${chartName(0)}`, { headers: { authorization } })
  await answer.arrayBuffer()
  if (answer.status !== 200) throw new Error(`answered ${answer.status}`)
  return performance.now() - started
}

async function start(bench: Bench, id: string, variant: Variant): Promise<Server> {
  const folder = await copyOf(await seededCharts(versions), join(bench.scratch, `${id}-${Math.random()}`))
  const flags = ['--storage=local', `--storage-local-rootdir=${folder}`, ...variant.flags]
  const server = await startOver(bench, 'chartroom', { flags, env: {} }, variant.program)
  const { path, headers } = indexRequest(variant)
  for (const end = performance.now() + 20_000; performance.now() < end; await Bun.sleep(20)) {
    if (server.hasEnded()) throw new Error('the server ended before it answered')
    const answer = await fetch(server.url + path, { headers }).catch(() => undefined)
    if (answer?.status === 200) return server
  }
  throw new Error('the server did not answer in 20 s')
}

function indexRequest({ authorization }: Variant) {
  const headers = { 'user-agent': helmAgent, ...(authorization !== undefined && { authorization }) }
  return { path: '/index.yaml', headers }
}
