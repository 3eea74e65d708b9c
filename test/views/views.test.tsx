/** @jsxImportSource preact */
import { describe, expect, test } from 'bun:test'
import type { VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { Explorer } from '../../views/explorer.tsx'
import { Command, OutsideLink, PageLinks } from '../../views/parts.tsx'
import { Shell } from '../../views/shell.tsx'
import { pageFor } from '../support/page.ts'

const hostile = `<hx-x hx-post=/ hx-trigger=load>"><script>alert(1)</script>'`
const strange = pageFor({
  contextPath: hostile,
  repo: hostile,
  repository: hostile,
  repositories: [hostile, 'org1'],
  user: hostile,
  publicUrl: hostile,
  repositoryUrl: hostile,
  version: hostile,
  address: hostile,
})

const pages: Record<string, VNode> = {
  shell: (
    <Shell page={strange} title={hostile} masthead={<h1>{hostile}</h1>} search={{ value: hostile }}>
      <Command page={strange}>{hostile}</Command>
    </Shell>
  ),
  explorer: <Explorer page={strange} api document={hostile} stylesheet={hostile} scripts={[hostile]} />,
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
    expect(html).toMatch(/^<html lang="en" [^>]*><head>/)
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

describe('the frame', () => {
  const frame = (changes: Parameters<typeof pageFor>[0], rest: { canonical?: string } = {}) =>
    renderToString(<Shell page={pageFor(changes)} title="redis" masthead={<h1>redis</h1>} {...rest} />)

  test('names the page, its repository and the program in the title, each once', () => {
    expect(frame({ repo: 'org1', repository: '/org1' })).toContain('<title>redis · org1 · Chartroom</title>')
    expect(frame({})).toContain('<title>redis · Chartroom</title>')
  })

  test('offers an upload only to those who may', () => {
    expect(frame({ repository: '/org1' })).toContain('href="/org1/-/upload"')
    expect(frame({ canUpload: false })).not.toContain('/-/upload')
    expect(frame({ inRepository: false })).not.toContain('/-/upload')
  })

  test('offers to sign in only where somebody has to, and is not', () => {
    expect(frame({ user: undefined, access: 'read-open', address: '/a?q=1' })).toContain(
      'href="/?signin&amp;next=%2Fa%3Fq%3D1"',
    )
    expect(frame({ user: undefined, access: 'open' })).not.toContain('?signin')
    expect(frame({})).not.toContain('?signin')
  })

  test('searches the repository, or all of them where the page belongs to none', () => {
    expect(frame({ list: '/org1/' })).toContain('action="/org1/"')
    expect(frame({ inRepository: false, contextPath: '/ctx' })).toContain('action="/ctx/-/search"')
  })

  test('is in the language of the reader and links to the others', () => {
    const html = frame({ language: 'zh-CN', address: '/?q=redis&lang=zh-CN' })
    expect(html).toStartWith('<html lang="zh-CN"')
    expect(html).toContain('href="/?q=redis&amp;lang=en" lang="en"')
    expect(html).toContain('跳到正文')
  })

  test('carries the theme and whether keys are on', () => {
    expect(frame({ theme: 'night', shortcuts: false })).toMatch(
      /^<html [^>]*data-theme="night" data-shortcuts="off"/,
    )
    expect(frame({})).not.toMatch(/^<html [^>]*(data-theme|data-shortcuts)/)
  })

  test('loads no font where the reader’s own are used', () => {
    const assets = { ...pageFor().assets, font: undefined }
    expect(frame({ assets })).not.toContain('as="font"')
    expect(frame({})).toContain('as="font"')
  })
})

describe('PageLinks', () => {
  const links = (current: number, last: number) => {
    const page = pageFor()
    const html = renderToString(
      <PageLinks page={page} current={current} last={last} address={(n) => `?page=${n}`} />,
    )
    return html
      .replaceAll(/<[^>]+>/g, ' ')
      .trim()
      .split(/\s+/)
      .join(' ')
  }

  test.each([
    [1, 1, ''],
    [1, 3, '1 2 3 Next'],
    [1, 13, '1 2 … 13 Next'],
    [6, 13, 'Previous 1 … 5 6 7 … 13 Next'],
    [13, 13, 'Previous 1 … 12 13'],
  ])('page %d of %d shows "%s"', (current, last, shown) => {
    expect(links(current, last)).toBe(shown)
  })
})

test('OutsideLink shows the host where the text does not say it, and gives nothing away', () => {
  const page = pageFor()
  const html = renderToString(
    <OutsideLink page={page} href="https://evil.example/a">
      Home
    </OutsideLink>,
  )
  expect(html).toContain('rel="nofollow noopener noreferrer"')
  expect(html).toContain('evil.example</span>')
})

test('Command names its origin, so that the script can tell when it is another one', () => {
  const html = renderToString(
    <Command page={pageFor()}>helm repo add x https://charts.example.com/org1</Command>,
  )
  expect(html).toContain('data-origin="https://charts.example.com"')
})
