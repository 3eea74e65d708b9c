import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { chromium, type Browser, type Page } from 'playwright-core'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { peer, peerTest } from '../support/peers.ts'
import { startServer, type RunningServer } from '../support/start-server.ts'

let browser: Browser | undefined
let server: RunningServer

beforeAll(async () => {
  const executablePath = peer('chromium')
  if (executablePath === undefined) return
  server = await startServer()
  await Bun.write(`${server.folder}/redis-1.0.0.tgz.prov`, 'signature')
  for (const name of ['redis', 'redis-cluster', 'nginx', 'mysql', 'common']) {
    const type = name === 'common' ? 'library' : 'application'
    const archive = await chart(name, '1.0.0')
      .chartYaml({ type, keywords: [`about-${name}`, 'all'] })
      .tgz()
    await Bun.write(`${server.folder}/${name}-1.0.0.tgz`, archive)
  }
  for (let number = 0; number < 30; number++) {
    const name = `worker-${number}`
    await Bun.write(`${server.folder}/${name}-1.0.0.tgz`, await chart(name, '1.0.0').tgz())
  }
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
  browser = await chromium.launch({ executablePath, args: [...args, '--disable-sync', '--no-first-run'] })
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await server?.[Symbol.asyncDispose]()
})

interface Visit extends AsyncDisposable {
  readonly page: Page
  /** Fails when the page asked another host, broke its policy, or logged an error. */
  expectClean(): void
}

async function open(
  path: string,
  options: { javaScriptEnabled?: boolean } = {},
  from: RunningServer = server,
): Promise<Visit> {
  if (browser === undefined) throw new Error('Chromium was not started')
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(`${from.url}/`)) complaints.push(request.url())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  await context.exposeBinding('tellViolation', (_, rule: string) => complaints.push(rule))
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', (event) => tellViolation(event.violatedDirective + ' ' + event.blockedURI))`,
  )
  await page.goto(from.url + path)
  return {
    page,
    expectClean: () => expect(complaints).toEqual([]),
    [Symbol.asyncDispose]: () => context.close(),
  }
}

const names = (page: Page) => page.locator('#results h2 a').allTextContents()
const place = (page: Page) => page.url().slice(server.url.length)

/** Waits until the list shows this, in this order. */
const expectNames = (page: Page, wanted: readonly string[]) =>
  eventually(() => names(page), [...wanted], 10_000)

const focused = (page: Page) => page.evaluate<string>('document.activeElement.id')

describe('the list in Chromium', () => {
  peerTest(['chromium'], 'follows while somebody types, who keeps focus and caret', async () => {
    await using visit = await open('/')
    const { page } = visit
    const before = await page.evaluate<number>('history.length')
    await page.keyboard.press('/')
    expect(await focused(page)).toBe('q')
    await page.keyboard.type('redsi', { delay: 30 })
    await expectNames(page, ['redis', 'redis-cluster'])
    expect(place(page)).toBe('/?q=redsi')
    expect(await page.locator('#count').textContent()).toBe('2 charts')
    expect(await page.locator('#sort option:checked').textContent()).toBe('Relevance')
    expect(await page.title()).toBe('“redsi” · Chartroom')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Backspace')
    await page.waitForURL('**/?q=redi')
    await expectNames(page, ['redis', 'redis-cluster'])
    expect(await focused(page)).toBe('q')
    expect(await page.evaluate<number>('document.activeElement.selectionStart')).toBe(3)
    expect(await page.evaluate<number>('history.length')).toBe(before)
    visit.expectClean()
  })

  peerTest(
    ['chromium'],
    'keeps the filters while somebody types, and the words while somebody filters',
    async () => {
      await using visit = await open('/')
      const { page } = visit
      await page.getByLabel('Library').check()
      await expectNames(page, ['common'])
      expect(place(page)).toBe('/?type=library')
      expect(await focused(page)).toBe('f-type-library')
      await page.locator('#q').fill('redis')
      await page.getByText('No charts match “redis” and these filters.').waitFor()
      expect(new URL(page.url()).search).toBe('?q=redis&type=library')
      await page.getByRole('link', { name: 'Remove filter Library' }).click()
      await expectNames(page, ['redis', 'redis-cluster'])
      await page.getByLabel('Signed').check()
      await expectNames(page, ['redis'])
      expect(place(page)).toBe('/?q=redis&signed=true')
      await page.goBack()
      await expectNames(page, ['redis', 'redis-cluster'])
      expect(place(page)).toBe('/?q=redis')
      expect(await page.getByLabel('Signed').isChecked()).toBe(false)
      expect(await page.locator('#q').inputValue()).toBe('redis')
      await page.goForward()
      await expectNames(page, ['redis'])
      expect(await page.getByLabel('Signed').isChecked()).toBe(true)
      visit.expectClean()
    },
  )

  peerTest(['chromium'], 'sorts, and turns its pages', async () => {
    await using visit = await open('/')
    const { page } = visit
    await page.locator('#sort').selectOption('name')
    await page.waitForURL('**/?sort=name')
    await eventually(async () => (await names(page))[0], 'common', 10_000)
    await page.getByRole('link', { name: 'Next' }).click()
    await page.waitForURL('**/?sort=name&page=2')
    await eventually(async () => (await names(page)).length, 11, 10_000)
    expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('H1')
    expect(
      await page.evaluate<number>(`document.querySelector('#results').getBoundingClientRect().top`),
    ).toBeLessThan(900)
    await page.goBack()
    await eventually(async () => (await names(page)).length, 24, 10_000)
    visit.expectClean()
  })

  peerTest(['chromium'], 'moves over rows by keys, and opens chips and charts by click', async () => {
    await using visit = await open('/?q=redis')
    const { page } = visit
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('redis-cluster')
    await page.locator('.row').first().getByText('about-redis').click()
    await page.waitForURL('**/?keyword=about-redis')
    expect(await names(page)).toEqual(['redis'])
    visit.expectClean()
  })

  peerTest(['chromium'], 'works without script', async () => {
    await using visit = await open('/', { javaScriptEnabled: false })
    const { page } = visit
    await page.locator('#q').fill('redis')
    await page.locator('#q').press('Enter')
    expect(await names(page)).toEqual(['redis', 'redis-cluster'])
    await page.getByLabel('Signed').check()
    await page.getByRole('button', { name: 'Apply filters' }).click()
    expect(await names(page)).toEqual(['redis'])
    expect(await page.locator('#q').inputValue()).toBe('redis')
    await page.getByRole('link', { name: 'Clear all' }).click()
    await page.locator('#sort').selectOption('name')
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    expect(await page.locator('#sort').inputValue()).toBe('name')
    await page.goto(`${server.url}/`)
    await page.getByRole('link', { name: 'Next' }).click()
    expect(await names(page)).toHaveLength(11)
    visit.expectClean()
  })

  peerTest(
    ['chromium'],
    'has its filters in a sheet on a phone, and nothing wider than the screen',
    async () => {
      await using visit = await open('/')
      const { page } = visit
      await page.setViewportSize({ width: 320, height: 700 })
      expect(await page.getByLabel('Library').isVisible()).toBe(false)
      await page.getByRole('button', { name: 'Filters' }).click()
      await page.getByLabel('Library').check()
      await expectNames(page, ['common'])
      expect(await page.getByLabel('Library').isVisible()).toBe(true)
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(320)
      visit.expectClean()
    },
  )
})

describe('repositories in Chromium', () => {
  peerTest(['chromium'], 'are found, and searched together, while somebody types', async () => {
    await using several = await startServer({ flags: ['--depth', '1'] })
    const archive = await chart('redis', '1.0.0').tgz()
    for (let number = 0; number < 14; number++) {
      await Bun.write(`${several.folder}/team-${number}/redis-1.0.0.tgz`, archive)
    }
    await using visit = await open('/', {}, several)
    const { page } = visit
    await page.locator('#find').pressSequentially('team-13', { delay: 30 })
    await expectNames(page, ['team-13'])
    expect(page.url()).toBe(`${several.url}/?find=team-13`)
    expect(await page.locator('#count').textContent()).toBe('1 repository')
    expect(await focused(page)).toBe('find')
    await page.goto(`${several.url}/-/search`)
    await page.locator('#q').pressSequentially('redsi', { delay: 30 })
    await page.getByText('14 charts in 14 repositories').waitFor()
    expect(page.url()).toBe(`${several.url}/-/search?q=redsi`)
    expect(await focused(page)).toBe('q')
    await page.getByRole('button', { name: 'Repositories' }).click()
    await page.locator('#repos input').fill('team-9')
    expect(await page.locator('#repos-list li:visible').allTextContents()).toEqual(['team-9'])
    await page.locator('#repos-list li:visible a').click()
    await page.waitForURL('**/team-9/')
    visit.expectClean()
  })
})
