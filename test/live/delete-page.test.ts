import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { startBrowser, visit } from '../support/browser.ts'
import { chart } from '../support/chart-builder.ts'
import { peerTest } from '../support/peers.ts'
import { sha256 } from '../support/site.ts'
import { startServer, type RunningServer } from '../support/start-server.ts'

let browser: Browser | undefined

beforeAll(async () => {
  browser = await startBrowser()
}, 60_000)

afterAll(() => browser?.close())

/** A server with three versions of one chart and one of another. */
async function filledServer(): Promise<RunningServer> {
  const server = await startServer()
  for (const [name, version] of [
    ['redis', '1.0.0'],
    ['redis', '1.1.0'],
    ['redis', '2.0.0'],
    ['nginx', '1.0.0'],
  ] as const) {
    await Bun.write(join(server.folder, `${name}-${version}.tgz`), await chart(name, version).tgz())
  }
  return server
}

const digests = async (server: RunningServer) =>
  Promise.all(
    (await server.charts()).map(async (file) => sha256(await Bun.file(join(server.folder, file)).bytes())),
  )

describe('deleting in Chromium', () => {
  peerTest(
    ['chromium'],
    'asks in a dialog over the page, deletes, and undoes byte for byte',
    async () => {
      await using server = await filledServer()
      const before = await digests(server)
      await using opened = await visit(browser, server, '/-/chart/redis/2.0.0')
      const { page } = opened
      const more = page.locator('button[popovertarget="more"]')
      await more.click()
      await page.getByRole('link', { name: /Delete this version/i }).click()
      const dialog = page.locator('dialog:modal')
      await dialog.waitFor()
      expect(await dialog.textContent()).toContain('Delete redis 2.0.0?')
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel')
      await dialog.getByRole('link', { name: 'Cancel' }).click()
      expect(await dialog.count()).toBe(0)
      expect(new URL(page.url()).pathname).toBe('/-/chart/redis/2.0.0')
      expect(await server.charts()).toHaveLength(4)

      await more.click()
      await page.getByRole('link', { name: /Delete this version/i }).click()
      await dialog.getByRole('button', { name: 'Delete' }).click()
      await page.waitForURL(/\/redis\/versions\?done=/)
      expect(await page.locator('.toast').textContent()).toContain('Deleted redis 2.0.0.')
      expect(await server.charts()).toHaveLength(3)
      await page.getByRole('button', { name: 'Undo' }).click()
      await page.waitForURL(/done=restored/)
      expect(await digests(server)).toEqual(before)
      opened.expectClean()
    },
    60_000,
  )

  peerTest(
    ['chromium'],
    'takes a whole chart only with its name typed',
    async () => {
      await using server = await filledServer()
      await using opened = await visit(browser, server, '/-/chart/redis/delete')
      const { page } = opened
      const remove = page.getByRole('button', { name: 'Delete' })
      const name = page.getByLabel('Type redis to confirm')
      for (const wrong of ['', 'Redis', 'redis2']) {
        await name.fill(wrong)
        await remove.click()
        expect(await name.evaluate((input: HTMLInputElement) => input.validity.valid)).toBe(false)
      }
      expect(await server.charts()).toHaveLength(4)
      await name.fill('redis')
      await remove.click()
      await page.waitForURL(/\/\?done=/)
      expect(await page.locator('.toast').textContent()).toContain('Deleted 3 versions of redis.')
      expect(await server.charts()).toEqual(['nginx-1.0.0.tgz'])
      opened.expectClean()
    },
    60_000,
  )

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with script' : 'without script'
    peerTest(
      ['chromium'],
      `deletes and restores several versions ${how}`,
      async () => {
        await using server = await filledServer()
        const before = await digests(server)
        await using opened = await visit(browser, server, '/-/chart/redis/versions', { javaScriptEnabled })
        const { page } = opened
        for (const version of ['1.0.0', '2.0.0']) await page.locator(`input[value="${version}"]`).check()
        await page.getByRole('button', { name: /Delete selected/ }).click()
        expect(await page.locator('dialog').textContent()).toContain('Delete 2 versions of redis?')
        await page.locator('dialog').getByRole('button', { name: 'Delete' }).click()
        await page.waitForURL(/\/redis\/versions\?done=/)
        expect(await server.charts()).toEqual(['nginx-1.0.0.tgz', 'redis-1.1.0.tgz'])
        await page.locator('.toast').getByRole('link', { name: 'Recently deleted' }).click()
        expect(await page.locator('.queue').textContent()).toContain('2 versions of redis')
        await page.getByRole('button', { name: /Restore/ }).click()
        await page.waitForURL(/done=restored/)
        expect(await digests(server)).toEqual(before)
        opened.expectClean()
      },
      60_000,
    )
  }
})
