import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { startBrowser, visit } from '../support/browser.ts'
import { chart } from '../support/chart-builder.ts'
import { filledServer } from '../support/pages.ts'
import { peerTest } from '../support/peers.ts'
import { site } from '../support/site.ts'
import type { RunningServer } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

setDefaultTimeout(120_000)

let browser: Browser | undefined
let server: RunningServer
let folder: TempFolder

beforeAll(async () => {
  server = await filledServer('plain')
  folder = await tempFolder()
  const home = site(server)
  for (let number = 10; number < 36; number++)
    await home.publish(await chart(`many-${number}`, '1.0.0').tgz())
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const noScript = { javaScriptEnabled: false, locale: 'en-GB' }
const at = (page: Page) => new URL(page.url()).pathname + new URL(page.url()).search
const rows = (page: Page) => page.locator('[data-row] h2 a').allTextContents()

/** An archive on disk, as somebody would choose it. */
async function archiveFile(version: string, note: string): Promise<string> {
  const path = join(folder.path, `fresh-${version}.tgz`)
  await Bun.write(path, await chart('fresh', version).with('note.txt', note).tgz())
  return path
}

describe('without script', () => {
  peerTest(['chromium'], 'charts are found: search, filters, order, pages', async () => {
    await using seen = await visit(browser, server, '/', noScript)
    const { page } = seen
    await page.fill('#q', 'many-17')
    await page.press('#q', 'Enter')
    expect(at(page)).toStartWith('/?q=many-17')
    expect((await rows(page))[0]).toBe('many-17')
    await seen.go('/')
    await page.check('#f-schema-true')
    await page.click('#filters button')
    expect(await rows(page)).toEqual(['filled'])
    await seen.go('/')
    await page.selectOption('#sort', 'name')
    await page.click('.resbar button.no-js')
    expect((await rows(page))[0]).toBe('filled')
    await page.click('#pages a >> text="2"')
    expect(at(page)).toContain('page=2')
    expect((await rows(page)).at(-1)).toBe('many-35')
    expect(at(page)).toContain('sort=name')
    seen.expectClean()
  })

  peerTest(['chromium'], 'charts are read and compared: every tab has its address', async () => {
    await using seen = await visit(browser, server, '/-/chart/filled', noScript)
    const { page } = seen
    const tabs = await page
      .locator('nav.tabs a')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')))
    expect(tabs.length).toBeGreaterThan(5)
    for (const tab of tabs) {
      await page.click(`nav.tabs a[href="${tab}"]`)
      expect(at(page)).toBe(tab ?? '')
      expect(await page.locator(`nav.tabs a[href="${tab}"]`).getAttribute('aria-current')).toBe('page')
      expect(await page.locator('main :is(h2, h3, table, pre)').count()).toBeGreaterThan(0)
    }
    await page.check('input[name="version"][value="1.1.0"]')
    await page.check('input[name="version"][value="1.0.0"]')
    await page.click('button[value="compare"]')
    expect(at(page)).toBe('/-/chart/filled/compare/1.0.0...1.1.0')
    await page.selectOption('#to', '1.2.0-rc.1')
    await page.click('form.pair button')
    expect(at(page)).toBe('/-/chart/filled/compare/1.0.0...1.2.0-rc.1')
    expect(await page.locator('table.diff').count()).toBeGreaterThan(0)
    seen.expectClean()
  })

  peerTest(['chromium'], 'charts are uploaded, replaced, deleted and brought back', async () => {
    await using seen = await visit(browser, server, '/-/upload', noScript)
    const { page } = seen
    const upload = async (files: string[], replace = false) => {
      await seen.go('/-/upload')
      await page.setInputFiles('#files', files)
      if (replace) await page.check('input[name="replace"]')
      await page.click('form[enctype] button')
    }
    const stored = async () => (await server.charts()).filter((file) => file.startsWith('fresh'))
    await upload([await archiveFile('1.0.0', 'a'), await archiveFile('1.1.0', 'a')])
    expect(await stored()).toEqual(['fresh-1.0.0.tgz', 'fresh-1.1.0.tgz'])
    const before = await Bun.file(join(server.folder, 'fresh-1.1.0.tgz')).bytes()
    await upload([await archiveFile('1.1.0', 'another')])
    expect(await page.locator('main').textContent()).toContain('fresh')
    expect(Bun.hash(await Bun.file(join(server.folder, 'fresh-1.1.0.tgz')).bytes())).toBe(Bun.hash(before))
    await upload([await archiveFile('1.1.0', 'another')], true)
    const replaced = await Bun.file(join(server.folder, 'fresh-1.1.0.tgz')).bytes()
    expect(Bun.hash(replaced)).not.toBe(Bun.hash(before))

    await seen.go('/-/chart/fresh/1.1.0')
    await page.click('button[popovertarget="more"]')
    await page.click('#more a[href$="/1.1.0/delete"]')
    expect(await stored()).toHaveLength(2)
    await page.click('dialog button.danger')
    expect(await stored()).toEqual(['fresh-1.0.0.tgz'])
    await seen.go('/-/trash')
    await page.click('main form[action*="/restore"] button')
    expect(await stored()).toEqual(['fresh-1.0.0.tgz', 'fresh-1.1.0.tgz'])
    expect(Bun.hash(await Bun.file(join(server.folder, 'fresh-1.1.0.tgz')).bytes())).toBe(Bun.hash(replaced))
    seen.expectClean()
  })
})
