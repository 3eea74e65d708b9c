import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { chart, type ChartBuilder } from '../../support/chart-builder.ts'
import { basic, exact, sha256 } from '../../support/site.ts'
import { filesBelow } from '../../support/temp-folder.ts'
import { chartSite, expectInert, hostile, textOf, type Answered, type ChartSite } from './chart-site.ts'

type File = readonly [name: string, bytes: string | Uint8Array]

async function fileOf(built: ChartBuilder): Promise<File> {
  return [built.file, await built.tgz()]
}

function provenance(name: string, version: string, digest = ''): string {
  const files = digest === '' ? '' : `\n...\nfiles:\n  ${name}-${version}.tgz: sha256:${digest}\n`
  return `-----BEGIN PGP SIGNED MESSAGE-----\n\nname: ${name}\nversion: ${version}\n${files}`
}

async function send(
  site: ChartSite,
  files: readonly File[],
  fields: Readonly<Record<string, string>> = {},
  path = '/-/upload',
): Promise<Answered> {
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) body.append(name, value)
  for (const [name, bytes] of files)
    body.append('chart', new Blob([typeof bytes === 'string' ? bytes : exact(bytes)]), name)
  return site.ask(path, { method: 'POST', body })
}

/** Each row of an answer: its code, its file, what it says. */
function rowsOf({ html }: Answered): { code: string; file: string; text: string }[] {
  const list = /<ol id="queue"[^]*?<\/ol>/.exec(html)?.[0] ?? ''
  return list
    .split(/(?=<li data-code)/)
    .slice(1)
    .map((row) => ({
      code: /data-code="(\w+)"/.exec(row)?.[1] ?? '',
      file: textOf(/data-slot="name"[^>]*>[^<]*/.exec(row)?.[0].replace(/^[^>]*>/, '') ?? ''),
      text: textOf(row).trim(),
    }))
}

const codesOf = (answer: Answered) => rowsOf(answer).map(({ code }) => code)

function ticketIn({ html }: Answered): string {
  return /name="t" value="([^"]+)"/.exec(html)?.[1] ?? ''
}

describe('the upload page', () => {
  test('says what may be sent, and works as a plain form', async () => {
    await using site = await chartSite({ flags: ['--depth', '2', '--max-upload-size', '1048576'] })
    const answer = await site.ask('/org1/repoa/-/upload')
    expect(answer.status).toBe(200)
    const text = textOf(answer.html)
    expect(text).toContain('Upload to org1 / repoa')
    expect(text).toContain('Up to 1.0 MiB per file · existing versions are replaced only when you say so')
    expect(text).toContain('curl --fail-with-body --data-binary @mychart-0.1.0.tgz')
    expect(text).toContain(`helm cm-push mychart-0.1.0.tgz ${site.server.url}/org1/repoa`)
    expect(answer.html).toMatch(
      /<form method="post" action="\/org1\/repoa\/-\/upload" enctype="multipart\/form-data">/,
    )
    expect(answer.html).toMatch(/<input id="files" type="file" name="chart" multiple accept=".tgz,.prov"/)
    const chinese = await site.ask('/org1/repoa/-/upload?lang=zh-CN')
    expect(textOf(chinese.html)).toContain('上传到 org1 / repoa')
  })

  test('publishes every file on its own, in order, the good beside the bad', async () => {
    await using site = await chartSite()
    const signed = await fileOf(chart('redis', '1.0.0'))
    const bad = chart('bad', '1.0.0').chartYaml('apiVersion: v2\nname: bad\nversion: one.two\n')
    const answer = await send(site, [
      signed,
      ['bad-1.tgz', await bad.tgz()],
      ['notes.zip', 'no archive'],
      await fileOf(chart('nginx', '2.0.0+build.5')),
      ['redis-1.0.0.tgz.prov', provenance('redis', '1.0.0', sha256(signed[1] as Uint8Array))],
    ])
    expect(answer.status).toBe(200)
    expect(rowsOf(answer).map(({ code, file }) => [code, file])).toEqual([
      ['PUBLISHED', 'redis-1.0.0.tgz'],
      ['BAD_VERSION', 'bad-1.tgz'],
      ['NOT_GZIP', 'notes.zip'],
      ['PUBLISHED', 'nginx-2.0.0+build.5.tgz'],
    ])
    const [first, second] = rowsOf(answer)
    expect(first?.text).toContain('Published · signed')
    expect(second?.text).toContain('Chart.yaml line 3: version “one.two” is not a version Helm accepts.')
    expect(textOf(answer.html)).toContain('Done: 2 published, 2 to look at')
    expect(answer.html).toContain('href="/-/chart/nginx/2.0.0%2Bbuild.5"')
    expect(await site.server.charts()).toEqual([
      'nginx-2.0.0+build.5.tgz',
      'redis-1.0.0.tgz',
      'redis-1.0.0.tgz.prov',
    ])
    const stored = await Bun.file(join(site.server.folder, 'redis-1.0.0.tgz')).bytes()
    expect(sha256(stored)).toBe(sha256(signed[1] as Uint8Array))
    const index = await (await fetch(`${site.server.url}/index.yaml`)).text()
    expect(index).toContain('nginx-2.0.0+build.5.tgz')
  })

  test('judges as the API does, with a code, a status and the line that is wrong', async () => {
    await using site = await chartSite({ flags: ['--max-upload-size', '300000'] })
    const yaml = async (text: string) => chart('a', '1.0.0').chartYaml(text).tgz()
    const start = 'apiVersion: v2\nname: a\n'
    const cases: readonly (readonly [string | Uint8Array, string, number, string])[] = [
      ['text', 'NOT_GZIP', 422, 'Expected a gzip-compressed tar'],
      [(await chart('a', '1.0.0').tgz()).slice(0, 200), 'DAMAGED', 422, 'cut off or damaged'],
      [
        await chart('a', '1.0.0').without('Chart.yaml').tgz(),
        'NO_CHART_YAML',
        422,
        'No Chart.yaml at the top',
      ],
      [await yaml(`${start}version: [\n`), 'BAD_YAML', 422, 'Chart.yaml line 4: '],
      [
        await yaml('name: a/b\nversion: 1.0.0\n'),
        'BAD_NAME',
        422,
        'Chart.yaml line 1: name “a/b” is not one',
      ],
      [await yaml(`${start}version: 1.0.0\ntype: x\n`), 'BAD_CHART', 422, 'Chart.yaml line 4: '],
      [await chart('a', '1.0.0').with('../../x', '').tgz(), 'UNSAFE_PATH', 422, '"a/../../x"'],
      [
        await chart('a', '1.0.0')
          .with('zeros', new Uint8Array(5 * 1024 * 1024 + 1))
          .tgz(),
        'BOMB',
        422,
        'Unpacks to more',
      ],
      [new Uint8Array(300_001), 'TOO_LARGE', 413, '293 KiB is over the limit of 293 KiB'],
    ]
    for (const [bytes, code, status, says] of cases) {
      const answer = await send(site, [['a-1.0.0.tgz', bytes]])
      expect([codesOf(answer), answer.status]).toEqual([[code], status])
      expect(rowsOf(answer)[0]?.text).toContain(says)
    }
    expect(await site.server.charts()).toEqual([])
    // One file over the limit does not stop the other.
    const answer = await send(site, [
      ['large.tgz', new Uint8Array(400_000)],
      await fileOf(chart('b', '1.0.0')),
    ])
    expect(codesOf(answer)).toEqual(['TOO_LARGE', 'PUBLISHED'])
    expect(await filesBelow(site.server.tmp)).toEqual([])
  })

  test('warns of what may not be meant', async () => {
    await using site = await chartSite()
    const built = chart('a', 'v1.2').folder('b').without('README.md')
    const answer = await send(site, [['a.tgz', await built.tgz()]])
    expect(answer.status).toBe(201)
    expect([...answer.html.matchAll(/data-warning="(\w+)"/g)].map(([, warning]) => warning)).toEqual([
      'other_folder',
      'short_version',
      'leading_v',
      'no_readme',
      'no_icon',
      'no_maintainers',
    ])
  })

  test('takes identical bytes for a success, and a provenance that was missing', async () => {
    await using site = await chartSite()
    const file = await fileOf(chart('a', '1.0.0'))
    expect((await send(site, [file])).status).toBe(201)
    const again = await send(site, [file])
    expect([codesOf(again), again.status]).toEqual([['SAME'], 200])
    expect(rowsOf(again)[0]?.text).toContain('Nothing to do.')
    const prov: File = ['a-1.0.0.tgz.prov', provenance('a', '1.0.0', sha256(file[1] as Uint8Array))]
    const added = await send(site, [file, prov])
    expect([codesOf(added), added.status]).toEqual([['PROV_ADDED'], 201])
    expect(codesOf(await send(site, [prov]))).toEqual(['SAME'])
    expect(await site.server.charts()).toEqual(['a-1.0.0.tgz', 'a-1.0.0.tgz.prov'])
  })

  test('refuses a provenance of another archive, and one without its chart', async () => {
    await using site = await chartSite()
    const file = await fileOf(chart('a', '1.0.0'))
    const wrong: readonly (readonly [string, string])[] = [
      [provenance('b', '1.0.0'), 'PROV_MISMATCH'],
      [provenance('a', '2.0.0'), 'PROV_MISMATCH'],
      [provenance('a', '1.0.0', 'f'.repeat(64)), 'PROV_MISMATCH'],
      ['no provenance', 'BAD_PROV'],
    ]
    for (const [text, code] of wrong) {
      const answer = await send(site, [file, ['a-1.0.0.tgz.prov', text]])
      expect([codesOf(answer), answer.status]).toEqual([[code], 422])
    }
    expect(codesOf(await send(site, [['a-1.0.0.tgz.prov', provenance('a', '1.0.0')]]))).toEqual([
      'PROV_ALONE',
    ])
    expect(await site.server.charts()).toEqual([])
    // Under another name it finds its chart in the same form, whatever comes first.
    const both = await send(site, [['x.prov', provenance('a', '1.0.0')], file])
    expect(codesOf(both)).toEqual(['PROV_ADDED', 'PUBLISHED'])
  })

  test('tells a repository that is full', async () => {
    await using site = await chartSite({ flags: ['--max-storage-objects', '1'] })
    const files = [await fileOf(chart('a', '1.0.0')), await fileOf(chart('b', '1.0.0'))]
    const answer = await send(site, files)
    expect(codesOf(answer)).toEqual(['PUBLISHED', 'QUOTA'])
    expect(rowsOf(answer)[1]?.text).toContain('its limit of 1 object.')
    expect((await send(site, files.slice(1))).status).toBe(507)
  })

  test('asks for files where none came, and refuses what is no form', async () => {
    await using site = await chartSite()
    const none = await send(site, [])
    expect([none.status, textOf(none.html)]).toEqual([422, expect.stringContaining('No files were chosen')])
    expect((await site.ask('/-/upload', { method: 'POST', body: 'x' })).status).toBe(400)
    const cut = await site.ask('/-/upload', {
      method: 'POST',
      body: '--x\r\nContent-Disposition: form-data; name="chart"; filename="a.tgz"\r\n\r\nhalf',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    })
    expect(cut.status).toBe(400)
    expect(await site.server.charts()).toEqual([])
  })

  test('shows nothing of a file that could act', async () => {
    await using site = await chartSite()
    const yaml = `apiVersion: v2\nname: ${JSON.stringify(`${hostile}/`)}\nversion: 1.0.0\n`
    const files: File[] = [
      [`${hostile.replaceAll('"', '')}.tgz`, await chart('a', '1.0.0').chartYaml(yaml).tgz()],
      [
        'b.tgz',
        await chart('b', '1.0.0')
          .member({ name: `b/../${hostile}`, data: '' })
          .tgz(),
      ],
      [
        'c.tgz',
        await chart('c', '1.0.0')
          .chartYaml(`name: c\nversion: "${hostile.replace(/[^ -!#-[\]-~]/g, '')}"\n`)
          .tgz(),
      ],
    ]
    const answer = await send(site, files)
    expect(answer.html).toContain('&lt;script>')
    expectInert(answer.html)
  })
})

describe('replacing', () => {
  const before = chart('a', '1.0.0')
  const after = before.with('README.md', 'changed')

  test('needs the ticket of the row, which is for exactly these bytes', async () => {
    await using site = await chartSite()
    const [old, file] = [await fileOf(before), await fileOf(after)]
    await send(site, [old])
    const refused = await send(site, [file])
    expect([codesOf(refused), refused.status]).toEqual([['EXISTS'], 409])
    const text = rowsOf(refused)[0]?.text ?? ''
    for (const bytes of [old[1], file[1]]) expect(text).toContain(`sha256:${sha256(bytes as Uint8Array)}`)
    const ticket = /data-ticket="([^"]+)"/.exec(refused.html)?.[1] ?? ''
    const other = await fileOf(before.with('README.md', 'something else'))
    for (const [one, t] of [
      [file, ''],
      [file, 'x'.repeat(54)],
      [other, ticket],
    ] as const) {
      const answer = await send(site, [one], { replace: 'yes', t })
      expect([codesOf(answer), textOf(answer.html)]).toEqual([
        ['EXISTS'],
        expect.stringContaining('so nothing was replaced'),
      ])
    }
    expect(codesOf(await send(site, [file], { t: ticket }))).toEqual(['EXISTS'])
    const done = await send(site, [file], { replace: 'yes', t: ticket })
    expect([codesOf(done), done.status]).toEqual([['REPLACED'], 201])
    const stored = await Bun.file(join(site.server.folder, 'a-1.0.0.tgz')).bytes()
    expect(sha256(stored)).toBe(sha256(file[1] as Uint8Array))
  })

  test('works without script by the checkbox of the form', async () => {
    await using site = await chartSite()
    await send(site, [await fileOf(before)])
    const form = await site.ask('/-/upload')
    expect(form.html).toContain('Replace versions that already exist')
    const fields = { replace: 'yes', t: ticketIn(form) }
    expect(codesOf(await send(site, [await fileOf(after)], fields))).toEqual(['REPLACED'])
  })

  test('is nowhere to be seen where it is not allowed, and always asks where it is', async () => {
    await using never = await chartSite({ flags: ['--disable-force-overwrite'] })
    const form = await never.ask('/-/upload')
    expect(form.html).not.toMatch(/name="(replace|t)"/)
    expect(textOf(form.html)).toContain('existing versions are protected')
    await send(never, [await fileOf(before)])
    const refused = await send(never, [await fileOf(after)], { replace: 'yes', t: 'x'.repeat(54) })
    expect(codesOf(refused)).toEqual(['EXISTS'])
    expect(refused.html).not.toContain('data-ticket')
    expect(rowsOf(refused)[0]?.text).toContain('Raise the version to publish.')

    await using always = await chartSite({ flags: ['--allow-overwrite'] })
    await send(always, [await fileOf(before)])
    expect(codesOf(await send(always, [await fileOf(after)]))).toEqual(['EXISTS'])
  })
})

describe('who may upload', () => {
  const flags = ['--basic-auth-user', 'alice', '--basic-auth-pass', 'secret', '--auth-anonymous-get']

  test('sees the page; others neither see nor send it', async () => {
    await using site = await chartSite({ flags })
    expect((await site.ask('/')).html).not.toContain('href="/-/upload"')
    expect((await site.ask('/-/upload')).status).not.toBe(200)
    expect((await send(site, [await fileOf(chart('a', '1.0.0'))])).status).toBe(401)
    expect(await site.server.charts()).toEqual([])
    const headers = basic({ user: 'alice', password: 'secret' })
    await using known = await chartSite({ flags, headers })
    expect((await known.ask('/')).html).toContain('href="/-/upload"')
    expect((await send(known, [await fileOf(chart('a', '1.0.0'))])).status).toBe(201)
  })

  test('is not a page of another site, nor planted markup', async () => {
    await using site = await chartSite()
    const forged: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
      { 'hx-request': 'true' },
    ]
    for (const headers of forged) {
      const body = new FormData()
      body.append('chart', new Blob([exact(await chart('a', '1.0.0').tgz())]), 'a-1.0.0.tgz')
      expect((await site.ask('/-/upload', { method: 'POST', body, headers })).status).toBe(403)
    }
    expect(await site.server.charts()).toEqual([])
  })
})
