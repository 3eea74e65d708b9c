import { describe, expect, test } from 'bun:test'
import { chartlet } from '../../src/reader/chartlet.ts'
import { iconSource, largestIcon, pictureOf } from '../../src/reader/icon.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
  'base64',
)
const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1"/></svg>'

function kindOf(icon: string): string | undefined {
  const source = iconSource(icon)
  return source?.kind === 'picture' ? source.picture.kind : source?.path
}

describe('chartlet()', () => {
  test('is always the same for a name, and one among very many names has a twin only by chance', () => {
    expect(chartlet('redis')).toBe(chartlet('redis'))
    const names = Array.from({ length: 500 }, (_, number) => `chart-${number}`)
    expect(new Set(names.map(chartlet)).size).toBeGreaterThan(490)
    const hues = new Set(names.map((name) => /hsl\((\d+)/.exec(chartlet(name))?.[1]))
    expect([...hues].map(Number).sort((a, b) => a - b)).toEqual([28, 160, 190, 205, 260, 330])
  })

  test.each([
    ['kube-prometheus-stack', 'kp'],
    ['redis', 're'],
    ['x', 'x'],
    ['My_Chart2', 'mc'],
    ['图表', '图表'],
    ['---', ''],
    ['<script>alert(1)</script>', 'sa'],
    ['"&<', ''],
  ])('writes the first letters of %p as %p', (name, letters) => {
    expect(/class="t">(.*)<\/text>/.exec(chartlet(name))?.[1]).toBe(letters)
  })

  test('is a small picture with both themes that loads nothing', () => {
    for (const name of [
      'redis',
      'kube-prometheus-stack',
      '<hx-x hx-post="/">',
      '\u202e\u0007"'.repeat(100),
    ]) {
      const text = chartlet(name)
      expect(pictureOf(Buffer.from(text))?.kind).toBe('svg')
      expect(text.length).toBeLessThan(900)
      expect(text).toContain('prefers-color-scheme:dark')
      expect(text.match(/<ellipse/g)).toHaveLength(5)
      expect(text).not.toMatch(/hx-|script|href|url\(|onload/)
    }
  })
})

describe('iconSource()', () => {
  test.each([
    [`data:image/png;base64,${png.toString('base64')}`, 'png'],
    [`DATA:;base64,${png.toString('base64')}`, 'png'],
    [`data:image/png;base64,${encodeURIComponent(png.toString('base64'))}`, 'png'],
    [`data:text/html;base64,${png.toString('base64')}`, 'png'],
    [`data:image/svg+xml;utf8,${encodeURIComponent(svg)}`, 'svg'],
    [`data:image/svg+xml,${svg.replaceAll('#', '%23')}`, 'svg'],
    ['./icon.png', 'icon.png'],
    ['assets/../icon.svg', 'icon.svg'],
    ['/icon.png', 'icon.png'],
  ])('reads %p', (icon, expected) => {
    expect(kindOf(icon)).toBe(expected)
  })

  test.each([
    undefined,
    '',
    'https://example.com/icon.png',
    '//example.com/icon.png',
    'javascript:alert(1)',
    'file:///etc/passwd',
    '../../etc/passwd',
    'data:',
    'data:image/png;base64',
    'data:image/png;base64,@@@@',
    'data:image/png;base64,%zz',
    'data:text/html,<script>alert(1)</script>',
    `data:image/png;base64,${Buffer.from('<html><svg xmlns="http://www.w3.org/2000/svg"></svg>').toString('base64')}`,
    `data:image/png;base64,${Buffer.concat([png, Buffer.alloc(largestIcon)]).toString('base64')}`,
    `data:image/png,${'%00'.repeat(largestIcon * 2)}`,
  ])('has nothing for what is no picture, too large or elsewhere (%#)', (icon) => {
    expect(iconSource(icon)).toBeUndefined()
  })
})

describe('pictureOf()', () => {
  test.each([
    ['GIF89a...', 'gif'],
    ['RIFF\u0001\u0002\u0003\u0004WEBPVP8 ', 'webp'],
    ['\xff\xd8\xff\xe0', 'jpeg'],
  ])('knows %j by its first bytes', (text, kind) => {
    expect(pictureOf(Buffer.from(text, 'latin1'))?.kind).toBe(kind as 'gif')
  })

  test.each([
    ['a declaration', `<?xml version="1.0"?>\n<!-- made by hand -->\n${svg}`],
    ['a document type', `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/x.dtd">${svg}`],
    ['a byte order mark', `\ufeff${svg}\n`],
    ['single quotes', svg.replaceAll('"', "'")],
  ])('knows an SVG with %s', (_what, text) => {
    expect(pictureOf(Buffer.from(text))?.kind).toBe('svg')
  })

  test.each([
    ['no namespace', '<svg viewBox="0 0 1 1"></svg>'],
    ['no end', svg.slice(0, -6)],
    ['entities', `<!DOCTYPE svg [<!ENTITY a "aaaa">]>${svg}`],
    ['compression', Buffer.from(Bun.gzipSync(Buffer.from(svg)))],
    ['an HTML page around it', `<!doctype html><body>${svg}`],
    ['nothing', ''],
    ['text', 'hello'],
  ])('refuses one with %s', (_what, content) => {
    expect(pictureOf(Buffer.from(content))).toBeUndefined()
  })

  test('looks at most once at each part of a text that was written to be slow', () => {
    const once = (repeats: number) => {
      const bytes = Buffer.from(`${'<!-- a '.repeat(repeats)}<svg ${'</svg><!--'.repeat(repeats)}`)
      const start = performance.now()
      pictureOf(bytes)
      return performance.now() - start
    }
    // The best of many: a busy machine takes its time in between.
    const time = (repeats: number) => Math.min(...Array.from({ length: 20 }, () => once(repeats)))
    time(1000)
    expect(time(12_000)).toBeLessThan(Math.max(time(3000), 0.5) * 20)
  })
})
