import { expect, test } from 'bun:test'
import { createChartReader } from '../../../src/http/chart-reader.ts'
import type { Ask } from '../../../src/http/route.ts'
import { sendDependencies } from '../../../src/http/web/dependencies.ts'
import { sendIcon } from '../../../src/http/web/icons.ts'
import { sendOverview } from '../../../src/http/web/overview.ts'
import { createRegistry } from '../../../src/registry/registry.ts'
import { memoryStorage } from '../../../src/storage/memory.ts'
import { chart } from '../../support/chart-builder.ts'
import { keptLog, publishOne, usualOptions } from '../../support/repository.ts'
import { webParts } from '../web-fixture.ts'
import { addressesIn, textOf } from './chart-site.ts'

const built = chart('redis', '1.0.0').chartYaml({ icon: 'icon.png', keywords: ['cache'] })

/** A server whose store lost or changed an archive behind its back, a moment ago. */
async function brokenParts(content: Uint8Array | undefined) {
  const storage = memoryStorage()
  const registry = createRegistry(storage, usualOptions, undefined, keptLog())
  await publishOne(registry.repository(''), await built.tgz())
  if (content === undefined) await storage.delete(built.file)
  else await storage.put(built.file, content)
  return { ...webParts(), registry, reader: createChartReader(registry) }
}

const ask: Ask = {
  request: new Request('http://localhost/-/chart/redis/1.0.0', { headers: { accept: 'text/html' } }),
  repo: '',
  params: { name: 'redis', version: '1.0.0', filename: '', path: '' },
  query: new URLSearchParams(),
  caller: { name: undefined, may: () => true },
  publicUrl: 'http://localhost',
}

test.each([
  ['is gone', undefined, 'object not found'],
  ['is no archive any more', new TextEncoder().encode('not gzip'), 'unexpected EOF'],
  ['is being replaced', await built.with('README.md', 'other').tgz(), 'it is being replaced; try again'],
])(
  'a chart whose archive %s has its page, which says so and still offers the download',
  async (_what, content, reason) => {
    const parts = await brokenParts(content)
    const response = await sendOverview(ask, parts)
    expect(response.status).toBe(200)
    const html = await response.text()
    expect(textOf(html)).toMatch(new RegExp(`The archive cannot be read now: [^<]*(?:${reason})`))
    expect(textOf(html)).toContain('helm install my-redis')
    expect(addressesIn(html)).toEqual(expect.arrayContaining(['/charts/redis-1.0.0.tgz', '/?keyword=cache']))
    const dependencies = await sendDependencies(ask, parts)
    expect([dependencies.status, await dependencies.text()]).toEqual([
      200,
      expect.stringContaining('cannot be read now'),
    ])
    const icon = await sendIcon(ask, parts)
    expect([icon.status, icon.headers.get('content-type')]).toEqual([200, 'image/svg+xml'])
    expect(icon.headers.get('cache-control')).toBe(
      content === undefined ? 'private, max-age=86400' : 'no-store',
    )
  },
)
