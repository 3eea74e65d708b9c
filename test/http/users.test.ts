import { afterEach, beforeEach, describe, expect, spyOn, test } from 'bun:test'
import type { Access, Caller } from '../../src/http/access/access.ts'
import { basicAccess } from '../../src/http/access/basic.ts'
import { guessLimits } from '../../src/http/access/wrong-guesses.ts'
import { parsePasswordHash } from '../../src/http/access/password-hash.ts'
import { throttleLimits } from '../../src/http/access/throttle.ts'
import type { FileUser, Users } from '../../src/http/access/users-file.ts'
import { manualClock, settled, type ManualClock } from '../support/manual-clock.ts'

const header = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const hashed = (password: string, cost = 4) =>
  Bun.password.hashSync(password, { algorithm: 'bcrypt', cost }).replace('$2b$', '$2y$')
const hashes = { alice: hashed('wonder'), bob: hashed('build'), carol: hashed('sing') }

function usersWith(hashOf: Readonly<Record<string, string>>): Users {
  const byName = new Map<string, FileUser>()
  for (const [name, text] of Object.entries(hashOf)) {
    const hash = parsePasswordHash(text)
    if (typeof hash === 'string') throw new Error(hash)
    byName.set(name, { hash, caller: { name, may: () => true } })
  }
  return { byName, all: [...byName.values()] }
}

let users: Users
let clock: ManualClock
let access: Access
let checked: ReturnType<typeof spyOn<typeof Bun.password, 'verify'>>
const warnings: string[] = []

/** No time passes while a password is checked. */
async function hashedYet(): Promise<void> {
  await settled()
  await Promise.all(checked.mock.results.map(({ value }) => value))
  await settled()
}

function start(pair = { user: '', password: '' }): void {
  users = usersWith(hashes)
  clock = manualClock(hashedYet)
  const file = { users: () => users, close() {} }
  const log = { warn: (message: string) => void warnings.push(message) }
  access = basicAccess({ ...pair, anonymousGet: false, file, clock, log })
}

beforeEach(() => {
  start()
  warnings.length = 0
  checked = spyOn(Bun.password, 'verify')
})
afterEach(() => {
  access.close?.()
  checked.mockRestore()
})

const ask = (user: string, password: string, address = '192.0.2.1', gone?: () => AbortSignal) =>
  access.callerOf(header(user, password), () => address, gone)
const who = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).name

/** The caller, who must be known without waiting. */
function atOnce(caller: Caller | Promise<Caller>): Caller {
  if (caller instanceof Promise) throw new Error('Not known at once.')
  return caller
}

/** So many different wrong passwords from one address. */
async function guess(address: string, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await ask('alice', `guess ${time}`, address)
}

describe('basicAccess() with users of a file', () => {
  test('knows each user by name and password, and nobody else', async () => {
    expect(await who('alice', 'wonder')).toBe('alice')
    expect(await who('bob', 'build')).toBe('bob')
    for (const [user, password] of [
      ['alice', 'build'],
      ['Alice', 'wonder'],
      ['alice', 'wonder '],
      ['alice', hashes.alice],
      ['dave', 'wonder'],
    ] as const) {
      expect(await who(user, password), `${user}:${password}`).toBeUndefined()
    }
  })

  test('hashes a right password once, then answers at once, from other addresses too', async () => {
    await ask('alice', 'wonder')
    expect(checked).toHaveBeenCalledTimes(1)
    for (const address of ['192.0.2.1', '198.51.100.7', '2001:db8::1'])
      expect(atOnce(ask('alice', 'wonder', address)).name).toBe('alice')
    expect(checked).toHaveBeenCalledTimes(1)
  })

  test('hashes a wrong password once a minute, however often it comes', async () => {
    expect(await who('alice', 'old')).toBeUndefined()
    for (let time = 0; time < 50; time++) expect(atOnce(ask('alice', 'old')).name).toBeUndefined()
    expect(checked).toHaveBeenCalledTimes(1)
    await clock.pass(61_000)
    await ask('alice', 'old')
    expect(checked).toHaveBeenCalledTimes(2)
    expect(await who('alice', 'new')).toBeUndefined()
    expect(await who('alice', 'wonder')).toBe('alice')
  })

  test('hashes once for requests that come together', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => who('alice', 'wonder')))
    expect(new Set(all)).toEqual(new Set(['alice']))
    expect(checked).toHaveBeenCalledTimes(1)
  })

  test('hashes for a name that nobody has, with the same hash each time, and lets nobody in by it', async () => {
    const others = Object.values(hashes)
    for (const name of ['dave', 'erin', 'frank', 'grace']) {
      const used = new Set<unknown>()
      for (const password of ['wonder', 'build', 'sing']) {
        expect(await who(name, password, `of ${name}`)).toBeUndefined()
        used.add(checked.mock.calls.at(-1)?.[1])
      }
      expect(used.size).toBe(1)
      expect(others).toContain([...used][0] as string)
    }
    expect(checked).toHaveBeenCalledTimes(12)
  })

  test('hashes nothing for what can be nobody, and counts it as no guess', () => {
    for (const strange of ['', 'Basic', 'Basic !!!', header('', 'wonder'), header('alice', ''), 'Bearer x'])
      for (let time = 0; time < 20; time++)
        expect(atOnce(access.callerOf(strange, () => '192.0.2.1')).name).toBeUndefined()
    expect(checked).not.toHaveBeenCalled()
    const caller = ask('alice', 'wonder')
    expect(caller).toBeInstanceOf(Promise)
  })

  test('lets nobody in where the file has no users', async () => {
    users = usersWith({})
    expect(await who('alice', 'wonder')).toBeUndefined()
    expect(access.open).toBe(false)
    expect(access.challenge('pull', '')).toBe('Basic realm="ChartMuseum"')
  })

  test('knows the user of the settings besides', async () => {
    start({ user: 'pilot', password: 'secret' })
    expect(await who('pilot', 'secret')).toBe('pilot')
    expect(atOnce(ask('pilot', 'secret', '198.51.100.7')).name).toBe('pilot')
    expect(checked).not.toHaveBeenCalled()
    expect(await who('alice', 'wonder')).toBe('alice')
    expect(await who('pilot', 'wonder')).toBeUndefined()
    expect(checked).toHaveBeenCalledTimes(2)
  })

  test('forgets what nobody has used for ten minutes', async () => {
    await ask('alice', 'wonder')
    await clock.pass(5 * 60_000)
    expect(atOnce(ask('alice', 'wonder')).name).toBe('alice')
    await clock.pass(5 * 60_000)
    expect(atOnce(ask('alice', 'wonder')).name).toBe('alice')
    await clock.pass(10 * 60_000)
    await ask('alice', 'wonder')
    expect(checked).toHaveBeenCalledTimes(2)
  })
})

describe('a file that is read again', () => {
  test('locks out who is gone or has another password, and hashes nobody else again', async () => {
    for (const [user, password] of [
      ['alice', 'wonder'],
      ['bob', 'build'],
      ['carol', 'sing'],
    ] as const)
      await ask(user, password)
    users = usersWith({ alice: hashes.alice, bob: hashed('rebuild') })
    checked.mockClear()
    expect(atOnce(ask('alice', 'wonder')).name).toBe('alice')
    expect(checked).not.toHaveBeenCalled()
    expect(await who('bob', 'build')).toBeUndefined()
    expect(await who('carol', 'sing')).toBeUndefined()
    expect(await who('bob', 'rebuild')).toBe('bob')
  })

  test('lets in at once what was wrong before', async () => {
    expect(await who('alice', 'looking glass')).toBeUndefined()
    expect(await who('dave', 'swim')).toBeUndefined()
    users = usersWith({ ...hashes, alice: hashed('looking glass'), dave: hashed('swim') })
    expect(await who('alice', 'looking glass')).toBe('alice')
    expect(await who('dave', 'swim')).toBe('dave')
  })

  test('holds for checks that run meanwhile', async () => {
    const removed = who('alice', 'wonder')
    users = usersWith({ bob: hashes.bob })
    expect(await removed).toBeUndefined()
    expect(await who('alice', 'wonder')).toBeUndefined()

    const added = who('carol', 'sing')
    users = usersWith(hashes)
    expect(await added).toBe('carol')

    const changed = who('bob', 'build')
    users = usersWith({ ...hashes, bob: hashed('rebuild') })
    expect(await changed).toBeUndefined()
    expect(await who('bob', 'build')).toBeUndefined()
  })

  test('gives the caller of now, who may no longer write', async () => {
    await ask('alice', 'wonder')
    const limited: Caller = { name: 'alice', may: (action) => action === 'pull' }
    const before = users.byName.get('alice')
    if (before === undefined) throw new Error('no alice')
    users = { byName: new Map([['alice', { ...before, caller: limited }]]), all: [before] }
    expect(atOnce(ask('alice', 'wonder')).may('push', '')).toBe(false)
  })
})

describe('an address that sends many wrong passwords', () => {
  test('waits, while the same user comes in from there and elsewhere as before', async () => {
    await ask('alice', 'wonder', '192.0.2.9')
    await guess('192.0.2.9', guessLimits.atOnce)
    await ask('bob', 'build', '198.51.100.1')
    checked.mockClear()
    const waiting = ask('carol', 'sing', '192.0.2.9')
    await settled()
    expect(checked).not.toHaveBeenCalled()
    expect(atOnce(ask('alice', 'wonder', '192.0.2.9')).name).toBe('alice')
    expect(atOnce(ask('bob', 'build', '198.51.100.1')).name).toBe('bob')
    await clock.pass(guessLimits.pauseMs + 100)
    expect((await waiting).name).toBe('carol')
    expect(warnings).toHaveLength(1)
  })

  test('does not find out faster what others, who are there, have as passwords', async () => {
    await ask('bob', 'build', '198.51.100.1')
    await guess('192.0.2.9', guessLimits.atOnce)
    const guessed = ask('bob', 'build', '192.0.2.9')
    expect(guessed).toBeInstanceOf(Promise)
    await clock.pass(guessLimits.pauseMs + 100)
    expect((await guessed).name).toBe('bob')
    expect(atOnce(ask('bob', 'build', '192.0.2.9')).name).toBe('bob')
  })

  test('is told to come again when too much waits or it took too long', async () => {
    await guess('192.0.2.9', guessLimits.atOnce)
    const waiting = Array.from({ length: throttleLimits.waitingPerAddress }, (_, at) =>
      ask('alice', `more ${at}`, '192.0.2.9'),
    )
    const refused = atOnce(ask('alice', 'one too many', '192.0.2.9'))
    expect(refused.retryAfter).toBe(10)
    expect(refused.name).toBeUndefined()
    expect(refused.may('pull', '')).toBe(false)
    await clock.pass(throttleLimits.waitMs + 100)
    const callers = await Promise.all(waiting)
    expect(callers.filter(({ retryAfter }) => retryAfter === 10).length).toBeGreaterThan(200)
    expect(await who('alice', 'wonder', '198.51.100.1')).toBe('alice')
  })

  test('gives its place up when the client goes away, unless another waits for the same', async () => {
    await guess('192.0.2.9', guessLimits.atOnce)
    const [first, second] = [new AbortController(), new AbortController()]
    const alone = ask('alice', 'wonder', '192.0.2.9', () => first.signal)
    const both = [
      ask('bob', 'build', '192.0.2.9', () => first.signal),
      ask('bob', 'build', '192.0.2.9', () => second.signal),
    ]
    first.abort()
    expect((await alone).retryAfter).toBe(10)
    expect((await ask('carol', 'sing', '192.0.2.9', () => AbortSignal.abort())).retryAfter).toBe(10)
    await clock.pass(guessLimits.pauseMs + 100)
    expect((await Promise.all(both)).map(({ name }) => name)).toEqual(['bob', 'bob'])
  })

  test('guesses the one user of the settings no faster', async () => {
    access = basicAccess({ user: 'pilot', password: 'secret', anonymousGet: false, clock })
    expect(atOnce(ask('pilot', 'secret', '198.51.100.1')).name).toBe('pilot')
    for (let time = 0; time < guessLimits.atOnce; time++)
      expect(atOnce(ask('pilot', `guess ${time}`, '192.0.2.9')).name).toBeUndefined()
    const guessed = ask('pilot', 'secret', '192.0.2.9')
    expect(guessed).toBeInstanceOf(Promise)
    expect(atOnce(ask('pilot', 'secret', '198.51.100.1')).name).toBe('pilot')
    expect(atOnce(ask('pilot', 'secret', '203.0.113.5')).name).toBe('pilot')
    await clock.pass(guessLimits.pauseMs + 100)
    expect((await guessed).name).toBe('pilot')
  })
})

test('a flood of wrong passwords from everywhere leaves no more behind than its bounds', async () => {
  access = basicAccess({ user: 'pilot', password: 'secret', anonymousGet: false, clock })
  const flood = async (from: number) => {
    for (let at = from; at < from + 25_000; at++)
      void ask('pilot', `guess ${at}`, `2001:db8:${at.toString(16)}::1`)
    await clock.pass(throttleLimits.waitMs + 100)
    Bun.gc(true)
    return process.memoryUsage().heapUsed
  }
  const first = await flood(0)
  const second = await flood(25_000)
  expect(second - first).toBeLessThan(2 * 1024 * 1024)
  expect(atOnce(ask('pilot', 'secret')).name).toBe('pilot')
})
