import { describe, expect, test } from 'bun:test'
import { openAccess, permits, type Caller } from '../../src/http/access/access.ts'
import { basicAccess } from '../../src/http/access/basic.ts'

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const options = { user: 'curator', password: 'p:ä ss', anonymousGet: false }
const access = basicAccess(options)
const nowhere = () => ''
/** Who a header says one is: known at once here. */
function callerOf(header: string | null, by = access): Caller {
  const caller = by.callerOf(header, nowhere)
  if (caller instanceof Promise) throw new Error('Not known at once.')
  return caller
}
const right = basic('curator', 'p:ä ss')

describe('basicAccess()', () => {
  test('knows its user, who may do everything', () => {
    const caller = callerOf(right)
    expect(caller.name).toBe('curator')
    expect(caller.may('pull', 'org')).toBe(true)
    expect(caller.may('push', 'org')).toBe(true)
  })

  test('takes the scheme in any case', () => {
    for (const scheme of ['basic', 'BASIC', 'bAsIc']) {
      expect(callerOf(right.replace('Basic', scheme)).name).toBe('curator')
    }
  })

  const token = right.slice(6)
  const strange: [string, string | null][] = [
    ['no header', null],
    ['an empty header', ''],
    ['the scheme alone', 'Basic'],
    ['the scheme and a space', 'Basic '],
    ['no scheme', token],
    ['another scheme', `Bearer ${token}`],
    ['a longer scheme', `Basics ${token}`],
    ['a wrong password', basic('curator', 'p:ä sS')],
    ['a password that only begins right', basic('curator', 'p:ä s')],
    ['a password that goes on', basic('curator', 'p:ä sss')],
    ['a wrong user', basic('Curator', 'p:ä ss')],
    ['an empty user', basic('', 'p:ä ss')],
    ['an empty password', basic('curator', '')],
    ['no colon', `Basic ${Buffer.from('curator').toString('base64')}`],
    ['10 kB of password', basic('curator', 'x'.repeat(10_000))],
    ['broken base64', 'Basic !!!!'],
    ['bytes that are not UTF-8', `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0xff]).toString('base64')}`],
    ['two headers', `${right}, ${right}`],
    ['a right one behind a wrong one', `Basic x, ${right}`],
    ['the token with something behind it', `${right} x`],
  ]
  for (const [what, header] of strange) {
    test(`takes ${what} for an anonymous caller who may do nothing`, () => {
      const caller = callerOf(header)
      expect(caller.name).toBeUndefined()
      expect(caller.may('pull', '')).toBe(false)
      expect(caller.may('push', '')).toBe(false)
    })
  }

  test('lets anonymous callers and those with wrong credentials pull, not push, with anonymousGet', () => {
    const open = basicAccess({ user: 'a', password: 'b', anonymousGet: true })
    for (const header of [null, basic('a', 'wrong')]) {
      expect(callerOf(header, open).may('pull', 'org')).toBe(true)
      expect(callerOf(header, open).may('push', 'org')).toBe(false)
    }
    expect(callerOf(basic('a', 'b'), open).may('push', 'org')).toBe(true)
  })

  test('challenges with the realm ChartMuseum on every route', () => {
    expect(access.challenge('pull', '')).toBe('Basic realm="ChartMuseum"')
    expect(access.challenge('push', 'org/team')).toBe('Basic realm="ChartMuseum"')
  })

  test('refuses to be made with an empty user or password', () => {
    expect(() => basicAccess({ user: '', password: 'x', anonymousGet: false })).toThrow()
    expect(() => basicAccess({ user: 'x', password: '', anonymousGet: true })).toThrow()
  })
})

describe('openAccess()', () => {
  test('lets everybody do everything and challenges nobody', () => {
    const open = openAccess()
    expect(open.open).toBe(true)
    expect(callerOf(null, open).may('push', 'org')).toBe(true)
    expect(open.challenge('push', '')).toBeUndefined()
  })
})

describe('permits()', () => {
  test('never asks about a row whose action is none', () => {
    const nobody = callerOf(null)
    expect(permits(nobody, 'none', '')).toBe(true)
    expect(permits(nobody, 'pull', '')).toBe(false)
    expect(permits(callerOf(right), 'push', 'org')).toBe(true)
  })
})
