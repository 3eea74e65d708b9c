import { afterAll, beforeAll, describe, expect } from 'bun:test'
import axe from 'axe-core'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { startBrowser, visit } from '../support/browser.ts'
import { chart, type ChartBuilder } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { peerTest } from '../support/peers.ts'
import { sha256 } from '../support/site.ts'
import { startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

let browser: Browser | undefined
let folder: TempFolder

beforeAll(async () => {
  folder = await tempFolder()
  browser = await startBrowser()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await folder[Symbol.asyncDispose]()
})

/** Writes a file to choose; its path. */
async function file(name: string, bytes: string | Uint8Array): Promise<string> {
  const path = join(folder.path, name)
  await Bun.write(path, bytes)
  return path
}

const packed = async (built: ChartBuilder) => file(built.file, await built.tgz())

function provenance(name: string, version: string): string {
  return `-----BEGIN PGP SIGNED MESSAGE-----\n\nname: ${name}\nversion: ${version}\n`
}

/** A connection to a server that breaks on demand, and cannot be made anew until it is mended. */
function breakableLine(port: number) {
  let left = Number.POSITIVE_INFINITY
  const listener = createServer((client) => {
    if (left <= 0) return client.destroy()
    const server = connect(port, '127.0.0.1')
    const end = () => [client, server].forEach((socket) => socket.destroy())
    for (const socket of [client, server]) socket.on('error', end).on('close', end)
    server.pipe(client)
    client.on('data', (chunk: Buffer) => {
      left -= chunk.byteLength
      if (left > 0) server.write(chunk)
      else end()
    })
  })
  listener.listen(0, '127.0.0.1')
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    breakAfter: (bytes: number) => void (left = bytes),
    mend: () => void (left = Number.POSITIVE_INFINITY),
    [Symbol.asyncDispose]: async () => void listener.close(),
  }
}

/** What axe-core finds of WCAG 2.2 A and AA. */
async function violations(page: Page): Promise<string[]> {
  const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  return (await page.evaluate(`
    axe.run(document, ${JSON.stringify({ runOnly })}).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => id + ' ' + target.join(' ') + ': ' + failureSummary)))
  `)) as string[]
}

const row = (page: Page, name: string): Locator => page.locator('#queue > li').filter({ hasText: name })

/** Waits until the row of a file ended so. */
async function ended(page: Page, name: string, code: string): Promise<Locator> {
  const found = row(page, name)
  await found.and(page.locator(`[data-code="${code}"]`)).waitFor()
  return found
}

/** Drops files as a person does: they come from the disk, through a DataTransfer. */
async function drop(page: Page, paths: readonly string[]): Promise<void> {
  const files = await Promise.all(
    paths.map(async (path) => ({
      name: path.slice(path.lastIndexOf('/') + 1),
      base64: Buffer.from(await Bun.file(path).bytes()).toString('base64'),
    })),
  )
  const transfer = await page.evaluateHandle((given) => {
    const made = new DataTransfer()
    for (const { name, base64 } of given)
      made.items.add(new File([Uint8Array.from(atob(base64), (each) => each.charCodeAt(0))], name))
    return made
  }, files)
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer })
  await page.locator('#drop-here').waitFor()
  await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer })
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer })
}

async function stored(server: RunningServer, name: string): Promise<string> {
  return sha256(await Bun.file(join(server.folder, name)).bytes())
}

describe('the upload page in Chromium', () => {
  peerTest(
    ['chromium'],
    'publishes what is dropped, pairs provenance, shows what is wrong in which line',
    async () => {
      await using server = await startServer({ flags: ['--depth', '2', '--context-path', '/ctx'] })
      await using opened = await visit(browser, server, '/ctx/org/team/-/upload')
      const { page } = opened
      const redis = chart('redis', '1.0.0')
      const bad = chart('bad', '1.0.0').chartYaml('apiVersion: v2\nname: bad\nversion: one\n')
      await drop(page, [
        await packed(redis),
        await file('redis-1.0.0.tgz.prov', provenance('redis', '1.0.0')),
        await packed(bad),
        await file('notes.zip', 'text'),
        await packed(chart('nginx', '2.0.0')),
      ])
      expect(await (await ended(page, 'redis-1.0.0', 'PUBLISHED')).textContent()).toContain(
        'Published · signed',
      )
      expect(await (await ended(page, 'bad-1.0.0', 'BAD_VERSION')).textContent()).toContain(
        'Chart.yaml line 3: version “one” is not a version Helm accepts.',
      )
      await ended(page, 'notes.zip', 'NOT_GZIP')
      await ended(page, 'nginx-2.0.0', 'PUBLISHED')
      await eventually(() => page.locator('#upload-summary').textContent(), '2 published, 2 to look at')
      expect(await server.charts()).toEqual([
        'org/team/nginx-2.0.0.tgz',
        'org/team/redis-1.0.0.tgz',
        'org/team/redis-1.0.0.tgz.prov',
      ])
      expect(await stored(server, 'org/team/redis-1.0.0.tgz')).toBe(sha256(await redis.tgz()))
      // What was refused can be packaged anew and chosen again.
      await packed(chart('bad', '1.0.0'))
      await page.locator('#files').setInputFiles(join(folder.path, 'bad-1.0.0.tgz'))
      await ended(page, 'bad-1.0.0', 'PUBLISHED')
      await row(page, 'redis-1.0.0').getByRole('link', { name: 'Open' }).click()
      expect(await page.locator('h1').textContent()).toContain('redis')
      opened.expectClean()
    },
    60_000,
  )

  peerTest(
    ['chromium'],
    'shows progress, two at a time, and can be cancelled and retried',
    async () => {
      await using server = await startServer()
      await using opened = await visit(browser, server, '/-/upload')
      const { page } = opened
      const session = await page.context().newCDPSession(page)
      const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 }
      await session.send('Network.enable')
      await session.send('Network.emulateNetworkConditions', slow)
      const paths = await Promise.all(
        ['a', 'b', 'c'].map((name) => chart(name, '1.0.0').sized(1_500_000)).map(packed),
      )
      await page.locator('#files').setInputFiles(paths)
      const values = new Set<number>()
      await eventually(
        async () => {
          const progress = await page.locator('#queue progress').first().getAttribute('value')
          values.add(Number(progress))
          return values.size > 2
        },
        true,
        20_000,
      )
      expect(await page.locator('#queue > li').filter({ hasText: 'Waiting' }).count()).toBe(1)
      await row(page, 'a-1.0.0').getByRole('button', { name: 'Cancel' }).click()
      await ended(page, 'a-1.0.0', 'CANCELLED')
      await session.send('Network.emulateNetworkConditions', { ...slow, uploadThroughput: -1 })
      await row(page, 'a-1.0.0').getByRole('button', { name: 'Retry' }).click()
      for (const name of ['a', 'b', 'c']) await ended(page, `${name}-1.0.0`, 'PUBLISHED')
      expect(await server.charts()).toHaveLength(3)
      opened.expectClean()
    },
    90_000,
  )

  peerTest(
    ['chromium'],
    'keeps the files when the server goes away in the middle, and sends them again',
    async () => {
      await using server = await startServer()
      await using line = breakableLine(server.port)
      await using opened = await visit(browser, line, '/-/upload')
      const { page } = opened
      const large = chart('large', '1.0.0').sized(3_000_000)
      line.breakAfter(1_000_000)
      await page.locator('#files').setInputFiles(await packed(large))
      const lost = await ended(page, 'large-1.0.0', 'NETWORK')
      expect(await lost.textContent()).toMatch(/Connection lost after \d+ %\. Retry/)
      expect(await server.charts()).toEqual([])
      line.mend()
      await lost.getByRole('button', { name: 'Retry' }).click()
      await ended(page, 'large-1.0.0', 'PUBLISHED')
      expect(await stored(server, 'large-1.0.0.tgz')).toBe(sha256(await large.tgz()))
      opened.expectClean()
    },
    90_000,
  )

  peerTest(
    ['chromium'],
    'asks before it replaces, with both digests',
    async () => {
      await using server = await startServer()
      await using opened = await visit(browser, server, '/-/upload')
      const { page } = opened
      const [old, fresh] = [chart('a', '1.0.0'), chart('a', '1.0.0').with('README.md', 'new')]
      await page.locator('#files').setInputFiles(await packed(old))
      await ended(page, 'a-1.0.0', 'PUBLISHED')
      await page.locator('#files').setInputFiles(await packed(fresh))
      const exists = await ended(page, 'a-1.0.0', 'EXISTS')
      await exists.getByRole('button', { name: 'Replace it…' }).click()
      const dialog = page.locator('dialog:modal')
      const said = (await dialog.textContent()) ?? ''
      for (const built of [old, fresh]) expect(said).toContain(`sha256:${sha256(await built.tgz())}`)
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Keep existing')
      await dialog.getByRole('button', { name: 'Keep existing' }).click()
      expect(await stored(server, 'a-1.0.0.tgz')).toBe(sha256(await old.tgz()))
      await exists.getByRole('button', { name: 'Replace it…' }).click()
      await dialog.getByRole('button', { name: 'Replace', exact: true }).click()
      await ended(page, 'a-1.0.0', 'REPLACED')
      expect(await stored(server, 'a-1.0.0.tgz')).toBe(sha256(await fresh.tgz()))
      opened.expectClean()
    },
    60_000,
  )

  peerTest(
    ['chromium'],
    'is for everybody: rows and dialogs in both themes and languages',
    async () => {
      await using server = await startServer()
      await Bun.write(join(server.folder, 'a-1.0.0.tgz'), await chart('a', '1.0.0').tgz())
      const found: string[] = []
      for (const lang of ['en', 'zh-CN']) {
        await using opened = await visit(browser, server, `/-/upload?lang=${lang}`)
        const { page } = opened
        await page.evaluate(axe.source)
        const look = async (what: string) => {
          for (const theme of ['day', 'night']) {
            await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`)
            // Colours fade from one theme to the other.
            await page.waitForTimeout(300)
            for (const violation of await violations(page))
              found.push(`${lang} ${theme} ${what}: ${violation}`)
          }
        }
        await page
          .locator('#files')
          .setInputFiles([
            await packed(chart('a', '1.0.0').with('README.md', lang)),
            await packed(chart('b', lang === 'en' ? '1.0.0' : '2.0.0')),
            await file('notes.zip', 'text'),
          ])
        for (const code of ['NOT_GZIP', 'PUBLISHED', 'EXISTS'])
          await page.locator(`#queue > [data-code="${code}"]`).waitFor()
        await look('rows')
        await page.locator('#queue [data-act="replace"]').click()
        await look('dialog')
        opened.expectClean()
      }
      expect(found).toEqual([])
    },
    90_000,
  )

  peerTest(
    ['chromium'],
    'takes what is dropped on the list of charts',
    async () => {
      await using server = await startServer({ flags: ['--depth', '1'] })
      await Bun.write(join(server.folder, 'org/first-1.0.0.tgz'), await chart('first', '1.0.0').tgz())
      await using opened = await visit(browser, server, '/org/')
      const { page } = opened
      await drop(page, [await packed(chart('dropped', '1.0.0'))])
      await ended(page, 'dropped-1.0.0', 'PUBLISHED')
      await page.locator('dialog:modal').getByRole('button', { name: 'Close' }).click()
      await page.getByRole('link', { name: 'dropped' }).first().waitFor()
      expect(await server.charts()).toContain('org/dropped-1.0.0.tgz')
      opened.expectClean()
    },
    60_000,
  )

  peerTest(
    ['chromium'],
    'works without script: several files, one answer, replacing by checkbox',
    async () => {
      await using server = await startServer()
      await using opened = await visit(browser, server, '/-/upload', { javaScriptEnabled: false })
      const { page } = opened
      const bad = await file('bad.tgz', 'no archive')
      await page.locator('#files').setInputFiles([await packed(chart('a', '1.0.0')), bad])
      await page.getByRole('button', { name: 'Upload' }).click()
      await ended(page, 'a-1.0.0', 'PUBLISHED')
      await ended(page, 'bad.tgz', 'NOT_GZIP')
      const fresh = chart('a', '1.0.0').with('README.md', 'new')
      await page.locator('#files').setInputFiles(await packed(fresh))
      await page.getByLabel('Replace versions that already exist').check()
      await page.getByRole('button', { name: 'Upload' }).click()
      await ended(page, 'a-1.0.0', 'REPLACED')
      expect(await stored(server, 'a-1.0.0.tgz')).toBe(sha256(await fresh.tgz()))
      opened.expectClean()
    },
    60_000,
  )

  peerTest(
    ['chromium'],
    'says plainly that somebody is signed out, and goes on after signing in',
    async () => {
      const flags = ['--basic-auth-user', 'alice', '--basic-auth-pass', 'secret']
      await using server = await startServer({ flags })
      const httpCredentials = { username: 'alice', password: 'secret' }
      await using opened = await visit(browser, server, '/-/upload', { httpCredentials })
      const { page } = opened
      let signedIn = false
      await page.route('**/-/upload', (route) =>
        signedIn || route.request().method() !== 'POST'
          ? route.continue()
          : route.fulfill({ status: 401, body: 'unauthorized' }),
      )
      await page.locator('#files').setInputFiles(await packed(chart('a', '1.0.0')))
      const lost = await ended(page, 'a-1.0.0', 'SIGNED_OUT')
      expect(await lost.getByRole('link', { name: 'Sign in' }).getAttribute('href')).toBe('/?signin')
      signedIn = true
      await lost.getByRole('button', { name: 'Retry' }).click()
      await ended(page, 'a-1.0.0', 'PUBLISHED')
      expect(await server.charts()).toEqual(['a-1.0.0.tgz'])
    },
    60_000,
  )
})
