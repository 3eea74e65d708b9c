import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../../support/chart-builder.ts'
import { addressesIn, chartSite, expectInert, hostile, textOf, type ChartSite } from './chart-site.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const schema = {
  title: `Values ${hostile}`,
  type: 'object',
  required: ['replicas'],
  definitions: {
    port: { type: 'integer', minimum: 1, maximum: 65535, description: 'A port' },
    node: { type: 'object', properties: { next: { $ref: '#/definitions/node' } } },
  },
  properties: {
    replicas: { type: 'integer', minimum: 1, default: 3, description: 'How many pods' },
    service: {
      type: 'object',
      additionalProperties: false,
      properties: {
        port: { $ref: '#/definitions/port' },
        kind: { enum: ['ClusterIP', 'LoadBalancer'], pattern: '^[A-Z]' },
        other: { $ref: 'https://example.com/other.json' },
      },
    },
    list: { $ref: '#/definitions/node' },
    either: { oneOf: [{ type: 'string' }, { type: 'object', properties: { a: {} } }] },
    [hostile]: { description: hostile, default: hostile, enum: [hostile], deprecated: true },
  },
}

let site: ChartSite
beforeAll(async () => {
  site = await chartSite()
  const built = (name: string) => chart(name, '1.0.0')
  await site.publish(built('redis').with('values.schema.json', JSON.stringify(schema)))
  await site.publish(built('broken').with('values.schema.json', `{"a": ${hostile}`))
  await site.publish(built('plain'))
}, 60_000)
afterAll(() => site[Symbol.asyncDispose]())

describe('the schema page', () => {
  test('says of each key what it takes, in words', async () => {
    const { status, html } = await site.ask('/-/chart/redis/1.0.0/schema')
    expect(status).toBe(200)
    expectInert(html)
    const text = textOf(html)
    for (const words of [
      'replicas integer required 3 at least 1 How many pods',
      'service.port integer 1 to 65535 A port',
      'ClusterIP',
      'matches ^[A-Z]',
      'no other keys',
      '↺ see https://example.com/other.json',
      '↺ see #/definitions/node',
      'one of these, 2',
      'deprecated',
    ])
      expect(text).toContain(words)
    expect(html).toContain('<th scope="row" id="s.service.port">')
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('has one table for the keys below each key of the top', async () => {
    const { html } = await site.ask('/-/chart/redis/1.0.0/schema')
    const groups = [...html.matchAll(/<summary><span class="mono">([^<]*)</g)].map(([, name]) => name)
    expect(groups).toEqual(['service', 'list', 'either'])
    expect(html.split('<th scope="col">Key</th>').length - 1).toBeGreaterThanOrEqual(4)
  })

  test('speaks Chinese', async () => {
    const text = textOf((await site.ask('/-/chart/redis/1.0.0/schema?lang=zh-CN')).html)
    for (const words of ['必填', '1 到 65535', '不允许其他键', '匹配 ^[A-Z]']) expect(text).toContain(words)
  })

  test('shows the file with the reason where it cannot be read', async () => {
    const { status, html } = await site.ask('/-/chart/broken/1.0.0/schema')
    expect(status).toBe(200)
    expectInert(html)
    expect(textOf(html)).toContain('This schema cannot be read: It is not JSON')
    expect(html).toContain('<div id="L1">')
  })

  test('helps where there is none', async () => {
    const { status, html } = await site.ask('/-/chart/plain/1.0.0/schema')
    expect([status, textOf(html).includes('has no schema')]).toEqual([404, true])
    expect(addressesIn(html)).toContain('/-/chart/plain/1.0.0/values')
    expect(html).not.toContain('href="/-/chart/plain/1.0.0/schema"')
  })
})
