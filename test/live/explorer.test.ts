import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { startBrowser, visit } from '../support/browser.ts'
import { chart } from '../support/chart-builder.ts'
import { peerTest } from '../support/peers.ts'
import { startServer } from '../support/start-server.ts'
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
  browser = await startBrowser()
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
      await using opened = await visit(browser, server, '/-/api')
      const { page } = opened

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
      opened.expectClean()
    },
    180_000,
  )

  peerTest(['chromium'], 'uploads a form with an archive and its provenance', async () => {
    await using server = await startServer()
    await using opened = await visit(browser, server, '/-/api')
    const publish = await tryOut(opened.page, 'Charts-publishChart')
    await publish.locator('select[aria-label="Request content type"]').selectOption('multipart/form-data')
    const inputs = publish.locator('input[type=file]')
    await inputs.nth(0).setInputFiles(archive)
    await inputs.nth(1).setInputFiles(provenance)
    expect(await execute(publish)).toEqual({ status: 201, body: { saved: true } })
    expect(await server.charts()).toEqual(['mychart-0.1.0.tgz', 'mychart-0.1.0.tgz.prov'])
    opened.expectClean()
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
      await using opened = await visit(browser, server, '/ctx/swagger', { httpCredentials })
      expect(new URL(opened.page.url()).pathname).toBe('/ctx/-/api')
      const publish = await tryOut(opened.page, 'Charts-publishChart', { repo1: 'org1', repo2: 'team1' })
      await publish.locator('input[type=file]').setInputFiles(archive)
      expect(await execute(publish)).toEqual({ status: 201, body: { saved: true } })
      expect(await server.charts()).toEqual(['org1/team1/mychart-0.1.0.tgz'])
      opened.expectClean()
    },
  )

  peerTest(['chromium'], 'opens no document that the address bar names', async () => {
    await using server = await startServer()
    await using opened = await visit(
      browser,
      server,
      '/-/api?url=https://example.com/evil.json&configUrl=https://example.com/c.json',
    )
    await opened.page.waitForSelector('#operations-Charts-publishChart')
    opened.expectClean()
  })

  peerTest(['chromium'], 'the home page leads to it, without a script of its own', async () => {
    await using server = await startServer()
    await using opened = await visit(browser, server, '/', { javaScriptEnabled: false })
    await opened.page.click('footer a[href="/-/api"]')
    expect(await opened.page.locator('h1').textContent()).toBe('API explorer')
    expect(await opened.page.locator('#explorer').textContent()).toContain('needs JavaScript')
    opened.expectClean()
  })
})

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
