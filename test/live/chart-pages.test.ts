import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import type { Browser } from 'playwright-core'
import { startBrowser, visit } from '../support/browser.ts'
import { chart } from '../support/chart-builder.ts'
import { peerTest } from '../support/peers.ts'
import { startServer, type RunningServer } from '../support/start-server.ts'

// A browser and a real process on a machine that may be busy.
setDefaultTimeout(60_000)

let server: RunningServer
let browser: Browser | undefined
beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  // Takes the thread that renders longer than a page waits.
  const slow = `# slow\n\n${'*_a'.repeat(600)}\n\n## Second part\n\nThe end of it.\n\n### Third\n\n## Fourth\n`
  for (const version of ['1.0.0', '1.1.0', '2.0.0', '2.1.0-rc.1'])
    await publish(chart('redis', version).with('README.md', slow))
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await server[Symbol.asyncDispose]()
})

async function publish(built: ReturnType<typeof chart>): Promise<void> {
  const body = new Uint8Array(await built.tgz())
  expect((await fetch(`${server.url}/api/charts`, { method: 'POST', body })).status).toBe(201)
}

describe('the pages of a chart in a browser', () => {
  peerTest(['chromium'], 'bring the README when it was not ready, without moving what is read', async () => {
    await using visited = await visit(browser, server, '/-/chart/redis/1.0.0')
    const { page } = visited
    await page.locator('#readme article.prose').waitFor()
    expect(await page.locator('#readme').count()).toBe(1)
    expect(await page.locator('#readme').getAttribute('hx-get')).toBeNull()
    expect(await page.locator('article.prose').textContent()).toContain('The end of it.')
    const shift = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          new PerformanceObserver((list) =>
            resolve(
              list.getEntries().reduce((sum, entry) => sum + ((entry as { value?: number }).value ?? 0), 0),
            ),
          ).observe({ type: 'layout-shift', buffered: true })
          setTimeout(() => resolve(0), 500)
        }),
    )
    expect(shift).toBeLessThan(0.02)
    await page.locator('details.toc summary').click()
    await page.locator('details.toc a', { hasText: 'Fourth' }).click()
    expect(new URL(page.url()).hash).toBe('#readme-fourth')
    visited.expectClean()
  })

  peerTest(['chromium'], 'show the README by a link without script', async () => {
    await using visited = await visit(browser, server, '/-/chart/redis/1.1.0', { javaScriptEnabled: false })
    const { page } = visited
    const link = page.locator('#readme a', { hasText: 'Show the README' })
    if ((await link.count()) > 0) await link.click()
    expect(await page.locator('article.prose').textContent()).toContain('The end of it.')
  })

  peerTest(['chromium'], 'filter versions while a range is typed, and say when it is none', async () => {
    await using visited = await visit(browser, server, '/-/chart/redis/versions')
    const { page } = visited
    const rows = page.locator('tr[data-row]')
    expect(await rows.count()).toBe(3)
    await page.locator('#range').pressSequentially('^1')
    await page.waitForFunction(() => document.querySelectorAll('tr[data-row]').length === 2)
    expect(await page.locator('#count').textContent()).toContain('2 match')
    expect(new URL(page.url()).search).toBe('?range=%5E1')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('range')
    await page.locator('#range').fill('^^')
    await page.locator('#range-problem', { hasText: 'not a range' }).waitFor()
    expect(await rows.count()).toBe(3)
    await page.locator('#range').fill('')
    await page.locator('input[name=show]').check()
    await page.waitForFunction(() => document.querySelectorAll('tr[data-row]').length === 4)
    visited.expectClean()
  })

  peerTest(['chromium'], 'take two selected versions to their comparison', async () => {
    await using visited = await visit(browser, server, '/-/chart/redis/versions')
    const { page } = visited
    for (const version of ['2.0.0', '1.0.0']) await page.locator(`input[value="${version}"]`).check()
    await page.locator('button[value=compare]').click()
    await page.waitForURL('**/compare/1.0.0...2.0.0')
  })
})
