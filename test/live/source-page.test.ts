import { afterAll, beforeAll, describe, expect } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { startBrowser, visit, type Visit } from '../support/browser.ts'
import { chart } from '../support/chart-builder.ts'
import { peerTest } from '../support/peers.ts'
import { chartSite, type ChartSite } from '../http/web/chart-site.ts'

/** The pages of source text in Chromium: what their script adds, with the keyboard and with the mouse. */
const lines = Array.from({ length: 900 }, (_, at) => `  key${at}: ${at}\n`).join('')
const values = `image:\n  # The tag to run\n  tag: "1.0"\nmany:\n${lines}last: 1\n`

let browser: Browser | undefined
let site: ChartSite
beforeAll(async () => {
  browser = await startBrowser()
  site = await chartSite()
  const built = (version: string) =>
    chart('redis', version).with('templates/a.yaml', 'kind: Job\na: {{ .Values.image.tag }}\n')
  await site.publish(built('1.0.0').with('values.yaml', values))
  await site.publish(built('1.1.0').with('values.yaml', values.replace('last: 1', 'last: 2')))
  await site.publish(built('2.0.0').with('values.yaml', 'a: 1\n'))
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await site[Symbol.asyncDispose]()
})

const address = '/-/chart/redis/1.0.0'

function open(path: string, options: Parameters<typeof visit>[3] = {}): Promise<Visit> {
  return visit(browser, site.server, path, { reducedMotion: 'reduce', ...options })
}

/** Whether the middle of an element is seen, and nothing lies over it. */
function isSeen(page: Page, id: string): Promise<boolean> {
  return page.evaluate((wanted) => {
    const element = document.getElementById(wanted)
    const box = element?.getBoundingClientRect()
    if (!element || !box || box.bottom < 0 || box.top > innerHeight) return false
    return element.contains(document.elementFromPoint(box.left + 4, (box.top + box.bottom) / 2))
  }, id)
}

describe('the values page in Chromium', () => {
  peerTest(['chromium'], 'finds a key and copies what is said of it, with the keyboard alone', async () => {
    await using opened = await open(`${address}/values`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const { page } = opened
    await page.focus('#find')
    await page.keyboard.type('IMAGE tag')
    expect(await page.locator('#matches a').allTextContents()).toEqual(['image.tag'])
    expect(await page.locator('#found').textContent()).toBe('1 of 904 keys')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('image.tag')
    await page.keyboard.press('Enter')
    const menu = page.locator('#keymenu')
    await menu.waitFor()
    expect(new URL(page.url()).hash).toBe('#v.image.tag')
    expect(await menu.textContent()).toContain('The tag to run')
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText())
    const copies: string[] = []
    for (let at = 0; at < 4; at++) {
      await page.keyboard.press('Enter')
      await page.waitForFunction(() => document.getElementById('status')?.textContent !== '')
      copies.push(await clipboard())
      await page.keyboard.press('Tab')
      await page.evaluate(() => document.getElementById('status')?.replaceChildren())
    }
    expect(copies).toEqual([
      'image.tag',
      '--set image.tag=1.0',
      'image:\n  tag: "1.0"',
      `${site.server.url}${address}/values#v.image.tag`,
    ])
    await menu.locator('button').first().focus()
    await page.keyboard.press('Escape')
    expect(await menu.isVisible()).toBe(false)
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('image.tag')
    opened.expectClean()
  })

  peerTest(
    ['chromium'],
    'opens the menu at a click on a key, and closes it at the next elsewhere',
    async () => {
      await using opened = await open(`${address}/values`)
      const { page } = opened
      await page.locator('[id="v.last"]').click()
      const menu = page.locator('#keymenu')
      await menu.waitFor()
      expect(await menu.textContent()).toContain('--set last=1')
      await page.mouse.click(5, 300)
      expect(await menu.isVisible()).toBe(false)
      await page.locator('[id="v.image.tag"]').click()
      await page.waitForFunction(() =>
        document.getElementById('keymenu')?.textContent?.includes('image.tag=1.0'),
      )
      expect(await page.locator('#keymenu').count()).toBe(1)
      opened.expectClean()
    },
  )

  peerTest(
    ['chromium'],
    'shows the line or the key that the address names, free of what sticks',
    async () => {
      for (const [hash, id] of [
        ['#L500', 'L500'],
        ['#v.many.key700', 'v.many.key700'],
        ['#L300-L305', 'L300'],
        ['#L905', 'L905'],
      ] as const) {
        await using opened = await open(`${address}/values${hash}`)
        const { page } = opened
        await page.waitForFunction((wanted) => {
          const box = document.getElementById(wanted)?.getBoundingClientRect()
          return box !== undefined && box.top >= 0 && box.bottom <= innerHeight
        }, id)
        expect([hash, await isSeen(page, id)]).toEqual([hash, true])
        const marked = await page.evaluate((wanted) => {
          const line = document.getElementById(wanted)?.closest('.block > div')
          const other = document.getElementById('L2')
          if (!line || !other) return undefined
          return getComputedStyle(line).backgroundColor !== getComputedStyle(other).backgroundColor
        }, id)
        expect([hash, marked]).toEqual([hash, true])
        opened.expectClean()
      }
    },
  )

  peerTest(
    ['chromium'],
    'names lines in the address at a click on their numbers, with Shift all between',
    async () => {
      await using opened = await open(`${address}/values`)
      const { page } = opened
      const click = async (line: number, modifiers: 'Shift'[] = []) =>
        page.locator(`#L${line}`).click({ position: { x: 10, y: 10 }, modifiers })
      await click(9)
      expect(new URL(page.url()).hash).toBe('#L9')
      await click(5, ['Shift'])
      expect(new URL(page.url()).hash).toBe('#L5-L9')
      const marked = () => page.locator('#code .on').evaluateAll((found) => found.map(({ id }) => id))
      expect(await marked()).toEqual(['L5', 'L6', 'L7', 'L8', 'L9'])
      await page.goBack()
      await page.waitForFunction(() => document.querySelectorAll('#code .on').length === 0)
      expect(new URL(page.url()).hash).toBe('#L9')
      opened.expectClean()
    },
  )

  peerTest(['chromium'], 'copies the whole file, and selected lines, without their numbers', async () => {
    await using opened = await open(`${address}/values`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const { page } = opened
    await page.getByRole('button', { name: 'Copy all' }).click()
    await page.waitForFunction(() => document.getElementById('status')?.textContent !== '')
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(values.trim())
    const selected = await page.evaluate(() => {
      const range = document.createRange()
      range.setStartBefore(document.getElementById('L1') as HTMLElement)
      range.setEndAfter(document.getElementById('L3') as HTMLElement)
      getSelection()?.removeAllRanges()
      getSelection()?.addRange(range)
      return getSelection()?.toString()
    })
    expect(selected?.trim()).toBe('image:\n  # The tag to run\n  tag: "1.0"')
    // The number is drawn by CSS: the largest is asked of the browser's own text of it.
    const number = await page.evaluate(
      () => getComputedStyle(document.getElementById('L905') as Element, '::before').content,
    )
    expect(number).toContain('counter(')
  })

  peerTest(['chromium'], 'copies over plain HTTP too, where browsers have no clipboard', async () => {
    await using opened = await open(`${address}/values`)
    const { page } = opened
    await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
    await page.evaluate(() =>
      document.addEventListener('copy', () => {
        const field = document.activeElement
        if (field instanceof HTMLTextAreaElement) document.documentElement.dataset['got'] = field.value
      }),
    )
    await page.locator('[id="v.image.tag"]').click()
    await page.locator('#keymenu').waitFor()
    await page.locator('#keymenu button').nth(1).click()
    await page.waitForFunction(() => document.documentElement.dataset['got'] !== undefined)
    expect(await page.evaluate(() => document.documentElement.dataset['got'])).toBe('--set image.tag=1.0')
    expect(await page.locator('#status').textContent()).toBe('Copied')
    opened.expectClean()
  })

  peerTest(['chromium'], 'finds keys without script', async () => {
    await using opened = await open(`${address}/values`, { javaScriptEnabled: false })
    const { page } = opened
    await page.fill('#find', 'image.tag')
    await page.getByRole('button', { name: 'Find' }).click()
    const links = page.locator('#matches a')
    expect(await links.count()).toBe(2)
    await links.nth(1).click()
    expect(await page.locator('#key').textContent()).toContain('--set image.tag=1.0')
    opened.expectClean()
  })
})

describe('templates and comparisons in Chromium', () => {
  peerTest(['chromium'], 'nothing moves while a page comes and its script starts', async () => {
    for (const path of [`${address}/values`, `${address}/templates`, `${address}/templates/a.yaml`]) {
      await using opened = await open(path)
      const { page } = opened
      await page.waitForFunction(() => document.documentElement.dataset['js'] !== undefined)
      const moved = await page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            let sum = 0
            // Of fonts that come late, a little remains.
            new PerformanceObserver((list) => {
              for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value
            }).observe({ type: 'layout-shift', buffered: true })
            setTimeout(() => resolve(sum), 500)
          }),
      )
      expect([path, moved < 0.02]).toEqual([path, true])
    }
  })

  peerTest(['chromium'], 'a template leads to the key of the values that it uses', async () => {
    await using opened = await open(`${address}/templates`)
    const { page } = opened
    await page.fill('#filter', 'a.yaml')
    expect(await page.locator('#templates tr:visible').count()).toBe(1)
    await page.getByRole('link', { name: 'a.yaml' }).click()
    await page.getByRole('link', { name: '.Values.image.tag' }).click()
    await page.waitForURL('**/values#v.image.tag')
    expect(await isSeen(page, 'v.image.tag')).toBe(true)
    opened.expectClean()
  })

  peerTest(['chromium'], 'other versions are compared as soon as they are chosen', async () => {
    await using opened = await open('/-/chart/redis/compare/1.0.0...1.1.0')
    const { page } = opened
    expect(await page.locator('#diff').textContent()).toContain('last')
    await page.selectOption('#to', '2.0.0')
    await page.waitForFunction(() => document.querySelector('#diff h2')?.textContent?.includes('2.0.0'))
    expect(await page.locator('#diff').textContent()).toContain('3 keys removed')
    await page.goBack()
    await page.waitForFunction(() => document.querySelector('#diff h2')?.textContent?.includes('1.1.0'))
    opened.expectClean()
  })

  peerTest(['chromium'], 'versions are compared without script', async () => {
    await using opened = await open('/-/chart/redis/compare', { javaScriptEnabled: false })
    const { page } = opened
    await page.selectOption('#from', '1.1.0')
    await page.selectOption('#to', '1.0.0')
    await page.getByRole('button', { name: 'Compare' }).click()
    expect(new URL(page.url()).pathname).toBe('/-/chart/redis/compare/1.0.0...1.1.0')
    opened.expectClean()
  })
})
