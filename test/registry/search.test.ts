import { describe, expect, test } from 'bun:test'
import { Catalog, type ChartVersion } from '../../src/registry/catalog.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { searchAll } from '../../src/registry/search-all.ts'
import { SharedValues } from '../../src/registry/search-facets.ts'
import { createSearch, type SearchQuery } from '../../src/registry/search.ts'
import { nearness, wordsOf } from '../../src/registry/search-words.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { chart } from '../support/chart-builder.ts'
import { keptLog, publishOne, plainOptions } from '../support/repository.ts'

interface Facts {
  readonly version?: string
  readonly created?: string
  readonly file?: string
  readonly signed?: boolean
  readonly hasSchema?: boolean
  readonly size?: number
  readonly [key: string]: unknown
}

function versionOf(name: string, facts: Facts = {}): ChartVersion {
  const {
    version = '1.0.0',
    created = '2026-01-01T00:00:00Z',
    file = `${name}-${version}.tgz`,
    signed = false,
    hasSchema = false,
    size = 1,
    ...rest
  } = facts
  const entry = JSON.stringify({ name, version, ...rest, urls: [`charts/${file}`], created, digest: 'd' })
  const known = { size, signed, hasSchema, modified: 0, etag: entry, digest: 'd', created }
  return { name, version, file, ...known, entry }
}

function shop(charts: Readonly<Record<string, Facts>>) {
  const catalog = new Catalog()
  for (const [name, facts] of Object.entries(charts)) catalog.put(versionOf(name, facts))
  const search = createSearch(catalog)
  const names = async (words: string, query: Partial<SearchQuery> = {}) =>
    (await search.find({ words, ...query })).charts.map((found) => found.chart.name)
  return { catalog, search, names }
}

const database = { description: 'A database', keywords: ['Database', 'SQL'], maintainers: [{ name: 'Ann' }] }

describe('a search by words', () => {
  test('ranks the exact name, then names that begin so, then words of names, keywords and descriptions', async () => {
    const { names } = shop({
      'a-described': { description: 'runs beside redis' },
      'b-keyword': { keywords: ['redis'] },
      'c-inside-myredis': {},
      'd-redis': {},
      'redis-cluster': {},
      redis: {},
      other: { description: 'nothing of it' },
    })
    expect(await names('redis')).toEqual([
      'redis',
      'redis-cluster',
      'd-redis',
      'c-inside-myredis',
      'b-keyword',
      'a-described',
    ])
  })

  test('finds words by their beginning, in any case and without accents', async () => {
    const { names } = shop({ cafe: { description: 'Crème Brûlée für Zürich' }, other: {} })
    for (const words of ['creme', 'CRÈME', 'brul', 'zurich', 'ｃａｆｅ', 'cafe brulee']) {
      expect({ words, found: await names(words) }).toEqual({ words, found: ['cafe'] })
    }
  })

  test('wants every word, wherever each stands', async () => {
    const { names } = shop({ mysql: database, postgresql: { ...database, description: 'Objects' } })
    expect(await names('sql ann')).toEqual(['mysql', 'postgresql'])
    expect(await names('database objects')).toEqual(['postgresql'])
    expect(await names('database nothing')).toEqual([])
  })

  test('looks at name, keywords, description, maintainers, application version, home page and category', async () => {
    const { names } = shop({
      all: {
        description: 'description1',
        keywords: ['keyword1'],
        maintainers: [{ name: 'Maintainer One' }, { email: 'two@example.com' }],
        appVersion: 'v8.0.3',
        home: 'https://home1.example.com/project1',
        annotations: { category: 'category1', 'artifacthub.io/category': 'category2', other: 'unknown1' },
        icon: 'https://icon1.example.com',
      },
    })
    const found = [
      'all',
      'description1',
      'keyword1',
      'maintainer one',
      'two@example.com',
      '8.0.3',
      'v8.0.3',
      '8.0',
    ]
    for (const words of [...found, 'home1', 'project1', 'category1', 'category2']) {
      expect({ words, found: await names(words) }).toEqual({ words, found: ['all'] })
    }
    for (const words of ['unknown1', 'icon1', '9.0.3']) expect(await names(words)).toEqual([])
  })

  test('forgives one wrong letter in words of four letters or more', async () => {
    const { names } = shop({ redis: {}, prometheus: {}, loki: {}, nfs: {} })
    const near = {
      redsi: 'redis',
      rdis: 'redis',
      reddis: 'redis',
      radis: 'redis',
      xredis: 'redis',
      tedis: 'redis',
      erdis: 'redis',
      edis: 'redis',
      promet: 'prometheus',
      prmethe: 'prometheus',
      lokki: 'loki',
      lpki: 'loki',
    }
    for (const [words, name] of Object.entries(near)) {
      expect({ words, found: await names(words) }).toEqual({ words, found: [name] })
    }
    for (const words of ['nfx', 'rxdxs', 'lxxi', 'prmetehus']) expect(await names(words)).toEqual([])
  })

  test('does not forgive where a name or a keyword has the word as it is', async () => {
    const { names } = shop({ cart: {}, chart: {}, card: { description: 'a cart' } })
    expect(await names('cart')).toEqual(['cart', 'card'])
  })

  test('takes the words of a name together', async () => {
    const { names } = shop({ 'cert-manager': {}, 'cert-exporter': { description: 'for the manager' } })
    for (const words of ['cert-manager', 'cert manager', 'CertManager', 'Cert_Manag']) {
      expect({ words, first: (await names(words))[0] }).toEqual({ words, first: 'cert-manager' })
    }
  })

  test('finds any part of text without spaces', async () => {
    const { names } = shop({
      a: { description: '关系型数据库管理系统' },
      b: { description: '消息队列 Kafka消费者' },
    })
    for (const words of ['数据库', '据', '统', '管理系统', '关系型'])
      expect(await names(words)).toEqual(['a'])
    for (const words of ['kafka', '消费者', 'Kafka消费']) expect(await names(words)).toEqual(['b'])
    expect(await names('数系')).toEqual([])
  })

  test('finds every chart by name for no words, and none for signs', async () => {
    const { names } = shop({ b: {}, a: {}, c: {} })
    expect(await names('')).toEqual(['a', 'b', 'c'])
    expect(await names('  ')).toEqual(['a', 'b', 'c'])
    expect(await names('!?')).toEqual([])
  })

  test('refuses what is too long', async () => {
    const { names } = shop({ a: {} })
    expect(await names('a'.repeat(200))).toEqual([])
    expect(names('a'.repeat(201))).rejects.toThrow('it has 201 characters, at most 200')
    expect(names('a b c d e f g h i')).rejects.toThrow('it has 9 words, at most 8')
  })

  test('is not led astray by hostile metadata', async () => {
    const { names } = shop({
      __proto__x: { description: 'constructor __proto__ toString', keywords: ['', '   ', 'constructor'] },
      long: {
        description: `${'x'.repeat(100_000)} behind`,
        keywords: Array.from({ length: 1000 }, (_, i) => `k${i}`),
      },
      nothing: { keywords: [], maintainers: [{}], type: '' },
    })
    expect(await names('constructor')).toEqual(['__proto__x'])
    expect(await names('behind')).toEqual([])
    expect(await names('x'.repeat(150))).toEqual(['long'])
    expect(await names('k999')).toEqual([])
  })
})

describe('a search index', () => {
  test('shows each change at once, and reads only what changed', async () => {
    const { catalog, names } = shop({ redis: database, mysql: database })
    expect(await names('ann')).toEqual(['mysql', 'redis'])
    catalog.put(versionOf('redis', { version: '2.0.0', description: 'Quick', keywords: ['cache'] }))
    expect(await names('ann')).toEqual(['mysql'])
    expect(await names('quick cache')).toEqual(['redis'])
    catalog.drop('redis-2.0.0.tgz')
    expect(await names('quick')).toEqual([])
    expect(await names('ann')).toEqual(['mysql', 'redis'])
    catalog.drop('redis-1.0.0.tgz')
    catalog.put(versionOf('valkey', database))
    expect(await names('')).toEqual(['mysql', 'valkey'])
    expect(await names('redis')).toEqual([])
    expect(await names('database')).toEqual(['mysql', 'valkey'])
  })

  test('finds after thousands of changes what a new one finds', async () => {
    const { catalog, search, names } = shop({})
    const word = (at: number) => `w${at % 37} name${at % 11}`
    await names('')
    for (let at = 0; at < 3000; at++) {
      const name = `chart-${(at * 7) % 400}`
      if (at % 3 === 0) catalog.drop(`${name}-1.0.0.tgz`)
      else
        catalog.put(
          versionOf(name, { description: word(at), keywords: [word(at + 1)], deprecated: at % 5 === 0 }),
        )
      if (at % 500 === 0) await names('w1')
    }
    for (const words of ['', 'w1', 'name3', 'chart 12', 'w36 name1', 'nam']) {
      const query = { words, filters: { deprecated: false } }
      const plain = (found: unknown) => JSON.parse(JSON.stringify(found))
      expect(plain(await search.find(query))).toEqual(plain(await createSearch(catalog).find(query)))
    }
  })

  test('finds what is inside names that came later', async () => {
    const { catalog, names } = shop({ mysql: {} })
    expect(await names('sql')).toEqual(['mysql'])
    catalog.put(versionOf('postgresql'))
    expect(await names('sql')).toEqual(['mysql', 'postgresql'])
    catalog.drop('mysql-1.0.0.tgz')
    expect(await names('sql')).toEqual(['postgresql'])
  })

  test('is told the names of changed charts, up to a thousand of them', () => {
    const catalog = new Catalog()
    catalog.put(versionOf('a'))
    expect(catalog.takeChanges()).toBeUndefined()
    catalog.put(versionOf('b'))
    catalog.drop('a-1.0.0.tgz')
    expect([...(catalog.takeChanges() ?? [])]).toEqual(['b', 'a'])
    expect([...(catalog.takeChanges() ?? ['none'])]).toEqual([])
    for (let at = 0; at <= 1000; at++) catalog.put(versionOf(`c${at}`))
    expect(catalog.takeChanges()).toBeUndefined()
  })

  test('keeps no keyword that no chart has any more', () => {
    const values = new SharedValues()
    const [one, two] = values.take('keywords', ['Cache', 'cache ', '', undefined, 'db', 'more'], 2)
    expect([one, two]).toEqual([0, 1])
    expect(values.take('maintainers', ['cache'], 9)).toEqual([2])
    expect(values.take('keywords', ['CACHE'], 9)).toEqual([0])
    values.giveBack([0, 1])
    expect(values.find('keywords', 'db')).toBeUndefined()
    values.giveBack([0])
    expect(values.take('types', ['new'], 9)).toEqual([0])
    expect(values.find('keywords', 'cache')).toBeUndefined()
  })

  test('lets others run while it is made, and misses nothing that comes meanwhile', async () => {
    const { catalog, names } = shop(
      Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`c${at}`, {}])),
    )
    let turns = 0
    const turning = setInterval(() => (turns += 1), 0)
    const first = names('late')
    catalog.put(versionOf('late'))
    expect(await names('late')).toEqual(['late'])
    expect(await first).toEqual(['late'])
    clearInterval(turning)
    expect(turns).toBeGreaterThan(0)
  })

  test('shows the newest stable version, or the newest where all are pre-releases', async () => {
    const { catalog, search } = shop({ a: { version: '1.0.0' }, b: { version: '0.1.0-rc.1' } })
    catalog.put(versionOf('a', { version: '2.0.0-beta.1' }))
    catalog.put(versionOf('a', { version: '1.1.0', annotations: { 'artifacthub.io/prerelease': 'true' } }))
    const { charts } = await search.find({ words: '' })
    expect(charts.map((found) => [found.version.version, found.prerelease])).toEqual([
      ['1.0.0', false],
      ['0.1.0-rc.1', true],
    ])
  })
})

describe('facets', () => {
  const { search, names } = shop({
    a: { type: 'library', keywords: ['Cache', 'db'], maintainers: [{ name: 'Ann' }], signed: true },
    b: {
      hasSchema: true,
      signed: true,
      type: 'application',
      keywords: ['cache'],
      maintainers: [{ name: 'Bob' }, { name: 'ann' }],
    },
    c: { keywords: ['db'], deprecated: true },
    d: { version: '1.0.0-rc.1', maintainers: [{ email: 'dan@example.com' }] },
  })

  test('count what charts have in common', async () => {
    expect((await search.find({ words: '' })).facets).toEqual({
      types: [
        { label: 'application', count: 3, selected: false },
        { label: 'library', count: 1, selected: false },
      ],
      keywords: [
        { label: 'Cache', count: 2, selected: false },
        { label: 'db', count: 2, selected: false },
      ],
      maintainers: [
        { label: 'Ann', count: 2, selected: false },
        { label: 'Bob', count: 1, selected: false },
        { label: 'dan@example.com', count: 1, selected: false },
      ],
      deprecated: 1,
      prerelease: 1,
      signed: 2,
      schema: 1,
    })
  })

  test('filter by each of them, in any case', async () => {
    expect(await names('', { filters: { types: ['application'] } })).toEqual(['b', 'c', 'd'])
    expect(await names('', { filters: { keywords: ['CACHE'] } })).toEqual(['a', 'b'])
    expect(await names('', { filters: { keywords: ['cache', 'db'] } })).toEqual(['a', 'b', 'c'])
    expect(await names('', { filters: { maintainers: ['ANN'], types: ['library'] } })).toEqual(['a'])
    expect(await names('', { filters: { deprecated: false } })).toEqual(['a', 'b', 'd'])
    expect(await names('', { filters: { deprecated: true } })).toEqual(['c'])
    expect(await names('', { filters: { prerelease: false, deprecated: false } })).toEqual(['a', 'b'])
    expect(await names('', { filters: { signed: true } })).toEqual(['a', 'b'])
    expect(await names('', { filters: { signed: true, schema: false } })).toEqual(['a'])
    expect(await names('', { filters: { schema: true } })).toEqual(['b'])
    expect(await names('', { filters: { keywords: ['unknown'] } })).toEqual([])
    expect(await names('', { filters: { keywords: ['', ' '], types: ['library', ''] } })).toEqual(['a'])
  })

  test('are counted as if their own filter were not set', async () => {
    const { facets, total } = await search.find({
      words: '',
      filters: { types: ['library'], keywords: ['db', 'unknown'], deprecated: false },
    })
    expect(total).toBe(1)
    expect(facets.types).toEqual([{ label: 'library', count: 1, selected: true }])
    expect(facets.keywords).toEqual([
      { label: 'Cache', count: 1, selected: false },
      { label: 'db', count: 1, selected: true },
      { label: 'unknown', count: 0, selected: true },
    ])
    expect((await search.find({ words: '', filters: { deprecated: false } })).facets.deprecated).toBe(1)
    const schemas = (await search.find({ words: '', filters: { schema: true, types: ['library'] } })).facets
    expect(schemas).toMatchObject({ schema: 0, signed: 0, types: [{ count: 1 }, { count: 0 }] })
    const signed = (await search.find({ words: '', filters: { signed: true } })).facets
    expect(signed).toMatchObject({ signed: 2, schema: 1, deprecated: 0 })
  })

  test('follow a signature that comes or goes', async () => {
    const { catalog, names: found } = shop({ a: {}, b: {} })
    expect(await found('', { filters: { signed: true } })).toEqual([])
    catalog.sign('b-1.0.0.tgz', true)
    expect(await found('', { filters: { signed: true } })).toEqual(['b'])
    catalog.sign('b-1.0.0.tgz', false)
    expect(await found('', { filters: { signed: true } })).toEqual([])
  })

  test('name the fifty most frequent values', async () => {
    const many = Array.from({ length: 70 }, (_, at) => [
      `c${at}`,
      { keywords: [`own${at}`, 'all', `half${at % 2}`] },
    ])
    const { facets } = await shop(Object.fromEntries(many)).search.find({
      words: '',
      filters: { keywords: ['own69'] },
    })
    expect(facets.keywords.slice(0, 3)).toEqual([
      { label: 'all', count: 70, selected: false },
      { label: 'half0', count: 35, selected: false },
      { label: 'half1', count: 35, selected: false },
    ])
    expect(facets.keywords.length).toBeWithin(50, 52)
    expect(facets.keywords).toContainEqual({ label: 'own69', count: 1, selected: true })
  })
})

describe('sorting and paging', () => {
  const { search, names } = shop({
    a: { created: '2026-01-01T00:00:00Z' },
    b: { created: '2026-03-01T00:00:00+01:00' },
    c: { created: '2026-02-01T00:00:00Z' },
  })

  test('goes by name or by the time of the newest version', async () => {
    expect(await names('', { sort: 'name' })).toEqual(['a', 'b', 'c'])
    expect(await names('', { sort: 'newest' })).toEqual(['b', 'c', 'a'])
  })

  test('goes by the number of versions or by the size of what is shown', async () => {
    const { catalog, names: sorted } = shop({ a: { size: 5 }, b: { size: 50 }, c: { size: 10 } })
    for (const version of ['0.1.0', '0.2.0']) catalog.put(versionOf('c', { version, size: 1000 }))
    catalog.put(versionOf('a', { version: '1.1.0-rc.1', size: 1000 }))
    expect(await sorted('', { sort: 'versions' })).toEqual(['c', 'a', 'b'])
    expect(await sorted('', { sort: 'size' })).toEqual(['b', 'c', 'a'])
  })

  test('tells the number of all and gives a part', async () => {
    const { total, charts } = await search.find({ words: '', offset: 1, limit: 1 })
    expect({ total, names: charts.map((found) => found.chart.name) }).toEqual({ total: 3, names: ['b'] })
    expect(await names('', { offset: 3 })).toEqual([])
  })
})

describe('words', () => {
  test('are divided at signs, numbers with dots are not', () => {
    expect(wordsOf('Kube-Prometheus_stack v1.2.3 (k8s) node.js 10.0.0-rc').join(' ')).toBe(
      'kube prometheus stack v1 2.3 k8s node js 10.0.0 rc',
    )
    expect(wordsOf('데이터 ガス')).toEqual(['데이', '이터', '터', 'カス', 'ス'])
    expect(wordsOf('é1.2 数据库')).toEqual(['e1', '2', '数据', '据库', '库'])
  })

  test('are near when one letter differs', () => {
    expect(nearness('redis', 'redsi')).toBe('near')
    expect(nearness('redis', 'radix')).toBeUndefined()
    expect(nearness('promatu', 'prometheus')).toBeUndefined()
    expect(nearness('promehe', 'prometheus')).toBe('near-prefix')
    expect(nearness('lpki', 'lokitool')).toBeUndefined()
  })
})

describe('a registry', () => {
  const registryOver = (storage = memoryStorage()) => ({
    storage,
    registry: createRegistry(storage, plainOptions, undefined, keptLog()),
  })

  test('names the repositories of its depth that hold archives', async () => {
    const { storage, registry } = registryOver()
    for (const key of [
      'a-1.tgz',
      'org1/a-1.tgz',
      'org1/team/a-1.tgz',
      'org2/a.txt',
      '.chartroom/x/a.tgz',
      '-/a.tgz',
    ]) {
      await storage.put(key, new Uint8Array(1))
    }
    expect(await registry.names({ depth: 0, dynamic: false })).toEqual([''])
    expect(await registry.names({ depth: 1, dynamic: false })).toEqual(['org1'])
    expect(await registry.names({ depth: 2, dynamic: false })).toEqual(['org1/team'])
    expect(await registry.names({ depth: 0, dynamic: true })).toEqual(['', 'org1', 'org1/team'])
    await registry.close()
  })

  test('names a repository as soon as something was published there, and lists the store once for many', async () => {
    const { storage, registry } = registryOver()
    let listings = 0
    const { list } = storage
    storage.list = (prefix, options) => {
      if (prefix === '') listings += 1
      return list(prefix, options)
    }
    const ask = () => registry.names({ depth: 1, dynamic: false })
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([[], [], []])
    await publishOne(registry.repository('org1'), await chart('web', '1.0.0').tgz())
    expect(await ask()).toEqual(['org1'])
    expect(listings).toBe(1)
    await registry.close()
  })

  test('searches several repositories as one', async () => {
    const { registry } = registryOver()
    const publish = async (repo: string, name: string) =>
      publishOne(registry.repository(repo), await chart(name, '1.0.0').tgz())
    for (const name of ['redis', 'web']) await publish('b', name)
    for (const name of ['redis-ha', 'redis']) await publish('a', name)
    const found = async (query: SearchQuery) => {
      const { total, charts } = await searchAll(registry, ['a', 'b', 'empty'], query)
      return [total, ...charts.map(({ chart: { name }, repository }) => `${repository}/${name}`)]
    }
    expect(await found({ words: 'redis' })).toEqual([3, 'a/redis', 'b/redis', 'a/redis-ha'])
    expect(await found({ words: 'redis', offset: 1, limit: 1 })).toEqual([3, 'b/redis'])
    expect(await found({ words: '', sort: 'name', limit: 2 })).toEqual([4, 'a/redis', 'b/redis'])
    await registry.close()
  })
})
