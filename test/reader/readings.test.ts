import { afterAll, describe, expect, test } from 'bun:test'
import { createReadings } from '../../src/reader/readings.ts'

// The worker starts in some 300 ms, on a busy machine in more.
const readings = createReadings({ deadlineMs: 10_000, idleMs: 60_000, mostWaiting: 3 })
afterAll(() => readings.close())

const readme = (markdown: string) =>
  ({
    markdown,
    chart: 'a',
    files: ['docs/a b.md', 'x.png', 'x.svg', 'x.bmp'],
    addresses: { link: 'raw?path=', image: 'raw?path=' },
    language: 'en',
  }) as const

/** Two seconds of work for 5 KB, four times that for each doubling: nothing that anybody waits for. */
const endless = '*_a'.repeat(30_000)

describe('createReadings()', () => {
  test('renders in a thread of its own, with addresses for the files of the archive', async () => {
    const markdown = '[a](<docs/a b.md>) [n](none.md) ![x](x.png) ![v](x.svg) ![s](x.bmp)'
    const { html } = (await readings.run('readme', readme(markdown))) ?? {}
    expect(html).toContain('<a href="raw?path=docs/a%20b.md">')
    expect(html).toContain('<img src="raw?path=x.png"')
    expect(html).toContain('<img src="raw?path=x.svg"')
    expect(html).toContain('<span title="not in this package">n</span>')
    expect(html).toContain('<span title="not in this package">Image: s</span>')
  }, 20_000)

  test('answers others while it works, and gives up what takes too long', async () => {
    const short = createReadings({ deadlineMs: 1500, idleMs: 60_000, mostWaiting: 3 })
    const start = performance.now()
    let ticks = 0
    const timer = setInterval(() => ticks++, 20)
    expect(await short.run('readme', readme(endless))).toBeUndefined()
    clearInterval(timer)
    expect(performance.now() - start).toBeLessThan(5000)
    expect(ticks).toBeGreaterThan(20)
    short.close()
  }, 20_000)

  test('goes on after it gave up', async () => {
    const short = createReadings({ deadlineMs: 4000, idleMs: 100, mostWaiting: 3 })
    const first = short.run('readme', readme(endless))
    const second = short.run('readme', readme('fine'))
    expect(await first).toBeUndefined()
    expect((await second)?.html).toBe('<p>fine</p>')
    // Without work the worker ends; the next job starts another one.
    await Bun.sleep(300)
    expect((await short.run('readme', readme('again')))?.html).toBe('<p>again</p>')
    short.close()
  }, 60_000)

  test('refuses when too many wait', async () => {
    const jobs = Array.from({ length: 3 }, () => readings.run('readme', readme('a')))
    expect(readings.run('readme', readme('b'))).rejects.toThrow('many others wait')
    await Promise.all(jobs)
  }, 20_000)

  test('throws when a job breaks, and goes on', async () => {
    expect(readings.run('readme', { ...readme('a'), files: 1 as never })).rejects.toThrow(
      'Reading the readme failed',
    )
    expect((await readings.run('readme', readme('b')))?.html).toBe('<p>b</p>')
  }, 20_000)
})
