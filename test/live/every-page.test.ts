import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { startBrowser, visit, type Visit } from '../support/browser.ts'
import { filledServer, hostilePages, hostileParts, plainPages, plainParts } from '../support/pages.ts'
import { peerTest } from '../support/peers.ts'
import { startServer, type RunningServer } from '../support/start-server.ts'

setDefaultTimeout(120_000)

const languages = [
  ['en', 'en-GB'],
  ['zh-CN', 'zh-CN'],
] as const

let browser: Browser | undefined

beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
})

/** Everything that WCAG 2.2 asks for at levels A and AA, and what of it a theme can change. */
const allRules = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }
const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }

/** What axe-core finds; its source comes in past the policy of the page. */
async function violations(page: Page, runOnly: typeof allRules): Promise<string[]> {
  const options = JSON.stringify({ runOnly, resultTypes: ['violations'] })
  return (await page.evaluate(`
    axe.run(document, ${options}).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => id + ' ' + target.join(' ') + ': ' + failureSummary.replaceAll('\\n', ' '))))
  `)) as string[]
}

/** What sticks out at the side, as tags; nothing where one need not scroll. */
async function overflow(page: Page, width: number): Promise<string[]> {
  await page.setViewportSize({ width, height: 800 })
  return (await page.evaluate(`(() => {
    const root = document.scrollingElement
    if (root.scrollWidth <= innerWidth) return []
    return [...document.querySelectorAll('body *')]
      .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
      .slice(0, 5)
      .map((each) => innerWidth + ': ' + each.cloneNode().outerHTML.slice(0, 120))
  })()`)) as string[]
}

/** A page as everybody should have it, in the language and the themes. */
async function lookAt(seen: Visit, path: string): Promise<string[]> {
  const { page } = seen
  await page.setViewportSize({ width: 1280, height: 800 })
  await seen.go(path)
  await page.evaluate(axe.source)
  const inTheme = async (theme: string, rules: typeof allRules) => {
    await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`)
    return (await violations(page, rules)).map((violation) => `${theme} ${violation}`)
  }
  const found = [...(await inTheme('day', allRules)), ...(await inTheme('night', colours))]
  // 640 is a window of 1280 at 200 %.
  for (const width of [640, 320]) found.push(...(await overflow(page, width)))
  return found
}

describe('every page in Chromium', () => {
  let server: RunningServer
  const visits = new Map<string, Visit>()

  beforeAll(async () => {
    server = await filledServer('plain')
    if (browser === undefined) return
    for (const [language, locale] of languages) {
      visits.set(language, await visit(browser, server, '/', { locale, colorScheme: 'light' }))
    }
  })
  afterAll(async () => {
    for (const seen of visits.values()) await seen[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  for (const path of [...plainPages, ...plainParts]) {
    for (const [language] of languages) {
      peerTest(['chromium'], `can be used by everybody: ${path} in ${language}`, async () => {
        const seen = visits.get(language)
        if (seen === undefined) throw new Error('Chromium was not started')
        expect(await lookAt(seen, path)).toEqual([])
        expect(await seen.page.locator('html').getAttribute('lang')).toBe(language)
        seen.expectClean()
      })
    }
  }

  for (const media of [
    { forcedColors: 'active' },
    { reducedMotion: 'reduce' },
    { javaScriptEnabled: false },
  ] as const) {
    peerTest(['chromium'], `shows its text with ${JSON.stringify(media)}`, async () => {
      await using seen = await visit(browser, server, '/', media)
      for (const path of ['/', '/-/chart/filled/1.1.0', '/-/chart/filled/1.1.0/values', '/-/upload']) {
        await seen.go(path)
        expect(await seen.page.locator('h1').isVisible()).toBe(true)
        expect(await overflow(seen.page, 320)).toEqual([])
        if ('reducedMotion' in media) {
          expect(
            await seen.page.evaluate(
              'document.getAnimations().filter((a) => a.playState === "running").length',
            ),
          ).toBe(0)
        }
      }
      seen.expectClean()
    })
  }

  peerTest(['chromium'], 'has its fonts from here, all three of them', async () => {
    await using seen = await visit(browser, server, '/-/chart/filled/1.1.0')
    await seen.page.evaluate('document.fonts.ready')
    const loaded = await seen.page.evaluate(
      `[...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family.replaceAll('"', '')).filter((name) => !name.includes('Stand-in')).sort()`,
    )
    expect(loaded).toEqual(['IBM Plex Mono', 'Public Sans', 'Source Serif 4'])
    seen.expectClean()
  })
})

describe('a hostile chart in Chromium', () => {
  peerTest(['chromium'], 'comes alive on no page, and sends nothing anywhere', async () => {
    await using server = await filledServer('hostile')
    await using seen = await visit(browser, server, '/')
    const { page } = seen
    const dialogs: string[] = []
    const writes: string[] = []
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message())
      void dialog.dismiss()
    })
    page.on('request', (request) => {
      if (request.method() !== 'GET') writes.push(`${request.method()} ${request.url()}`)
    })
    for (const path of [...hostilePages, ...hostileParts]) {
      await seen.go(path)
      await page.waitForTimeout(30)
      const alive = await page.evaluate(`({
        called: typeof window.__alive,
        title: document.title,
        planted: [...document.querySelectorAll('*')].filter((each) =>
          /^(hx-|iframe|base|object|embed|math)/i.test(each.tagName) ||
          [...each.attributes].some(({ name }) => /^(on|hx-(post|put|patch|delete|on|query|action|method|vals|headers))/i.test(name)))
          .map((each) => each.outerHTML.slice(0, 100)),
        scripts: [...document.scripts].filter((each) => !each.src.startsWith(location.origin + '/-/assets/')).length,
        main: document.querySelectorAll('#main').length,
      })`)
      expect({ path, ...(alive as object) }).toMatchObject({
        path,
        called: 'undefined',
        planted: [],
        scripts: 0,
        main: 1,
      })
    }
    expect({ dialogs, writes, charts: await server.charts() }).toEqual({
      dialogs: [],
      writes: [],
      charts: ['hostile-1.0.0.tgz', 'hostile-1.1.0.tgz', 'hostile-1.1.0.tgz.prov'],
    })
    seen.expectClean()
  })

  peerTest(['chromium'], 'comes alive in no file that is opened by itself', async () => {
    await using server = await filledServer('hostile')
    await using seen = await visit(browser, server, '/')
    for (const file of ['docs/page.html', 'docs/picture.svg', 'docs/<script>window.__alive=1.js']) {
      const path = file.split('/').map(encodeURIComponent).join('/')
      const response = await fetch(`${server.url}/-/chart/hostile/1.1.0/raw/${path}`)
      expect(response.headers.get('content-security-policy')).toContain('sandbox')
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(response.headers.get('content-type')).not.toMatch(/html|javascript/)
    }
    const icon = await seen.page.goto(`${server.url}/-/chart/hostile/1.1.0/icon`)
    expect(icon?.headers()['content-security-policy']).toContain('sandbox')
    expect(await seen.page.evaluate('typeof window.__alive')).toBe('undefined')
  })
})

describe('an empty server, and one of several repositories', () => {
  peerTest(
    ['chromium'],
    'can be used by everybody',
    async () => {
      await using server = await startServer({ flags: ['--depth', '1'] })
      for (const [, locale] of languages) {
        await using seen = await visit(browser, server, '/', { locale })
        for (const path of [
          '/',
          '/org/',
          '/org/-/upload',
          '/org/-/trash',
          '/-/search?q=x',
          '/-/whoami',
          '/x/y/',
        ]) {
          expect([path, ...(await lookAt(seen, path))]).toEqual([path])
        }
        seen.expectClean()
      }
    },
    300_000,
  )
})
