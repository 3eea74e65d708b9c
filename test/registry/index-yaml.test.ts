import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { entryYaml, yamlScalar } from '../../src/registry/index-yaml.ts'
import { jsonOf, parseYaml } from '../../src/registry/yaml.ts'

/** How the readers that clients use see a text: YAML 1.2, YAML 1.1, Bun's, and Go's (the last in our own reading). */
const readers: [string, (text: string) => unknown][] = [
  ['yaml 1.2', (text) => parse(text)],
  ['yaml 1.1', (text) => parse(text, { version: '1.1' })],
  ['Bun', (text) => Bun.YAML.parse(text)],
  ['Go', (text) => jsonOf(parseYaml(text))],
]

const tricky = [
  '',
  ' ',
  'a ',
  ' a',
  'y',
  'N',
  'yes',
  'No',
  'on',
  'OFF',
  'true',
  'null',
  'Null',
  '~',
  'nan',
  '.nan',
  '.inf',
  'inf',
  '1',
  '1.0',
  '1.10',
  '012',
  '0o14',
  '0x1F',
  '0b11',
  '1_000',
  '1__0',
  '1e3',
  '1E400',
  '-1',
  '+1',
  '.5',
  '5.',
  '190:20:30',
  '2020-01-01',
  '2026-11-22T06:38:23Z',
  '1.2.3',
  'v1.2.3',
  '1.2.3-rc.1',
  '1.2.3-1e5',
  '1.0.0+build.5',
  '123e45',
  '1.2.3-0',
  'a: b',
  'a:',
  ':a',
  'a:b',
  'a #b',
  'a#b',
  '#a',
  '- a',
  '-',
  '--- a',
  '---',
  '...',
  '? a',
  '?a',
  '@a',
  '`a',
  '%a',
  '!a',
  '&a',
  '*a',
  '[a]',
  '{a}',
  'a, b',
  ',a',
  '|',
  '>',
  '>=1.2.0-0',
  '<<',
  '=',
  '"a"',
  "'a'",
  "it's",
  'a"b',
  'a\\b',
  '{{ x }}',
  'a\nb',
  'a\n',
  '\n',
  'a\r\nb',
  'a	b',
  '	a',
  'a\0b',
  'a\x07',
  'ab',
  'ab',
  'ab',
  'a\xA0b',
  'é',
  '日本',
  'a\u2028b',
  'a\u2029b',
  '﻿a',
  'a﻿',
  'a￾b',
  'a￿',
  '😀',
  'a​b',
  'x'.repeat(500),
  `${'word '.repeat(99)}end`,
  '__proto__',
  'constructor',
  'https://example.org/a?b=c&d=e#f',
  'C:\\x',
  'a  b',
  'a : b',
  '0',
  '00',
  'infinity',
  'Infinity',
  'NaN',
]

describe('yamlScalar()', () => {
  test.each(readers)('is read back as the same text by %s', (_name, read) => {
    for (const text of tricky) {
      expect([text, read(`key: ${yamlScalar(text)}\n`)]).toEqual([text, { key: text }])
      expect([text, read(`- ${yamlScalar(text)}\n`)]).toEqual([text, [text]])
      const keyed = read(`${yamlScalar(text)}: value\n`) as object
      expect(Object.entries(keyed)).toEqual([[text, 'value']])
    }
  })

  test('leaves ordinary texts as they are', () => {
    for (const text of [
      'mychart',
      'v2',
      '1.2.3',
      'A chart, for (almost) all',
      'https://example.org/x',
      'charts/a-1.0.0.tgz',
    ]) {
      expect(yamlScalar(text)).toBe(text)
    }
  })

  test('never takes more than one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => !/[\n\r\x85\u2028\u2029]/.test(yamlScalar(text))),
    )
  })
})

describe('entryYaml()', () => {
  const entry = {
    name: 'mychart',
    version: '1.0.0',
    description: 'A chart: for # all',
    keywords: ['web', '1.0'],
    maintainers: [{ name: 'Ann', email: 'ann@example.org' }, {}],
    apiVersion: 'v2',
    appVersion: '1.10',
    deprecated: true,
    annotations: { 'b/x': '- a\n- b\n', a: 'yes' },
    dependencies: [
      {
        name: 'b',
        version: '^1',
        repository: '',
        tags: ['t'],
        'import-values': ['data', { child: 'c', parent: ['p'] }, [1], 2.5, null],
      },
    ],
    urls: ['charts/mychart-1.0.0.tgz'],
    created: '2026-11-22T06:38:23Z',
    digest: '0'.repeat(64),
  }

  test('writes keys sorted and lists at the indentation of their key', () => {
    expect(entryYaml(JSON.stringify(entry))).toBe(`  - annotations:
      a: "yes"
      b/x: "- a\\n- b\\n"
    apiVersion: v2
    appVersion: "1.10"
    created: "2026-11-22T06:38:23Z"
    dependencies:
    - import-values:
      - data
      - child: c
        parent:
        - p
      - [1]
      - 2.5
      - null
      name: b
      repository: ""
      tags:
      - t
      version: "^1"
    deprecated: true
    description: "A chart: for # all"
    digest: "${'0'.repeat(64)}"
    keywords:
    - web
    - "1.0"
    maintainers:
    - email: ann@example.org
      name: Ann
    - {}
    name: mychart
    urls:
    - charts/mychart-1.0.0.tgz
    version: 1.0.0
`)
  })

  const text = fc.oneof(fc.constantFrom(...tricky), fc.string({ unit: 'binary', maxLength: 20 }))
  const texts = fc.array(text, { maxLength: 3 })
  const record = fc.record(
    {
      name: text,
      version: text,
      description: text,
      keywords: texts,
      maintainers: fc.array(fc.record({ name: text, email: text }, { requiredKeys: [] }), { maxLength: 2 }),
      annotations: fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }),
      dependencies: fc.array(
        fc.record({
          name: text,
          tags: texts,
          enabled: fc.boolean(),
          'import-values': fc.array(fc.oneof(text, texts)),
        }),
        { maxLength: 2 },
      ),
      deprecated: fc.boolean(),
      urls: texts,
    },
    { requiredKeys: ['name'] },
  )

  test.each(readers)('is read back the same by %s, whatever stands in it', (_name, read) => {
    fc.assert(
      fc.property(record, (value) => {
        const json = JSON.stringify(value)
        const document = read(`entries:\n  chart:\n${entryYaml(json)}generated: x\n`)
        expect(JSON.parse(JSON.stringify(document))).toEqual({
          entries: { chart: [JSON.parse(json)] },
          generated: 'x',
        })
      }),
      { numRuns: 300 },
    )
  })
})
