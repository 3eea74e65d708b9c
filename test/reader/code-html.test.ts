import { describe, expect, test } from 'bun:test'
import { codeHtml, fragmentOf, keyAnchor } from '../../src/reader/code-html.ts'
import { codeLines } from '../../src/reader/code-lines.ts'
import type { Language } from '../../src/reader/files.ts'
import { valuesCode } from '../../src/reader/values-code.ts'
import { openReal, realTest } from './real-charts.ts'
import { decodeText, visible } from '../../src/reader/text.ts'

const html = (language: Language, text: string) => codeHtml(codeLines(language, text))

/** The text of the HTML, read by a parser of its own. */
async function textOf(code: string): Promise<string> {
  let text = ''
  const rewriter = new HTMLRewriter().onDocument({ text: (chunk) => void (text += chunk.text) })
  await rewriter.transform(new Response(code)).text()
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }
  return text.replace(/&(amp|lt|gt|quot);/g, (_, name: string) => named[name] ?? '')
}

/** Every element of the HTML with its attributes. */
async function elementsOf(code: string): Promise<string[]> {
  const found: string[] = []
  const rewriter = new HTMLRewriter().on('*', {
    element: ({ tagName, attributes }) =>
      void found.push([tagName, ...[...attributes].map(([name, value]) => `${name}=${value}`)].join(' ')),
  })
  await rewriter.transform(new Response(code)).text()
  return found
}

describe('codeHtml()', () => {
  test('gives each line an id and each piece its colour', () => {
    expect(html('yaml', 'a: "x" # c\nb:\n  - 1\n  - yes\n')).toBe(
      '<div class="block">' +
        '<div id="L1"><b>a</b>: <i class="s">&quot;x&quot;</i> <i class="c"># c</i>\n</div>' +
        '<div id="L2"><b>b</b>:\n</div>' +
        '<div id="L3">  - <i class="n">1</i>\n</div>' +
        '<div id="L4">  - <i class="b">yes</i>\n</div></div>',
    )
  })

  test('begins a block at every hundredth line', () => {
    const code = html('text', 'x\n'.repeat(250))
    expect(code.split('<div class="block">').length - 1).toBe(3)
    expect(code).toContain('<div class="block"><div id="L101">x\n</div>')
    expect(code).toContain('<div class="block"><div id="L201">x\n</div>')
    expect(html('text', '')).toBe('')
  })

  test.each<[Language, string, string]>([
    ['json', '{"a": 1}\n', 'n'],
    ['bash', 'if true; then echo "$X"; fi\n', 'hljs-keyword'],
    ['dockerfile', 'FROM scratch\nRUN x\n', 'hljs-keyword'],
    ['toml', '[a]\nb = "c"\n', 'hljs-section'],
    ['diff', '-a\n+b\n', 'hljs-addition'],
    ['go-template', 'a: {{ .Values.x }}\n', 't'],
  ])('colours %s', (language, text, name) => {
    expect(html(language, text)).toContain(`<i class="${name}">`)
  })

  test('closes what goes over several lines at the end of each', async () => {
    const text = 'cat <<EOF\na "b\nc\nEOF\n"x\ny"\n'
    const code = html('bash', text)
    expect(await textOf(code)).toBe(text)
    expect(code.split('\n</div>').length - 1).toBe(6)
    expect((await elementsOf(code)).every((element) => /^(?:div|i|b)\b/.test(element))).toBe(true)
  })

  const hostile =
    'k<b>"\': "<img src=x onerror=alert(1)>" # </div><script>x</script>\n' +
    "<hx-x hx-post='/' hx-trigger='load'>: {{ \"<hx-y>\" }}\n" +
    '\u202e: \u0000\u001b[31m\u2066x\u2069\n\u0007- &amp; <!-- --> ]]>\n'

  test.each<Language>([
    'yaml',
    'go-template',
    'json',
    'bash',
    'dockerfile',
    'toml',
    'diff',
    'markdown',
    'text',
  ])('lets no markup of a chart out, as %s', async (language) => {
    const code = html(language, hostile)
    expect(code).not.toContain('<hx-')
    expect(code).not.toContain('<script')
    expect(code).not.toContain('<img')
    // oxlint-disable-next-line no-control-regex
    expect(code).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    expect(code).toContain('[U+202E]')
    const elements = await elementsOf(code)
    expect(
      elements.filter((element) => !/^(?:div (?:class=block|id=L\d+)|b|i class=[\w-]+)$/.test(element)),
    ).toEqual([])
    expect(await textOf(code)).toBe(visible(hostile))
  })
})

describe('keyAnchor()', () => {
  test('is the path behind "v."', () => {
    expect(keyAnchor('master.ports[0].name')).toBe('v.master.ports[0].name')
    expect(keyAnchor('nodeSelector.kubernetes\\.io/os')).toBe('v.nodeSelector.kubernetes\\.io/os')
  })

  test('has nothing in it that an id must not have', () => {
    for (const path of [
      'a b',
      'a\tb',
      'a"b',
      "a'b",
      '<hx-x>',
      'a&b',
      'a%20b',
      'ä',
      '\u202e',
      '\u0000',
      '日本',
      '\ud800',
    ])
      expect(keyAnchor(path)).toMatch(/^v\.(?:[!#$'-;=?-~]|%[0-9A-F]{2})+$/)
    expect(keyAnchor('a b')).not.toBe(keyAnchor('a%20b') ?? '')
    expect(keyAnchor('x'.repeat(301))).toBeUndefined()
  })

  test('is what the fragment says once it is decoded', () => {
    for (const path of ['a b', 'a%20b', 'a[0].b\\.c', 'ä<>"'])
      expect(decodeURIComponent(fragmentOf(keyAnchor(path) ?? '').slice(1))).toBe(keyAnchor(path) ?? '')
  })
})

describe('valuesCode()', () => {
  test('gives keys their anchors, and an anchor to one key only', async () => {
    const { html: code, keys } = valuesCode('a:\n  b: 1\n  "c d": 2\na:\n  b: 3\nl:\n  - n: {x: 1}\n')
    const ids = (await elementsOf(code)).filter((element) => element.startsWith('b id=v'))
    expect(ids).toEqual(['b id=v.a', 'b id=v.a.b', 'b id=v.a.c%20d', 'b id=v.l', 'b id=v.l[0].n'])
    expect(keys.map(([path, line]) => `${path} ${line}`)).toEqual([
      'a 1',
      'a.b 2',
      'a.c d 3',
      'a 4',
      'a.b 5',
      'l 6',
      'l[0].n 7',
    ])
  })

  test('says that there is a second document, which Helm does not read', () => {
    expect(valuesCode('---\n# x\na: 1\n').manyDocuments).toBe(false)
    expect(valuesCode('a: 1\n---\nb: 1\n')).toMatchObject({ manyDocuments: true, keys: [['a', 1]] })
  })

  test('lets the paths of all keys together not grow without bound', () => {
    const text = `${'k'.repeat(15_000)}:\n${Array.from({ length: 5000 }, (_, at) => ` x${at}: 1\n`).join('')}`
    const { keys, truncated, lines } = valuesCode(text)
    expect(lines).toBe(5001)
    expect(truncated).toBe(true)
    expect(keys.length).toBeLessThan(300)
    expect(keys.length).toBeGreaterThan(250)
  })

  realTest('keeps every letter of the largest public values', 'kube-prometheus-stack-88.5.3', async () => {
    const { files } = await openReal('kube-prometheus-stack-88.5.3')
    const text = decodeText(files.find(({ name }) => name === 'values.yaml')?.data ?? new Uint8Array())
    const code = valuesCode(text)
    expect(code.lines).toBe(5981)
    expect(await textOf(code.html)).toBe(text)
    const ids = [...code.html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(5981 + 1600)
  })
})
