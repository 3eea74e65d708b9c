import { describe, expect, test } from 'bun:test'
import { guessLimits, networkOf } from '../../src/http/access/wrong-guesses.ts'
import { CheckThrottle, throttleLimits, type Outcome } from '../../src/http/access/throttle.ts'
import { manualClock, settled } from '../support/manual-clock.ts'

/** A throttle, and checks that end when the test says so. */
function stage(hashes = true) {
  const clock = manualClock()
  const throttle = new CheckThrottle(clock, hashes)
  const running: { readonly name: string; readonly began: number; readonly end: (right: boolean) => void }[] =
    []
  const spent = { ms: 0 }
  const outcomes: Record<string, Outcome> = {}
  return {
    clock,
    throttle,
    outcomes,
    running: () => running.map(({ name }) => name),
    /** What ended checks took. */
    spent,
    /** Asks for a check that runs until `end()`. */
    ask(name: string, address = name) {
      const check = throttle.check(address, () => {
        const { promise, resolve } = Promise.withResolvers<boolean>()
        running.push({ name, began: clock.now(), end: resolve })
        return promise
      })
      void Promise.resolve(check.outcome).then((outcome) => (outcomes[name] = outcome))
      return check
    },
    async end(name: string, right: boolean, ms = 0) {
      await clock.pass(ms)
      const at = running.findIndex((one) => one.name === name)
      const [ended] = at < 0 ? [] : running.splice(at, 1)
      spent.ms += clock.now() - (ended?.began ?? clock.now())
      ended?.end(right)
      await settled()
    },
  }
}

type Stage = ReturnType<typeof stage>

/** Sends so many wrong passwords, one after another, each of which takes no time. */
async function fail(on: Stage, address: string, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    on.ask('wrong', address)
    await on.end('wrong', false)
  }
}

/** Uses up the time for wrong passwords, for five seconds. */
async function useUp(on: Stage): Promise<void> {
  on.ask('costly', 'spender')
  await on.end('costly', false, throttleLimits.wrongMs + 500)
}

describe('CheckThrottle', () => {
  test('lets two checks run at a time, and those of each address in turn', async () => {
    const on = stage()
    for (const address of ['a', 'b', 'c']) await fail(on, address, 3)
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1']) on.ask(name, name.slice(0, 1))
    expect(on.running()).toEqual(['a1', 'a2'])
    const order: string[] = []
    while (on.running().length > 0) {
      const [first = ''] = on.running()
      order.push(first)
      await on.end(first, true)
      await on.clock.pass(100)
    }
    expect(order.slice(2)).toEqual(['a3', 'b1', 'c1', 'a4'])
    expect(on.outcomes).toMatchObject({ a1: 'right', a4: 'right', c1: 'right' })
  })

  test('lets an address that sent ten wrong passwords send one more every two seconds, and no other wait', async () => {
    const on = stage()
    await fail(on, 'guesser', guessLimits.atOnce)
    expect(on.throttle.holdsBack('guesser')).toBe(true)
    expect(on.throttle.holdsBack('other')).toBe(false)
    on.ask('guess', 'guesser')
    on.ask('next guess', 'guesser')
    await on.clock.pass(guessLimits.pauseMs - 100)
    expect(on.running()).toEqual([])
    on.ask('other')
    await on.clock.pass(200)
    expect(on.running()).toEqual(['other', 'guess'])
    await on.end('guess', false)
    await on.clock.pass(guessLimits.pauseMs - 200)
    expect(on.running()).toEqual(['other'])
    await on.clock.pass(300)
    expect(on.running()).toEqual(['other', 'next guess'])
  })

  test('counts checks from when they begin: many at once are not more guesses', () => {
    const on = stage(false)
    const begun = Array.from({ length: 50 }, (_, index) => on.ask(`guess ${index}`, 'guesser'))
    expect(on.running()).toHaveLength(guessLimits.atOnce)
    expect(begun).toHaveLength(50)
  })

  test('takes right passwords back: forty users behind one address sign in at once', async () => {
    const on = stage(false)
    for (let user = 0; user < 40; user++) on.ask(`user ${user}`, 'proxy')
    for (let done = 0; done < 40; done++) {
      await on.end(on.running()[0] ?? '', true)
      await on.clock.pass(60)
    }
    expect(Object.values(on.outcomes)).toEqual(Array.from({ length: 40 }, () => 'right' as const))
    expect(on.throttle.holdsBack('proxy')).toBe(false)
  })

  test('lets a right password do nothing for the wrong ones of the same address', async () => {
    const on = stage()
    await fail(on, 'insider', guessLimits.atOnce - 1)
    on.ask('own', 'insider')
    await on.end('own', true)
    await fail(on, 'insider', 1)
    expect(on.throttle.holdsBack('insider')).toBe(true)
  })

  test('gives wrong passwords a tenth of the time when they come from everywhere', async () => {
    const on = stage()
    for (let address = 0; address < 700; address++) on.ask(`guess ${address}`)
    // A minute of checks of 100 ms each, from addresses that never come again.
    for (let round = 0; round < 600; round++) {
      await on.clock.pass(100)
      for (const name of on.running()) await on.end(name, false)
      on.ask(`more ${round}`)
    }
    const most = throttleLimits.wrongMs + 60_000 * throttleLimits.wrongShare
    expect(on.spent.ms).toBeGreaterThan(most / 2)
    expect(on.spent.ms).toBeLessThanOrEqual(most + 100 * throttleLimits.running)
  })

  test('begins those who signed in lately first, then strangers, then whoever sent wrong passwords', async () => {
    const on = stage()
    on.ask('known', 'trusted')
    await on.end('known', true)
    await fail(on, 'failing', guessLimits.atOnce - 2)
    await useUp(on)
    on.ask('failing')
    on.ask('stranger')
    on.ask('trusted')
    expect(on.running()).toEqual(['trusted'])
    await on.clock.pass(5_900)
    expect(on.running()).toEqual(['trusted', 'stranger'])
    await on.end('trusted', true)
    expect(on.running()).toEqual(['stranger', 'failing'])
  })

  test('lets no newcomer pass those who wait', async () => {
    const on = stage()
    await useUp(on)
    on.ask('early')
    await on.clock.pass(5_000)
    on.ask('late')
    expect(on.running()).not.toContain('late')
    await on.clock.pass(100)
    expect(on.running()[0]).toBe('early')
  })

  test('gives up a check that has waited too long', async () => {
    const on = stage()
    on.ask('first')
    on.ask('second')
    on.ask('third')
    await on.clock.pass(throttleLimits.waitMs - 100)
    expect(on.outcomes).toEqual({})
    await on.clock.pass(200)
    expect(on.outcomes).toEqual({ third: 'unchecked' })
    expect(on.clock.waiting).toBe(0)
  })

  test('looks at no more than may wait: of an address, and of all who send wrong passwords', async () => {
    const on = stage()
    const { waiting, waitingPerAddress } = throttleLimits
    for (let address = 0; address < 8; address++) await fail(on, `guesser ${address}`, guessLimits.atOnce)
    for (let address = 0; address < 6; address++) {
      for (let more = 0; more < waitingPerAddress; more++) on.ask('guess', `guesser ${address}`)
    }
    expect(on.ask('one more', 'guesser 0').outcome).toBe('unchecked')
    expect(on.ask('one more', 'guesser 7').outcome).toBe('unchecked')
    const others = Array.from({ length: waiting.unknown - waiting.failing }, (_, at) => on.ask(`other ${at}`))
    expect(others.every(({ outcome }) => outcome !== 'unchecked')).toBe(true)
    expect(on.ask('one too many').outcome).toBe('unchecked')
  })

  test('forgets a check that nobody waits for, and takes it no turn', async () => {
    const on = stage()
    on.ask('first')
    on.ask('second')
    const third = on.ask('third')
    on.ask('fourth')
    third.drop()
    await on.end('first', true)
    expect(on.running()).toEqual(['second', 'fourth'])
    expect(on.outcomes.third).toBe('unchecked')
    third.drop()
  })

  test('frees its turn when a check fails', async () => {
    const { throttle } = stage()
    for (let time = 0; time < 3; time++) {
      const { outcome } = throttle.check('somebody', () => Promise.reject(new Error('out of memory')))
      expect(await Promise.resolve(outcome).catch((error: Error) => error.message)).toBe('out of memory')
    }
    expect(await throttle.check('somebody', () => Promise.resolve(true)).outcome).toBe('right')
  })

  test('remembers the last ten thousand addresses, and no more than twice as many', () => {
    const on = stage(false)
    for (const address of ['old', 'between', 'new']) {
      for (let time = 0; time < guessLimits.atOnce; time++) on.throttle.check(address, () => false)
      for (let other = 0; other < 9_999; other++) on.throttle.check(`${address} ${other}`, () => false)
    }
    expect(on.throttle.holdsBack('new')).toBe(true)
    expect(on.throttle.holdsBack('old')).toBe(false)
  })

  test('is told at once where nothing is hashed', () => {
    const { throttle } = stage(false)
    expect(throttle.check('somebody', () => false).outcome).toBe('wrong')
    expect(throttle.check('somebody', () => true).outcome).toBe('right')
  })

  test('lets everybody go when it is closed', async () => {
    const on = stage()
    for (const name of ['first', 'second', 'third']) on.ask(name)
    on.throttle.close()
    await settled()
    expect(on.outcomes).toEqual({ third: 'unchecked' })
    expect(on.clock.waiting).toBe(0)
  })
})

describe('networkOf()', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['', ''],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::', 'fe80:0:0:0::/64'],
  ])('takes %s for %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})
