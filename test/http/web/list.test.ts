import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chart } from '../../support/chart-builder.ts'
import { addressesIn, chartSite, expectInert, hostile, textOf, type ChartSite } from './chart-site.ts'

const provenanceOf = (name: string) =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: ${name}\nversion: 1.0.0\n...\n`

/** The names in the list, in order. */
const namesIn = (html: string) =>
  [...html.matchAll(/<h2><a href="[^"]*">(.*?)<\/a>/g)].map(([, name = '']) => name.replace(/<\/?mark>/g, ''))

/** Each facet with its count; a box that cannot be ticked in brackets, one that is with a star. */
function facetsIn(html: string): Record<string, string> {
  const boxes = html.matchAll(/<input type="checkbox"([^>]*)\/?>\s*(.*?)<span>(.*?)<\/span>/g)
  return Object.fromEntries(
    [...boxes].map(([, attributes = '', label = '', count = '']) => {
      const ticked = attributes.includes(' checked') ? '*' : ''
      return [label.trim(), attributes.includes(' disabled') ? `(${count})` : count + ticked]
    }),
  )
}

const countIn = (html: string) => textOf(/<p id="count"[^>]*>(.*?)<\/p>/.exec(html)?.[1] ?? 'none').trim()

describe('the list of charts', () => {
  let site: ChartSite
  const names = async (path: string) => namesIn((await site.ask(path)).html)

  beforeAll(async () => {
    site = await chartSite()
    const add = (name: string, facts = {}, version = '1.0.0') =>
      site.publish(chart(name, version).chartYaml({ description: `About ${name}`, ...facts }))
    await site.publish(
      chart('redis', '1.0.0')
        .with('values.schema.json', '{}')
        .chartYaml({ keywords: ['Cache', 'db', 'a', 'b', 'c', 'd'], maintainers: [{ name: 'Ann' }] }),
      { provenance: provenanceOf('redis') },
    )
    await add('redis', {}, '2.0.0-rc.1')
    await add('redis-ha', { keywords: ['cache'], deprecated: true })
    await add('common', { type: 'library', keywords: ['db'] })
    await add('next', {}, '0.1.0-beta.1')
    for (let at = 0; at < 30; at++) await add(`worker-${at}`)
  }, 30_000)

  afterAll(() => site[Symbol.asyncDispose]())

  test('says how much there is, how new it is, and how to add it', async () => {
    const { html, status } = await site.ask('/')
    expect(status).toBe(200)
    expect(html).toMatch(/<h1 tabindex="-1">Charts<\/h1>/)
    expect(textOf(html)).toMatch(/34 charts 35 versions \d+\.\d KiB updated now/)
    expect(html).toContain(`helm repo add chartroom ${site.server.url}</code>`)
  })

  test('hides deprecated charts and those with nothing but pre-releases, and says so', async () => {
    const { html } = await site.ask('/')
    expect(countIn(html)).toBe('32 charts · 1 deprecated hidden · 1 pre-release hidden')
    expect(namesIn(html)).toHaveLength(24)
    expect(await names('/?q=redis')).toEqual(['redis'])
    expect(await names('/?q=redis&show=dep')).toEqual(['redis', 'redis-ha'])
    expect(await names('/?q=next')).toEqual([])
    const next = (await site.ask('/?q=next&show=pre')).html
    expect(namesIn(next)).toEqual(['next'])
    expect(next).toContain('<span class="badge pre">Pre-release</span>')
    expect(next).toContain('<b class="pre">0.1.0-beta.1</b>')
  })

  test('shows of a chart its newest stable version, its marks, five keywords and how many more', async () => {
    const { html } = await site.ask('/?q=redis')
    expect(textOf(html)).toMatch(
      /redis Signed A chart named redis Cache db a b c \+1 more keywords of redis 1\.0\.0 app 1\.2\.3 now/,
    )
    expect(html).toContain('href="/?keyword=Cache"')
    expect(html).toContain('<mark>redis</mark>')
    expect(html).toContain('src="/-/chart/redis/icon" width="48" height="48" alt loading="lazy"')
  })

  test('counts each facet among what the other filters leave', async () => {
    const all = facetsIn((await site.ask('/')).html)
    expect(all).toEqual({
      Application: '31',
      Library: '1',
      Signed: '1',
      'Has a schema': '1',
      'Pre-releases': '1',
      Deprecated: '1',
      db: '2',
      Cache: '1',
      a: '1',
      b: '1',
      c: '1',
      d: '1',
      Ann: '1',
    })
    const libraries = facetsIn((await site.ask('/?type=library')).html)
    expect(libraries).toMatchObject({
      Application: '31',
      Library: '1*',
      Signed: '(0)',
      Deprecated: '(0)',
      db: '1',
    })
    expect(await names('/?signed=true')).toEqual(['redis'])
    expect(await names('/?schema=true&keyword=db')).toEqual(['redis'])
    expect(await names('/?keyword=DB&sort=name')).toEqual(['common', 'redis'])
    expect(await names('/?maintainer=ann')).toEqual(['redis'])
  })

  test('repeats each filter as a link that takes it away', async () => {
    const { html } = await site.ask('/?q=redis&type=application&signed=true&keyword=db')
    const chips = html.slice(html.indexOf('id="active"'))
    const links = addressesIn(chips.slice(0, chips.indexOf('</p>')))
    expect([...new Set(links)]).toEqual([
      '/?q=redis&signed=true&keyword=db',
      '/?q=redis&type=application&keyword=db',
      '/?q=redis&type=application&signed=true',
      '/?q=redis',
    ])
  })

  test('has pages of 24 with real links, and goes to the last one for those behind it', async () => {
    const first = (await site.ask('/?sort=name')).html
    expect(first).toContain('href="/?sort=name&amp;page=2"')
    const second = namesIn((await site.ask('/?sort=name&page=2')).html)
    expect(second).toHaveLength(8)
    expect(namesIn((await site.ask('/?sort=name&page=99')).html)).toEqual(second)
  })

  test('sorts by name, by versions and by size; while words are typed by relevance', async () => {
    expect((await names('/?sort=name'))[0]).toBe('common')
    expect((await names('/?sort=versions'))[0]).toBe('redis')
    expect((await names('/?sort=size')).length).toBe(24)
    const selected = /<option value(|="[^"]*") selected>(.*?)<\/option>/
    expect(selected.exec((await site.ask('/')).html)?.slice(1)).toEqual(['', 'Recently updated'])
    expect(selected.exec((await site.ask('/?q=redis')).html)?.slice(1)).toEqual(['', 'Relevance'])
    expect(selected.exec((await site.ask('/?q=redis&sort=newest')).html)?.slice(1)).toEqual([
      '="newest"',
      'Recently updated',
    ])
  })

  test.each([
    '/?page=abc',
    '/?page=-1',
    '/?page=0&sort=x',
    '/?show=&type=&signed=maybe',
    '/?sort=relevance',
    '/?lang=tlh',
  ])('takes %s for the whole list', async (path) => {
    const { html, status } = await site.ask(path)
    expect([status, countIn(html)]).toEqual([200, countIn((await site.ask('/')).html)])
  })

  test('finds with one wrong letter, and suggests names for more', async () => {
    expect(await names('/?q=rdis')).toEqual(['redis'])
    const { html } = await site.ask('/?q=rediis+hax')
    expect(textOf(html)).toContain('No charts match “rediis hax”.')
    const lost = await site.ask('/?q=comomno')
    expect(textOf(lost.html)).toMatch(/No charts match “comomno”\. Did you mean common\s?\?/)
    expect(addressesIn(lost.html)).toContain('/?q=common')
    expect(countIn(lost.html)).toBe('0 charts')
  })

  test('offers to show what it hides, and to clear filters, where nothing is left', async () => {
    const { html } = await site.ask('/?q=next')
    expect(addressesIn(html)).toContain('/?q=next&show=pre')
    expect(textOf(html)).toContain('Include pre-releases (1)')
    const filtered = await site.ask('/?q=redis&type=library')
    expect(textOf(filtered.html)).toContain('No charts match “redis” and these filters.')
    expect(addressesIn(filtered.html)).toContain('/?q=redis')
  })

  test('says that a search is too long', async () => {
    for (const words of ['a b c d e f g h i', 'a'.repeat(201)]) {
      const { status, html } = await site.ask(`/?q=${encodeURIComponent(words)}`)
      expect([status, textOf(html).includes('at most 8 words and 200 characters')]).toEqual([400, true])
    }
  })

  test('is one page for htmx and for everybody else, and does not run handlers', async () => {
    const plain = await site.ask('/?q=redis')
    const asked = await site.ask('/?q=redis', {
      headers: { 'hx-request': 'true', 'hx-request-type': 'partial' },
    })
    expect(asked.html).toBe(plain.html)
    for (const id of ['results', 'count', 'active', 'facets', 'sort', 'pages', 'filters', 'q']) {
      expect(plain.html.split(` id="${id}"`)).toHaveLength(2)
    }
    expect(plain.html).not.toMatch(/hx-(post|put|patch|delete|on|vals|boost)/)
  })

  test('speaks Chinese when asked to, and stays with it', async () => {
    const { html } = await site.ask('/?lang=zh&q=redis')
    expect(html).toContain('<html lang="zh-CN"')
    expect(countIn(html)).toBe('1 个 Chart · 已隐藏 1 个已弃用的 Chart')
    expect(html).toContain('<input type="hidden" name="lang" value="zh"')
    expect(textOf(html)).not.toMatch(/Sort|Filters|Deprecated|Signed|Charts/)
  })

  test('is text/html without a charset, as the page of ChartMuseum is, with the charset inside', async () => {
    const { headers, html } = await site.ask('/')
    // ChartMuseum: clients and probes compare the type.
    expect(headers.get('content-type')).toBe('text/html')
    expect(html).toStartWith('<!doctype html><html lang="en"')
    expect(html).toContain('<meta charset="utf-8"')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|data:/)
  })

  test('is not sent again to who has it, and answers HEAD', async () => {
    const first = await site.ask('/?sort=name')
    expect(first.headers.get('cache-control')).toBe('private, no-cache')
    const etag = first.headers.get('etag') ?? ''
    const second = await site.ask('/?sort=name', { headers: { 'if-none-match': etag } })
    expect([second.status, second.html]).toEqual([304, ''])
    const head = await site.ask('/', { method: 'HEAD' })
    expect([head.status, head.html]).toEqual([200, ''])
  })
})

describe('a list of hostile charts', () => {
  test('shows their texts and does nothing', async () => {
    await using site = await chartSite()
    // What an index cannot hold is refused before.
    const evil = hostile.replaceAll('\u001b', '')
    const texts = {
      description: evil,
      appVersion: evil,
      home: evil,
      icon: evil,
      condition: evil,
    }
    const lists = { keywords: [evil, `${'x'.repeat(5000)}${evil}`], sources: [evil] }
    const people = { maintainers: [{ name: evil, email: evil, url: evil }] }
    const annotations = { annotations: { category: evil, 'artifacthub.io/prerelease': evil } }
    await site.publish(chart('evil', '1.0.0').chartYaml({ ...texts, ...lists, ...people, ...annotations }))
    const asked = encodeURIComponent(hostile)
    for (const path of [
      '/',
      '/?q=evil',
      `/?keyword=${asked}&maintainer=${asked}&type=${asked}`,
      `/?q=${asked}`,
      `/?q=${encodeURIComponent('\u202eevil\u001b[31m')}`,
      '/?q=%3Chx-x%20hx-post%3D/%3E&sort=%22%3E%3Cscript%3E&page=%3Cb%3E&lang=%22%3E%3Cscript%3Ealert(1)%3C/script%3E',
    ]) {
      const { html, status } = await site.ask(path)
      // Some have too many words to be searched for.
      expect([200, 400]).toContain(status)
      expectInert(html)
    }
    expect(namesIn((await site.ask('/?sort=name')).html)).toEqual(['evil'])
  }, 30_000)
})

describe('a list below a context path, for somebody signed in', () => {
  test('keeps its links there, and names the user in commands', async () => {
    const headers = { authorization: `Basic ${btoa('al ice:secret')}` }
    const flags = [
      '--context-path',
      '/ctx',
      '--depth',
      '1',
      '--basic-auth-user',
      'al ice',
      '--basic-auth-pass',
      'secret',
    ]
    await using site = await chartSite({ contextPath: '/ctx', headers, flags })
    await site.publish(chart('redis', '1.0.0'), { repo: 'org1' })
    const { html } = await site.ask('/org1/?q=redis&show=dep')
    expect(
      addressesIn(html).filter((address) => !address.startsWith('/ctx/') && address !== '#main'),
    ).toEqual([])
    expect(textOf(html)).toContain(`helm repo add org1 ${site.server.url}/ctx/org1 --username 'al ice'`)
    expect((await fetch(`${site.server.url}/ctx/org1/`)).status).toBe(401)
  }, 30_000)

  test('has no way to upload for those who may only read', async () => {
    const flags = ['--basic-auth-user', 'a', '--basic-auth-pass', 'b', '--auth-anonymous-get']
    await using site = await chartSite({ flags, headers: { authorization: `Basic ${btoa('a:b')}` } })
    await site.publish(chart('redis', '1.0.0'))
    const mine = (await site.ask('/')).html
    expect(mine).toContain('href="/-/upload"')
    expect(mine).toContain('id="drop-here"')
    const others = (await site.ask('/', { headers: { authorization: '' } })).html
    expect(namesIn(others)).toEqual(['redis'])
    expect(others).not.toContain('/-/upload')
    expect(others).toContain('/?signin')
  }, 30_000)
})
