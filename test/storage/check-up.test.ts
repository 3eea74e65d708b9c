import { expect, test } from 'bun:test'
import { RegistryError } from '../../src/errors.ts'
import { checkUp } from '../../src/storage/check-up.ts'
import type { Finding } from '../../src/storage/check-up.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'

const grants = { list: 'grant list', read: 'grant read', write: 'grant write', delete: 'grant delete' }

async function examine(changes: (real: Storage) => Partial<Storage>) {
  const real = memoryStorage()
  await real.put('chart-1.0.0.tgz', new Uint8Array([1]))
  const storage = { ...real, ...changes(real) }
  const findings: Finding[] = []
  const found = await checkUp(storage, { grants, tell: (finding) => findings.push(finding) })
  const left: string[] = []
  for await (const { key } of real.list('.chartroom/')) left.push(key)
  const state = Object.fromEntries(findings.map(({ what, state: one }) => [what, one]))
  return { ...found, findings, state, left, of: (what: string) => findings.find((one) => one.what === what) }
}
const refuse = () =>
  Promise.reject(
    new RegistryError('unavailable', 'storage', 'refused', {}, { cause: new Error('AccessDenied 403') }),
  )
const away = () =>
  Promise.reject(new RegistryError('unavailable', 'storage', 'gone', {}, { cause: new Error('Unreachable') }))

test('a good store passes every trial, and nothing is left in it', async () => {
  const { state, left, conditionalWrites, findings } = await examine(() => ({}))
  expect(new Set(Object.values(state))).toEqual(new Set(['ok']))
  expect(Object.keys(state)).toEqual([
    'list',
    'write',
    'read',
    'missing',
    'unchanged',
    'write absent',
    'replace',
    'delete',
  ])
  expect(findings.every(({ ms }) => typeof ms === 'number')).toBe(true)
  expect({ left, conditionalWrites }).toEqual({ left: [], conditionalWrites: true })
})

test('a store that overwrites all the same is told of, with what it means', async () => {
  const { conditionalWrites, of, left } = await examine((real) => ({
    put: (key, body) => real.put(key, body),
  }))
  expect(conditionalWrites).toBe(false)
  expect(of('write absent')).toMatchObject({
    state: 'warning',
    fix: expect.stringContaining('--single-replica'),
  })
  expect(left).toEqual([])
})

test('a store that refuses twice, but lets two of a race win, is found out', async () => {
  let writes = 0
  const { conditionalWrites } = await examine((real) => ({
    put: (key, body, options) => {
      const racing = key.endsWith('-b') && ++writes <= 2
      return real.put(key, body, racing ? {} : options)
    },
  }))
  expect(conditionalWrites).toBe(false)
})

test('each refusal names the permission, and the others are tried all the same', async () => {
  expect(
    (await examine(() => ({ list: () => ({ [Symbol.asyncIterator]: () => ({ next: refuse }) }) }))).findings,
  ).toMatchObject([
    { what: 'list', state: 'fails', told: 'AccessDenied 403', fix: 'grant list' },
    { what: 'write', state: 'ok' },
    {},
    {},
    {},
    {},
    {},
    {},
  ])
  const unread = await examine(() => ({ get: refuse, info: refuse }))
  expect(unread.of('read')).toMatchObject({ state: 'fails', fix: 'grant read' })
  expect(unread.state).toMatchObject({ write: 'ok', missing: 'fails' })
  const unwritten = await examine(() => ({ put: refuse }))
  expect(unwritten.of('write')).toMatchObject({ state: 'fails', fix: 'grant write' })
  expect(unwritten.state).toEqual({ list: 'ok', write: 'fails', read: 'ok', 'the rest': 'not tried' })
  const kept = await examine(() => ({ delete: refuse }))
  expect(kept.of('delete')).toMatchObject({ state: 'fails', fix: 'grant delete' })
  expect(kept.of('clean up')).toMatchObject({
    state: 'warning',
    told: expect.stringContaining(kept.left[0] ?? 'nothing'),
  })
})

test('a store that is away is asked once', async () => {
  const { state, findings } = await examine(() => ({
    list: () => ({ [Symbol.asyncIterator]: () => ({ next: away }) }),
    put: () => Promise.reject(new Error('asked again')),
  }))
  expect(findings[0]).toMatchObject({
    what: 'list',
    state: 'fails',
    fix: expect.stringContaining('check the address'),
  })
  expect(
    Object.values(state)
      .slice(1)
      .every((one) => one === 'not tried'),
  ).toBe(true)
})

test('other bytes, a deletion without effect and a slow mirror are failures', async () => {
  const stale = await examine((real) => ({
    get: (key) => (key.endsWith('-a') ? Promise.resolve(undefined) : real.get(key)),
  }))
  expect(stale.of('read')).toMatchObject({ state: 'fails', told: 'what was just written is not there' })
  const kept = await examine(() => ({ delete: async () => true }))
  expect(kept.of('delete')).toMatchObject({ state: 'fails', told: 'what was just deleted is still there' })
})

test('what cannot be replaced on a condition is a warning, also when the condition is not obeyed', async () => {
  const without = await examine((real) => ({ ...real, replace: undefined }) as Partial<Storage>)
  expect(without.of('replace')).toMatchObject({
    state: 'warning',
    told: expect.stringContaining('by listing'),
  })
  const careless = await examine((real) => ({ replace: (key, body) => real.put(key, body) }))
  expect(careless.of('replace')).toMatchObject({ state: 'warning' })
})

test('a clock that is off is told of', async () => {
  const { of } = await examine((real) => ({
    async info(key) {
      const info = await real.info(key)
      return info && { ...info, modified: new Date(Date.now() - 600_000) }
    },
  }))
  expect(of('clock')).toMatchObject({
    state: 'warning',
    told: expect.stringMatching(/is (599|600) s behind/),
  })
})
