import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { headersFor } from '../../src/http/headers.ts'
import { startBrowser, visit, type Visit } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { peerTest } from '../support/peers.ts'
import { projectRoot } from '../support/start-server.ts'

/** The script of the pages on a page made for it, where everything can go wrong that real pages keep away. */
const body = `
<header><button type="button" popovertarget="repos">Repositories</button>
<div id="repos" popover><input type="search" aria-label="Find" data-filter="list">
<ul id="list"><li><a href="/a/">alpha</a></li><li><a href="/b/">beta</a></li></ul></div>
<form action="/search"><input id="q" name="q" data-key="/" hx-get="/results" hx-trigger="input changed delay:10ms"
  hx-target="#results" hx-select="#results" hx-swap="outerHTML" hx-replace-url="true"></form>
<form method="post" action="/prefs"><input type="hidden" name="next" value="/">
${['auto', 'day', 'night'].map((t) => `<label><input type="radio" name="theme" value="${t}"${t === 'night' ? ' checked' : ''}>${t}</label>`).join('')}
<button>Apply</button></form></header>
<main id="main"><h1 tabindex="-1">Charts</h1><div id="toast" role="status"></div>
<div class="cmd" id="here" data-origin="ORIGIN"><code>helm <span>repo</span> add</code><button class="needs-js" data-copy="">Copy</button></div>
<div class="cmd" id="there" data-origin="https://charts.example.com"><code>helm repo add x https://charts.example.com</code></div>
<button id="given" data-copy="a given text">Copy</button><button id="from" data-copy-from="digest">Copy</button>
<code id="digest"> sha256:abc </code>
<p><time id="ago" title="moment" datetime="2000-01-01T00:00:00Z">then</time> <time id="moment" datetime="2000-01-01T00:00:00Z">1 January</time></p>
<ol id="results"><li data-row><h2><a href="/one">one</a></h2></li><li data-row><h2><a href="/two">two</a></h2></li>
<li data-row><h2><a href="/three">three</a></h2></li></ol>
<nav class="pag"><a id="next" href="/results?page=2" hx-get="/results?page=2" hx-target="#results" hx-select="#results"
  hx-swap="outerHTML" hx-push-url="true">2</a></nav>
<a id="ask" href="/dialog" hx-get="/dialog" hx-target="#dialogs" hx-select="dialog" hx-swap="innerHTML" data-key="?">Help</a>
<a id="broken" href="/broken" hx-get="/broken" hx-target="#dialogs" hx-select="dialog" hx-swap="innerHTML">Broken</a>
<a id="fails" href="#x" hx-get="/broken" hx-target="#results" hx-select="#results" hx-swap="outerHTML">Fails</a>
<a id="cut" href="#x" hx-get="/cut" hx-target="#results" hx-select="#results" hx-swap="outerHTML">Cut</a>
<a href="/versions" data-key="7">Versions</a>
<form method="post" action="/signout" data-signed-out="/signed-out"><button id="out">Sign out</button></form>
</main><div id="dialogs"></div><div id="status" role="status"></div>`

const planted = ['post', 'put', 'patch', 'delete', 'query'].map(
  (verb) => `<i hx-${verb}="/written" hx-trigger="load">x</i>`,
)

interface Site {
  readonly url: string
  readonly requests: string[]
}

let browser: Browser | undefined
let site: Site
let server: ReturnType<typeof serve>

beforeAll(async () => {
  server = serve()
  site = server.site
  browser = await startBrowser()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await server.stop()
})

function serve() {
  const requests: string[] = []
  const files: Record<string, string> = {
    '/chartroom.js': join(projectRoot, 'public/chartroom.js'),
    '/htmx.js': join(projectRoot, 'node_modules/htmx.org/dist/htmx.min.js'),
  }
  const listener = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname, search, origin, searchParams } = new URL(request.url)
      const file = files[pathname]
      if (file !== undefined)
        return new Response(Bun.file(file), { headers: { 'content-type': 'text/javascript' } })
      requests.push(
        `${request.method} ${pathname}${search}${request.method === 'POST' ? ` ${await request.text()}` : ''}`,
      )
      if (pathname === '/signout') return html('<h1>Signed out</h1>', 401)
      if (pathname === '/broken') return html('<h1>The storage does not answer</h1>', 503)
      if (pathname === '/dialog')
        return html(
          '<dialog open aria-label="Help"><p data-needs="[data-key=\'7\']">seven</p><p data-needs="[data-key=\'u\']">upload</p><button data-close>Close</button></dialog>',
        )
      if (pathname === '/results' || pathname === '/cut')
        return html(
          `<ol id="results"><li data-row><a href="/x">${searchParams.get('q') ?? 'page 2'}</a></li></ol>`,
        )
      if (pathname === '/planted') return html(body + planted.join(''))
      return html(body.replace('ORIGIN', origin))
    },
  })
  const state: Site = { url: `http://127.0.0.1:${listener.port}`, requests }
  return { site: state, stop: () => listener.stop(true) }
}

function html(content: string, status = 200): Response {
  const head = `<meta charset="utf-8"><meta name="htmx-config" content='{"prefix":"","extensions":"none"}'><title>t</title>
<script type="module" src="/chartroom.js"></script><script defer src="/htmx.js"></script>`
  const attributes = `lang="en" data-copied="Copied" data-copy-failed="Not copied" data-not-reached="Not reached."
 data-retry="Retry" data-other-address="Elsewhere"`
  return new Response(
    `<!doctype html><html ${attributes}><head>${head}</head><body>${content}</body></html>`,
    {
      status,
      headers: headersFor('page', 'text/html; charset=utf-8'),
    },
  )
}

/** Opens the page, in a browser of which nothing was asked before. */
async function open(path = '/', permissions: string[] = []): Promise<Visit> {
  site.requests.length = 0
  return visit(browser, site, path, { permissions })
}

const focused = (page: Page) =>
  page.evaluate('document.activeElement.textContent || document.activeElement.id')

describe('the script of the pages', () => {
  peerTest(['chromium'], 'cancels whatever htmx is asked to send but GET, also at once', async () => {
    await using seen = await open('/planted')
    await seen.page.waitForFunction('document.querySelectorAll("[data-htmx-powered]").length > 5')
    await seen.page.locator('#q').pressSequentially('x')
    await eventually(() => site.requests.some((line) => line.startsWith('GET /results?q=x')), true)
    expect(site.requests.filter((line) => !line.startsWith('GET '))).toEqual([])
    seen.expectClean()
  })

  peerTest(['chromium'], 'copies a command, a given text and the text of another element', async () => {
    await using seen = await open('/', ['clipboard-read', 'clipboard-write'])
    const copied: unknown[] = []
    for (const button of ['#here button', '#given', '#from']) {
      await seen.page.click(button)
      await eventually(() => seen.page.locator('#status').textContent(), 'Copied')
      copied.push(await seen.page.evaluate('navigator.clipboard.readText()'))
    }
    expect(copied).toEqual(['helm repo add', 'a given text', 'sha256:abc'])
    await eventually(() => seen.page.locator('#status').textContent(), '', 4_000)
  })

  peerTest(['chromium'], 'copies without the clipboard of browsers, and the focus stays', async () => {
    await using seen = await open('/', ['clipboard-read', 'clipboard-write'])
    await seen.page.evaluate(`Object.defineProperty(navigator, 'clipboard', { value: undefined })`)
    await seen.page.click('#here button')
    await eventually(() => seen.page.locator('#status').textContent(), 'Copied')
    expect(await focused(seen.page)).toBe('Copy')
    expect(await seen.page.locator('textarea').count()).toBe(0)
    await seen.page.focus('#q')
    await seen.page.keyboard.press('Control+V')
    expect(await seen.page.inputValue('#q')).toBe('helm repo add')
    seen.expectClean()
  })

  peerTest(
    ['chromium'],
    'opens dialogs, shows the keys that work here, and gives the focus back',
    async () => {
      await using seen = await open()
      const { page } = seen
      await page.focus('#ask')
      await page.keyboard.press('Enter')
      await page.waitForSelector('dialog:modal')
      expect(await page.locator('dialog p:visible').allTextContents()).toEqual(['seven'])
      expect(await focused(page)).toBe('Close')
      await page.keyboard.press('j')
      expect(await focused(page)).toBe('Close')
      await page.keyboard.press('Escape')
      await page.waitForSelector('dialog', { state: 'detached' })
      expect(await focused(page)).toBe('Help')
      await page.keyboard.press('?')
      await page.click('dialog:modal [data-close]')
      await page.waitForSelector('dialog', { state: 'detached' })
      seen.expectClean()
    },
  )

  peerTest(['chromium'], 'follows the link where a dialog cannot be had', async () => {
    await using seen = await open()
    await seen.page.click('#broken')
    await seen.page.waitForURL('**/broken')
    expect(await seen.page.locator('h1').textContent()).toBe('The storage does not answer')
  })

  peerTest(
    ['chromium'],
    'keeps the page where a part of it cannot be had, says so, and asks again',
    async () => {
      await using seen = await open()
      const { page } = seen
      await page.click('#fails')
      await eventually(() => page.locator('#toast').textContent(), 'The storage does not answer Retry')
      expect(await page.locator('[data-row]').count()).toBe(3)
      await page.context().setOffline(true)
      await page.click('#cut')
      await eventually(() => page.locator('#toast').textContent(), 'Not reached. Retry')
      expect(await page.locator('[data-row]').count()).toBe(3)
      await page.context().setOffline(false)
      await page.click('#toast button')
      await eventually(() => page.locator('#results').textContent(), 'page 2')
      expect(await page.locator('#toast').textContent()).toBe('')
    },
  )

  peerTest(['chromium'], 'waits for a Chinese word to be finished before it searches', async () => {
    await using seen = await open()
    const { page } = seen
    await page.focus('#q')
    const session = await page.context().newCDPSession(page)
    await session.send('Input.imeSetComposition', { text: 'hai', selectionStart: 3, selectionEnd: 3 })
    await page.waitForTimeout(100)
    expect(site.requests.filter((line) => line.includes('/results'))).toEqual([])
    await session.send('Input.insertText', { text: '海' })
    await eventually(() => page.locator('#results').textContent(), '海')
    expect(site.requests.filter((line) => line.includes('/results'))).toEqual([
      `GET /results?q=${encodeURIComponent('海')}`,
    ])
  })

  peerTest(['chromium'], 'puts the focus on the title when the list shows another page', async () => {
    await using seen = await open()
    await seen.page.click('#next')
    await eventually(() => focused(seen.page), 'Charts')
    expect(new URL(seen.page.url()).search).toBe('?page=2')
  })

  peerTest(['chromium'], 'goes over the rows with j and k, and to the rest by its keys', async () => {
    await using seen = await open()
    const { page } = seen
    const pressed: unknown[] = []
    for (const key of ['j', 'j', 'k', 'k', 'k', 'j', 'j', 'j', 'j']) {
      await page.keyboard.press(key)
      pressed.push(await focused(page))
    }
    expect(pressed).toEqual(['one', 'two', 'one', 'one', 'one', 'two', 'three', 'three', 'three'])
    await page.keyboard.press('/')
    expect(await focused(page)).toBe('q')
    await page.keyboard.type('j7?')
    expect(await page.inputValue('#q')).toBe('j7?')
    await page.focus('#given')
    await page.keyboard.press('Control+7')
    await page.waitForTimeout(50)
    expect(site.requests).not.toContain('GET /versions')
    await page.keyboard.press('7')
    await page.waitForURL('**/versions')
  })

  peerTest(['chromium'], 'has no keys where they are switched off', async () => {
    await using seen = await open()
    await seen.page.evaluate(`document.documentElement.dataset.shortcuts = 'off'`)
    for (const key of ['7', 'j', '/', 't', '?']) await seen.page.keyboard.press(key)
    await seen.page.waitForTimeout(50)
    expect(new URL(seen.page.url()).pathname).toBe('/')
    expect(await seen.page.evaluate('document.activeElement === document.body')).toBe(true)
    expect(await seen.page.locator('dialog').count()).toBe(0)
  })

  peerTest(['chromium'], 'sends the preferences with the next theme at t', async () => {
    await using seen = await open()
    await seen.page.keyboard.press('t')
    await eventually(() => site.requests.includes('POST /prefs next=%2F&theme=auto'), true)
  })

  peerTest(
    ['chromium'],
    'filters a list, keeps times fresh, and marks commands for another address',
    async () => {
      await using seen = await open()
      const { page } = seen
      expect(await page.locator('#ago').textContent()).toMatch(/^2\d years ago$/)
      expect(await page.locator('#moment').textContent()).toBe('1 January')
      expect(await page.locator('.elsewhere').allTextContents()).toEqual(['Elsewhere'])
      expect(await page.locator('#there + .elsewhere').count()).toBe(1)
      await page.click('button[popovertarget]')
      await page.fill('[data-filter]', 'BET')
      expect(await page.locator('#list li:visible').allTextContents()).toEqual(['beta'])
      await page.fill('[data-filter]', '')
      expect(await page.locator('#list li:visible').count()).toBe(2)
    },
  )

  peerTest(['chromium'], 'signs out with wrong credentials and goes to the page that says so', async () => {
    await using seen = await open()
    await seen.page.click('#out')
    await seen.page.waitForURL('**/signed-out')
    expect(site.requests.filter((line) => line.includes('/signout'))).toEqual(['POST /signout '])
  })

  peerTest(['chromium'], 'drops a user and a password from the address of the page', async () => {
    await using seen = await open()
    await seen.page.goto(site.url.replace('://', '://user:secret@') + '/results?x=1#y')
    await eventually(() => seen.page.evaluate('document.baseURI'), `${site.url}/results?x=1#y`)
  })
})
