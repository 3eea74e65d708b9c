import { describe, expect, test } from 'bun:test'
import { keyIn, valueEntries } from '../../src/reader/value-copies.ts'
import { overrideYaml } from '../../src/reader/value-yaml.ts'
import { decodeText } from '../../src/reader/text.ts'
import { readValues } from '../../src/reader/values.ts'
import { parseYaml } from '../../src/registry/yaml.ts'
import type { YamlValue } from '../../src/registry/yaml.ts'
import { openReal, realCharts, realTest } from './real-charts.ts'

const text = `image:
  # -- The tag
  tag: "1.0"
  pull: IfNotPresent
ports:
- name: http
  port: 80
big: 9007199254740993
selector: {kubernetes.io/os: linux}
none:
script: |
  # not a comment
  a
"a.b": yes
alias: *elsewhere
empty: {}
twice: 1
twice: 2
`

function key(path: string) {
  return keyIn(valueEntries(text, readValues(text)), path)
}

describe('keyIn()', () => {
  test.each([
    ['image.tag', '--set image.tag=1.0', 'image:\n  tag: "1.0"\n'],
    ['image.pull', '--set image.pull=IfNotPresent', 'image:\n  pull: IfNotPresent\n'],
    ['image', undefined, 'image:\n  tag: "1.0"\n  pull: IfNotPresent\n'],
    ['ports', `--set-json 'ports=[{"name":"http","port":80}]'`, 'ports:\n  - name: http\n    port: 80\n'],
    ['ports[0].port', `--set 'ports[0].port=80'`, undefined],
    ['big', undefined, undefined],
    ['selector', undefined, 'selector:\n  kubernetes.io/os: linux\n'],
    ['none', '--set none=null', 'none: null\n'],
    ['script', "--set 'script=# not a comment\na\n'", 'script: |\n  # not a comment\n  a\n'],
    ['a\\.b', `--set 'a\\.b=true'`, 'a.b: true\n'],
    ['alias', undefined, undefined],
    ['empty', `--set-json 'empty={}'`, 'empty: {}\n'],
    ['twice', '--set twice=2', 'twice: 2\n'],
  ])('says how to set %s', (path, set, yaml) => {
    expect(key(path)).toMatchObject({ path, set, yaml })
  })

  test('knows where a key is and what is said of it', () => {
    expect(key('image.tag')).toMatchObject({
      line: 3,
      type: 'string',
      default: '"1.0"',
      description: 'The tag',
    })
    expect(key('nothing')).toBeUndefined()
    expect(valueEntries(text, readValues(text)).map(({ path }) => path)).toContain('ports[0].name')
  })

  test('copies nothing that is very long', () => {
    const long = `a:\n${'  b: 1\n'.repeat(100)}c: ${'x'.repeat(3000)}\nd: {${Array.from({ length: 200 }, (_, at) => `a${at}: 1, `).join('')}}\n`
    const values = readValues(long)
    for (const path of ['a', 'c', 'd'])
      expect(keyIn(valueEntries(long, values), path)).toMatchObject({ set: undefined, yaml: undefined })
  })
})

describe('overrideYaml()', () => {
  const odd = [
    'yes',
    '1e5',
    '0b1',
    '2001-12-14',
    '',
    ' ',
    'a: b',
    '#x',
    'a\nb\n',
    'a\n\nb\n\n',
    '\n x\n',
    "it's",
    '-',
    '8Gi',
  ]
  const more = [[1, 'on', { a: 'b\nc\n' }], { a: { b: 'off', c: [] } }, {}, [], 1.5, null, true, 12]

  test.each([...odd, ...more].map((value) => [value]))('gives back %j as it was', (value) => {
    for (const path of [['k'], ['a', 'k.b', 'yes', 'a b', '#', '1']]) {
      let back = parseYaml(overrideYaml(path, value) ?? '') as YamlValue
      for (const step of path) back = (back as Record<string, YamlValue>)[step] as YamlValue
      expect(plain(back)).toEqual(plain(value as YamlValue))
    }
  })
})

/** With numbers for integers, however they were read. */
function plain(value: YamlValue): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? Number(part) : part)),
  )
}

realTest('every copied key of the real charts has the value that Helm reads', '', async () => {
  let copied = 0
  for (const chart of realCharts.slice(0, 30)) {
    const { files } = await openReal(chart)
    const source = files.find(({ name }) => name === 'values.yaml')
    if (source === undefined) continue
    const file = decodeText(source.data)
    const tree = parseYaml(file)
    const values = readValues(file)
    for (const [at, entry] of valueEntries(file, values).entries()) {
      const one = values.keys[at]
      if (entry.yaml === undefined || one === undefined) continue
      if (values.keys.findLast(({ path }) => path === entry.path) !== one) continue
      const at2 = (from: YamlValue) =>
        one.segments.reduce<unknown>((part, step) => (part as Record<string, unknown>)[step], from)
      expect([chart, entry.path, plain(at2(parseYaml(entry.yaml)) as YamlValue)]).toEqual([
        chart,
        entry.path,
        plain(at2(tree) as YamlValue),
      ])
      copied++
    }
  }
  expect(copied).toBeGreaterThan(1000)
})
