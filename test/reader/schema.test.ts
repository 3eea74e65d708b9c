import { describe, expect, test } from 'bun:test'
import { readSchema } from '../../src/reader/schema.ts'
import { openReal, realCharts, realTest } from './real-charts.ts'

function rows(schema: unknown): string[] {
  return readSchema(JSON.stringify(schema)).rows.map(({ path, level, type, required, group, reference }) =>
    [`${level}${required ? '!' : ''}`, path, type, group, reference].filter(Boolean).join(' '),
  )
}

describe('readSchema()', () => {
  test('gives a row for each key with what is known of it', () => {
    const { title, rows: all } = readSchema(
      JSON.stringify({
        title: 'Values',
        type: 'object',
        required: ['port'],
        properties: {
          port: { type: 'integer', minimum: 1, maximum: 65535, default: 80, description: 'The port.' },
          mode: { enum: ['a', 1, null], deprecated: true },
          name: { type: ['string', 'null'], pattern: '^[a-z]+$' },
        },
      }),
    )
    expect(title).toBe('Values')
    expect(all.map(({ path }) => path)).toEqual(['', 'port', 'mode', 'name'])
    expect(all[1]).toMatchObject({
      level: 1,
      type: 'integer',
      required: true,
      default: '80',
      limits: { minimum: 1, maximum: 65535 },
      description: 'The port.',
    })
    expect(all[2]).toMatchObject({ type: '', enum: ['"a"', '1', 'null'], deprecated: true, required: false })
    expect(all[3]).toMatchObject({ type: 'string, null', limits: { pattern: '^[a-z]+$' } })
  })

  test('goes into items, patterns, other keys and alternatives', () => {
    const schema = {
      properties: { list: { items: { properties: { x: { type: 'string' } } } } },
      patternProperties: { '^a': { type: 'number' } },
      additionalProperties: { type: 'boolean' },
      oneOf: [{ required: ['list'] }, { type: 'null' }],
    }
    expect(rows(schema)).toEqual([
      '0 object',
      '1 list array',
      '2 list[] object',
      '3 list[].x string',
      '1 /^a/ number',
      '1 * boolean',
      '1 oneOf 1',
      '1 null oneOf 2',
    ])
  })

  test('follows references inside the file, and what stands beside one wins', () => {
    const schema = {
      properties: { a: { $ref: '#/definitions/port', description: 'Mine', default: 9 } },
      definitions: {
        port: { $ref: '#/definitions/a~1b%20c' },
        'a/b c': { type: 'integer', description: 'Port' },
      },
    }
    expect(readSchema(JSON.stringify(schema)).rows[1]).toMatchObject({
      type: 'integer',
      description: 'Mine',
      default: '9',
    })
  })

  test.each([
    ['elsewhere', { $ref: 'https://evil.example/schema.json' }, 'https://evil.example/schema.json'],
    ['nothing', { $ref: '#/definitions/none' }, '#/definitions/none'],
    ['what is inherited', { $ref: '#/constructor' }, '#/constructor'],
    ['what every object inherits', { $ref: '#/__proto__' }, '#/__proto__'],
    ['itself', { $ref: '#/properties/x' }, '#/properties/x'],
  ])('shows a reference to %s and does not follow it', (_, x, reference) => {
    expect(readSchema(JSON.stringify({ properties: { x } })).rows[1]?.reference).toBe(reference)
  })

  test('ends where a schema is a part of itself', () => {
    expect(rows({ properties: { child: { $ref: '#' } } })).toEqual([
      '0 object',
      '1 child object',
      '2 child.child #',
    ])
  })

  test('stays small and quick whatever it is given', () => {
    const wide = { properties: Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`k${at}`, {}])) }
    const doubling = { definitions: {} as Record<string, unknown>, $ref: '#/definitions/d0' }
    for (let at = 0; at < 30; at++) {
      const next = { $ref: `#/definitions/d${at + 1}` }
      doubling.definitions[`d${at}`] = { properties: { a: next, b: next } }
    }
    const chain = { $ref: '#/definitions/d0', definitions: {} as Record<string, unknown> }
    for (let at = 0; at < 20_000; at++) chain.definitions[`d${at}`] = { $ref: `#/definitions/d${at + 1}` }
    const heavy = { required: Array.from({ length: 100_000 }, (_, at) => `r${at}`), properties: { a: {} } }
    const shared = {
      definitions: { heavy },
      anyOf: Array.from({ length: 6000 }, () => ({ $ref: '#/definitions/heavy' })),
    }
    const deep = '{"items":'.repeat(5000) + '{}' + '}'.repeat(5000)
    for (const schema of [wide, doubling, chain, shared, deep]) {
      const start = performance.now()
      const { rows: all } = readSchema(typeof schema === 'string' ? schema : JSON.stringify(schema))
      expect(all.length).toBeLessThanOrEqual(5000)
      expect(performance.now() - start).toBeLessThan(3000)
    }
  })

  test('says why there is nothing', () => {
    expect(readSchema('{').problem).toStartWith('It is not JSON')
    expect(readSchema('[]').problem).toBe('It is not a JSON object')
    expect(readSchema('{"properties": 1, "required": 2, "items": "x", "oneOf": {}}').rows).toHaveLength(1)
  })

  realTest('reads the schemas of real charts', '', async () => {
    let count = 0
    for (const file of realCharts) {
      const schema = (await openReal(file)).files.find(({ name }) => name === 'values.schema.json')
      if (schema === undefined) continue
      const { rows: all, problem } = readSchema(new TextDecoder().decode(schema.data))
      expect({ file, problem, some: all.length > 1 }).toEqual({ file, problem: undefined, some: true })
      count++
    }
    expect(count).toBeGreaterThan(10)
  })
})
