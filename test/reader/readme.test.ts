import { describe, expect, test } from 'bun:test'
import { renderReadme } from '../../src/reader/readme.ts'
import type { ReadmeOptions } from '../../src/reader/readme-parts.ts'

const archive = new Set(['README.md', 'docs/notes.md', 'logo.png', 'img/a b.png', 'LICENSE'])

const options: ReadmeOptions = {
  chart: 'mychart',
  resolve: (path, use) => (archive.has(path) ? `${use}:${path}` : undefined),
}

function html(markdown: string, more: Partial<ReadmeOptions> = {}): string {
  return renderReadme(markdown, { ...options, ...more }).html
}

/** What must not be in a page, whoever wrote the README: anything that runs, loads, sends or styles. */
const dangerous = [
  /<(?:script|style|iframe|object|embed|form|button|svg|math|template|link|meta|base|video|audio|source|picture|textarea)\b/i,
  /<hx-/i,
  /<[^>]*\s(?:on\w+|style|srcset|srcdoc|formaction|target|name|data-[\w-]+|hx-[\w-]+)\s*=/i,
  /(?:href|src)="\s*(?:javascript|vbscript|data|file|blob):/i,
  /(?:href|src)="[\\/]{2}/,
  /<img[^>]*src="https?:/i,
  /id="(?!readme-)/,
  /[\u202a-\u202e\u2066-\u2069]/,
]

function wrong(text: string): string[] {
  // Only the names of attributes may look like attributes: what stands in quotes is text.
  const names = text.replace(/="[^"<>]*"/g, '=""')
  return dangerous
    .filter((pattern) => pattern.test(pattern.source.startsWith('<[^>]*\\s') ? names : text))
    .map(String)
}

const hostile: readonly string[] = [
  '<img src=x onerror=alert(1)>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java\nscript:alert(1))',
  '<a href="java&#10;script:alert(1)">x</a>',
  '<a href="&#1;javascript:alert(1)">x</a>',
  '<a href=" javascript&colon;alert(1)">x</a>',
  '[x](data:text/html,<script>alert(1)</script>)',
  '<a href="vbscript:x">x</a>',
  '<svg><script>alert(1)</script></svg>',
  '<svg onload=alert(1)><a xlink:href="javascript:x"><text>t</text></a></svg>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '<math><mtext><style><img onerror=alert(1) src=x>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<form action=/-/chart/a/1.0.0/delete method=post><button>go</button></form>',
  '<button formaction=/-/x>x</button>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example">',
  '<link rel=stylesheet href=https://evil.example/x.css>',
  '<style>@import "https://evil.example/x.css"</style>',
  '<div hx-post=/x hx-trigger=load>a</div>',
  '<div data-hx-get=/x data-hx-trigger=load>a</div>',
  '<hx-partial hx-target=body>a</hx-partial>',
  '[x](http://a.example "<hx-partial hx-target=body>")',
  '<a href="http://a.example" title="<hx-x hx-post=/ hx-trigger=load>">a</a>',
  '<img src=logo.png alt="<hx-x>" title="<hx-x>">',
  '`<hx-partial>`',
  '```html\n<hx-partial hx-get=/>\n<script>alert(1)</script>\n```',
  '```"><hx-x>\na\n```',
  '# <hx-x> heading\n\n[a](#<hx-x>)',
  '<div id=main>x</div><a id="htmx-config">y</a>',
  '<img name=body src=logo.png><a name=x>y</a>',
  '<details ontoggle=alert(1) open>x</details>',
  '<input autofocus onfocus=alert(1)>',
  '- <input type=image src=https://evil.example/x.png>',
  '<a target=_blank href=https://a.example>x</a>',
  '<picture><source srcset=https://evil.example/x><img src=logo.png></picture>',
  '<p style="background:url(https://evil.example)">x</p>',
  '[text \u202Egnp.exe](https://a.example) \u2066x',
  '![x](https://evil.example/pixel.png)',
  '![x](//evil.example/pixel.png) [x](//evil.example) [x](\\\\evil.example)',
  '<video src=https://evil.example/x autoplay></video><audio src=x></audio>',
  '<object data=x></object><embed src=x>',
  '<textarea></p><script>alert(1)</script></textarea>',
  '<plaintext><script>alert(1)</script>',
  '<xmp><script>alert(1)</script></xmp>',
  '<template><script>alert(1)</script></template>',
  '<!--><script>alert(1)</script>-->',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?xml-stylesheet href="x"?>',
  '<table><tr><td background="https://evil.example/x">a</td></tr></table>',
  '[^1]: <script>alert(1)</script>\n\na[^1]',
  '<a href="https://user:pass@evil.example">x</a>',
  '[a]: javascript:alert(1)\n\n[a] ![a]',
  'https://a.example/"onmouseover=alert(1)',
  '<p align="center onclick=x">a</p>',
  '<ol start="x onclick">\n<li>a</li></ol>',
  '<code class="language-yaml x onclick=y">a: b</code>',
]

describe('renderReadme() with a hostile README', () => {
  test.each(hostile.map((markdown) => [markdown]))('makes %j inert', (markdown) => {
    for (const text of [
      markdown,
      `before\n\n${markdown}\n\nafter`,
      `> ${markdown}`,
      `| a |\n|-|\n| ${markdown} |`,
    ]) {
      expect({ text, wrong: wrong(html(text)) }).toEqual({ text, wrong: [] })
    }
  })

  test('makes everything inert at once', () => {
    expect(wrong(html(hostile.join('\n\n')))).toEqual([])
    expect(wrong(html(hostile.join('\n')))).toEqual([])
  })

  test('drops what could run together with its content, and unwraps what is only unknown', () => {
    expect(html('a <script>evil()</script> b <custom-tag>kept</custom-tag>')).toBe('<p>a  b kept</p>')
  })

  test('shows characters that turn the direction of writing', () => {
    expect(html('a\u202Eb')).toBe('<p>a[U+202E]b</p>')
  })

  test('shows a README that is nested too deep as it is written', () => {
    for (const markdown of ['<div>'.repeat(5000), '> '.repeat(300), `${'<b>'.repeat(2000)}x`]) {
      const { form, html: text } = renderReadme(markdown, options)
      expect(form).toBe('plain')
      expect(text).toStartWith('<pre class="plain" tabindex="0">')
      expect(wrong(text.replaceAll('&gt;', ''))).toEqual([])
    }
  })

  test('shows the first part of a README over 1 MB, cut at the end of a line', () => {
    const { html: text, truncated } = renderReadme('one line of text\n'.repeat(70_000), options)
    expect(truncated).toBe(true)
    expect(text.length).toBeLessThan(300_000)
    expect(text).toEndWith('one line of text</p>')
  })

  test('does not write an address out again and again that is too long to be one', () => {
    const long = `https://a.example/${'x'.repeat(5000)}`
    const text = html(`[a]: ${long}\n\n${'[a] '.repeat(200)}`)
    expect(text.length).toBeLessThan(10_000)
    expect(text).not.toContain('xxxxx')
  })
})

describe('renderReadme()', () => {
  test('moves headings below those of the page, gives them ids and lists them', () => {
    const { html: text, toc } = renderReadme(
      '# One\n## Two & more\n## Two & more\n### 安装 `x`\n###### Six',
      options,
    )
    expect(text).toBe(
      [
        '<h3 id="readme-one">One</h3>',
        '<h4 id="readme-two--more">Two &amp; more</h4>',
        '<h4 id="readme-two--more-1">Two &amp; more</h4>',
        '<h5 id="readme-安装-x">安装 <code>x</code></h5>',
        '<h6 id="readme-six">Six</h6>',
      ].join('\n'),
    )
    expect(toc.map(({ id, text: title, level }) => `${level} ${id} ${title}`)).toEqual([
      '1 readme-one One',
      '2 readme-two--more Two & more',
      '2 readme-two--more-1 Two & more',
      '3 readme-安装-x 安装 x',
      '6 readme-six Six',
    ])
  })

  test.each([
    ['# mychart\n## A\n## B\n### C\n## D', 'h3 h3 h4 h3'],
    ['## A\n#### B\n##### C\n#### D\n# E\n### F', 'h3 h4 h5 h4 h3 h4'],
    ['# A\n## B\n### C\n#### D\n##### E\n###### F', 'h3 h4 h5 h6 h6 h6'],
  ])('skips no level of headings: %j', (markdown, levels) => {
    expect([...html(markdown).matchAll(/<(h\d)/g)].map(([, name]) => name).join(' ')).toBe(levels)
  })

  test('leaves out a first heading that says only the name of the chart', () => {
    expect(html('# MyChart\n\ntext')).toBe('<p>text</p>')
    expect(html('# mychart for you')).toContain('<h3')
    expect(html('text\n\n# mychart')).toContain('<h3')
  })

  test.each([
    ['[a](docs/notes.md)', '<a href="link:docs/notes.md">a</a>'],
    ['[a](./docs/../docs/notes.md?x=1#part)', '<a href="link:docs/notes.md">a</a>'],
    ['[a](/LICENSE)', '<a href="link:LICENSE">a</a>'],
    ['[a](docs/none.md)', '<span title="not in this package">a</span>'],
    ['[a](../../etc/passwd)', '<span title="not in this package">a</span>'],
    ['# Install\n\n[a](#Install)', '<a href="#readme-install">a</a>'],
    ['# Install\n\n[a](README.md#install)', '<a href="#readme-install">a</a>'],
    ['[a](mailto:a@b.example)', '<a href="mailto:a@b.example" rel="nofollow noopener noreferrer">a</a>'],
    [
      'https://a.example/x?y=1&z',
      '<a href="https://a.example/x?y=1&amp;z" rel="nofollow noopener noreferrer">',
    ],
    ['[a](https://good.example@evil.example)', '<a href="https://evil.example/" rel='],
    ['<a id="Top"></a>\n\n[a](#Top)', '<a href="#readme-Top">a</a>'],
  ])('writes the link %j as %j', (markdown, expected) => {
    expect(html(markdown)).toContain(expected)
  })

  test.each([
    ['![Logo](logo.png "T")', '<img src="image:logo.png" alt="Logo" title="T" loading="lazy">'],
    [
      '<img src="img/a%20b.png" width=40 height="9x">',
      '<img src="image:img/a b.png" alt="" width="40" loading="lazy">',
    ],
    ['![Logo](none.png)', '<span title="not in this package">Image: Logo</span>'],
    ['![Logo](https://a.example/x.png)', '>Image: Logo ↗ a.example</a>'],
    ['[![Logo](https://a.example/x.png)](https://b.example)', '><span>Image: Logo ↗ a.example</span></a>'],
  ])('writes the picture %j as %j', (markdown, expected) => {
    expect(html(markdown)).toContain(expected)
  })

  test('counts badges instead of showing them', () => {
    const badge = '![Version](https://img.shields.io/badge/Version-1-blue)'
    expect(html(`${badge} [${badge}](https://a.example) ${badge}`)).toMatch(
      /^<p><span class="badges">3 badges not shown<\/span>\s*<\/p>$/,
    )
    expect(html(`text ${badge}`)).toBe('<p>text <span class="badges">1 badge not shown</span></p>')
    expect(html(badge, { language: 'zh' })).toContain('未显示 1 个徽章')
  })

  test('knows GFM: tables, tasks, strikethrough, footnotes, alerts', () => {
    expect(html('| Key | B |\n|:-:|--|\n| `a` | ~~b~~ |')).toBe(
      '<div class="table" role="region" tabindex="0" aria-label="Table"><table class="parameters">\n<thead>\n<tr>\n' +
        '<th class="align-center">Key</th>\n<th>B</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n' +
        '<td class="align-center"><code>a</code></td>\n<td><del>b</del></td>\n</tr>\n</tbody>\n</table></div>',
    )
    expect(html('- [x] a\n- [ ] b')).toContain('<input type="checkbox" checked disabled aria-label="Done"> a')
    expect(html('> [!WARNING]\n> Careful')).toBe(
      '<div class="alert alert-warning"><p class="alert-title">Warning</p>\n<p>Careful</p>\n</div>',
    )
    const notes = html('a[^x]\n\n[^x]: the note')
    expect(notes).toContain('<sup><a id="readme-fnref-x" href="#readme-fn-x">')
    expect(notes).toContain('<li id="readme-fn-x">')
  })

  test('colours code in classes and marks what a shell takes', () => {
    expect(html('```yaml\na: 1 # c\n```')).toBe(
      '<pre tabindex="0">\n<code class="language-yaml"><b>a</b>: <i class="n">1</i> <i class="c"># c</i>\n</code></pre>',
    )
    expect(html('```sh\nhelm install\n```')).toContain(
      '<pre class="shell" tabindex="0">\n<code class="language-bash">',
    )
    expect(html('```json\n{"a": 1}\n```')).toContain('<span class="hljs-attr">')
    expect(html('```mermaid\ngraph\n```')).toBe('<pre tabindex="0">\n<code>graph\n</code></pre>')
  })

  test('takes HTML that is harmless', () => {
    const text = html(
      '<details open><summary>More</summary>\n\nH<sub>2</sub>O <kbd>K</kbd>\n\n</details>\n\n<h2 align=center>T</h2>',
    )
    expect(text).toContain('<details open>')
    expect(text).toContain('H<sub>2</sub>O <kbd>K</kbd>')
    expect(text).toContain('<h3 id="readme-t" class="align-center">T</h3>')
  })

  test('gives no id twice, whoever made it', () => {
    const text = html('# A\n# A-1\n# A\n<div id=a></div><div id="a-1"></div>')
    const ids = [...text.matchAll(/id="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBe(5)
  })
})
