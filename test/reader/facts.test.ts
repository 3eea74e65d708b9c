import { describe, expect, test } from 'bun:test'
import { chartFacts, licenceFile } from '../../src/reader/facts.ts'
import type { ChartMetadata } from '../../src/registry/chart.ts'
import { openReal, realCharts, realTest } from './real-charts.ts'

function facts(more: Partial<ChartMetadata>) {
  return chartFacts({ name: 'alpha', version: '1.0.0', ...more })
}

describe('chartFacts()', () => {
  test('has an answer for a chart that says nothing', () => {
    expect(facts({})).toEqual({
      description: '',
      appVersion: '',
      type: 'application',
      kubeVersion: '',
      keywords: [],
      deprecated: false,
      licence: '',
      home: undefined,
      sources: [],
      links: [],
      maintainers: [],
      successors: [],
    })
  })

  test('links only what can be followed, and shows where it leads', () => {
    expect(facts({ home: 'https://example.com/' }).home).toEqual({
      text: 'example.com',
      href: 'https://example.com/',
      host: undefined,
    })
    const sources = [
      'javascript:alert(1)',
      'JaVaScRiPt:x',
      'data:text/html,x',
      '//evil.example',
      'git@x:y',
      '',
      'ftp://x',
    ]
    expect(facts({ sources }).sources).toEqual([])
    expect(facts({ home: 'https://good.example@evil.example/x' }).home?.href).toBe('https://evil.example/x')
  })

  test('reads the annotated links of Artifact Hub with their hosts', () => {
    const yaml =
      '- name: Support\n  url: https://help.example.com/a\n- name: docs.example.com\n  url: https://docs.example.com\n- name: bad\n  url: "javascript:alert(1)"\n- 5\n- url: mailto:a@example.com\n'
    expect(facts({ annotations: { 'artifacthub.io/links': yaml } }).links).toEqual([
      { text: 'Support', href: 'https://help.example.com/a', host: 'help.example.com' },
      { text: 'docs.example.com', href: 'https://docs.example.com/', host: undefined },
      { text: 'a@example.com', href: 'mailto:a@example.com', host: undefined },
    ])
    for (const odd of ['[', 'a: b', '- - -', '*x', '- {name: {}, url: []}', 'null', 'x'.repeat(30_000)]) {
      expect(facts({ annotations: { 'artifacthub.io/links': odd } }).links).toEqual([])
    }
  })

  test('reaches maintainers by their page, else by mail, else not', () => {
    const maintainers = [
      { name: 'Ada', email: 'ada@example.com', url: 'https://ada.example.com' },
      { name: 'Bo', email: 'bo@example.com' },
      { name: 'Cy', email: 'not an address', url: 'javascript:x' },
      { email: 'only@example.com' },
      {},
    ]
    expect(facts({ maintainers }).maintainers.map(({ name, link }) => [name, link?.href])).toEqual([
      ['Ada', 'https://ada.example.com/'],
      ['Bo', 'mailto:bo@example.com'],
      ['Cy', undefined],
      ['only@example.com', 'mailto:only@example.com'],
    ])
  })

  test('keeps every text on one line, visible and short', () => {
    const evil = `a\u202eb\u0007\n${'x'.repeat(5000)}`
    const read = facts({
      description: evil,
      appVersion: evil,
      kubeVersion: evil,
      keywords: Array.from({ length: 500 }, () => evil),
      maintainers: Array.from({ length: 500 }, () => ({ name: evil })),
      annotations: { 'artifacthub.io/license': evil },
    })
    const texts = JSON.stringify(read)
    // oxlint-disable-next-line no-control-regex
    expect(texts).not.toMatch(/[\u0000-\u001f\u202e]/)
    expect(read.keywords).toHaveLength(50)
    expect(read.maintainers).toHaveLength(50)
    expect(texts.length).toBeLessThan(50_000)
  })

  test.each([
    ['DEPRECATED: use `redis-cluster` instead.', ['redis-cluster']],
    ['This chart is replaced by the chart "kube-state-metrics".', ['kube-state-metrics']],
    ['Deprecated in favor of nginx.', ['nginx']],
    ['A deprecated chart', []],
  ])('reads the successor in %p', (description, names) => {
    expect(facts({ description, deprecated: true }).successors).toEqual(names)
    expect(facts({ description }).successors).toEqual([])
  })

  realTest('reads every real chart', '', async () => {
    const read = []
    for (const file of realCharts) read.push(chartFacts((await openReal(file)).metadata))
    expect(read.filter(({ licence }) => licence !== '').length).toBeGreaterThan(5)
    expect(read.filter(({ home }) => home !== undefined).length).toBeGreaterThan(30)
    for (const { sources, links } of read) {
      for (const { href } of [...sources, ...links]) expect(href).toMatch(/^(?:https?:\/\/|mailto:)/)
    }
  })
})

test('licenceFile() finds the licence by its usual names at the top', () => {
  expect(licenceFile(['Chart.yaml', 'templates/LICENSE', 'LICENSE'])).toBe('LICENSE')
  expect(licenceFile(['Licence.txt'])).toBe('Licence.txt')
  expect(licenceFile(['COPYING.md'])).toBe('COPYING.md')
  expect(licenceFile(['LICENSES.html', 'docs/LICENSE'])).toBeUndefined()
})
