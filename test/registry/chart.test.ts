import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isRegistryError } from '../../src/errors.ts'
import { indexEntry, parseMetadata, validateMetadata } from '../../src/registry/chart.ts'
import type { ChartMetadata } from '../../src/registry/chart.ts'
import { chartYaml, legalName, legalVersion } from '../support/version-grammar.ts'

const start = 'name: a\nversion: 1.0.0\n'

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function read(...documents: string[]): ChartMetadata {
  return parseMetadata(documents.map(bytes))
}

function refusal(text: string, requirements?: string): string {
  try {
    parseMetadata([bytes(text)], requirements === undefined ? undefined : bytes(requirements))
  } catch (error) {
    if (isRegistryError(error, 'invalid') && error.about === 'archive') return error.message
    throw error
  }
  return ''
}

describe('parseMetadata()', () => {
  test('gives all that Helm knows, in the order of its JSON, whatever the order of the file', () => {
    const metadata = read(`type: library
dependencies:
- alias: c
  import-values: [data, {parent: p, child: c, k: 1}]
  enabled: true
  tags: [t]
  condition: c.enabled
  repository: https://example.org
  version: ^1
  name: common
kubeVersion: '>=1.20'
annotations: {b: "2", a: "1"}
deprecated: true
appVersion: v1
tags: t
condition: c
apiVersion: v2
icon: i
maintainers: [{url: u, email: e, name: m}]
keywords: [k]
description: d
version: 1.0.0
sources: [s]
home: h
name: a
unknown: dropped
`)
    expect(JSON.stringify(metadata)).toBe(
      '{"name":"a","home":"h","sources":["s"],"version":"1.0.0","description":"d","keywords":["k"],' +
        '"maintainers":[{"name":"m","email":"e","url":"u"}],"icon":"i","apiVersion":"v2","condition":"c","tags":"t",' +
        '"appVersion":"v1","deprecated":true,"annotations":{"a":"1","b":"2"},"kubeVersion":">=1.20","dependencies":[' +
        '{"name":"common","version":"^1","repository":"https://example.org","condition":"c.enabled","tags":["t"],' +
        '"enabled":true,"import-values":["data",{"child":"c","k":1,"parent":"p"}],"alias":"c"}],"type":"library"}',
    )
  })

  test('writes numbers and booleans as text where text is wanted', () => {
    expect(
      read(`Name: n
VERSION: 1.10
apiVersion: 2
appVersion: 0123
description: 1e3
home: .inf
icon: 2020-01-01
condition: -0.0
kubeVersion: 123456789012345678901
keywords: [1_000, yes, null, 0o14]
annotations: {1.10: 1.10, on: ~, x: 1E400}
`),
    ).toEqual({
      name: 'false',
      home: '+Inf',
      version: '1.1',
      description: '1000',
      keywords: ['1000', 'true', '', '12'],
      icon: '2020-01-01',
      apiVersion: '2',
      condition: '-0',
      appVersion: '83',
      annotations: { '1.1': '1.1', true: '', x: '1E400' },
      kubeVersion: '1.2345679e+20',
    })
  })

  test("leaves out what is empty, but never a dependency's name and repository", () => {
    const text = `${start}home: ""\nsources: []\nkeywords: ~\ndeprecated: false\nannotations: {}\nmaintainers: [{}]\ndependencies: [{}]\n`
    expect(read(text)).toEqual({
      name: 'a',
      version: '1.0.0',
      apiVersion: 'v1',
      maintainers: [{}],
      dependencies: [{ name: '', repository: '' }],
    })
  })

  test('finds keys without regard to case; of two spellings the one that sorts last wins', () => {
    expect(read(`${start}home: low\nHOME: high\nDePeNdEnCiEs: [{NAME: x}]\nverſion: 2.0.0\n`)).toMatchObject({
      home: 'low',
      version: '2.0.0',
      dependencies: [{ name: 'x' }],
    })
  })

  test('cleans texts as Helm does: white space to spaces, what cannot be printed away', () => {
    const text = `name: "my\\x00\\u200bchart"\nversion: 1.0.0\ndescription: "a\\tb\\nc\\u0085d\\u2028e\\xa0f\\x7fg\\ue000h é"\nannotations: {k: "a\\tb"}\n`
    expect(read(text)).toMatchObject({
      name: 'mychart',
      description: 'a b c d e fgh é',
      annotations: { k: 'a\tb' },
    })
  })

  test('merges several Chart.yaml field by field, and list items at their place', () => {
    const metadata = read(
      `${start}home: h\nannotations: {a: "1", b: "1"}\nmaintainers: [{name: x, email: e}, {name: z}]\n`,
      'version: 2.0.0\nhome: ~\nannotations: {b: "2"}\nmaintainers: [{name: w}]\n',
    )
    expect(metadata).toEqual({
      name: 'a',
      home: 'h',
      version: '2.0.0',
      apiVersion: 'v1',
      annotations: { a: '1', b: '2' },
      maintainers: [{ name: 'w', email: 'e' }],
    })
  })

  test('takes dependencies from requirements.yaml', () => {
    const requirements = bytes('dependencies:\n- name: b\n  version: 1\n  repository: r\n')
    expect(parseMetadata([bytes(start)], requirements).dependencies).toEqual([
      { name: 'b', version: '1', repository: 'r' },
    ])
    expect(refusal(start, 'dependencies: 1')).toStartWith(
      'cannot load requirements.yaml: "dependencies" is a number',
    )
    expect(refusal(start, 'apiVersion: ""')).toBe('validation: chart.metadata.apiVersion is required')
  })

  const wrongKinds: [string, string][] = [
    ['deprecated: 1', '"deprecated" is a number, but true or false is wanted'],
    ['deprecated: "true"', '"deprecated" is a text, but true or false is wanted'],
    ['description: [a]', '"description" is a list, but a text is wanted'],
    ['icon: {a: b}', '"icon" is a mapping, but a text is wanted'],
    ['keywords: a', '"keywords" is a text, but a list is wanted'],
    ['keywords: [[a]]', '"keywords" is a list, but a text is wanted'],
    ['annotations: [a]', '"annotations" is a list, but a mapping is wanted'],
    ['annotations: {a: [b]}', '"annotations" is a list, but a text is wanted'],
    ['maintainers: [a]', '"maintainers" is a text, but a mapping is wanted'],
    ['dependencies: {a: b}', '"dependencies" is a mapping, but a list is wanted'],
    ['unknown: .inf', 'an infinite number has no place'],
    ['a: [', 'line 4: '],
  ]
  test.each(wrongKinds)('refuses %p', (text, message) => {
    expect(refusal(`${start}${text}\n`)).toStartWith('cannot load Chart.yaml: ')
    expect(refusal(`${start}${text}\n`)).toContain(message)
  })

  test('refuses a Chart.yaml that is a list or a text', () => {
    expect(refusal('- a')).toBe('cannot load Chart.yaml: "Chart.yaml" is a list, but a mapping is wanted')
    expect(refusal('text')).toBe('cannot load Chart.yaml: "Chart.yaml" is a text, but a mapping is wanted')
  })

  const invalid: [string, string][] = [
    ['', 'chart.metadata.name is required'],
    ['name: "\\u200b"\nversion: x', 'chart.metadata.name is required'],
    ['name: .', 'chart.metadata.name "." is not allowed'],
    ['name: ".."', 'chart.metadata.name ".." is not allowed'],
    ['name: a/b', 'chart.metadata.name "a/b" is invalid'],
    ['name: ../a', 'chart.metadata.name "../a" is invalid'],
    ['name: a', 'chart.metadata.version is required'],
    ['name: a\nversion: abc', 'chart.metadata.version "abc" is invalid'],
    ['name: a\nversion: 1.0.0/../../x', 'chart.metadata.version "1.0.0/../../x" is invalid'],
    ['name: a\nversion: "1.0.0\\n"', 'chart.metadata.version "1.0.0\\n" is invalid'],
    [`${start}type: app\nmaintainers: [~]`, 'chart.metadata.type must be application or library'],
    [`${start}maintainers: [~]\ndependencies: [~]`, 'maintainers must not contain empty or null nodes'],
    [`${start}dependencies: [~]`, 'dependencies must not contain empty or null nodes'],
    [
      `${start}dependencies: [{name: b, alias: c d}]`,
      'dependency "b" has disallowed characters in the alias',
    ],
    [
      `${start}dependencies: [{name: b}, {name: c, alias: b}]`,
      'more than one dependency with name or alias "b"',
    ],
    [`${start}dependencies: [{}, {}]`, 'more than one dependency with name or alias ""'],
  ]
  test.each(invalid)('judges %p in the words of Helm', (text, message) => {
    expect(refusal(text)).toBe(`validation: ${message}`)
  })

  test('refuses what would not fit: a long file name, a long annotation key, a mebibyte of metadata', () => {
    expect(read(`name: ${'n'.repeat(240)}\nversion: 1.0.0`).name).toHaveLength(240)
    expect(refusal(`name: ${'n'.repeat(241)}\nversion: 1.0.0`)).toContain('has 251 bytes; at most 250')
    expect(refusal(`name: ${'é'.repeat(121)}\nversion: 1.0.0`)).toContain('has 252 bytes')
    expect(refusal(`${start}annotations: {"${'k'.repeat(1001)}": v}`)).toContain(
      'has a key over 1000 characters',
    )
    expect(refusal(`${start}description: ${'d'.repeat(1024 * 1024)}`)).toContain('over the limit of 1048576')
    const aliases = `x: &x [${Array(9999).fill('aaaaaaaaaa').join(',')}]\n`
    expect(
      refusal(`${start}${aliases}keywords: *x\nsources: *x\ndescription: ${'d'.repeat(900_000)}`),
    ).toContain('limit')
  })

  test('keeps error texts short and printable', () => {
    const message = refusal(`name: a\nversion: "\\x1b\\x7f\\xa0${'x'.repeat(10_000)}"`)
    expect(message).toMatch(/^[\x20-\x7e…]{100,400}$/)
  })

  test('keeps every legal name and version as they are', () => {
    fc.assert(
      fc.property(legalName, legalVersion, (name, version) => {
        expect(read(chartYaml(name, version))).toEqual({ name, version, apiVersion: 'v2' })
      }),
    )
  })
})

describe('validateMetadata()', () => {
  test('takes metadata that parseMetadata() gave', () => {
    validateMetadata(read(start))
    expect(() => validateMetadata({ name: 'a', version: 'x' })).toThrow(
      'validation: chart.metadata.version "x"',
    )
  })
})

describe('indexEntry()', () => {
  const facts = { urls: ['charts/a-1.0.0.tgz'], created: '2026-11-22T06:38:23.5Z', digest: 'ab' }

  test('puts urls, created and digest behind the metadata', () => {
    expect(indexEntry(read(start), facts)).toBe(
      '{"name":"a","version":"1.0.0","apiVersion":"v1","urls":["charts/a-1.0.0.tgz"],"created":"2026-11-22T06:38:23.5Z","digest":"ab"}',
    )
  })

  test('escapes what Go escapes, and reads back the same', () => {
    const metadata = read(
      `${start}description: 'a <b> & "c"'\nannotations: {"<": "\\u2028\\u2029\\x00\\\\"}\n`,
    )
    const entry = indexEntry(metadata, facts)
    expect(entry).toContain('a \\u003cb\\u003e \\u0026 \\"c\\"')
    expect(entry).toContain('{"\\u003c":"\\u2028\\u2029\\u0000\\\\"}')
    expect(JSON.parse(entry)).toEqual({ ...metadata, ...facts })
  })
})
