import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import type { Browser } from 'playwright-core'
import { accessParts, passwords, repository, type AccessParts } from '../support/access-modes.ts'
import { startBrowser, visit } from '../support/browser.ts'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { peerTest } from '../support/peers.ts'
import { startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

setDefaultTimeout(60_000)

let browser: Browser | undefined
let folder: TempFolder
let parts: AccessParts
let users: RunningServer
let tokens: RunningServer

async function filled(flags: readonly string[]): Promise<RunningServer> {
  const server = await startServer({ flags: ['--depth', '1', ...flags] })
  for (const version of ['1.0.0', '1.1.0']) {
    const app = chart('app', version).without('README.md')
    await Bun.write(`${server.folder}/${repository}/${app.file}`, await app.tgz())
  }
  return server
}

beforeAll(async () => {
  folder = await tempFolder()
  parts = await accessParts(folder.path)
  ;[users, tokens, browser] = await Promise.all([
    filled(parts.flags('users')),
    filled(parts.flags('bearer')),
    startBrowser(),
  ])
})

afterAll(async () => {
  await browser?.close()
  await Promise.all([users, tokens].map((server) => server[Symbol.asyncDispose]()))
  await folder[Symbol.asyncDispose]()
})

describe('pages in Chromium', () => {
  peerTest(['chromium'], 'say what a token is, styled, and ask nobody for a password', async () => {
    await using seen = await visit(browser, tokens, `/${repository}/-/upload`)
    const { page } = seen
    expect(await page.locator('h1').textContent()).toBe('A token is needed here.')
    expect(new URL(page.url()).pathname).toBe(`/${repository}/-/upload`)
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).not.toBe(
      'rgba(0, 0, 0, 0)',
    )
    expect(await page.locator('main .cmd').count()).toBe(2)
    for (const width of [1280, 320]) {
      await page.setViewportSize({ width, height: 800 })
      expect(await page.evaluate('document.scrollingElement.scrollWidth <= innerWidth')).toBe(true)
    }
    seen.expectClean()
  })

  peerTest(['chromium'], 'upload and delete behind a proxy that adds the token', async () => {
    const token = await parts.token([{ name: repository, actions: ['pull', 'push'] }], { subject: 'ann' })
    const extraHTTPHeaders = { authorization: `Bearer ${token}` }
    await using seen = await visit(browser, tokens, `/${repository}/-/upload`, { extraHTTPHeaders })
    const { page } = seen
    const sent = { name: 'late-1.0.0.tgz', mimeType: 'application/gzip' }
    const buffer = Buffer.from(await chart('late', '1.0.0').without('README.md').tgz())
    await page.setInputFiles('input[type=file]', { ...sent, buffer })
    await eventually(
      async () => (await tokens.charts()).includes(`${repository}/late-1.0.0.tgz`),
      true,
      10_000,
    )
    await seen.go(`/${repository}/-/chart/late/1.0.0/delete`)
    await page.getByRole('button', { name: 'Delete' }).click()
    await eventually(
      async () => (await tokens.charts()).includes(`${repository}/late-1.0.0.tgz`),
      false,
      10_000,
    )
    seen.expectClean()
  })

  peerTest(['chromium'], 'give a user who may only read nothing to press, and no key for it', async () => {
    const httpCredentials = { username: 'reader', password: passwords.reader }
    await using seen = await visit(browser, users, `/${repository}/`, { httpCredentials })
    const { page } = seen
    expect(await page.locator('header').textContent()).toContain('Read only')
    await page.waitForSelector('footer [data-key="?"][data-htmx-powered]')
    await page.keyboard.press('u')
    await page.waitForTimeout(200)
    expect(new URL(page.url()).pathname).toBe(`/${repository}/`)
    for (const path of ['', '-/chart/app/1.0.0', '-/chart/app/versions']) {
      await seen.go(`/${repository}/${path}`)
      expect(await page.locator('a[href*="/-/upload"], a[href*="/delete"], form[method=post]').count()).toBe(
        // Theme and language, and the sign-out.
        2,
      )
    }
    await page.getByRole('link', { name: 'Read only' }).click()
    expect(await page.locator('h1').textContent()).toBe('Signed in as reader')
    seen.expectClean()
  })
})
