import { describe, expect, test } from 'bun:test'
import type { JSONValue } from '@jmespath-community/jmespath'
import fc from 'fast-check'
import { defaultAccessQuery, parseAccessQuery } from '../src/access-query.ts'

const type = 'artifact-repository'
const claims = {
  access: [
    { type, name: 'org1', actions: ['pull'] },
    { type, name: 'org1/repo1', actions: ['pull', 'push'] },
    { type: 'repository', name: 'org2', actions: ['push'] },
    { type, name: 'word', actions: 'pull' },
    { type, name: 'both', actions: ['pull'] },
    { type, name: 'both', actions: ['push'] },
  ],
  grants: { org1: ['pull'], a_org1_b: ['push'] },
}

function ask(expression: string, namespace: string, from: JSONValue = claims): unknown {
  return parseAccessQuery(expression)(from, { namespace, type })
}

describe('the query of ChartMuseum', () => {
  test.each([
    ['org1', ['pull']],
    ['org1/repo1', ['pull', 'push']],
    ['org2', []],
    ['word', ['pull']],
    ['both', ['pull', 'push']],
    ['org', []],
    ['', []],
  ])('finds the actions on "%s"', (namespace, actions) => {
    expect(ask(defaultAccessQuery, namespace)).toEqual(actions)
  })

  test.each([[{}], [{ access: null }], [{ access: {} }], [{ access: 'pull' }], [{ access: 7 }]])(
    'finds nothing at all in %j',
    (odd) => expect(ask(defaultAccessQuery, 'org1', odd)).toBeNull(),
  )
})

test.each([
  ['in single quotes', "access[?name=='$NAMESPACE'].actions[]", ['pull']],
  ['in the middle of single quotes', "'a $NAMESPACE\\' b $ACCESS_ENTRY_TYPE'", `a org1' b ${type}`],
  ['in a literal', 'access[?name==`"$NAMESPACE"`].actions[]', ['pull']],
  ['in a list of a literal', '`["x$NAMESPACE", 1, null]`', ['xorg1', 1, null]],
  ['as a quoted field', 'grants."$NAMESPACE"', ['pull']],
  ['bare, as a field', 'grants.$NAMESPACE', ['pull']],
  ['bare, as a part of a field', 'grants.a_$NAMESPACE_b', ['push']],
  ['as a key of an answer', '{"$NAMESPACE": `1`}', { org1: 1 }],
  ['twice', "['$NAMESPACE$NAMESPACE', '$ACCESS_ENTRY_TYPE']", ['org1org1', type]],
])('a name stands %s', (_, expression, wanted) => {
  expect(ask(expression, 'org1')).toEqual(wanted)
})

test('another word with a dollar sign is what it says', () => {
  expect(ask("'$NAME $NAMESPAC $ACTION'", 'org1')).toBe('$NAME $NAMESPAC $ACTION')
})

test.each([
  '',
  ' ',
  'access[',
  'access[?name==',
  "access[?name=='$NAMESPACE].actions[]",
  'access[?name=="$NAMESPACE]',
  'access[?name==`$NAMESPACE`]',
  "'$NAMESPACE",
  '`"pull"',
  'access]',
  'access..name',
  'nothing_like_it(access)',
  "access[?name=='a' and type=='b']",
])('%j is refused when it is read', (expression) => {
  expect(() => parseAccessQuery(expression)).toThrow()
})

/** Signs that mean something to JMESPath, to JSON, to replacing, to objects. */
const hostileName = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'\'"`\\[]{}()|&!?*@$.,:=<> \n\u0000aé𝄞') }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    "x' || 'a'=='a",
    "'] || access[",
    '$NAMESPACE',
    '$ACCESS_ENTRY_TYPE',
    "$&$'$`$1",
    "\\'",
    '`true`',
    '__proto__',
    'constructor',
    'toString',
  ),
)

test('no name becomes a part of the query: where it stands, exactly that name is found', () => {
  const quotes = parseAccessQuery('[\'$NAMESPACE\', `"$NAMESPACE"`, `["$NAMESPACE"]`[0]]')
  const fields = parseAccessQuery('[is."$NAMESPACE", is.$NAMESPACE]')
  const mine = parseAccessQuery(defaultAccessQuery)
  fc.assert(
    fc.property(hostileName, (namespace) => {
      const is: Record<string, JSONValue> = Object.create(null)
      is[namespace] = 'found'
      const names = { namespace, type }
      const one = (name: string) => ({ access: [{ type, name, actions: ['pull'] }] })
      expect(quotes({}, names)).toEqual([namespace, namespace, namespace])
      expect(fields({ is }, names)).toEqual(['found', 'found'])
      expect(mine(one(namespace), names)).toEqual(['pull'])
      expect(mine(one(`${namespace}x`), names)).toEqual([])
      expect(mine(claims, { namespace: `no ${namespace}`, type })).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('a query keeps nothing of the name before', () => {
  const query = parseAccessQuery(defaultAccessQuery)
  for (const [namespace, wanted] of [
    ['org1/repo1', 2],
    ['org1', 1],
    ['nobody', 0],
    ['org1/repo1', 2],
  ] as const) {
    expect(query(claims, { namespace, type })).toHaveLength(wanted)
  }
})
