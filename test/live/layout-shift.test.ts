import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import type { Browser } from 'playwright-core'
import { startBrowser, visit } from '../support/browser.ts'
import { filledServer } from '../support/pages.ts'
import { peerTest } from '../support/peers.ts'
import type { RunningServer } from '../support/start-server.ts'

setDefaultTimeout(120_000)

let browser: Browser | undefined
let server: RunningServer

beforeAll(async () => {
  server = await filledServer('plain')
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server[Symbol.asyncDispose]()
})

const chart = '/-/chart/filled'
const pages = ['/', chart, `${chart}/1.1.0/values`, `${chart}/versions`, '/-/upload', '/-/whoami'] as const

/** Adds up what the browser saw move, without the reader's doing. */
const observer = `
  globalThis.moved = 0
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) moved += entry.value
  }).observe({ type: 'layout-shift', buffered: true })
`

describe('while a page loads', () => {
  for (const width of [1280, 375]) {
    peerTest(['chromium'], `nothing moves, at ${width} px, when scripts come late`, async () => {
      await using seen = await visit(browser, server, '/-/shortcuts', { viewport: { width, height: 800 } })
      const { page } = seen
      await page.context().addInitScript(observer)
      // Behind the first frame, which is painted without script.
      await page.route('**/*.js', async (route) => {
        await Bun.sleep(300)
        await route.continue()
      })
      for (const path of pages) {
        await seen.go(path)
        await page.locator('html[data-js]').waitFor({ state: 'attached' })
        await page.evaluate('document.fonts.ready')
        const moved = Number(await page.evaluate('new Promise((done) => setTimeout(() => done(moved), 100))'))
        expect({ path, moved: moved <= 0.02 ? 'little' : moved }).toEqual({ path, moved: 'little' })
      }
    })
  }

  peerTest(['chromium'], 'the buttons for want of script appear when the script never arrives', async () => {
    await using seen = await visit(browser, server, '/-/shortcuts')
    const { page } = seen
    await page.route('**/*.js', (route) => route.abort())
    await seen.go('/')
    await page.locator('#filters button').first().waitFor({ state: 'visible' })
    expect(await page.locator('.cmd button').first().isVisible()).toBe(false)
    await page.unroute('**/*.js')
    await seen.go('/')
    await page.locator('html[data-js]').waitFor({ state: 'attached' })
    expect(await page.locator('#filters button.no-js').isVisible()).toBe(false)
    expect(await page.locator('.cmd button').first().isVisible()).toBe(true)
  })
})
