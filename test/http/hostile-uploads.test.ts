import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { hostileArchives, oddArchives } from '../support/hostile-archives.ts'
import { exact, site } from '../support/site.ts'
import type { Site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import type { RunningServer } from '../support/start-server.ts'
import { filesBelow } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

let server: RunningServer
let ours: Site
let good: Uint8Array

beforeAll(async () => {
  server = await startServer()
  ours = site(server)
  good = await chart('good', '1.0.0').tgz()
  expect((await ours.publish(good)).status).toBe(201)
})

afterAll(() => server[Symbol.asyncDispose]())

/** Both ways in: `curl --data-binary` and `curl -F chart=@file`. */
const ways: Record<string, (bytes: Uint8Array) => Promise<Response>> = {
  raw: (bytes) => ours.publish(bytes),
  form: (bytes) => {
    const body = new FormData()
    body.append('chart', new Blob([exact(bytes)]), 'chart.tgz')
    return ours.call('POST', '/charts', { body })
  },
}

/** The folder as it was, no unfinished upload anywhere, and the next request served. */
async function expectUntouched(charts: string[]): Promise<void> {
  expect(await server.charts()).toEqual(charts)
  // Chartroom's own files are written behind the answer, by way of the same folder.
  await eventually(() => unfinished(server.folder, /^\.chartroom\/tmp\//), [])
  await eventually(() => unfinished(server.tmp, /upload|spool/), [])
  expect(Object.keys((await ours.index()).entries)).toEqual(
    charts.map((file) => file.replace(/-1\.0\.0\.tgz$/, '')),
  )
}

async function unfinished(folder: string, names: RegExp): Promise<string[]> {
  return (await filesBelow(folder)).filter((file) => names.test(file))
}

describe.each(Object.keys(ways))('an archive sent as %s', (way) => {
  for (const { what, bytes, status, says } of hostileArchives) {
    test(`is refused with a sentence: ${what}`, async () => {
      const started = performance.now()
      const response = await ways[way]?.(await bytes())
      const text = (await response?.text()) ?? ''
      expect(`${response?.status} ${text}`).toStartWith(`${status} {"error":`)
      expect(performance.now() - started).toBeLessThan(10_000)
      const { error } = JSON.parse(text) as { error: string }
      expect(error).toMatch(says)
      expect(Buffer.byteLength(error)).toBeLessThanOrEqual(4_096)
      expect(error).not.toContain(server.folder)
      expect(error).not.toContain(server.tmp)
      // oxlint-disable-next-line no-control-regex
      expect(error).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
      await expectUntouched(['good-1.0.0.tgz'])
    }, 20_000)
  }

  for (const { what, bytes } of oddArchives) {
    test(`is taken, and comes back byte for byte: ${what}`, async () => {
      const archive = await bytes()
      const response = await ways[way]?.(archive)
      expect(`${response?.status} ${await response?.text()}`).toBe('201 {"saved":true}')
      await expectUntouched(['good-1.0.0.tgz', 'odd-1.0.0.tgz'])
      const download = await ours.get('/charts/odd-1.0.0.tgz')
      expect(Buffer.from(await download.arrayBuffer()).equals(Buffer.from(archive))).toBe(true)
      expect((await ours.call('DELETE', '/charts/odd/1.0.0')).status).toBe(200)
      await expectUntouched(['good-1.0.0.tgz'])
    }, 20_000)
  }
})

test('a hostile archive that lies in the folder is never served as a chart, and told once in the log', async () => {
  await using found = await startServer({ flags: ['--debug'] })
  const theirs = site(found)
  expect((await theirs.publish(good)).status).toBe(201)
  const some = hostileArchives.filter((_, i) => i % 6 === 0)
  for (const [i, { bytes }] of some.entries())
    await Bun.write(`${found.folder}/hostile${i}-1.0.0.tgz`, await bytes())
  await Bun.write(`${found.folder}/later-1.0.0.tgz`, await chart('later', '1.0.0').tgz())
  const deadline = Date.now() + 15_000
  while (!('later' in (await theirs.index()).entries) && Date.now() < deadline) await Bun.sleep(100)
  await Bun.sleep(3_000)
  expect(Object.keys((await theirs.index()).entries)).toEqual(['good', 'later'])
  for (const i of some.keys()) {
    expect((await theirs.get(`/charts/hostile${i}-1.0.0.tgz`)).status).toBe(404)
    const told = found
      .logs()
      .split('\n')
      .filter((line) => line.includes(`hostile${i}-1.0.0.tgz`) && /WARN/.test(line))
    expect(told.length, `log lines about hostile${i} (${some[i]?.what})`).toBe(1)
  }
}, 60_000)
