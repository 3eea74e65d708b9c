import { describe, expect, test } from 'bun:test'
import { codeHtml } from '../../src/reader/code-html.ts'
import { codeLines } from '../../src/reader/code-lines.ts'
import { fileAddress, indexDefines, linkedTemplate, valueTargets } from '../../src/reader/template-links.ts'
import { listTemplates } from '../../src/reader/template-list.ts'
import { readValues } from '../../src/reader/values.ts'

const file = (name: string, text: string) => ({ name, data: new TextEncoder().encode(text) })
const words = { unknownKey: 'not in "values"', unknownDefine: 'defined <elsewhere>' }

const values = readValues(
  'image:\n  tag: 1\nflow: {a: {b: 1}}\nempty: {}\nlist: []\nalias: *x\nmerged:\n  <<: *x\n"odd<key>": 1\nsub:\n  x:\n',
)
const defines = indexDefines([
  file('templates/_helpers.tpl', 'x\n{{- define "my.name" -}}\n\n{{ block "my.block" . }}{{ end }}'),
  file('charts/sub/templates/_h.tpl', '{{ define "my.name" }}{{ define "sub.name" }}'),
  file('README.md', '{{ define "readme.name" }}'),
  file('templates/a/_odd name#.tpl', '{{define "odd"}}'),
])
const targets = { defines, values: valueTargets(values) }
const linked = (text: string) => linkedTemplate(text, targets, '../', words)
const unknown = (inner: string, title: string) => `<span class="unknown" title="${title}">${inner}</span>`
const notKey = (inner: string) => unknown(inner, 'not in &quot;values&quot;')

describe('linkedTemplate()', () => {
  test.each([
    ['{{ .Values.image.tag }}', '{{ <a href="../values#v.image.tag">.Values.image.tag</a> }}'],
    [
      '{{ $.Values.image.tag | quote }}',
      '{{ $<a href="../values#v.image.tag">.Values.image.tag</a> | quote }}',
    ],
    ['{{ .Values.image.tga }}', `{{ ${notKey('.Values.image.tga')} }}`],
    ['{{ .Values.nothing }}', `{{ ${notKey('.Values.nothing')} }}`],
    ['{{ .Values.empty.x }}', `{{ ${notKey('.Values.empty.x')} }}`],
    ['{{ .Values.flow.a.b }}', '{{ <a href="../values#v.flow">.Values.flow.a.b</a> }}'],
    ['{{ .Values.alias.z }}', '{{ <a href="../values#v.alias">.Values.alias.z</a> }}'],
    ['{{ .Values.merged.z }}', '{{ <a href="../values#v.merged">.Values.merged.z</a> }}'],
    ['{{ .Values.sub.x.y }}', `{{ ${notKey('.Values.sub.x.y')} }}`],
    [
      '{{ include "my.name" . }}',
      '{{ include <a href="../templates/_helpers.tpl#L2">&quot;my.name&quot;</a> . }}',
    ],
    [
      '{{template  "my.block"}}',
      '{{template  <a href="../templates/_helpers.tpl#L4">&quot;my.block&quot;</a>}}',
    ],
    [
      '{{ include "sub.name" . }}',
      '{{ include <a href="../files/charts/sub/templates/_h.tpl#L1">&quot;sub.name&quot;</a> . }}',
    ],
    [
      '{{ include "odd" . }}',
      '{{ include <a href="../templates/a/_odd%20name%23.tpl#L1">&quot;odd&quot;</a> . }}',
    ],
    [
      '{{ include "readme.name" . }}',
      `{{ include ${unknown('&quot;readme.name&quot;', 'defined &lt;elsewhere&gt;')} . }}`,
    ],
  ])('links %s', (text, expected) => {
    expect(linked(text)).toBe(expected)
  })

  test('leaves alone what it cannot tell', () => {
    for (const text of [
      '{{ .Values }}',
      '{{ $x }}',
      '{{ include $name . }}',
      '{{ .sub.Values.nothing }}',
      '{{',
    ])
      expect(linked(text)).toBeUndefined()
    expect(linked('{{ .root.Values.image.tag }}')).toContain('<a href="../values#v.image.tag">')
  })

  test('escapes what stands around and inside of links', () => {
    const hostile = `{{ "<hx-x>" .Values.image.tag "</i><script>" include "<hx-y>\u202e" }}`
    const html = linked(hostile) ?? ''
    expect(html).not.toMatch(/<(?!a href|\/a>|span class="unknown"|\/span>)/)
    expect(html).toContain('[U+202E]')
  })

  test('says nothing of keys when some of them were left out', () => {
    const left = { defines, values: valueTargets({ ...values, truncated: true }) }
    expect(linkedTemplate('{{ .Values.nothing }}', left, '', words)).toBeUndefined()
    const none = { defines, values: valueTargets(undefined) }
    expect(linkedTemplate('{{ .Values.nothing }}', none, '', words)).toContain('class="unknown"')
  })

  test('is what the lines of a template show', () => {
    const html = codeHtml(codeLines('go-template', 'a: {{ .Values.image.tag }} {{ 1 }}\n'), {
      template: linked,
    })
    expect(html).toContain('<i class="t">{{ <a href="../values#v.image.tag">.Values.image.tag</a> }}</i>')
    expect(html).toContain('<i class="t">{{ 1 }}</i>')
  })
})

describe('indexDefines()', () => {
  test('takes of equal names the one that lies highest, then the first by name', () => {
    const define = '{{ define "x" }}'
    const name = (...names: string[]) => indexDefines(names.map((one) => file(one, define))).get('x')?.name
    expect(name('charts/a/templates/_a.tpl', 'templates/b/_a.tpl')).toBe('templates/b/_a.tpl')
    expect(name('templates/b/_a.tpl', 'templates/_z.tpl')).toBe('templates/_z.tpl')
    expect(name('templates/b.tpl', 'templates/a.tpl', 'templates/c.tpl')).toBe('templates/a.tpl')
  })

  test('is done with hostile text in proportional time', () => {
    const bad = [
      `{{ define "${'x'.repeat(500_000)}`,
      '{{ define '.repeat(50_000),
      `{{ define "${'\\'.repeat(300_000)}`,
      '{{-'.repeat(200_000),
    ]
    expect(indexDefines(bad.map((text, at) => file(`templates/${at}.yaml`, text))).size).toBe(0)
    for (const text of bad) expect(linked(text.replaceAll('define', 'include'))).toBeUndefined()
    expect(linked('.Values.a'.repeat(20_000))).toBeDefined()
  })
})

describe('fileAddress()', () => {
  test('leads templates to their own page, everything else to the files', () => {
    expect(fileAddress('templates/a b.yaml')).toBe('templates/a%20b.yaml')
    expect(fileAddress('crds/a?.yaml')).toBe('files/crds/a%3F.yaml')
  })
})

describe('listTemplates()', () => {
  test('groups by what a file is for, and reads the kinds of manifests', () => {
    const found = listTemplates([
      file('templates/z.yaml', 'kind: Service\n---\nkind: "Ingress"\n---\nkind: Service\n  kind: Nested\n'),
      file('templates/a.yaml', 'kind: {{ .Values.kind }}\n'),
      file('templates/_helpers.tpl', 'kind: No'),
      file('templates/_b.yaml', ''),
      file('templates/NOTES.txt', 'kind: No'),
      file('templates/tests/t.yaml', 'kind: Pod'),
      file('templates/hook.yaml', 'kind: Pod\n  annotations:\n    "helm.sh/hook": test\n'),
      file('crds/c.yaml', 'kind: CustomResourceDefinition\n'),
      file('values.yaml', 'kind: No\n'),
      file('charts/sub/templates/x.yaml', 'kind: No\n'),
    ])
    expect(found.map(({ name, group, kinds }) => [name, group, kinds.join()])).toEqual([
      ['templates/a.yaml', 'manifests', ''],
      ['templates/z.yaml', 'manifests', 'Service,Ingress'],
      ['templates/_b.yaml', 'helpers', ''],
      ['templates/_helpers.tpl', 'helpers', ''],
      ['templates/hook.yaml', 'tests', 'Pod'],
      ['templates/tests/t.yaml', 'tests', 'Pod'],
      ['crds/c.yaml', 'crds', 'CustomResourceDefinition'],
      ['templates/NOTES.txt', 'notes', ''],
    ])
  })
})
