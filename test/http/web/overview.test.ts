import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { chart } from '../../support/chart-builder.ts'
import { basic } from '../../support/site.ts'
import { addressesIn, chartSite, expectInert, hostile, textOf, type ChartSite } from './chart-site.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const readme =
  '# redis\n\n## Use\n\nSee [notes](docs/notes.md) and ![logo](logo.png) ![map](map.svg).\n\n### Deeper\n\n## Values\n\n<script>x</script>\n'
const links = '- name: Support\n  url: https://help.example.com/\n- name: bad\n  url: "javascript:alert(1)"\n'

let site: ChartSite
beforeAll(async () => {
  site = await chartSite()
  const redis = (version: string) =>
    chart('redis', version)
      .with('README.md', readme)
      .with('docs/notes.md', 'notes')
      .with('logo.png', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0]))
      .with('map.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>')
      .with('LICENSE', 'do what you want')
      .chartYaml({
        version,
        description: 'Keys & values',
        kubeVersion: '>=1.28',
        home: 'https://redis.example.com/',
        sources: ['https://git.example.com/redis'],
        keywords: ['cache', 'a b&c'],
        maintainers: [{ name: 'Ann Lee', email: 'ann@example.com' }],
        annotations: { 'artifacthub.io/license': 'Apache-2.0', 'artifacthub.io/links': links },
      })
  for (const version of ['1.0.0', '1.1.0', '1.2.0+build.5', '2.0.0-rc.1']) await site.publish(redis(version))
  await site.publish(chart('plain', '1.0.0').without('README.md'))
  await site.publish(chart('empty', '1.0.0').without('README.md').without('values.yaml'))
  await site.publish(chart('shared', '1.0.0').chartYaml({ type: 'library' }))
  await site.publish(
    chart('old', '1.0.0').chartYaml({ deprecated: true, description: 'Deprecated: use redis instead.' }),
  )
}, 60_000)
afterAll(() => site[Symbol.asyncDispose]())

/** The page with its README: asked again when the thread that renders had to start first. */
async function withReadme(path: string, init?: RequestInit): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const { html } = await site.ask(path, init)
    if (!html.includes('hx-trigger="load"')) return html
    await Bun.sleep(100)
  }
  throw new Error('The README never came')
}

describe('the overview', () => {
  test('shows what Chart.yaml says, with links to where it can be found', async () => {
    const { status, html, headers } = await site.ask('/-/chart/redis/1.1.0')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html'])
    const text = textOf(html)
    for (const words of [
      'redis 1.1.0',
      'Keys & values',
      'app 1.2.3',
      'Kubernetes >=1.28',
      'Apache-2.0',
      'Ann Lee',
    ]) {
      expect(text).toContain(words)
    }
    const addresses = addressesIn(html)
    for (const address of [
      '/charts/redis-1.1.0.tgz',
      '/-/chart/redis/1.1.0/files/LICENSE',
      '/?keyword=a%20b%26c',
      '/?maintainer=Ann%20Lee',
      'mailto:ann@example.com',
      'https://redis.example.com/',
      'https://git.example.com/redis',
      'https://help.example.com/',
      '/-/chart/redis/compare/1.0.0...1.1.0',
      '/-/chart/redis/1.1.0/delete',
      '/-/chart/redis/1.1.0/files/Chart.yaml',
    ]) {
      expect(addresses).toContain(address)
    }
    expect(html).not.toContain('javascript:')
    expect(html.match(/<h1/g)).toHaveLength(1)
  })

  test('gives commands with the address that was asked, and with the version pinned', async () => {
    const { html } = await site.ask('/-/chart/redis/1.2.0%2Bbuild.5')
    const text = textOf(html)
    expect(text).toContain(`helm repo add chartroom ${site.server.url} `)
    for (const command of [
      'install my-redis chartroom/redis',
      'upgrade my-redis chartroom/redis',
      'pull chartroom/redis',
    ]) {
      expect(text).toContain(`helm ${command} --version 1.2.0+build.5`)
    }
    expect(text).toContain('dependencies: - name: redis version: 1.2.0+build.5 repository:')
  })

  test('shows the newest stable version without one in the address, and names its own address', async () => {
    const { html } = await site.ask('/-/chart/redis')
    expect(textOf(html)).toContain('redis 1.2.0+build.5')
    expect(html).toContain(`<link rel="canonical" href="${site.server.url}/-/chart/redis/1.2.0%2Bbuild.5"/>`)
    expect((await site.ask('/-/chart/redis/1.1.0')).html).not.toContain('canonical')
  })

  test.each([
    ['/-/chart/redis/latest', '/-/chart/redis/1.2.0%2Bbuild.5'],
    ['/-/chart/redis/latest?lang=zh-CN', '/-/chart/redis/1.2.0%2Bbuild.5?lang=zh-CN'],
    ['/-/chart/redis/latest/dependencies', '/-/chart/redis/1.2.0%2Bbuild.5/dependencies'],
  ])('sends %s to %s', async (path, location) => {
    const { status, headers } = await site.ask(path)
    expect([status, headers.get('location')]).toEqual([302, location])
  })

  test.each(['1.2.0+build.5', '1.2.0%2Bbuild.5', '1.2.0%20build.5'])(
    'finds the version written %s',
    async (version) => {
      const { status, html } = await site.ask(`/-/chart/redis/${version}`)
      expect([status, textOf(html).includes('redis 1.2.0+build.5')]).toEqual([200, true])
    },
  )

  test('shows the README with links into this version', async () => {
    const html = await withReadme('/-/chart/redis/1.1.0')
    expect(html).toContain('<a href="/-/chart/redis/1.1.0/files/docs/notes.md">notes</a>')
    expect(html).toContain('src="/-/chart/redis/1.1.0/raw/logo.png"')
    expect(html).toContain('src="/-/chart/redis/1.1.0/raw/map.svg"')
    const drawing = await site.ask('/-/chart/redis/1.1.0/raw/map.svg')
    expect(drawing.headers.get('content-type')).toBe('image/svg+xml')
    expect(drawing.headers.get('content-security-policy')).toContain('sandbox')
    expect(html).toContain('<details class="toc">')
    expect(html).toContain('href="#readme-use"')
    expect(html).toContain('<article class="prose" hx-ignore')
    expect(html).not.toContain('<script>x')
  })

  test('says words of its own in the README in the language of the page, and marks the language of the text', async () => {
    const noted = chart('noted', '1.0.0').with('README.md', 'English text here.\n\n[gone](missing.md)\n')
    await site.publish(noted)
    const chinese = await withReadme('/-/chart/noted', { headers: { 'accept-language': 'zh-CN' } })
    expect(chinese).toContain('lang="en"')
    expect(chinese).toContain('不在此软件包中')
    expect(await withReadme('/-/chart/noted')).toContain('not in this package')
  })

  test('has a page for the README alone, which scripts take it from', async () => {
    const { status, html } = await site.ask('/-/chart/redis/1.1.0/readme')
    expect(status).toBe(200)
    expect(html).toContain('<section id="readme"')
    expect(html).toContain('id="readme-use"')
    expect(html).toContain('</html>')
  })

  test('does not wait for a README that takes long: the browser asks for it, or the reader follows a link', async () => {
    const slow = chart('slow', '1.0.0').with('README.md', `${'*_a'.repeat(3000)}\n`)
    await site.publish(slow)
    const { html } = await site.ask('/-/chart/slow')
    expect(html).toContain('hx-get="/-/chart/slow/1.0.0/readme" hx-trigger="load" hx-select="#readme"')
    expect(html).toContain('<a href="/-/chart/slow/1.0.0/readme">')
    expect((await site.ask('/-/chart/slow/1.0.0/readme')).html).toContain('class="prose"')
  })

  test('shows the first values of a version without README, and says so', async () => {
    const { html } = await site.ask('/-/chart/plain')
    expect(textOf(html)).toContain('This version has no README.md.')
    expect(html).toContain('<b>greeting</b>')
    expect(addressesIn(html)).toContain('/-/chart/plain/1.0.0/values')
    const empty = await site.ask('/-/chart/empty')
    expect(textOf(empty.html)).toContain('This version has no README.md.')
    expect(empty.html).not.toContain('<pre class="y"')
  })

  test('shows a library as something that other charts use', async () => {
    const { html } = await site.ask('/-/chart/shared')
    const text = textOf(html)
    expect(text).toContain('A library chart is not installed')
    expect(text).not.toContain('helm install')
    expect(text).toContain('- name: shared')
  })

  test('tells what is newer, what is deprecated and what is no stable version, at most twice', async () => {
    const notes = async (path: string) =>
      [...(await site.ask(path)).html.matchAll(/<p class="note[^"]*">([^]*?)<\/p>/g)].map(([, note = '']) =>
        textOf(note),
      )
    expect(await notes('/-/chart/redis/1.0.0')).toEqual([expect.stringContaining('1.2.0+build.5 is newer.')])
    expect(await notes('/-/chart/redis')).toEqual([expect.stringContaining('2.0.0-rc.1 is available')])
    expect(await notes('/-/chart/redis/2.0.0-rc.1')).toEqual([
      expect.stringContaining('This is a pre-release'),
    ])
    const { html } = await site.ask('/-/chart/old')
    expect(textOf(html)).toContain('This chart is deprecated. Its description names redis')
    expect(addressesIn(html)).toContain('/-/chart/redis')
  })

  test('puts up to six versions on a track, with the keys to walk it', async () => {
    const { html } = await site.ask('/-/chart/redis/1.1.0')
    const track = /<ol class="track">([^]*?)<\/ol>/.exec(html)?.[1] ?? ''
    expect([...track.matchAll(/<a [^>]*>([^<]*)</g)].map(([, version]) => version)).toEqual([
      '2.0.0-rc.1',
      '1.2.0+build.5',
      '1.1.0',
      '1.0.0',
    ])
    expect(track).toMatch(/href="\/-\/chart\/redis\/1\.0\.0"[^>]*data-key="\["/)
    expect(track).toMatch(/href="\/-\/chart\/redis\/1\.2\.0%2Bbuild\.5"[^>]*data-key="\]"/)
  })

  test('is complete in Chinese', async () => {
    const { html } = await site.ask('/-/chart/redis/1.1.0', { headers: { 'accept-language': 'zh-CN' } })
    expect(html).toContain('<html lang="zh-CN"')
    for (const words of ['概览', '安装', '软件包', '维护者', '关键词', '许可证', '下载 .tgz'])
      expect(html).toContain(words)
    expect(textOf(html)).not.toMatch(/\b(?:Install|Versions|Maintainers|Digest|Size|Links|Provenance)\b/)
  })

  test('is known again by its tag, and compressed is small without the README', async () => {
    const { headers, html } = await site.ask('/-/chart/plain')
    const again = await site.ask('/-/chart/plain', {
      headers: { 'if-none-match': headers.get('etag') ?? '' },
    })
    expect([again.status, again.html]).toEqual([304, ''])
    expect(gzipSync(html, { level: 5 }).byteLength).toBeLessThan(10 * 1024)
    const packed = await fetch(`${site.server.url}/-/chart/plain`, {
      headers: { accept: 'text/html', 'accept-encoding': 'gzip' },
      decompress: false,
    })
    expect(packed.headers.get('content-encoding')).toBe('gzip')
    expect(gunzipSync(await packed.bytes()).toString()).toStartWith('<!doctype html>')
    const head = await site.ask('/-/chart/plain', { method: 'HEAD' })
    expect([head.status, head.html]).toEqual([200, ''])
  })
})

describe('a chart that is not there', () => {
  test('gets the nearest names, and a search', async () => {
    const { status, html, headers } = await site.ask('/-/chart/redsi')
    expect([status, headers.get('cache-control')]).toEqual([404, 'no-store'])
    expect(textOf(html)).toContain('No chart named “redsi” here')
    expect(addressesIn(html)).toEqual(expect.arrayContaining(['/-/chart/redis', '/?q=redsi']))
  })

  test('gets the versions that there are when only the version is unknown', async () => {
    const { status, html } = await site.ask('/-/chart/redis/9.9.9')
    expect([status, textOf(html).includes('redis has no version 9.9.9')]).toEqual([404, true])
    expect(addressesIn(html)).toEqual(
      expect.arrayContaining([
        '/-/chart/redis/2.0.0-rc.1',
        '/-/chart/redis/1.0.0',
        '/-/chart/redis/versions',
      ]),
    )
    expect((await site.ask('/-/chart/redis/9.9.9', { headers: { 'accept-language': 'zh' } })).html).toContain(
      'redis 没有版本 9.9.9',
    )
  })

  test('is said to be deleted while the trash knows it', async () => {
    await site.publish(chart('gone', '1.0.0'))
    await fetch(`${site.server.url}/api/charts/gone/1.0.0`, { method: 'DELETE' })
    for (const path of ['/-/chart/gone', '/-/chart/gone/1.0.0']) {
      const { status, html } = await site.ask(path)
      expect([status, textOf(html)]).toEqual([404, expect.stringMatching(/gone(?: 1\.0\.0)? was deleted/)])
      expect(addressesIn(html)).toContain('/-/trash')
    }
  })

  test.each(['/-/chart/%3Chx-x%20hx-post=%22/%22%3E', '/-/chart/redis/%3Cscript%3E', '/-/chart/%E2%80%AEx'])(
    'is inert whatever its name is: %s',
    async (path) => {
      const { status, html } = await site.ask(path)
      expect(status).toBe(404)
      expectInert(html)
    },
  )
})

describe('a chart written by an attacker', () => {
  test.each(['en', 'zh-CN'])('is inert in every field, in %s', async (language) => {
    // Other than elsewhere, control characters in annotations are refused.
    const printable = hostile.replaceAll('\u001b', '')
    const evil = chart('evil-a', '1.0.0')
      .with('README.md', `# x\n\n${hostile}\n\n[${hostile}](javascript:alert(1))\n`)
      .with('LICENSE', 'x')
      .chartYaml({
        name: `evil ${language} <b onload=x>&"'`,
        description: hostile,
        appVersion: hostile,
        kubeVersion: hostile,
        home: `https://example.com/${hostile}`,
        icon: hostile,
        sources: [hostile, `https://example.com/"onload="${hostile}`],
        keywords: [hostile],
        maintainers: [{ name: hostile, email: `${hostile}@x`, url: hostile }],
        annotations: {
          'artifacthub.io/license': printable,
          'artifacthub.io/links': printable,
          [printable]: printable,
        },
        dependencies: [
          { name: hostile, version: hostile, repository: hostile, condition: hostile, tags: [hostile] },
        ],
      })
    await site.publish(evil)
    const name = encodeURIComponent(`evil ${language} <b onload=x>&"'`)
    const headers = { 'accept-language': language }
    for (const path of ['', '/1.0.0', '/1.0.0/readme', '/1.0.0/dependencies', '/versions', '/2.0.0']) {
      const { html } = await site.ask(`/-/chart/${name}${path}`, { headers })
      expect(html).toContain('</html>')
      expectInert(html)
    }
  })
})

test('works below a context path, at a depth, for a signed-in reader, with an alias and an authority', async () => {
  const credentials = { user: 'alice', password: 'x' }
  await using deep = await chartSite({
    contextPath: '/ctx',
    headers: basic(credentials),
    flags: ['--context-path', '/ctx', '--depth', '2', '--basic-auth-user', 'alice', '--basic-auth-pass', 'x'],
  })
  await deep.publish(chart('redis', '1.0.0'), { repo: 'org/stable' })
  const { status, html } = await deep.ask('/org/stable/-/chart/redis')
  expect(status).toBe(200)
  expect(textOf(html)).toContain(`helm repo add stable ${deep.server.url}/ctx/org/stable --username alice`)
  for (const address of addressesIn(html)) if (address.startsWith('/')) expect(address).toStartWith('/ctx/')
  expect(html).toContain(`href="${deep.server.url}/ctx/org/stable/-/chart/redis/1.0.0"`)
  const anonymous = await deep.ask('/org/stable/-/chart/redis', { headers: { authorization: '' } })
  expect(anonymous.status).toBe(401)
})
