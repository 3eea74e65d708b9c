/** @jsxImportSource preact */
import { describe, expect, test } from 'bun:test'
import type { VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { Explorer } from '../../views/explorer.tsx'
import { Home } from '../../views/home.tsx'
import { Problem } from '../../views/problem.tsx'

const hostile = `<hx-x hx-post=/ hx-trigger=load>"><script>alert(1)</script>'`
const place = { contextPath: '', version: '0.1.0', stylesheet: '/s.css', icon: '/i.svg' }
const strange = { contextPath: hostile, version: hostile, stylesheet: hostile, icon: hostile }
const home = { place, publicUrl: 'http://localhost', exampleRepository: '', dynamic: false, user: undefined }

const pages: Record<string, VNode> = {
  home: (
    <Home place={strange} publicUrl={hostile} charts={1} exampleRepository={hostile} dynamic user={hostile} />
  ),
  explorer: <Explorer place={strange} document={hostile} stylesheet={hostile} scripts={[hostile]} />,
  problem: <Problem place={strange} status={404} sentence={hostile} hint={hostile} requestId={hostile} />,
}

describe('pages', () => {
  test.each(Object.keys(pages))('%s writes strings from outside as text', (name) => {
    const html = renderToString(pages[name] as VNode)
    expect(html).not.toContain('<hx-')
    expect(html).not.toContain('<script>')
    // A quote that is not escaped would end an attribute.
    expect(html).not.toContain('load>"')
    expect(html).toContain('&lt;hx-x')
  })

  test.each(Object.keys(pages))('%s has html, head and body of its own, a language and one h1', (name) => {
    const html = renderToString(pages[name] as VNode)
    expect(html).toStartWith('<html lang="en"><head>')
    expect(html).toContain('</head><body>')
    expect(html).toEndWith('</body></html>')
    expect(html.match(/<h1>/g)).toHaveLength(1)
  })

  test.each(Object.keys(pages))('%s can be skipped into by keyboard', (name) => {
    const html = renderToString(pages[name] as VNode)
    expect(html).toContain('href="#main"')
    expect(html).toContain('<main id="main" tabindex="-1">')
  })
})

describe('Home', () => {
  test.each([
    [0, 'No charts yet'],
    [1, '1 chart<'],
    [12345, '12,345 charts'],
  ])('counts %p as %p', (charts, text) => {
    expect(renderToString(<Home {...home} charts={charts} />)).toContain(text)
  })

  test('says at any depth that a repository can have any path', () => {
    expect(renderToString(<Home {...home} charts={0} dynamic />)).toContain('a path of any length')
    expect(renderToString(<Home {...home} charts={0} />)).not.toContain('class="note"')
  })
})

describe('Problem', () => {
  test('says what happened, what to do and what to quote', () => {
    const html = renderToString(
      <Problem
        place={place}
        status={404}
        sentence="This page does not exist."
        hint="Look at the address."
        requestId="r-1"
      />,
    )
    expect(html).toContain('<title>This page does not exist · Chartroom</title>')
    expect(html).toContain('<h1>This page does not exist.</h1>')
    expect(html).toContain('Look at the address.')
    expect(html).toContain('<code>r-1</code>')
  })

  test('leaves out what is not known', () => {
    const html = renderToString(<Problem place={place} status={500} sentence="Something broke." />)
    expect(html).not.toContain('undefined')
    expect(html).not.toContain('class="meta"')
  })
})
