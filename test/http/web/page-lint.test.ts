import { expect, test } from 'bun:test'
import { lintPage } from '../../support/page-lint.ts'

const page = (body: string) =>
  `<!doctype html><html lang="en"><head></head><body><h1>x</h1>${body}</body></html>`

const bad: readonly string[] = [
  '<script>x</script>',
  '<script src="https://evil.example/x.js"></script>',
  '<p onclick="x">y</p>',
  '<p style="color:red">y</p>',
  '<a hx-post="/x">y</a>',
  '<a hx-get="https://evil.example/">y</a>',
  '<a hx-get="/" hx-trigger="click[ctrlKey]">y</a>',
  '<a hx-on:click="x">y</a>',
  '<a data-hx-get="/">y</a>',
  '<a href="javascript:x">y</a>',
  '<a href="&#106;avascript:x">y</a>',
  '<a href="data:text/html,x">y</a>',
  '<a href="//evil.example/">y</a>',
  '<a href="https://evil.example/">y</a>',
  '<img src="https://evil.example/x.png">',
  '<form action="https://evil.example/"></form>',
  '<iframe src="/x"></iframe>',
  '<base href="/x">',
  '<style>p{}</style>',
  '<meta http-equiv="refresh" content="0">',
  '<hx-partial>x</hx-partial>',
  '<p title="<hx-x>">y</p>',
  '<p>a\u202Eb</p>',
  '<p>a\u001b[31mb</p>',
  '<p id="a">x</p><p id="a">y</p>',
  '<h1>y</h1>',
  '<h3>y</h3>',
  '<input name="a">',
  '<label for="b">b</label><select id="a"></select>',
]

test.each(bad)('lintPage() finds the fault in %j', (body) => {
  expect(lintPage(page(body)).faults).not.toEqual([])
})

test('lintPage() finds none where there is none, and takes words, not code', () => {
  const { faults, links, words } = lintPage(
    page(
      '<label>a <input name="a"></label><label for="b">b</label><select id="b"></select>' +
        '<a href="/x?a=1&amp;b=2" hx-get="/x" hx-trigger="input changed delay:200ms">one two</a><code>not this</code>' +
        '<a href="https://charts.example.com" rel="nofollow noopener">there</a><p title="a title">&lt;hx-x></p><h2>z</h2>',
    ),
  )
  expect(faults).toEqual([])
  expect(links).toEqual(['/x?a=1&b=2', 'https://charts.example.com'])
  expect(words).toEqual(['x', 'a', 'b', 'one two', 'there', 'a title', '<hx-x>', 'z'])
})
