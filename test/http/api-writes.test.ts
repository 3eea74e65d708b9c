import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../support/chart-builder.ts'
import { exact, sha256, site } from '../support/site.ts'
import type { Site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const first = await chart('mychart', '1.0.0').tgz()
const other = await chart('mychart', '1.0.0').with('NOTES.txt', 'other bytes').tgz()
const second = await chart('mychart', '1.1.0').tgz()
const provenanceOf = (version: string, more = '') =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\napiVersion: v2\nname: mychart\nversion: ${version}\n${more}\n...\n`

/** "201 {"saved":true}": what curl shows of an answer. */
async function shown(answer: Promise<Response>): Promise<string> {
  const response = await answer
  return `${response.status} ${await response.text()}`
}

interface Part {
  readonly field: string
  readonly data: Uint8Array | string
}

/** Uploads a form as `curl -F field=@file` does. */
function upload(ours: Site, parts: readonly Part[], query = ''): Promise<Response> {
  const form = new FormData()
  for (const { field, data } of parts) {
    const bytes = typeof data === 'string' ? data : exact(data)
    form.append(field, new Blob([bytes]), '/some/where/file.tgz')
  }
  return ours.call('POST', `/charts${query}`, { body: form })
}

const saved = '201 {"saved":true}'
const conflict = (text: string, identical: boolean, bytes: Uint8Array) =>
  `409 ${JSON.stringify({ error: text, identical, digest: sha256(bytes) })}`

describe('publishing', () => {
  test('takes a raw archive whatever its media type, as long as it is no form', async () => {
    await using server = await startServer()
    const ours = site(server)
    const types = ['application/octet-stream', 'application/gzip', 'text/plain', 'application/json']
    for (const [i, type] of types.entries()) {
      const body = exact(await chart('typed', `1.0.${i}`).tgz())
      expect(await shown(ours.call('POST', '/charts', { body, headers: { 'content-type': type } }))).toBe(
        saved,
      )
    }
    expect(await server.charts()).toEqual(types.map((_, i) => `typed-1.0.${i}.tgz`))
  })

  test('keeps the bytes as they were sent, under the name in Chart.yaml', async () => {
    await using server = await startServer()
    const ours = site(server)
    expect(await shown(ours.publish(first))).toBe(saved)
    expect(await server.charts()).toEqual(['mychart-1.0.0.tgz'])
    expect(await Bun.file(`${server.folder}/mychart-1.0.0.tgz`).bytes()).toEqual(exact(first))
  })

  test('refuses a version that is there, tells identical bytes apart, and replaces with ?force', async () => {
    await using server = await startServer()
    const ours = site(server)
    await ours.publish(first)
    expect(await shown(ours.publish(first))).toBe(conflict('file already exists', true, first))
    expect(await shown(ours.publish(other))).toBe(conflict('file already exists', false, other))
    expect(await shown(upload(ours, [{ field: 'chart', data: first }]))).toBe(
      conflict('chart already exists', true, first),
    )
    for (const query of ['?force=false', '?force=0', '?Force', '?x=force'])
      expect((await ours.publish(other, query)).status).toBe(409)
    for (const query of ['?force', '?force=', '?force=true', '?a=b&force']) {
      expect(await shown(ours.publish(other, query))).toBe(saved)
      expect((await ours.index()).entries.mychart).toMatchObject([{ digest: sha256(other) }])
    }
    expect(await shown(upload(ours, [{ field: 'chart', data: first }], '?force'))).toBe(saved)
    expect((await ours.index()).entries.mychart).toMatchObject([{ digest: sha256(first) }])
  })

  test('answers 201 to identical bytes with --idempotent-publish, and 409 to others', async () => {
    await using server = await startServer({ flags: ['--idempotent-publish'] })
    const ours = site(server)
    for (let i = 0; i < 2; i++) {
      expect(await shown(ours.publish(first))).toBe(saved)
      expect(
        await shown(
          upload(ours, [
            { field: 'chart', data: first },
            { field: 'prov', data: provenanceOf('1.0.0') },
          ]),
        ),
      ).toBe(saved)
      expect(await shown(ours.attach(provenanceOf('1.0.0')))).toBe(saved)
    }
    expect(await shown(ours.publish(other))).toBe(conflict('file already exists', false, other))
    expect((await ours.attach(provenanceOf('1.0.0', 'home: x\n'))).status).toBe(409)
  })

  test('overwrites without asking with --allow-overwrite, and never with --disable-force-overwrite', async () => {
    await using open = await startServer({ flags: ['--allow-overwrite'] })
    for (const archive of [first, other, other]) expect(await shown(site(open).publish(archive))).toBe(saved)
    await using closed = await startServer({ flags: ['--disable-force-overwrite'] })
    await site(closed).publish(first)
    expect(await shown(site(closed).publish(other, '?force'))).toBe(
      conflict('file already exists', false, other),
    )
  })

  test('takes charts and provenance files of one form together, or none of them', async () => {
    await using server = await startServer()
    const ours = site(server)
    const pair = [
      { field: 'chart', data: first },
      { field: 'prov', data: provenanceOf('1.0.0') },
    ]
    expect(await shown(upload(ours, pair))).toBe(saved)
    expect(await server.charts()).toEqual(['mychart-1.0.0.tgz', 'mychart-1.0.0.tgz.prov'])
    const half = [
      { field: 'chart', data: second },
      { field: 'prov', data: provenanceOf('1.0.0', 'home: x\n') },
    ]
    const refused = await upload(ours, half)
    expect(refused.status).toBe(409)
    expect(await refused.json()).toMatchObject({ error: 'chart already exists' })
    expect(await server.charts()).toEqual(['mychart-1.0.0.tgz', 'mychart-1.0.0.tgz.prov'])
    expect((await ours.call('GET', '/charts/mychart/1.1.0')).status).toBe(404)
    expect(await shown(upload(ours, half, '?force'))).toBe(saved)
    expect((await ours.call('GET', '/charts/mychart/1.1.0')).status).toBe(200)
  })

  test('takes form fields of other names beside the usual ones', async () => {
    await using server = await startServer({
      flags: ['--chart-post-form-field-name', 'file', '--prov-post-form-field-name', 'signature'],
    })
    const ours = site(server)
    const custom = [
      { field: 'file', data: first },
      { field: 'signature', data: provenanceOf('1.0.0') },
      { field: 'ignored', data: 'x' },
    ]
    expect(await shown(upload(ours, custom))).toBe(saved)
    expect((await ours.index()).entries.mychart).toMatchObject([{ version: '1.0.0' }])
    expect(await shown(upload(ours, [{ field: 'chart', data: second }]))).toBe(saved)
    const none = await upload(ours, [{ field: 'other', data: first }])
    expect(await none.json()).toMatchObject({
      error: expect.stringContaining('no package or provenance file found in form fields file and signature'),
    })
  })

  test('takes several archives in one form', async () => {
    await using server = await startServer()
    const ours = site(server)
    const versions = ['1.0.0', '1.1.0', '1.2.0']
    const parts = await Promise.all(
      versions.map(async (version) => ({ field: 'chart', data: await chart('many', version).tgz() })),
    )
    expect(await shown(upload(ours, parts))).toBe(saved)
    expect(await server.charts()).toEqual(versions.map((version) => `many-${version}.tgz`))
  })

  test('takes a provenance on its own, before its chart and behind it, and drops the one of replaced bytes', async () => {
    await using server = await startServer()
    const ours = site(server)
    const provenance = provenanceOf('1.0.0')
    expect(await shown(ours.attach(provenance))).toBe(saved)
    expect(await (await ours.get('/charts/mychart-1.0.0.tgz.prov')).text()).toBe(provenance)
    expect((await ours.index()).entries).toEqual({})
    expect((await ours.attach(provenanceOf('1.0.0', 'home: x\n'))).status).toBe(409)
    expect(await shown(ours.attach(provenanceOf('1.0.0', 'home: x\n'), '?force'))).toBe(saved)
    expect(await shown(ours.publish(first))).toBe(saved)
    expect((await ours.get('/charts/mychart-1.0.0.tgz.prov')).status).toBe(200)
    expect(await shown(ours.publish(other, '?force'))).toBe(saved)
    expect((await ours.get('/charts/mychart-1.0.0.tgz.prov')).status).toBe(404)
  })

  test('stops at --max-storage-objects, but lets a version be replaced', async () => {
    await using server = await startServer({ flags: ['--max-storage-objects', '1', '--disable-statefiles'] })
    const ours = site(server)
    expect(await shown(ours.publish(first))).toBe(saved)
    const full = await ours.publish(second)
    expect(full.status).toBe(507)
    expect(await full.json()).toMatchObject({ error: 'repo has reached storage limit' })
    expect(await shown(ours.publish(other, '?force'))).toBe(saved)
    expect(await server.charts()).toEqual(['mychart-1.0.0.tgz'])
  })

  test('keeps the newest of a chart with --per-chart-limit, and their provenance only', async () => {
    await using server = await startServer({ flags: ['--per-chart-limit', '2'] })
    const ours = site(server)
    for (const version of ['3.0.0', '1.0.0', '2.0.0']) {
      const parts = [
        { field: 'chart', data: await chart('mychart', version).tgz() },
        { field: 'prov', data: provenanceOf(version) },
      ]
      expect(await shown(upload(ours, parts))).toBe(saved)
      await Bun.sleep(20)
    }
    expect(await server.charts()).toEqual(
      ['1.0.0', '2.0.0'].flatMap((version) => [`mychart-${version}.tgz`, `mychart-${version}.tgz.prov`]),
    )
    expect((await ours.index()).entries.mychart?.map(({ version }) => version)).toEqual(['2.0.0', '1.0.0'])
  })
})

describe('deleting', () => {
  test('removes a version with its provenance, and says 404 the second time', async () => {
    await using server = await startServer()
    const ours = site(server)
    await ours.publish(first)
    await ours.publish(second)
    await ours.attach(provenanceOf('1.0.0'))
    expect(await shown(ours.call('DELETE', '/charts/mychart/1.0.0'))).toBe('200 {"deleted":true}')
    expect(await server.charts()).toEqual(['mychart-1.1.0.tgz'])
    const again = await ours.call('DELETE', '/charts/mychart/1.0.0')
    expect(again.status).toBe(404)
    expect(await again.text()).not.toContain(server.folder)
    for (const wanted of ['latest', '^1.0.0', '*', '1.1'])
      expect((await ours.call('DELETE', `/charts/mychart/${wanted}`)).status).toBe(404)
    expect(await server.charts()).toEqual(['mychart-1.1.0.tgz'])
  })

  // ChartMuseum: joins name and version, and a script of its own test suite relies on the file being found.
  test('finds a version where the request splits name and version elsewhere', async () => {
    await using server = await startServer()
    const ours = site(server)
    await ours.publish(await chart('mychart2', '0.1.0-SNAPSHOT-1').tgz())
    expect((await ours.call('DELETE', '/charts/mychart2-0.1.0-SNAPSHOT/1')).status).toBe(200)
    expect(await server.charts()).toEqual([])
    expect((await ours.index()).entries).toEqual({})
  })

  test('removes a whole chart, and no other whose name begins alike', async () => {
    await using server = await startServer()
    const ours = site(server)
    for (const archive of [first, second, await chart('mychart-more', '1.0.0').tgz()])
      await ours.publish(archive)
    await ours.attach(provenanceOf('1.0.0'))
    const response = await ours.call('DELETE', '/charts/mychart')
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ deleted: true })
    expect(await server.charts()).toEqual(['mychart-more-1.0.0.tgz'])
    expect(Object.keys((await ours.index()).entries)).toEqual(['mychart-more'])
    expect((await ours.call('DELETE', '/charts/mychart')).status).toBe(404)
  })

  test('is no route with --disable-delete, and the API none with --disable-api', async () => {
    await using server = await startServer({ flags: ['--disable-delete'] })
    const ours = site(server)
    await ours.publish(first)
    for (const path of ['/charts/mychart', '/charts/mychart/1.0.0'])
      expect(await shown(ours.call('DELETE', path))).toBe('404 {"error":"not found"}')
    await using closed = await startServer({ flags: ['--disable-api'] })
    expect(await shown(site(closed).publish(first))).toBe('404 {"error":"not found"}')
    expect((await site(closed).get('/index.yaml')).status).toBe(200)
  })
})

describe('after an answer', () => {
  test('every next read shows what was published, and none what was deleted', async () => {
    await using server = await startServer()
    const ours = site(server)
    const shows = async (version: string) => {
      const answers = await Promise.all([
        ours
          .index()
          .then(({ entries }) => entries.mychart?.some((entry) => entry.version === version) ?? false),
        ours.call('GET', `/charts/mychart/${version}`).then(({ status }) => status === 200),
        ours.call('HEAD', `/charts/mychart/${version}`).then(({ status }) => status === 200),
        ours.get(`/charts/mychart-${version}.tgz`).then(({ status }) => status === 200),
        ours
          .call('GET', '/charts')
          .then(async (response) => (await response.text()).includes(`-${version}.tgz`)),
      ])
      expect(new Set(answers).size).toBe(1)
      return answers[0]
    }
    for (let i = 0; i < 40; i++) {
      const version = `1.0.${i}`
      const archive = await chart('mychart', version).tgz()
      expect((await ours.publish(archive)).status).toBe(201)
      expect(await shows(version)).toBe(true)
      if (i % 2 === 0) continue
      expect((await ours.call('DELETE', `/charts/mychart/${version}`)).status).toBe(200)
      expect(await shows(version)).toBe(false)
    }
  })

  test('of many uploads of one version at once exactly one has won', async () => {
    await using server = await startServer()
    const ours = site(server)
    for (let round = 0; round < 15; round++) {
      const version = `1.0.${round}`
      const bodies = await Promise.all(
        Array.from({ length: 8 }, (_, i) => chart('raced', version).with('NOTES.txt', `${i}`).tgz()),
      )
      const answers = await Promise.all(
        bodies.map((body, i) =>
          i % 2 ? ours.publish(body) : upload(ours, [{ field: 'chart', data: body }]),
        ),
      )
      const statuses = answers.map(({ status }) => status)
      expect(statuses.toSorted()).toEqual([201, ...Array.from({ length: 7 }, () => 409)])
      const winner = exact(bodies[statuses.indexOf(201)] ?? new Uint8Array())
      expect(await Bun.file(`${server.folder}/raced-${version}.tgz`).bytes()).toEqual(winner)
      const entry = (await ours.index()).entries.raced?.filter((one) => one.version === version)
      expect(entry).toMatchObject([{ digest: sha256(winner) }])
    }
  })

  test('uploads and deletions of one version at once leave a folder and an index that agree', async () => {
    await using server = await startServer()
    const ours = site(server)
    for (let round = 0; round < 15; round++) {
      await Promise.all([
        ours.publish(first, '?force'),
        ours.call('DELETE', '/charts/mychart/1.0.0'),
        ours.publish(other, '?force'),
        ours.call('DELETE', '/charts/mychart'),
        ours.publish(first),
      ])
      const entries = (await ours.index()).entries.mychart ?? []
      expect(await server.charts()).toEqual(entries.map(() => 'mychart-1.0.0.tgz'))
      for (const { digest } of entries)
        expect(sha256(await Bun.file(`${server.folder}/mychart-1.0.0.tgz`).bytes())).toBe(digest)
    }
  })
})
