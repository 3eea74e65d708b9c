/** `bun .ci/screenshots.ts`: takes the README's pictures from a running server with a few charts. Needs Chromium. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { chart } from '../test/support/chart-builder.ts'
import { peer } from '../test/support/peers.ts'
import { startServer } from '../test/support/start-server.ts'

const folder = join(import.meta.dir, '..', 'deploy', 'screenshots')
mkdirSync(folder, { recursive: true })

const executablePath = await peer('chromium')
if (executablePath === undefined) throw new Error('Chromium is missing: bun run peers')
await using server = await startServer()
for (const [name, version] of [
  ['payments-gateway', '1.4.0'],
  ['payments-gateway', '1.5.0-rc.1'],
  ['billing-ledger', '0.9.2'],
] as const) {
  const body = new Blob([new Uint8Array(await chart(name, version).tgz())])
  const response = await fetch(`${server.url}/api/charts`, { method: 'POST', body })
  if (!response.ok) throw new Error(`Cannot publish ${name}: ${await response.text()}`)
}

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
})
const page = await browser.newPage({ viewport: { width: 1180, height: 860 } })
for (const [name, path] of [
  ['home', '/'],
  ['explorer', '/-/api'],
] as const) {
  await page.goto(server.url + path, { waitUntil: 'networkidle' })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}
await browser.close()
