/**
 * `bun .ci/screenshots.ts`: takes the README's pictures of a running server with some 30 charts, by day, by night and
 * on a phone. Needs Chromium.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core'
import { peer } from '../test/support/peers.ts'
import { site } from '../test/support/site.ts'
import { startServer } from '../test/support/start-server.ts'
import { tempFolder } from '../test/support/temp-folder.ts'
import { sampleChart, writeSamples } from './sample-charts.ts'

const folder = join(import.meta.dir, '..', 'deploy', 'screenshots')
mkdirSync(folder, { recursive: true })
const executablePath = peer('chromium')
if (executablePath === undefined) throw new Error('Chromium is missing: bun run peers')

const host = 'charts.example.internal'
const user = { username: 'alice', password: 'pictures' }
const repository = 'org1/repoa'

await using storage = await tempFolder()
await writeSamples(join(storage.path, repository))
const access = ['--basic-auth-user', user.username, '--basic-auth-pass', user.password]
const address = ['--tls-self-signed', '--public-url', `https://${host}`]
await using server = await startServer({
  folder: storage.path,
  flags: ['--depth', '2', ...access, ...address],
})

/** Uploaded by each look, and deleted again for the next. */
const uploaded = { name: 'edge-ingress', version: '4.14.0' }
const credentials = { user: user.username, password: user.password }
const registry = site(server, { repo: repository, credentials })

const browser = await chromium.launch({
  executablePath,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    `--host-resolver-rules=MAP ${host}:443 127.0.0.1:${server.port}`,
  ],
})

const looks: Readonly<Record<string, BrowserContextOptions>> = {
  day: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  night: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 375, height: 760 }, colorScheme: 'light', hasTouch: true, isMobile: true },
}

const chart = `/${repository}/-/chart/redis`
const pages: readonly (readonly [name: string, path: string, prepare?: (page: Page) => Promise<void>])[] = [
  ['list', `/${repository}/`],
  ['chart', `${chart}/21.2.4`],
  ['values', `${chart}/21.2.4/values`],
  ['compare', `${chart}/compare/20.13.4...21.2.4`],
  ['upload', `/${repository}/-/upload`, chooseFiles],
]

for (const [look, options] of Object.entries(looks)) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, httpCredentials: user, ...options })
  const page = await context.newPage()
  for (const [name, path, prepare] of pages) {
    await page.goto(`https://${host}${path}`, { waitUntil: 'networkidle' })
    await prepare?.(page)
    await page.screenshot({ path: join(folder, `${name}-${look}.png`) })
  }
  await context.close()
  await registry.call('DELETE', `/charts/${uploaded.name}/${uploaded.version}`)
}

const context = await browser.newContext({
  ignoreHTTPSErrors: true,
  httpCredentials: user,
  viewport: { width: 1180, height: 860 },
  colorScheme: 'light',
})
const page = await context.newPage()
await page.goto(`https://${host}/-/api`, { waitUntil: 'networkidle' })
await page.screenshot({ path: join(folder, 'explorer.png') })
await browser.close()

/** A new version with its provenance, one that is there already with other contents, and a file that is no chart. */
async function chooseFiles(page: Page): Promise<void> {
  const fresh = sampleChart(uploaded.name, uploaded.version)
  const taken = sampleChart('common-lib', '2.9.0').with('NOTES.md', 'changed\n')
  const files = [
    { name: fresh.file, mimeType: 'application/gzip', buffer: Buffer.from(await fresh.tgz()) },
    { name: taken.file, mimeType: 'application/gzip', buffer: Buffer.from(await taken.tgz()) },
    { name: 'notes.zip', mimeType: 'application/zip', buffer: Buffer.from('PK') },
  ]
  await page.setInputFiles('input[type=file]', files)
  await page.waitForLoadState('networkidle')
  await page.waitForTimeout(500)
}
