import { expect } from 'bun:test'
import { chart } from './chart-builder.ts'
import { eventually } from './eventually.ts'
import { otherUser } from './kill-rounds.ts'
import { sha256, site } from './site.ts'
import type { Site } from './site.ts'
import type { RunningServer, StartOptions } from './start-server.ts'
import { startServer } from './start-server.ts'

/** No request waits longer for a store that does not answer, milliseconds: that is promised. */
export const longestMs = 10_000

/** A server over a store that a test is about to break, with two charts in it. */
export interface Victim extends AsyncDisposable {
  readonly server: RunningServer
  readonly ours: Site
  /** An archive that the server reads from the store each time; it keeps the small one in memory. */
  readonly large: Uint8Array
}

const small = await chart('small', '1.0.0').tgz()
const fresh = await chart('fresh', '1.0.0').tgz()

/** Starts a server over a store and publishes what is asked for later. */
export async function startVictim(start: StartOptions, largeBytes: number): Promise<Victim> {
  const large = await chart('large', '1.0.0').sized(largeBytes).tgz()
  const server = await startServer({ ...start, ...otherUser })
  const ours = site(server)
  const victim = { server, ours, large, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
  await eventually(() => isReady(victim), true, 30_000)
  for (const archive of [small, large]) expect((await ours.publish(archive)).status).toBe(201)
  await expectAll(victim)
  return victim
}

/** True when nothing is wrong with the store either. */
async function isReady({ server }: Victim): Promise<boolean> {
  const answer = await fetch(`${server.url}/readyz`)
  return answer.status === 200 && !(await answer.text()).includes('degraded')
}

/** Everything that was published is there, byte for byte. */
export async function expectAll({ ours, large }: Victim, more: readonly string[] = []): Promise<void> {
  const wanted = [...more, 'large', 'small'].sort()
  await eventually(async () => Object.keys((await ours.index()).entries).sort(), wanted, 20_000)
  for (const [name, bytes] of [['small', small] as const, ['large', large] as const]) {
    const got = await (await ours.get(`/charts/${name}-1.0.0.tgz`)).bytes()
    expect(sha256(got)).toBe(sha256(bytes))
  }
}

/** What one request came to. */
interface Outcome {
  readonly status: number
  /** True for a body that is whole and what was published; false for another; undefined where it broke off. */
  readonly right: boolean | undefined
  readonly retryAfter: boolean
  readonly tookMs: number
}

async function outcome(request: Promise<Response>, wanted?: Uint8Array): Promise<Outcome> {
  const started = performance.now()
  const answer = await request
  const body = await answer.bytes().catch(() => undefined)
  return {
    status: answer.status,
    right: body && wanted && sha256(body) === sha256(wanted),
    retryAfter: answer.headers.has('retry-after'),
    tookMs: performance.now() - started,
  }
}

/**
 * Asks for everything at once while the store is broken. Nothing hangs, nothing is wrong, nothing that may be there is
 * said to be missing, and what would have to be written is refused for now.
 */
export async function expectSurvival({ server, ours, large }: Victim): Promise<void> {
  const asked = {
    live: outcome(fetch(`${server.url}/livez`)),
    ready: outcome(fetch(`${server.url}/readyz`)),
    small: outcome(ours.get('/charts/small-1.0.0.tgz'), small),
    large: outcome(ours.get('/charts/large-1.0.0.tgz'), large),
    index: outcome(ours.get('/index.yaml')),
    unknown: outcome(ours.get('/charts/unknown-1.0.0.tgz')),
    unknownProvenance: outcome(ours.get('/charts/small-1.0.0.tgz.prov')),
    unknownVersion: outcome(ours.call('GET', '/charts/small/9.9.9')),
    unknownChart: outcome(ours.call('GET', '/charts/unknown')),
    publish: outcome(ours.publish(fresh)),
    remove: outcome(ours.call('DELETE', '/charts/small/1.0.0')),
  }
  const found = Object.fromEntries(
    await Promise.all(Object.entries(asked).map(async ([name, one]) => [name, await one] as const)),
  ) as Record<keyof typeof asked, Outcome>
  for (const [name, { tookMs }] of Object.entries(found)) {
    expect([name, Math.round(tookMs)]).toEqual([name, expect.any(Number)])
    expect({ name, late: tookMs > longestMs && Math.round(tookMs) }).toEqual({ name, late: false })
  }
  expect(found.live.status).toBe(200)
  expect(found.ready.status).toBe(200)
  expect(found.index.status).toBe(200)
  for (const name of ['small', 'large'] as const) {
    expect([200, 503]).toContain(found[name].status)
    if (found[name].status === 200) expect(found[name].right).not.toBe(false)
  }
  for (const name of ['unknown', 'unknownProvenance', 'unknownVersion', 'unknownChart'] as const) {
    expect({ name, status: found[name].status }).toEqual({ name, status: 503 })
  }
  for (const name of ['publish', 'remove'] as const) {
    const { status, retryAfter } = found[name]
    expect({ name, status, retryAfter }).toEqual({ name, status: 503, retryAfter: true })
  }
}

/** The store is well again: so is the server, by itself, and what was refused is there wholly or not at all. */
export async function expectRecovery(victim: Victim): Promise<void> {
  const { server, ours } = victim
  await eventually(() => isReady(victim), true, 30_000)
  // A write that was refused may still have reached the store.
  const restored = await ours.publish(small, '?force')
  expect(restored.status).toBe(201)
  expect((await ours.publish(fresh, '?force')).status).toBe(201)
  await expectAll(victim, ['fresh'])
  expect((await ours.call('DELETE', '/charts/fresh/1.0.0')).status).toBe(200)
  await expectAll(victim)
  expect(server.logs()).not.toContain('Unexpected error')
}
