import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { startBrowser, visit } from '../support/browser.ts'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { peerTest } from '../support/peers.ts'
import { site } from '../support/site.ts'
import { startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

setDefaultTimeout(60_000)

const credentials = { user: 'alice', password: 'secret' }
let browser: Browser | undefined
let folder: TempFolder
let server: RunningServer

// HTTPS, basic auth, everybody may read, below a context path: where it is hardest to be signed in everywhere.
beforeAll(async () => {
  folder = await tempFolder()
  const tls = ['--tls-self-signed', '--tls-self-signed-dir', join(folder.path, 'tls')]
  const auth = ['--basic-auth-user', credentials.user, '--basic-auth-pass', credentials.password]
  server = await startServer({
    flags: [...tls, ...auth, '--auth-anonymous-get', '--context-path', '/ctx', '--depth', '1'],
  })
  const org = site(server, { repo: 'org', context: '/ctx', credentials })
  expect((await org.publish(await chart('mychart', '1.0.0').tgz())).status).toBe(201)
  browser = await startBrowser()
})

afterAll(async () => {
  await browser?.close()
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/**
 * What a person does in the box of the browser, which no program can fill in: the address once with the credentials in
 * it, and then without.
 */
async function signIn(page: Page, path: string): Promise<void> {
  const { user, password } = credentials
  await page.goto(`${server.url.replace('://', `://${user}:${password}@`)}${path}`)
  await page.goto(server.url + path)
}

const whoAmI = async (page: Page) =>
  (await page.evaluate(
    `fetch('/ctx/-/whoami', { headers: { accept: 'application/json' } }).then((r) => r.json()).then((me) => me.user)`,
  )) as string | null
const attribute = (page: Page, name: string) => page.locator('html').getAttribute(name)
const focused = (page: Page) =>
  page.evaluate(`(document.activeElement.textContent || document.activeElement.name).trim()`)

describe('the account in Chromium, with HTTPS', () => {
  peerTest(['chromium'], 'signs in at the root, and is known everywhere afterwards', async () => {
    await using seen = await visit(browser, server, '/ctx/org/')
    const { page } = seen
    expect(await whoAmI(page)).toBeNull()
    const address = await page.locator('header a[href*="?signin"] >> nth=-1').getAttribute('href')
    expect(address).toBe('/ctx/?signin&next=%2Fctx%2Forg%2F')
    await signIn(page, address ?? '')
    expect(page.url()).toBe(`${server.url}/ctx/org/`)
    expect(await page.locator('header .me').textContent()).toContain('alice')
    expect(await whoAmI(page)).toBe('alice')
    for (const path of [
      '/ctx/',
      '/ctx/-/whoami',
      '/ctx/org/-/upload',
      '/ctx/org/-/chart/mychart',
      '/ctx/org/',
    ]) {
      const response = await page.goto(server.url + path)
      expect([path, response?.status()]).toEqual([path, 200])
      expect(await page.locator('header .me').textContent()).toContain('alice')
    }
  })

  peerTest(['chromium'], 'says what to do when the password is wrong', async () => {
    const httpCredentials = { username: credentials.user, password: 'wrong' }
    await using seen = await visit(browser, server, '/ctx/?signin&next=/ctx/org/', { httpCredentials })
    const { page } = seen
    expect(await page.locator('h1').textContent()).toBe('Sign in to continue.')
    const retry = await page.locator('main a[href*="?signin"]').getAttribute('href')
    expect(retry).toBe('/ctx/?signin&next=%2Fctx%2Forg%2F')
    const paper = 'getComputedStyle(document.body).backgroundColor'
    expect(await page.evaluate(paper)).not.toBe('rgba(0, 0, 0, 0)')
    seen.expectClean()
  })

  for (const script of [true, false]) {
    peerTest(['chromium'], `signs out ${script ? 'with' : 'without'} script, and stays so`, async () => {
      await using seen = await visit(browser, server, '/ctx/-/signed-out', { javaScriptEnabled: script })
      const { page } = seen
      await signIn(page, '/ctx/?signin&next=/ctx/-/whoami')
      expect(await page.locator('h1').textContent()).toBe('Signed in as alice')
      await page.click('main [data-signed-out] button', { noWaitAfter: true })
      // Without script the browser asks for another password; there is nobody here to choose Cancel.
      if (script) await page.waitForURL('**/-/signed-out')
      else await eventually(() => page.evaluate('location.protocol').catch(String), 'chrome-error:', 10_000)
      for (const path of ['/ctx/-/whoami', '/ctx/org/', '/ctx/']) {
        await seen.go(path)
        expect(await page.locator('header .me').textContent()).not.toContain('alice')
      }
    })
  }

  peerTest(['chromium'], 'drops credentials from the address of a page', async () => {
    await using seen = await visit(browser, server, '/ctx/-/signed-out')
    await seen.page.goto(`${server.url.replace('://', '://alice:secret@')}/ctx/-/shortcuts?a=b#main`)
    await eventually(
      () => seen.page.evaluate('document.baseURI'),
      `${server.url}/ctx/-/shortcuts?a=b#main`,
      10_000,
    )
    await seen.page.click('footer [data-key="?"][data-htmx-powered]')
    await seen.page.waitForSelector('dialog:modal')
  })

  peerTest(['chromium'], 'keeps the theme, with the menu and with t', async () => {
    await using seen = await visit(browser, server, '/ctx/-/whoami', { colorScheme: 'light' })
    const { page } = seen
    const paper = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const day = await paper()
    await page.click('header .me')
    await page.check('#me input[value="night"]')
    await page.click('#me .form button')
    await eventually(() => attribute(page, 'data-theme'), 'night', 10_000)
    const night = await paper()
    expect(night).not.toBe(day)
    await seen.go('/ctx/org/')
    expect(await paper()).toBe(night)
    await page.keyboard.press('t')
    await eventually(() => attribute(page, 'data-theme'), null, 10_000)
    expect(page.url()).toBe(`${server.url}/ctx/org/`)
    expect(await paper()).toBe(day)
    await page.keyboard.press('t')
    await eventually(() => attribute(page, 'data-theme'), 'day', 10_000)
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await paper()).toBe(day)
    seen.expectClean()
  })

  peerTest(
    ['chromium'],
    'keeps the language, and has no keys when they are switched off, without script',
    async () => {
      await using seen = await visit(browser, server, '/ctx/org/', {
        javaScriptEnabled: false,
        locale: 'en-GB',
      })
      const { page } = seen
      await page.click('footer a[hreflang="zh-CN"]')
      expect(await attribute(page, 'lang')).toBe('zh-CN')
      await seen.go('/ctx/-/shortcuts')
      expect(await page.locator('h1').textContent()).toBe('键盘快捷键')
      await page.check('main input[name="keys"][value="off"]')
      await page.click('main .form button')
      expect(await attribute(page, 'data-shortcuts')).toBe('off')
      await page.check('main input[name="lang"][value="en"]')
      await page.click('main .form button')
      expect(await attribute(page, 'lang')).toBe('en')
      expect(await page.locator('.facts').textContent()).toBe('They are switched off at the moment.')
      seen.expectClean()
    },
  )

  peerTest(['chromium'], 'has keys that can be switched off', async () => {
    await using seen = await visit(browser, server, '/ctx/org/')
    const { page } = seen
    await page.waitForSelector('footer [data-key="?"][data-htmx-powered]')
    await page.keyboard.press('?')
    await page.waitForSelector('dialog:modal')
    expect(await page.locator('dialog tr:visible kbd').allTextContents()).toEqual(
      expect.arrayContaining(['/', '?', 't', 'Esc', 'j', 'k']),
    )
    expect(await page.locator('dialog kbd:visible', { hasText: '[' }).count()).toBe(0)
    await page.keyboard.press('Escape')
    await page.click('header .me')
    await page.check('#me input[name="keys"][value="off"]')
    await page.click('#me .form button')
    await eventually(() => attribute(page, 'data-shortcuts'), 'off', 10_000)
    for (const key of ['?', 'j', '/', 't']) await page.keyboard.press(key)
    await page.waitForTimeout(200)
    expect(await page.locator('dialog').count()).toBe(0)
    expect(await page.evaluate('document.activeElement === document.body')).toBe(true)
    seen.expectClean()
  })

  peerTest(['chromium'], 'can be done with the keyboard alone', async () => {
    await using seen = await visit(browser, server, '/ctx/org/')
    const { page } = seen
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('Skip to content')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    await page.focus('header .me')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#me:popover-open')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('Your rights')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('theme')
    await page.keyboard.press('ArrowUp')
    expect(await page.locator('#me input[value="night"]').isChecked()).toBe(true)
    for (const name of ['lang', 'keys', 'Apply']) {
      await page.keyboard.press('Tab')
      expect(await focused(page)).toBe(name)
    }
    await page.keyboard.press('Escape')
    expect(await page.locator('#me:popover-open').count()).toBe(0)
    expect(await focused(page)).toContain('Settings')
    await page.focus('footer [data-key="?"][data-htmx-powered]')
    await page.keyboard.press('Enter')
    await page.waitForSelector('dialog:modal')
    expect(await focused(page)).toBe('Close')
    await page.keyboard.press('Enter')
    await page.waitForSelector('dialog', { state: 'detached' })
    expect(await focused(page)).toBe('Keyboard shortcuts')
    seen.expectClean()
  })
})
