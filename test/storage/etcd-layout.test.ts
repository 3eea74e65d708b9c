import { afterAll, describe, expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RegistryError } from '../../src/errors.ts'
import { isRegistryError } from '../../src/errors.ts'
import { checked } from '../../src/storage/checked.ts'
import { createEtcdClient } from '../../src/storage/etcd-client.ts'
import { etcdKeys, newWrite } from '../../src/storage/etcd-keys.ts'
import { removeLitter } from '../../src/storage/etcd-parts.ts'
import { etcdOptions } from '../../src/storage/etcd-settings.ts'
import type { EtcdSettings } from '../../src/storage/etcd-settings.ts'
import { etcdStorage } from '../../src/storage/etcd.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { Etcd } from '../support/etcd.ts'
import { startEtcd } from '../support/etcd.ts'
import { eventually } from '../support/eventually.ts'
import { peerTest } from '../support/peers.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { bytes, keys, text } from './contract.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

let running: Promise<Etcd> | undefined
afterAll(async () => (await running)?.[Symbol.asyncDispose](), 60_000)

interface Opened {
  readonly etcd: Etcd
  readonly prefix: string
  readonly storage: Storage
  open(changes?: { probe?: boolean }): Promise<Storage>
}

function settingsOf(changes: Partial<EtcdSettings>): EtcdSettings {
  const none = { cafile: '', certfile: '', keyfile: '', prefix: '/charts' }
  return { backend: 'etcd', endpoint: 'http://localhost:2379', ...none, ...changes }
}

async function opened(): Promise<Opened> {
  const etcd = await (running ??= startEtcd())
  const prefix = `/charts-${crypto.randomUUID().slice(0, 8)}`
  const options = etcdOptions(settingsOf({ endpoint: etcd.url, prefix }), quiet)
  const open = async (changes = {}) => checked(await etcdStorage({ ...options, ...changes }))
  return { etcd, prefix, open, storage: await open() }
}

/** Every key in etcd that begins so, with its value as text. */
async function stored({ etcd }: Opened, start: string): Promise<Record<string, string>> {
  const last = start.charCodeAt(start.length - 1)
  const end = start.slice(0, -1) + String.fromCharCode(last + 1)
  const { kvs = [] } = (await etcd.ask('/v3/kv/range', { key: start, range_end: end })) as {
    kvs?: { key: string; value?: string }[]
  }
  const plain = (base64 = '') => Buffer.from(base64, 'base64').toString()
  return Object.fromEntries(kvs.map(({ key, value }) => [plain(key), plain(value)]))
}

describe('the layout in etcd', () => {
  peerTest(['etcd'], 'is that of ChartMuseum: the bytes, and beside them the time in seconds', async () => {
    const place = await opened()
    const { storage, prefix } = place
    const { modified } = await storage.put('org/a-1.0.0.tgz', bytes('the bytes'), { when: 'absent' })
    const seconds = String(modified.getTime() / 1000)
    expect(await stored(place, prefix)).toEqual({
      [`${prefix}/org/a-1.0.0.tgz`]: 'the bytes',
      [`${prefix}/org/a-1.0.0.tgz/timestamp`]: seconds,
    })
    await storage.delete('org/a-1.0.0.tgz')
    expect(await stored(place, prefix)).toEqual({})
    expect(await stored(place, `.chartroom${prefix}`)).toEqual({})
  })

  peerTest(['etcd'], 'keeps what is our own outside of every prefix that ChartMuseum can have', async () => {
    const place = await opened()
    const { storage, prefix } = place
    await storage.put('.chartroom/catalog/org/+', bytes('catalog'))
    expect(await stored(place, prefix)).toEqual({})
    expect(Object.keys(await stored(place, '.chartroom')).some((key) => key.includes(prefix))).toBe(true)
    for (const base of ['/charts', '/.chartroom', '/a/b']) {
      const made = etcdKeys(base)
      const ours = [made.dataKey('.chartroom/x'), made.headKey('a'), made.headKey('.chartroom/x/y')]
      for (const key of [...ours, made.partsOf('w'), made.voidKey('w', 1)]) expect(key).toStartWith('.')
    }
    await storage.delete('.chartroom/catalog/org/+')
    expect(await stored(place, `.chartroom${prefix}`)).toEqual({})
  })

  peerTest(['etcd'], 'keeps prefixes apart of which one begins like the other', async () => {
    const { etcd, prefix, storage } = await opened()
    const options = (more: string) =>
      etcdOptions(settingsOf({ endpoint: etcd.url, prefix: `${prefix}${more}/` }), quiet)
    const [longer, deeper] = await Promise.all(['-two', '/trash'].map((more) => etcdStorage(options(more))))
    for (const each of [storage, longer, deeper]) {
      await each?.put('a', bytes('a'), { when: 'absent' })
      await each?.put('.chartroom/trash/a', bytes('a'), { when: 'absent' })
    }
    expect(await keys(storage)).toEqual(['a', 'trash/a'])
    expect(longer && (await keys(longer))).toEqual(['a'])
    expect(deeper && (await keys(deeper, '.chartroom/'))).toEqual(['.chartroom/trash/a'])
    expect(await keys(storage, '.chartroom/')).toEqual(['.chartroom/trash/a'])
  })

  peerTest(['etcd'], 'has no room for an object in the place of a time', async () => {
    const { storage } = await opened()
    await storage.put('org/a', bytes('a'))
    for (const key of ['org/a/timestamp', 'timestamp', 'org/timestamp']) {
      expect(await refusal(storage.put(key, bytes('x')))).toMatchObject({ code: 'invalid' })
      expect(await storage.get(key)).toBeUndefined()
      expect(await storage.info(key)).toBeUndefined()
      expect(await storage.delete(key)).toBe(false)
    }
    await storage.put('timestamp/b', bytes('b'))
    expect(await keys(storage)).toEqual(['org/a', 'timestamp/b'])
  })
})

describe('what ChartMuseum or a person wrote', () => {
  peerTest(
    ['etcd'],
    'is served with its time, and with 1970 when there is none that can be read',
    async () => {
      const place = await opened()
      const { etcd, prefix, open } = place
      const put = (key: string, value: string) => etcd.ask('/v3/kv/put', { key: prefix + key, value })
      await put('', '')
      await put('/org/good', 'good bytes')
      await put('/org/good/timestamp', '1700000000')
      await put('/org/none', 'none')
      await put('/org/odd', 'odd')
      await put('/org/odd/timestamp', 'yesterday')
      await put('/gone/timestamp', '1700000000')
      await put('//empty', 'no key of ours')
      const before = await stored(place, prefix)
      const time = (seconds: number) => new Date(seconds * 1000)
      const wanted = [
        { key: 'org/good', size: 10, modified: time(1_700_000_000), etag: expect.any(String) },
        { key: 'org/none', size: 4, modified: time(0), etag: expect.any(String) },
        { key: 'org/odd', size: 3, modified: time(0), etag: expect.any(String) },
      ]
      for (const storage of [await open({ probe: false }), await open(), await open()]) {
        expect(await Array.fromAsync(storage.list(''))).toEqual(wanted)
        for (const info of wanted) expect(await storage.info(info.key)).toEqual(info)
        expect(await text(storage, 'org/good')).toBe('good bytes')
      }
      expect(await stored(place, prefix)).toEqual(before)
    },
  )

  peerTest(['etcd'], 'is read once for its size, and again when its bytes are others', async () => {
    const place = await opened()
    const { etcd, prefix, storage, open } = place
    const put = (value: string) => etcd.ask('/v3/kv/put', { key: `${prefix}/a`, value })
    await put('one')
    const reading = await open({ probe: false })
    await keys(reading)
    expect(await stored(place, `.chartroom${prefix}`)).toEqual({})
    expect((await storage.info('a'))?.size).toBe(3)
    expect(Object.values(await stored(place, `.chartroom${prefix}`))).toEqual([
      expect.stringContaining('"of"'),
    ])
    await put('three')
    expect((await Array.fromAsync(storage.list('')))[0]?.size).toBe(5)
    expect((await storage.info('a'))?.size).toBe(5)
    // Over an object of ours too: its head is older than the bytes.
    await storage.put('a', bytes('ours'))
    await put('not ours')
    expect(await storage.info('a')).toMatchObject({ size: 8 })
    await storage.delete('a')
    expect(await stored(place, `.chartroom${prefix}`)).toEqual({})
  })

  peerTest(['etcd'], 'is listed without its bytes from a folder below that is passed over', async () => {
    const { storage } = await opened()
    const many = Array.from({ length: 600 }, (_, i) => `m/${i}`)
    await Promise.all([...many, 'a', 'z'].map((key) => storage.put(key, bytes(key))))
    expect(await keys(storage, '', true)).toEqual(['a', 'z'])
    expect(await keys(storage, 'm/', true)).toHaveLength(600)
    expect(await keys(storage)).toHaveLength(602)
  })
})

describe('an object of our own', () => {
  const large = crypto.getRandomValues(new Uint8Array(60_000))
  const blob = (copies: number) => new Blob(Array.from({ length: copies }, () => large))

  peerTest(
    ['etcd'],
    'may be larger than what etcd takes in one request, and is replaced as a whole',
    async () => {
      const place = await opened()
      const { storage, prefix } = place
      const key = '.chartroom/catalog/org/+'
      const sizes = [30, 1, 12, 36]
      for (const copies of sizes) {
        const put = await storage.put(key, blob(copies))
        expect(put.size).toBe(copies * large.byteLength)
        expect(await storage.info(key)).toEqual(put)
        expect(await Array.fromAsync(storage.list('.chartroom/catalog/'))).toEqual([put])
        expect(await contentOf(storage, key)).toEqual(await blob(copies).bytes())
        const parts = Object.keys(await stored(place, `.chartroom${prefix}//part/`)).length
        expect(parts).toBe(copies === 1 ? 0 : Math.ceil(put.size / 524_288))
      }
      const { etag } = (await storage.info(key)) ?? { etag: '' }
      expect(await storage.getUnless?.(key, etag)).toBe('same')
      const replaced = await storage.replace?.(key, await blob(20).bytes(), etag)
      expect(replaced?.size).toBe(20 * large.byteLength)
      expect(await refusal(storage.replace?.(key, await blob(28).bytes(), etag))).toMatchObject({
        code: 'conflict',
      })
      expect(await refusal(storage.put(key, blob(28), { when: 'absent' }))).toMatchObject({
        code: 'conflict',
      })
      expect(await contentOf(storage, key)).toEqual(await blob(20).bytes())
      expect(await storage.delete(key)).toBe(true)
      expect(await stored(place, `.chartroom${prefix}`)).toEqual({})
    },
  )

  peerTest(['etcd'], 'is read to its end while it is replaced', async () => {
    const { storage } = await opened()
    const key = '.chartroom/catalog/+'
    await storage.put(key, blob(20))
    const before = await storage.get(key)
    await storage.put(key, blob(12))
    expect(await new Response(before?.body).bytes()).toEqual(await blob(20).bytes())
    const deleted = await storage.get(key)
    await storage.delete(key)
    expect(await new Response(deleted?.body).bytes()).toEqual(await blob(12).bytes())
  })

  peerTest(
    ['etcd'],
    'is whole in a copy of etcd, and without its head not there rather than half',
    async () => {
      const place = await opened()
      const { etcd, prefix, storage } = place
      const key = '.chartroom/catalog/+'
      const { size } = await storage.put(key, blob(12))
      const head = `.chartroom${prefix}//head/.chartroom/catalog//+`
      const value = (await stored(place, head))[head]
      await etcd.ask('/v3/kv/put', { key: head, value })
      expect(await contentOf(storage, key)).toEqual(await blob(12).bytes())
      expect((await storage.info(key))?.size).toBe(size)
      await etcd.ask('/v3/kv/deleterange', { key: head })
      expect(await storage.get(key)).toBeUndefined()
      expect(await storage.info(key)).toBeUndefined()
      expect(await keys(storage, '.chartroom/')).toEqual([])
      expect((await storage.put(key, blob(1))).size).toBe(60_000)
      expect(await contentOf(storage, key)).toEqual(large)
    },
  )

  peerTest(['etcd'], 'that a dead process left half-written is removed at a later start', async () => {
    const place = await opened()
    const { etcd, prefix, open, storage } = place
    await storage.put('.chartroom/whole', blob(12))
    const mine = Object.keys(await stored(place, `.chartroom${prefix}//part/`))
    const old = newWrite(Date.now() - 2 * 60 * 60_000)
    const young = newWrite()
    for (const write of [old, young]) {
      for (const [number, value] of ['.chartroom/half', 'x', 'y'].entries()) {
        await etcd.ask('/v3/kv/put', { key: `.chartroom${prefix}//part/${write}/${number}`, value })
      }
      await etcd.ask('/v3/kv/put', { key: `.chartroom${prefix}//void/${write}/0`, value: '' })
    }
    await open({ probe: false })
    await open()
    const left = async () => Object.keys(await stored(place, `.chartroom${prefix}//`))
    await eventually(async () => (await left()).filter((key) => key.includes(old)), [])
    expect((await left()).filter((key) => key.includes(young))).toHaveLength(4)
    // Two hours later: the parts of what is whole are old too.
    const options = etcdOptions(settingsOf({ endpoint: etcd.url, prefix }), quiet)
    const there = { client: createEtcdClient(options), keys: etcdKeys(prefix), readOnly: false }
    await removeLitter(there, Date.now() + 2 * 60 * 60_000)
    expect((await left()).filter((key) => key.includes(young))).toEqual([])
    expect(await left()).toEqual(expect.arrayContaining(mine))
    expect(await contentOf(storage, '.chartroom/whole')).toEqual(await blob(12).bytes())
    expect(await keys(storage, '.chartroom/')).toEqual(['.chartroom/whole'])
  })
})

describe('an object larger than etcd takes', () => {
  peerTest(
    ['etcd'],
    'is refused with both numbers, from memory and from a file, and nothing is left',
    async () => {
      const place = await opened()
      const { storage, prefix } = place
      await using folder = await tempFolder()
      const path = join(folder.path, 'big')
      await writeFile(path, new Uint8Array(64 * 1024 * 1024))
      for (const body of [new Uint8Array(1_572_800), new Uint8Array(2_500_000), Bun.file(path)]) {
        const size = body instanceof Blob ? body.size : body.byteLength
        const error = await refusal(storage.put('org/a', body, { when: 'absent' }))
        expect(error).toMatchObject({ code: 'too_large', about: 'storage', details: { limit: 1_572_864 } })
        expect(error.message).toContain(
          `it has ${size} bytes, and etcd takes at most 1572864 bytes in one piece`,
        )
      }
      expect(await stored(place, prefix)).toEqual({})
      const fits = await storage.put('org/a', new Uint8Array(1_570_000), { when: 'absent' })
      expect(await storage.info('org/a')).toEqual(fits)
    },
  )
})

describe('settings of etcd', () => {
  test.each([
    ['/charts', '/charts'],
    ['charts/', '/charts'],
    ['/a//b/./c/', '/a/b/c'],
    ['', '/chart_backend_bucket'],
  ])('the prefix %j is %j, as ChartMuseum takes it', (prefix, base) => {
    expect(etcdOptions(settingsOf({ prefix }), quiet).base).toBe(base)
  })

  test.each(['/', '//', '/../'])('the prefix %j is refused', (prefix) => {
    expect(() => etcdOptions(settingsOf({ prefix }), quiet)).toThrow('it must be more than "/"')
  })

  test('endpoints are separated by commas, and are https where certificates are named', async () => {
    await using folder = await tempFolder()
    const endpoints = (changes: Partial<EtcdSettings>) => etcdOptions(settingsOf(changes), quiet).endpoints
    expect(endpoints({ endpoint: 'http://a:1, https://b:2/,c:3,c:3' })).toEqual([
      'http://a:1',
      'https://b:2',
      'http://c:3',
    ])
    expect(endpoints({})).toEqual(['http://localhost:2379'])
    for (const endpoint of ['', 'ftp://a', 'http://a/path', 'http://u:p@a', 'http://a,,']) {
      expect(() => endpoints({ endpoint })).toThrow('Cannot use "--storage-etcd-endpoint"')
    }
    const file = join(folder.path, 'no.pem')
    expect(() => endpoints({ cafile: file })).toThrow(`Cannot read "${file}" (--storage-etcd-cafile): ENOENT`)
    await writeFile(file, 'no certificate')
    expect(() => endpoints({ cafile: file })).toThrow('it holds no certificate in PEM')
    expect(() => endpoints({ certfile: file })).toThrow('without the other')
  })
})

async function contentOf(storage: Storage, key: string): Promise<Uint8Array> {
  return new Response((await storage.get(key))?.body).bytes()
}

async function refusal(promise: Promise<unknown> | undefined): Promise<RegistryError> {
  const error = await promise?.then(
    (value) => new Error(`nothing was thrown, but came ${Bun.inspect(value)}`),
    (reason: unknown) => reason,
  )
  if (!isRegistryError(error)) throw error
  return error
}
