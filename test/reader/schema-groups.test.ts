import { describe, expect, test } from 'bun:test'
import { readSchema } from '../../src/reader/schema.ts'
import { schemaGroups } from '../../src/reader/schema-groups.ts'

function groupsOf(schema: object) {
  return schemaGroups(readSchema(JSON.stringify(schema)).rows)
}

const shape = (schema: object) =>
  groupsOf(schema).map(({ head, rows }) => [head?.path, rows.map(({ path }) => path).join(' ')])

describe('schemaGroups()', () => {
  test('parts keys of the top that have keys below them from those that have none', () => {
    const below = { properties: { x: {}, y: { properties: { z: {} } } } }
    expect(shape({ properties: { a: {}, b: below, c: {}, d: {}, e: below } })).toEqual([
      [undefined, ' a'],
      ['b', 'b.x b.y b.y.z'],
      [undefined, 'c d'],
      ['e', 'e.x e.y e.y.z'],
    ])
    expect(shape({})).toEqual([[undefined, '']])
    expect(schemaGroups([])).toEqual([])
  })

  test('gives an anchor to the first of several rows with one path', () => {
    const [, group] = groupsOf({
      properties: { a: { oneOf: [{ properties: { 'b c': {} } }, { properties: { 'b c': {} } }] } },
    })
    expect(group?.head?.anchor).toBe('s.a')
    expect(group?.rows.map(({ path, anchor }) => [path, anchor])).toEqual([
      ['a', undefined],
      ['a.b c', 's.a.b_c'],
      ['a', undefined],
      ['a.b c', undefined],
    ])
  })
})
