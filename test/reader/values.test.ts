import { parse } from 'yaml'
import { describe, expect, test } from 'bun:test'
import { findKeys, readValues } from '../../src/reader/values.ts'
import { setArgument, setPath, shellQuoted } from '../../src/reader/value-paths.ts'
import { overrideYaml } from '../../src/reader/value-yaml.ts'
import { templateLines } from '../../src/reader/template-tokens.ts'
import { yamlLines } from '../../src/reader/yaml-tokens.ts'
import { parseYaml } from '../../src/registry/yaml.ts'
import { openReal, realCharts, realTest } from './real-charts.ts'

/** "kind:text" of every piece but blanks. */
function pieces(text: string): string[][] {
  return yamlLines(text).map(({ tokens }) =>
    tokens
      .filter(({ text: piece }) => piece.trim() !== '')
      .map(({ kind, text: piece }) => `${kind}|${piece.trim()}`),
  )
}

describe('yamlLines()', () => {
  test.each([
    ['a: 1', ['key|a', 'plain|:', 'number|1']],
    ['"a b" : "x # y" # c', ['key|"a b"', 'plain|:', 'string|"x # y"', 'comment|# c']],
    ['- name: yes', ['plain|-', 'key|name', 'plain|:', 'word|yes']],
    ['a: http://x:80/#y', ['key|a', 'plain|:', 'string|http://x:80/#y']],
    ['a: &x !!str null', ['key|a', 'plain|: &x !!str', 'word|null']],
    ['# only', ['comment|# only']],
  ])('colours %j', (text, expected) => {
    expect(pieces(text)).toEqual([expected])
    expect(joined(text)).toBe(text)
  })

  test('finds the keys inside brackets', () => {
    expect(pieces('a: {b: 1, "c": [x, true]}')[0]).toEqual([
      'key|a',
      'plain|: {',
      'key|b',
      'plain|:',
      'number|1',
      'plain|,',
      'key|"c"',
      'plain|: [',
      'string|x',
      'plain|,',
      'word|true',
      'plain|]}',
    ])
  })

  test('knows where texts of several lines end', () => {
    const text = 'a: |\n  b: 1\n\n  # not a comment\nc: "x\n  d: 1"\ne: [1,\n  2]\nf: 1\n'
    expect(yamlLines(text).map(({ kind }) => kind)).toEqual([
      'content',
      'continued',
      'continued',
      'continued',
      'content',
      'continued',
      'content',
      'continued',
      'content',
    ])
    expect(readValues(text).keys.map(({ path }) => path)).toEqual(['a', 'c', 'e', 'f'])
  })

  test('takes any text, in proportional time, and loses nothing of it', () => {
    const odd = [
      '"',
      "'",
      '[',
      '{',
      '- ',
      ': ',
      '#',
      '|',
      '\t',
      '\\',
      '? ',
      '&',
      '*',
      '!',
      '%',
      '@',
      '`',
      '---',
      'a: "\\',
      "a: '",
      '- - - - a: b',
      '\u0000\u202e',
      '{{ x',
      'a:b',
      '"a":b',
      '"a": b',
      '-',
      '--- x',
    ]
    for (const one of odd) {
      for (const text of [
        one,
        one.repeat(50),
        `a:\n  ${one}\n  b: 1`,
        `${one}\n`.repeat(20),
        one.repeat(30_000),
      ]) {
        const start = performance.now()
        expect(joined(text)).toBe(text.replace(/\n$/, ''))
        expect(performance.now() - start).toBeLessThan(2000)
      }
    }
  })
})

function joined(text: string): string {
  return yamlLines(text)
    .map(({ tokens }) => tokens.map(({ text: piece }) => piece).join(''))
    .join('\n')
}

const documented = `## @param replicas Number of pods
## @param image.tag [default: latest] Which image
replicas: 1
image:
  # -- (string) Where it comes from
  # and more of it
  registry: docker.io
  tag: ""  # overridden
# Plain words
# about labels.
# labels:
#   team: a
labels: {}
# e.g.
#  - a
other:

ports:
- name: http
  port: 80
- name: https
  port: 443
annotations:
  example.com/role: "x"
nested: {a: 1, b: [1]}
empty:
list:
  - - x
    - y: 1
text: |
  first line
  second: line
on: "yes"
size: 8Gi
`

describe('readValues()', () => {
  const { keys } = readValues(documented)
  const key = (path: string) => keys.find((one) => one.path === path)

  test('finds each key with its line, type and default', () => {
    const shown = keys.map(
      ({ path, line, type, default: value }) => `${line} ${path} ${type} ${value ?? '-'}`,
    )
    expect(shown).toEqual([
      '3 replicas number 1',
      '4 image object -',
      '7 image.registry string docker.io',
      '8 image.tag string ""',
      '13 labels object {}',
      '16 other null null',
      '18 ports array -',
      '19 ports[0].name string http',
      '20 ports[0].port number 80',
      '21 ports[1].name string https',
      '22 ports[1].port number 443',
      '23 annotations object -',
      '24 annotations.example\\.com/role string "x"',
      '25 nested object {a: 1, b: [1]}',
      '26 empty null null',
      '27 list array -',
      '29 list[0][1].y number 1',
      '30 text string | first line second: line',
      '33 on string "yes"',
      '34 size string 8Gi',
    ])
  })

  test('reads what comments say about a key', () => {
    expect(key('replicas')?.description).toBe('Number of pods')
    expect(key('image.tag')?.description).toBe('Which image')
    expect(key('image.registry')?.description).toBe('Where it comes from\nand more of it')
    expect(key('labels')).toMatchObject({
      description: 'Plain words\nabout labels.',
      example: 'labels:\n  team: a',
    })
    expect(key('size')?.description).toBeUndefined()
  })

  test('finds keys by words in any case', () => {
    expect(findKeys(keys, 'PORTS name', 1)).toMatchObject({ keys: [{ path: 'ports[0].name' }], count: 2 })
    expect(findKeys(keys, 'nothing', 5)).toEqual({ keys: [], count: 0 })
  })

  test('ends at the second document and cuts what nobody reads', () => {
    expect(readValues('a: 1\n---\nb: 2\n').keys.map(({ path }) => path)).toEqual(['a'])
    expect(readValues('---\na: 1\n').keys.map(({ path }) => path)).toEqual(['a'])
    const long = readValues('key: value of it\n'.repeat(200_000))
    expect(long.truncated).toBe(true)
    expect(long.keys.length).toBe(20_000)
  })
})

describe('readValues() with real charts', () => {
  realTest('finds every key that Helm finds, but for those in brackets', '', async () => {
    for (const file of realCharts) {
      const text = await valuesOf(file)
      const { keys } = readValues(text)
      const ours = new Set(keys.map(({ path }) => path))
      const brackets = keys
        .filter(({ default: value }) => /^[{[]/.test(value ?? ''))
        .map(({ path }) => `${path}.`)
      const missing = pathsOf(parseYaml(text)).filter(
        (path) => !ours.has(path) && !brackets.some((start) => path.startsWith(start)),
      )
      expect({ file, missing }).toEqual({ file, missing: [] })
      expect(joined(text)).toBe(text.replaceAll('\r\n', '\n').replace(/\n$/, ''))
    }
  })

  realTest(
    'reads 200 KB in less than half the time of the full parser',
    'kube-prometheus-stack-88.5.3',
    async () => {
      const text = await valuesOf('kube-prometheus-stack-88.5.3')
      // The best of some: the machine may be busy with other things.
      const times = Array.from({ length: 8 }, () => {
        const start = performance.now()
        expect(readValues(text).keys.length).toBeGreaterThan(1600)
        return performance.now() - start
      })
      const start = performance.now()
      parse(text)
      expect(Math.min(...times)).toBeLessThan((performance.now() - start) / 2)
    },
  )
})

async function valuesOf(file: string): Promise<string> {
  const { files } = await openReal(file)
  return new TextDecoder().decode(files.find(({ name }) => name === 'values.yaml')?.data)
}

/** Paths of all keys of mappings, as `--set` takes them. */
function pathsOf(tree: unknown, segments: readonly (string | number)[] = []): string[] {
  if (typeof tree !== 'object' || tree === null) return []
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = [...segments, Array.isArray(tree) ? Number(key) : key]
    return Array.isArray(tree) ? pathsOf(value, path) : [setPath(path), ...pathsOf(value, path)]
  })
}

describe('setPath() and its kin', () => {
  test('escape a key the way `--set` reads it', () => {
    expect(setPath(['a', 'kubernetes.io/os', 0, 'x,y=z[1]'])).toBe('a.kubernetes\\.io/os[0].x\\,y\\=z\\[1\\]')
    expect(setArgument(['a', 'b.c'], 'x')).toBe("--set 'a.b\\.c=x'")
    expect(setArgument(['a'], 'x,y')).toBe("--set 'a=x\\,y'")
    expect(setArgument(['a'], '1')).toBe('--set-string a=1')
    expect(setArgument(['a'], 1)).toBe('--set a=1')
    expect(setArgument(['a'], '{x}')).toBe("--set 'a=\\{x}'")
    expect(shellQuoted("it's $HOME `x`")).toBe("'it'\\''s $HOME `x`'")
  })

  test('make the smallest values file, but not for items of a list', () => {
    expect(overrideYaml(['master', 'persistence', 'size'], '8Gi')).toBe(
      'master:\n  persistence:\n    size: 8Gi\n',
    )
    expect(overrideYaml(['a b', '__proto__'], 'yes: no')).toBe('a b:\n  __proto__: "yes: no"\n')
    expect(overrideYaml(['a', 0, 'b'], 1)).toBeUndefined()
  })
})

describe('templateLines()', () => {
  test('colours actions as one piece, also over lines, and loses nothing', () => {
    const text = 'a: {{ .Values.a | quote }}  # c\n{{- /* one\n two */ -}}\n  {{ if\n x }}b: 1\n'
    const lines = templateLines(text)
    expect(lines.map((tokens) => tokens.map(({ text: piece }) => piece).join('')).join('\n')).toBe(
      text.trimEnd(),
    )
    expect(lines.map((tokens) => tokens.map(({ kind }) => kind).join(' '))).toEqual([
      'key plain template plain',
      'comment',
      'comment',
      'plain template',
      'template plain',
    ])
  })

  test('takes any text', () => {
    for (const text of ['{{', '}}', '{{ /* x', '{{/*', '*/}}', '{{"}}"}}', '{'.repeat(10_000)])
      expect(templateLines(text).map((tokens) => tokens.map((token) => token.text).join(''))).toEqual([text])
  })
})
