import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { request } from 'node:http'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { authority, trustIn } from '../support/authority.ts'
import { startBrowser, visit } from '../support/browser.ts'
import { chart } from '../support/chart-builder.ts'
import { cmPush } from '../support/cm-push.ts'
import { eventually } from '../support/eventually.ts'
import { helmHome } from '../support/helm-home.ts'
import { peer, peerTest } from '../support/peers.ts'
import { startProxy, type Proxy } from '../support/proxy.ts'
import { basic, site } from '../support/site.ts'
import { freePort, projectRoot, startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

const [nginx, openssl, certutil] = [peer('nginx'), peer('openssl'), peer('certutil')]
const credentials = { user: 'pilot', password: 'secret' }
const access = ['--basic-auth-user', credentials.user, '--basic-auth-pass', credentials.password]

/** What a proxy tells of its clients. */
const forwarded = `
  proxy_bind 127.0.0.2;
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;`

let folder: TempFolder
let proxy: Proxy
let browser: Browser | undefined
let ca: string
/** Two of them: the one speaks HTTP below a context path and trusts the proxy, the other speaks HTTPS and is told where it is reached. */
const servers: RunningServer[] = []
const ports = [freePort(), freePort(), freePort(), freePort()] as const

const places = [
  { title: 'with the path as it is', url: `http://localhost:${ports[0]}/ctx`, browsed: false },
  {
    title: 'with a prefix that it takes off, TLS at nginx',
    url: `https://localhost:${ports[1]}/team/ctx`,
    browsed: true,
  },
  { title: 'with a prefix that it takes off', url: `http://localhost:${ports[2]}/team/ctx`, browsed: false },
  { title: 'with --public-url, TLS on both sides', url: `https://localhost:${ports[3]}`, browsed: true },
] as const

beforeAll(async () => {
  if (nginx === undefined || openssl === undefined) return
  folder = await tempFolder()
  const issuer = await authority(openssl, folder.path, 'authority')
  ca = issuer.file
  const [tls, own] = [await issuer.issue('nginx'), await issuer.issue('chartroom')]
  const named = ['--public-url', places[3].url, '--tls-cert', own.cert, '--tls-key', own.key]
  const [plain, secure] = await Promise.all([
    startServer({ flags: ['--context-path', '/ctx', '--trusted-proxies', '127.0.0.2', ...access] }),
    startServer({ flags: [...named, ...access] }),
  ])
  servers.push(plain, secure)
  const prefixed = (await readmeExample())
    .replaceAll('/charts', '/team')
    .replace('http://127.0.0.1:8080', plain.url)
    .replace('{', '{ proxy_bind 127.0.0.2;')
  proxy = await startProxy(nginx, folder.path, [
    { port: ports[0], locations: `location /ctx { proxy_pass ${plain.url}; ${forwarded} }` },
    { port: ports[1], tls, locations: prefixed },
    { port: ports[2], locations: prefixed },
    {
      port: ports[3],
      tls,
      locations: `location / {
        proxy_pass ${secure.url};
        proxy_ssl_verify on; proxy_ssl_trusted_certificate ${ca}; proxy_ssl_name localhost;
      }`,
    },
  ])
  const home = join(folder.path, 'browser')
  if (certutil !== undefined) await trustIn(home, certutil, ca)
  browser = await startBrowser(home)
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await proxy?.[Symbol.asyncDispose]()
  for (const server of servers) await server[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

describe('behind nginx', () => {
  places.forEach(({ title, url, browsed }, number) => {
    const charts = ['helm3', 'helm4', 'browser'].map((name) => `${name}-${number}`)
    peerTest(
      ['nginx', 'openssl', 'helm3', 'helm4'],
      `helm adds, pulls and renders ${title}`,
      async (paths) => {
        const place = site({ url }, { credentials })
        for (const [at, name] of (['helm3', 'helm4'] as const).entries()) {
          const archive = await chart(charts[at] ?? '', '1.0.0').tgz()
          expect((await place.publish(archive)).status).toBe(201)
          const home = await helmHome(paths[name], join(folder.path, `${name}-${number}`))
          const { user, password } = credentials
          const as = ['--username', user, '--password', password, '--ca-file', ca]
          await home.ok('repo', 'add', 'ours', url, ...as)
          await home.ok('pull', `ours/${charts[at]}`)
          expect(await home.ok('template', 'release', `ours/${charts[at]}`)).toContain('kind: ConfigMap')
        }
      },
    )

    if (!browsed) return
    peerTest(
      ['nginx', 'openssl', 'chromium'],
      `pages, their forms and the explorer work ${title}`,
      async () => {
        const { origin, pathname } = new URL(url)
        const base = pathname.replace(/\/$/, '')
        expect(
          (await site({ url }, { credentials }).publish(await chart('shown', `1.0.${number}`).tgz())).status,
        ).toBe(201)
        await using opened = await visit(browser, { url: origin }, `${base}/`, {
          httpCredentials: { username: credentials.user, password: credentials.password },
        })
        const { page } = opened
        const missing: string[] = []
        page.on('response', (response) => {
          if (response.status() >= 400 && response.status() !== 401) missing.push(response.url())
        })
        expect(await page.locator('.cmd code').first().textContent()).toContain(`helm repo add`)
        expect(await page.locator('main').textContent()).toContain(url)
        await page.getByRole('link', { name: 'shown', exact: true }).click()
        await page.waitForURL(`${url}/-/chart/shown**`)
        await page.goto(`${url}/-/upload`)
        const other = { name: `${charts[2]}-0.1.0.tgz`, mimeType: 'application/gzip' }
        await page.setInputFiles('input[type=file]', {
          ...other,
          buffer: Buffer.from(await chart(charts[2] ?? '', '0.1.0').tgz()),
        })
        await page.getByRole('link', { name: 'Open' }).waitFor()
        // The other place has no path in front that its explorer could miss.
        if (base !== '') await listInExplorer(page, url)
        expect(missing).toEqual([])
        opened.expectClean()
      },
    )
  })

  peerTest(
    ['nginx', 'openssl', 'chromium', 'certutil'],
    'or without it, a browser opens the page when it trusts the authority of the certificate',
    async () => {
      const httpCredentials = { username: credentials.user, password: credentials.password }
      const server = { url: servers[1]?.url ?? '' }
      await using opened = await visit(browser, server, '/', { httpCredentials, ignoreHTTPSErrors: false })
      expect(await opened.page.locator('h1').first().textContent()).not.toBe('')
    },
  )

  peerTest(
    ['nginx', 'openssl'],
    'takes the requests of cm-push, with a prefix when it is told of it',
    async () => {
      const archive = (name: string) => chart(name, '1.0.0').tgz()
      const found = await cmPush(places[0].url, await archive('found'), { credentials })
      expect(found.printed).toBe('Done.')
      const told = await cmPush(places[2].url, await archive('told'), {
        credentials,
        contextPath: '/team/ctx',
      })
      expect(told.printed).toBe('Done.')
      expect(await servers[0]?.charts()).toContain('told-1.0.0.tgz')
    },
  )

  peerTest(['nginx', 'openssl'], 'redirects and cookies lead to where the browser is', async () => {
    for (const { url } of places) {
      const path = new URL(url).pathname.replace(/\/$/, '')
      const ask = (below: string, init: RequestInit) =>
        fetch(url + below, {
          ...init,
          redirect: 'manual',
          headers: { ...basic(credentials), accept: 'text/html', ...init.headers },
          tls: { rejectUnauthorized: false },
        })
      const secure = url.startsWith('https:')
      const answer = await ask('/-/prefs', {
        method: 'POST',
        body: new URLSearchParams({ theme: 'night', next: `${path}/-/shortcuts` }),
      })
      expect(answer.headers.get('location')).toBe(`${path}/-/shortcuts`)
      const cookie = answer.headers.get('set-cookie') ?? ''
      expect(cookie).toContain(`cr_theme=night; Path=${path}/;`)
      expect(cookie.includes('Secure')).toBe(secure)
      expect((await ask('/swagger', {})).headers.get('location')).toBe(`${path}/-/api`)
      const document = (await (await ask('/-/openapi.json', {})).json()) as { servers: { url: string }[] }
      expect(document.servers).toEqual([{ url: path === '' ? '/' : path }])
      const foreign = await ask('/-/prefs', {
        method: 'POST',
        body: new URLSearchParams({ theme: 'day' }),
        headers: { origin: 'https://evil.example' },
      })
      expect(foreign.status).toBe(403)
      const own = await ask('/-/prefs', {
        method: 'POST',
        body: new URLSearchParams({ theme: 'day' }),
        headers: { origin: new URL(url).origin },
      })
      expect(own.status).toBe(303)
    }
  })

  peerTest(
    ['nginx', 'openssl'],
    'logs the client that the proxy saw, and not who the client says it is',
    async () => {
      const headers = { 'x-forwarded-for': '192.0.2.7', ...basic(credentials) }
      const from = { localAddress: '127.0.0.3', headers, agent: false }
      const clients = () =>
        [...(servers[0]?.logs() ?? '').matchAll(/index\.yaml".*"clientIP": "([^"]*)"/g)].map(([, ip]) => ip)
      const before = clients().length
      for (const address of [places[0].url, `${servers[0]?.url}/ctx`]) {
        const { promise, resolve } = Promise.withResolvers<void>()
        const target = `${address}/index.yaml`.replace('localhost', '127.0.0.1')
        request(target, from, (answer) => answer.resume().on('end', resolve)).end()
        await promise
      }
      await eventually(() => clients().slice(before), ['127.0.0.3', '127.0.0.3'])
    },
  )
})

/** The location that the README tells people to write. */
async function readmeExample(): Promise<string> {
  const text = await Bun.file(join(projectRoot, 'README.md')).text()
  const [, location] = /```nginx\n[^]*?\n( {2}location [^]*?\n {2}\})/.exec(text) ?? []
  if (location === undefined) throw new Error('The README has no example for nginx')
  return location
}

/** Sends one request by the API explorer. */
async function listInExplorer(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/-/api`)
  const list = page.locator('#operations-Charts-listCharts')
  await list.locator('.opblock-summary-control').click()
  await list.locator('.try-out__btn').click()
  const answered = page.waitForResponse(`${url}/api/charts**`)
  await list.locator('.btn.execute').click()
  expect((await answered).status()).toBe(200)
}
