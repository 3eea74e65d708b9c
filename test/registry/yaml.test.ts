import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { readEverydayYaml } from '../../src/registry/yaml-lines.ts'
import { parseWithPackage } from '../../src/registry/yaml-package.ts'
import { resolvePlain, scalarText } from '../../src/registry/yaml-scalars.ts'
import type { YamlScalar, YamlValue } from '../../src/registry/yaml-scalars.ts'
import { checkMapping, jsonOf, parseYaml, YamlError } from '../../src/registry/yaml.ts'

function refusal(
  source: string | Uint8Array,
  read: (source: string | Uint8Array) => unknown = parseYaml,
): string {
  try {
    read(source)
  } catch (error) {
    if (error instanceof YamlError) return error.message
    throw error
  }
  return ''
}

/** Measured with go.yaml.in/yaml/v2 2.4.3 and sigs.k8s.io/yaml 1.6.0: the type, and the text in a text field. */
const scalars: [string, YamlScalar, string][] = [
  ['1.10', 1.1, '1.1'],
  ['1.0', 1, '1'],
  ['1e3', 1000, '1000'],
  ['1e6', 1e6, '1e+06'],
  ['999999.9', 999999.9, '999999.9'],
  ['1e-5', 1e-5, '1e-05'],
  ['0.0001', 0.0001, '0.0001'],
  ['-0.0', -0, '-0'],
  ['123456789.5', 123456789.5, '1.2345679e+08'],
  ['123456789012345678901', Number('123456789012345678901'), '1.2345679e+20'],
  ['16777217.0', 16777217, '1.6777216e+07'],
  ['1234e56', 1.234e59, '+Inf'],
  ['3.5e38', 3.5e38, '+Inf'],
  ['1E400', '1E400', '1E400'],
  ['.5', 0.5, '0.5'],
  ['.5e3', 500, '500'],
  ['.04_9', 0.049, '0.049'],
  ['._5', '._5', '._5'],
  ['5.', 5, '5'],
  ['.inf', Number.POSITIVE_INFINITY, '+Inf'],
  ['-.INF', Number.NEGATIVE_INFINITY, '-Inf'],
  ['.nan', Number.NaN, 'NaN'],
  ['0', 0n, '0'],
  ['-0', 0n, '0'],
  ['0123', 83n, '83'],
  ['0777', 511n, '511'],
  ['08', 8, '8'],
  ['0o14', 12n, '12'],
  ['0x10', 16n, '16'],
  ['-0x1f', -31n, '-31'],
  ['0b11', 3n, '3'],
  ['0b-1', -1n, '-1'],
  ['1_000', 1000n, '1000'],
  ['+5', 5n, '5'],
  ['18446744073709551615', 18446744073709551615n, '18446744073709551615'],
  ['-9223372036854775809', Number('-9223372036854775809'), '-9.223372e+18'],
  ['y', true, 'true'],
  ['N', false, 'false'],
  ['Yes', true, 'true'],
  ['off', false, 'false'],
  ['tRue', 'tRue', 'tRue'],
  ['2020-01-01', '2020-01-01', '2020-01-01'],
  ['190:20:30', '190:20:30', '190:20:30'],
  ['_1', '_1', '_1'],
  ['0x', '0x', '0x'],
  ['1.2.3', '1.2.3', '1.2.3'],
]

describe('parseYaml()', () => {
  test.each(scalars)('types %p as Helm does', (text, value, inTextField) => {
    expect(parseYaml(`key: ${text}\n`)).toEqual({ key: value })
    expect(parseWithPackage(`key: ${text}\n`)).toEqual({ key: value })
    expect(scalarText(value as Exclude<YamlScalar, null>)).toBe(inTextField)
  })

  test('reads the words for null as null, and quoted or tagged ones as text', () => {
    expect(parseYaml('a: ~\nb: null\nc:\nd: "null"\ne: !!str ~\nf: !custom 1\n')).toEqual({
      a: null,
      b: null,
      c: null,
      d: 'null',
      e: '~',
      f: '1',
    })
  })

  test('obeys the tags of YAML 1.1 and refuses a value that does not fit its tag', () => {
    const text = '[!!int "12", !!float 1, !!bool y, !!binary aGk=, !!timestamp 2020-01-01]'
    expect(parseYaml(text)).toEqual([12n, 1, true, 'hi', '2020-01-01'])
    expect(refusal('a: !!int x')).toBe('cannot decode `x` as a !!int')
  })

  test('reads only the first document, and an empty one as null', () => {
    expect(parseYaml('a: b\n---\n[ broken\n')).toEqual({ a: 'b' })
    expect(parseYaml('')).toBeNull()
    expect(parseYaml('# nothing\n---\n')).toBeNull()
  })

  test('lets the last of equal keys win, and merged keys win over those before them', () => {
    expect(parseYaml('a: 1\na: 2\n')).toEqual({ a: 2n })
    expect(parseYaml('x: &x {a: 1, b: 2}\ny: {a: 0, <<: *x, b: 3}\n')).toMatchObject({
      [`true`]: { a: 1n, b: 3n },
    })
    expect(refusal('a: {<<: 1}')).toContain('map merge requires map')
  })

  test('writes keys that are no text as Go does, and refuses those it refuses', () => {
    const keys = Object.keys(parseYaml('1.10: a\n0123: b\nyes: c\n.inf: d\n1e6: e\n') as object)
    expect(keys.sort()).toEqual(['.inf', '1.1', '1e+06', '83', 'true'])
    expect(refusal('null: a')).toBe('null cannot be a key')
    expect(refusal('[a]: b')).toBe('a list cannot be a key')
    expect(refusal('a: {{ x }}')).toBe('a mapping cannot be a key')
    expect(refusal('18446744073709551615: a')).toContain('too large for a key')
  })

  test('keeps "__proto__" as a key like any other', () => {
    for (const text of [
      '__proto__: {x: 1}\n',
      '{"__proto__": {x: 1}}',
      '__proto__: 1\n',
      'a: {<<: {__proto__: 1}}',
    ]) {
      const json = JSON.stringify(jsonOf(parseYaml(text)))
      expect(json).toContain('"__proto__"')
      expect(({} as Record<string, unknown>)['x']).toBeUndefined()
    }
  })

  test('resolves an alias to the anchor that stood last before it', () => {
    expect(parseYaml('[&a [&b 1], &b 2, *a, *b]')).toEqual([[1n], 2n, [1n], 2n])
    expect(refusal('[*a]')).toBe("unknown anchor 'a' referenced")
    expect(refusal('a: &a [*a]')).toBe("anchor 'a' value contains itself")
  })

  test('reads UTF-8 and UTF-16 by their byte order mark', () => {
    const text = 'name: é\n'
    const little = Buffer.from(`\ufeff${text}`, 'utf16le')
    expect(parseYaml(Buffer.from(`\ufeff${text}`))).toEqual({ name: 'é' })
    expect(parseYaml(`\ufeff${text}`)).toEqual({ name: 'é' })
    expect(parseYaml(new Uint8Array(little))).toEqual({ name: 'é' })
    expect(parseYaml(new Uint8Array(Buffer.from(little).swap16()))).toEqual({ name: 'é' })
    expect(refusal(new Uint8Array([0x61, 0x3a, 0x20, 0xff]))).toBe('the text is not valid UTF-8')
  })

  const broken = [
    'a: [',
    'a: b: c',
    "a: 'b",
    'a:\n\tb: c',
    '@a',
    'a: "b" c',
    '- a\nb: c',
    'a: {b',
    'a: "\\ud800"',
  ]
  test.each(broken)('refuses %p with one line of text', (text) => {
    expect(refusal(text)).toMatch(/^[^\n]{5,500}$/)
  })

  test.each(['a: \0', 'a: \x07', 'a: \x7f', 'a: \x9f', 'a: \ufffe', 'a: \ud800'])(
    'refuses the character in %p',
    (text) => {
      expect(refusal(text)).toBe('control characters are not allowed')
    },
  )

  test('has no control characters and at most 500 characters in an error', () => {
    const message = refusal(`!!int "\\x1b[31m${'x'.repeat(1000)}"`)
    expect(message).toMatch(/^[^\p{C}]{400,500}$/u)
  })

  const nested: [string, string][] = [
    ['lists', '['.repeat(50_000)],
    ['mappings', '{a: '.repeat(50_000)],
    ['blocks', Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
    ['dashes', `${'- '.repeat(20_000)}x`],
  ]
  test.each(nested)('refuses or reads endlessly nested %s without running out of stack', (_kind, text) => {
    expect(refusal(text).length).toBeLessThan(500)
  })

  test('refuses billions of values out of a few lines', () => {
    const bomb = `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(',')}]\n`).join('')}`
    const start = performance.now()
    expect(refusal(bomb)).toContain('excessive aliasing')
    expect(refusal(bomb, checkMapping)).toContain('excessive aliasing')
    expect(performance.now() - start).toBeLessThan(3000)
  })
})

describe('readEverydayYaml()', () => {
  const everyday = `# a chart
apiVersion: v2
name: mychart
version: 1.10 # a number
description: A text that goes on
  in the next line, with "quotes" and {braces}
appVersion: "1.10"
kubeVersion: '>=1.25.0-0'
deprecated: false
empty:
keywords:
- web
- http server
sources:
  - https://example.org/a#b
maintainers:
  - name: Ann
    email: ann@example.org

  # another
  - name: 123
annotations:
  artifacthub.io/changes: |
    - one
      two

    - three

  strip: |-
    x
  none: []
  more: {}
  words: ["a b", 'c', d-1, 2,3 ] # five
  folded: >-
    one
    two
  less: -1
lists:
  - |
    text
  - [ ]
`
  test('reads an everyday Chart.yaml as the full parser does', () => {
    const value = readEverydayYaml(everyday)
    expect(value).toBeDefined()
    expect(value).toStrictEqual(parseWithPackage(everyday))
    expect(value).toMatchObject({
      version: 1.1,
      appVersion: '1.10',
      empty: null,
      maintainers: [{}, { name: 123n }],
    })
  })

  const leftAlone = [
    'a: &x b',
    'a: *x',
    'a: !!str b',
    'a: [b, [c]]',
    'a: [b,]',
    'a: [,]',
    'a: [b: c]',
    'a: [b\n  ]',
    'a: [-]',
    'a: [b] c',
    'a: [b c]',
    'a: {b: c}',
    'a: "b\\n"',
    "a: 'it''s'",
    'a: >\n  b\n\n  c\n',
    'a: >\n  b\n   c\n',
    'a: >+\n  b\n',
    'a: |+\n  b\n',
    'a: |2\n   b\n',
    'a: b\n\n  c\n',
    'a: b # c\n  d\n',
    'a: b: c',
    'a:\tb',
    'a: b\r\n',
    'a: b\n---\nc: d\n',
    'a: b\n...\n',
    '%YAML 1.1\n---\na: b\n',
    '? a\n: b\n',
    'yes: a',
    '1: a',
    '<<: a',
    '__proto__: a',
    '- - a',
    '- a\nb: c',
    'a:\n  b: c\n d: e\n',
    ' a: b\nc: d\n',
    'a: "b" c',
    'a: @b',
    'text',
    'a: {{ x }}',
    'a: b\u2028c',
  ]
  test.each(leftAlone)('leaves %p to the full parser', (text) => {
    expect(readEverydayYaml(text)).toBeUndefined()
  })

  const odd = fc.constantFrom(
    'a',
    'a b',
    'x: y',
    'b #c',
    'b#c',
    '"q"',
    "'q'",
    '"a\\tb"',
    "'it''s'",
    '1',
    '1.10',
    '~',
    'yes',
    '0123',
    '',
    '|',
    '|-',
    '>',
    '[a]',
    '{}',
    '[]',
    '&a b',
    '*a',
    '!t a',
    '- a',
    '-a',
    ': a',
    'a:',
    '?a',
    '@',
    '%',
    '#c',
    '\u00a0a',
  )
  const usual = fc.constantFrom(
    'a',
    'a b',
    '"q"',
    "'q'",
    '1',
    '1.10',
    '0123',
    '~',
    'yes',
    '',
    'b#c',
    '{}',
    '[]',
    '|',
  )
  const word = fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: odd })
  const line = fc
    .record({
      indent: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2, 2, 4),
      dash: fc.constantFrom('', '', '', '', '', '- ', '-  ', '- - '),
      key: fc.constantFrom('a: ', 'b: ', 'c: ', 'k/x.y: ', 'd: ', 'name:', '', '"q": ', 'on: '),
      word,
      end: fc.constantFrom('', '', '', '', '', '', ' ', ' # c', ':'),
    })
    .map(({ indent, dash, key, word: value, end }) => `${' '.repeat(indent)}${dash}${key}${value}${end}`)

  test('never reads a text otherwise than the full parser', () => {
    let read = 0
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), fc.constantFrom('\n', ''), (lines, end) => {
        const text = lines.join('\n') + end
        const value = readEverydayYaml(text)
        if (value === undefined) return
        read++
        expect(value).toStrictEqual(parseWithPackage(text))
      }),
      { numRuns: 4000 },
    )
    expect(read).toBeGreaterThan(200)
  })

  test('reads what block YAML can say, for any tree of simple texts', () => {
    const leaf: fc.Arbitrary<YamlValue> = fc.constantFrom('a', 'b c', 'true story', 'x/y', '1.2.3')
    const key = fc.stringMatching(/^[a-z]{2,6}k$/)
    const { tree } = fc.letrec<{ tree: YamlValue }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.dictionary(key, tie('tree'), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
        fc.array(leaf, { minLength: 1, maxLength: 4 }),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(key, tree, { minKeys: 1, noNullPrototype: true }), (value) => {
        expect(readEverydayYaml(`${block(value, '')}\n`)).toStrictEqual(value)
      }),
    )
  })
})

function block(value: YamlValue, indent: string): string {
  if (Array.isArray(value)) return value.map((item) => `${indent}- ${String(item)}`).join('\n')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(
      ([key, each]) =>
        `${indent}${key}:${typeof each === 'object' ? `\n${block(each, `${indent}  `)}` : ` ${String(each)}`}`,
    )
    .join('\n')
}

describe('resolvePlain()', () => {
  test('gives the text of an integer back as long as 64 bits hold it', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
        (n) => resolvePlain(String(n)) === n,
      ),
    )
  })

  test('keeps 32-bit floats exact in their shortest text', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (single) => {
        expect(Math.fround(Number(scalarText(single)))).toBe(single)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('checkMapping()', () => {
  test.each([
    '',
    '# only a comment\n',
    'a: b\n',
    'a: [b, {c: d}]\nx: &y {z: 1}\nw: *y\n',
    '---\na: |\n  b\n',
  ])('takes %p', (text) => {
    checkMapping(text)
    checkMapping(new TextEncoder().encode(text))
  })

  const wrong: [string, string][] = [
    ['- a\n', 'a mapping of keys to values is wanted, not a list'],
    ['text\n', 'a mapping of keys to values is wanted, not a text'],
    ['a: {{ .Values.x }}\n', 'a mapping cannot be a key'],
    ['a: b: c\n', 'Nested mappings'],
    ['a:\n\tb: c\n', 'Tabs'],
    ['a: ,b\n', 'line 1'],
    ['? [a]\n: b\n', 'a list cannot be a key'],
    ['a: [\n', 'line'],
    ['null: a\n', 'null cannot be a key'],
    ['a: \x07', 'control characters'],
  ]
  test.each(wrong)('refuses %p', (text, message) => {
    expect(refusal(text, checkMapping)).toContain(message)
  })

  test('checks 200 KB in well under the time the full parser takes', () => {
    const text = Array.from(
      { length: 2500 },
      (_, n) => `key${n}:\n  # about it\n  list: [a, "b", {c: ${n}}]\n  enabled: ${n % 2 === 0}\n`,
    ).join('')
    const fastest = (check: (text: string) => unknown): number =>
      Math.min(
        ...Array.from({ length: 3 }, () => {
          const start = performance.now()
          check(text)
          return performance.now() - start
        }),
      )
    expect(fastest(checkMapping)).toBeLessThan(fastest(parseWithPackage) / 3)
  })
})
