import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { join } from 'node:path'
import { chromium, type Browser, type Locator, type Page } from 'playwright-core'
import { chart } from '../support/chart-builder.ts'
import { peer, peerTest } from '../support/peers.ts'
import { startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

let browser: Browser | undefined
let folder: TempFolder
let archive: string
let provenance: string

beforeAll(async () => {
  folder = await tempFolder()
  archive = join(folder.path, 'mychart-0.1.0.tgz')
  provenance = `${archive}.prov`
  await Bun.write(archive, await chart('mychart', '0.1.0').tgz())
  await Bun.write(
    provenance,
    '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: mychart\nversion: 0.1.0\n\n...\n' +
      '-----BEGIN PGP SIGNATURE-----\n\nwsBcBAEBCgAQ\n-----END PGP SIGNATURE-----\n',
  )
  const executablePath = peer('chromium')
  if (executablePath === undefined) return
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
  ]
  browser = await chromium.launch({ executablePath, args: [...args, '--disable-sync', '--no-first-run'] })
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await folder[Symbol.asyncDispose]()
})

describe('the API explorer in Chromium', () => {
  peerTest(
    ['chromium'],
    'uploads, lists, reads and deletes by Try it out',
    async () => {
      await using server = await startServer()
      await using visit = await open(server, '/-/api')
      const { page } = visit

      const publish = await tryOut(page, 'Charts-publishChart')
      await publish.locator('input[type=file]').setInputFiles(archive)
      expect(await execute(publish)).toEqual({ status: 201, body: { saved: true } })
      expect(await server.charts()).toEqual(['mychart-0.1.0.tgz'])
      const stored = await Bun.file(join(server.folder, 'mychart-0.1.0.tgz')).bytes()
      expect(Bun.hash(stored)).toBe(Bun.hash(await Bun.file(archive).bytes()))

      const again = await execute(publish)
      expect(again).toMatchObject({ status: 409, body: { error: 'file already exists', identical: true } })

      const list = await execute(await tryOut(page, 'Charts-listCharts'))
      expect(list.status).toBe(200)
      expect(list.body).toMatchObject({ mychart: [{ name: 'mychart', version: '0.1.0' }] })

      const version = await execute(
        await tryOut(page, 'Charts-readVersion', { name: 'mychart', version: 'latest' }),
      )
      expect(version).toMatchObject({ status: 200, body: { version: '0.1.0' } })

      const gone = await execute(
        await tryOut(page, 'Charts-deleteVersion', { name: 'mychart', version: '0.1.0' }),
      )
      expect(gone).toEqual({ status: 200, body: { deleted: true } })
      expect(await server.charts()).toEqual([])
      visit.expectClean()
    },
    180_000,
  )

  peerTest(['chromium'], 'uploads a form with an archive and its provenance', async () => {
    await using server = await startServer()
    await using visit = await open(server, '/-/api')
    const publish = await tryOut(visit.page, 'Charts-publishChart')
    await publish.locator('select[aria-label="Request content type"]').selectOption('multipart/form-data')
    const inputs = publish.locator('input[type=file]')
    await inputs.nth(0).setInputFiles(archive)
    await inputs.nth(1).setInputFiles(provenance)
    expect(await execute(publish)).toEqual({ status: 201, body: { saved: true } })
    expect(await server.charts()).toEqual(['mychart-0.1.0.tgz', 'mychart-0.1.0.tgz.prov'])
    visit.expectClean()
  })

  peerTest(
    ['chromium'],
    'works below a context path, with a repository path, behind basic auth',
    async () => {
      const auth = { BASIC_AUTH_USER: 'alice', BASIC_AUTH_PASS: 'secret' }
      await using server = await startServer({ flags: ['--context-path', '/ctx', '--depth', '2'], env: auth })
      const refused = await fetch(`${server.url}/ctx/-/api`)
      expect(refused.status).toBe(401)
      expect(refused.headers.get('www-authenticate')).toBe('Basic realm="ChartMuseum"')
      const httpCredentials = { username: 'alice', password: 'secret' }
      await using visit = await open(server, '/ctx/swagger', { httpCredentials })
      expect(new URL(visit.page.url()).pathname).toBe('/ctx/-/api')
      const publish = await tryOut(visit.page, 'Charts-publishChart', { repo1: 'org1', repo2: 'team1' })
      await publish.locator('input[type=file]').setInputFiles(archive)
      expect(await execute(publish)).toEqual({ status: 201, body: { saved: true } })
      expect(await server.charts()).toEqual(['org1/team1/mychart-0.1.0.tgz'])
      visit.expectClean()
    },
  )

  peerTest(['chromium'], 'opens no document that the address bar names', async () => {
    await using server = await startServer()
    await using visit = await open(
      server,
      '/-/api?url=https://example.com/evil.json&configUrl=https://example.com/c.json',
    )
    await visit.page.waitForSelector('#operations-Charts-publishChart')
    visit.expectClean()
  })

  peerTest(['chromium'], 'the home page leads to it, without a script of its own', async () => {
    await using server = await startServer()
    await using visit = await open(server, '/', { javaScriptEnabled: false })
    await visit.page.click('main a[href="/-/api"]')
    expect(await visit.page.locator('h1').textContent()).toBe('API explorer')
    expect(await visit.page.locator('#explorer').textContent()).toContain('needs JavaScript')
    visit.expectClean()
  })
})

interface Visit extends AsyncDisposable {
  readonly page: Page
  /** Fails when the page asked another host, broke its policy, or logged an error that no answer explains. */
  expectClean(): void
}

/** Opens a page and writes down whatever it asks and complains about. */
async function open(
  server: RunningServer,
  path: string,
  options: { httpCredentials?: { username: string; password: string }; javaScriptEnabled?: boolean } = {},
): Promise<Visit> {
  if (browser === undefined) throw new Error('Chromium was not started')
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  const foreign: string[] = []
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${server.url}/`) && !url.startsWith('data:')) foreign.push(url)
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  // The browser logs every answer of 400 and more; those that a test provokes are looked at there.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  await context.exposeBinding('tellViolation', (_, rule: string) => complaints.push(rule))
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', (event) => tellViolation(event.violatedDirective + ' ' + event.blockedURI))`,
  )
  await page.goto(server.url + path)
  return {
    page,
    expectClean: () => expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] }),
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** Opens an operation and makes it ready to be sent, its path parameters filled in. */
async function tryOut(
  page: Page,
  id: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Locator> {
  const operation = page.locator(`#operations-${id}`)
  await operation.locator('.opblock-summary-control').click()
  await operation.locator('.try-out__btn').click()
  for (const [name, value] of Object.entries(parameters)) {
    await operation.locator(`tr[data-param-name="${name}"] input`).fill(value)
  }
  return operation
}

/** Sends an operation; the answer as the page shows it. */
async function execute(operation: Locator): Promise<{ status: number; body: unknown }> {
  const { promise: answered, resolve } = Promise.withResolvers<number>()
  operation.page().once('response', (response) => resolve(response.status()))
  await operation.locator('.btn.execute').click()
  const status = await answered
  const shown = operation.locator('.live-responses-table')
  await shown
    .locator('.response-col_status', { hasText: String(status) })
    .first()
    .waitFor()
  const body = await shown.locator('.response-col_description .highlight-code pre').first().textContent()
  return { status, body: JSON.parse(body ?? 'null') }
}
