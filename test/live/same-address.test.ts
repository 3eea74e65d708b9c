import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { startBrowser, visit } from '../support/browser.ts'
import { chart } from '../support/chart-builder.ts'
import { helmHome } from '../support/helm-home.ts'
import { peerTest } from '../support/peers.ts'
import { site } from '../support/site.ts'
import { freePort, startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

let browser: Browser | undefined
beforeAll(async () => void (browser = await startBrowser()), 60_000)
afterAll(async () => browser?.close())

const places = [
  { title: 'at the root', flags: [], context: '', repo: '' },
  { title: 'below a context path', flags: ['--context-path', '/ctx'], context: '/ctx', repo: '' },
  { title: 'at depth 1', flags: ['--depth', '1'], context: '', repo: 'org1' },
  {
    title: 'at depth 2, below a context path',
    flags: ['--depth', '2', '--context-path', '/a/b'],
    context: '/a/b',
    repo: 'org1/team1',
  },
  { title: 'at any depth', flags: ['--depth-dynamic'], context: '', repo: 'org1/team1/more' },
] as const

describe('one address for helm and for a browser', () => {
  for (const { title, flags, context, repo } of places) {
    peerTest(
      ['helm3', 'helm4', 'chromium'],
      `shows each what it asks for, ${title}`,
      async ({ helm3, helm4 }) => {
        await using server = await startServer({ flags })
        await using folder = await tempFolder()
        const place = site(server, { repo, context })
        expect((await place.publish(await chart('redis', '1.2.3').tgz())).status).toBe(201)
        for (const [name, helm] of [
          ['three', helm3],
          ['four', helm4],
        ] as const) {
          const home = await helmHome(helm, join(folder.path, name))
          await home.ok('repo', 'add', 'ours', place.repository)
          expect(await home.ok('search', 'repo', 'ours/redis')).toContain('1.2.3')
          await home.ok('pull', 'ours/redis')
          const cached = await Bun.file(join(home.repositoryCache, 'ours-index.yaml')).text()
          expect(cached).not.toContain('<html')
        }
        const path = place.repository.slice(server.url.length)
        await using opened = await visit(browser, server, path)
        // A repository's page ends in a slash; the root of a context path is itself without one, too.
        expect(new URL(opened.page.url()).pathname).toBe(repo === '' && context !== '' ? path : `${path}/`)
        await opened.page.getByRole('link', { name: 'redis', exact: true }).click()
        await opened.page.waitForURL(`**${path}/-/chart/redis**`)
        expect(await opened.page.locator('h1').textContent()).toContain('redis')
        const index = await fetch(`${place.repository}/index.yaml`, { headers: { accept: 'text/html' } })
        expect(index.headers.get('content-type')).not.toContain('html')
        opened.expectClean()
      },
    )
  }

  peerTest(
    ['nginx', 'helm3', 'chromium'],
    'behind a proxy that takes a prefix off',
    async ({ nginx, helm3 }) => {
      const flags = ['--trusted-proxies', '127.0.0.1', '--depth', '1']
      await using server = await startServer({ flags })
      await using folder = await tempFolder()
      await using proxy = await startProxy(nginx, folder.path, server.port)
      expect((await site(server, { repo: 'org1' }).publish(await chart('redis', '1.2.3').tgz())).status).toBe(
        201,
      )

      const home = await helmHome(helm3, join(folder.path, 'home'))
      await home.ok('repo', 'add', 'ours', `${proxy.url}/charts/org1`)
      await home.ok('pull', 'ours/redis')

      await using opened = await visit(browser, proxy, '/charts/org1')
      const { page } = opened
      const missing: string[] = []
      page.on('response', (response) => void (response.status() >= 400 && missing.push(response.url())))
      expect(new URL(page.url()).pathname).toBe('/charts/org1/')
      expect(await page.locator('.cmd code').first().textContent()).toContain(`${proxy.url}/charts/org1`)
      await page.getByRole('link', { name: 'redis', exact: true }).click()
      await page.waitForURL('**/charts/org1/-/chart/redis**')
      await page.getByRole('link', { name: 'Values' }).first().click()
      await page.waitForURL('**/values')
      await page.goto(`${proxy.url}/charts/org1/-/upload`)
      await page.setInputFiles('input[type=file]', {
        name: 'other-0.1.0.tgz',
        mimeType: 'application/gzip',
        buffer: Buffer.from(await chart('other', '0.1.0').tgz()),
      })
      await page.getByRole('link', { name: 'Open' }).waitFor()
      expect(await server.charts()).toEqual(['org1/other-0.1.0.tgz', 'org1/redis-1.2.3.tgz'])
      expect(missing).toEqual([])
      opened.expectClean()
    },
  )
})

/** An nginx in front of a server, which is reached below `/charts/` and hears of it in X-Forwarded headers. */
async function startProxy(nginx: string, folder: string, target: number) {
  const port = freePort()
  const work = join(folder, 'nginx')
  await mkdir(work)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${work}/${kind};`,
  )
  await Bun.write(
    join(work, 'nginx.conf'),
    `pid ${work}/pid; error_log ${work}/error.log; daemon off; events {}
    http {
      access_log off; ${temporary.join(' ')}
      server {
        listen 127.0.0.1:${port}; client_max_body_size 0;
        location /charts/ {
          proxy_pass http://127.0.0.1:${target}/;
          proxy_set_header Host $http_host;
          proxy_set_header X-Forwarded-Proto http;
          proxy_set_header X-Forwarded-Host $http_host;
          proxy_set_header X-Forwarded-Prefix /charts;
        }
      }
    }`,
  )
  const child = Bun.spawn([nginx, '-p', work, '-c', join(work, 'nginx.conf')], {
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 200; tries++) {
    if (await fetch(url).catch(() => undefined)) break
    await Bun.sleep(25)
  }
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await child.exited
    },
  }
}
