import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { peerTest } from '../support/peers.ts'
import { rawRequest } from '../support/raw-http.ts'
import { basic, site } from '../support/site.ts'
import { freePort, runProgram, startServer } from '../support/start-server.ts'
import type { RunningServer } from '../support/start-server.ts'
import { filesBelow, tempFolder } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const credentials = { user: 'pilot', password: 'päss:wörd' }
const flags = ['--basic-auth-user', credentials.user, '--basic-auth-pass', credentials.password]
const right = basic(credentials).authorization
const archive = await chart('mychart', '1.0.0').tgz()

/** Every route with what it asks of the caller. */
const routes: readonly [action: 'none' | 'pull' | 'push', method: string, path: string][] = [
  ['none', 'GET', '/health'],
  ['none', 'GET', '/livez'],
  ['none', 'GET', '/readyz'],
  ['none', 'GET', '/info'],
  ['pull', 'GET', '/'],
  ['pull', 'GET', '/index.yaml'],
  ['pull', 'HEAD', '/index.yaml'],
  ['pull', 'GET', '/charts/mychart-1.0.0.tgz'],
  ['pull', 'GET', '/charts/nothing-1.0.0.tgz'],
  ['pull', 'GET', '/artifacthub-repo.yml'],
  ['pull', 'GET', '/api/charts'],
  ['pull', 'GET', '/api/charts/mychart'],
  ['pull', 'HEAD', '/api/charts/mychart'],
  ['pull', 'GET', '/api/charts/mychart/1.0.0'],
  ['pull', 'GET', '/api/charts/mychart/1.0.0/values'],
  ['pull', 'GET', '/api/charts/mychart/1.0.0/templates'],
  ['push', 'POST', '/api/charts'],
  ['push', 'POST', '/api/prov'],
  ['push', 'DELETE', '/api/charts/nothing'],
  ['push', 'DELETE', '/api/charts/mychart/9.9.9'],
]

/** What is no credential, whatever it looks like. */
const wrong: readonly (string | undefined)[] = [
  undefined,
  '',
  'Basic',
  'Basic ',
  'Basic !!!',
  `Bearer ${right.slice(6)}`,
  right.slice(6),
  basic({ user: 'pilot', password: 'wrong' }).authorization,
  basic({ user: 'pilot', password: '' }).authorization,
  basic({ user: '', password: credentials.password }).authorization,
  basic({ user: 'Pilot', password: credentials.password }).authorization,
  basic({ user: 'pilot', password: `${credentials.password} ` }).authorization,
]

for (const anonymousGet of [false, true]) {
  describe(`a server behind basic auth ${anonymousGet ? 'that lets everybody read' : ''}`, () => {
    let server: RunningServer

    beforeAll(async () => {
      server = await startServer({ flags: [...flags, ...(anonymousGet ? ['--auth-anonymous-get'] : [])] })
      expect((await site(server, { credentials }).publish(archive)).status).toBe(201)
    })
    afterAll(() => server[Symbol.asyncDispose]())

    test.each(routes)('asks for %s in %s %s', async (action, method, path) => {
      const refused = action === 'push' || (action === 'pull' && !anonymousGet)
      for (const authorization of wrong) {
        const response = await rawRequest(server.port, {
          method,
          target: path,
          headers: authorization === undefined ? {} : { Authorization: authorization },
          ...(method === 'POST' ? { body: archive } : {}),
        })
        expect(`${authorization} ${response.status === 401}`).toBe(`${authorization} ${refused}`)
        if (!refused) continue
        expect(response.headers.get('www-authenticate')).toBe('Basic realm="ChartMuseum"')
        if (method !== 'HEAD') expect(JSON.parse(response.text())).toEqual({ error: 'unauthorized' })
      }
      for (const authorization of [right, right.replace('Basic', 'basic')]) {
        const response = await rawRequest(server.port, {
          method,
          target: path,
          headers: { Authorization: authorization },
        })
        expect(response.status).not.toBe(401)
      }
      expect(await server.charts()).toEqual(['mychart-1.0.0.tgz'])
    })

    test('says 404 to unknown paths before it asks who is there', async () => {
      for (const target of ['/nothing', '/api/nothing', '/charts', '/api/charts/a/b/c/d'])
        expect((await rawRequest(server.port, { target })).status).toBe(404)
    })

    test('refuses what another site makes a browser send, with the right credentials, too', async () => {
      const foreign: [string, string][] = [
        ['Origin', 'https://evil.example'],
        ['Origin', 'null'],
        ['Sec-Fetch-Site', 'cross-site'],
      ]
      for (const [name, value] of foreign) {
        for (const [method, target] of [
          ['POST', '/api/charts'],
          ['DELETE', '/api/charts/mychart/1.0.0'],
        ] as const) {
          const response = await rawRequest(server.port, {
            method,
            target,
            headers: { [name]: value, Authorization: right },
          })
          expect(response.status).toBe(403)
        }
      }
      expect(await server.charts()).toEqual(['mychart-1.0.0.tgz'])
    })

    test('sends its security headers with every answer', async () => {
      const asked = [
        ...routes.map(([, method, target]) => ({ method, target })),
        { method: 'GET', target: '/nothing' },
        { method: 'PUT', target: '/' },
      ]
      for (const request of asked) {
        for (const headers of [{}, { Authorization: right }] as Record<string, string>[]) {
          const response = await rawRequest(server.port, { ...request, headers })
          const about = `${request.method} ${request.target} ${response.status}`
          expect(response.headers.get('x-content-type-options'), about).toBe('nosniff')
          expect(response.headers.get('content-security-policy'), about).toContain("default-src 'none'")
          expect(response.headers.get('referrer-policy'), about).not.toBeNull()
          expect(response.headers.get('x-frame-options'), about).toBe('DENY')
          expect(response.headers.get('x-request-id'), about).not.toBeNull()
          expect(response.headers.get('server'), about).toBeNull()
        }
      }
    })

    test('keeps the password out of its log', async () => {
      await rawRequest(server.port, { target: '/index.yaml', headers: { Authorization: right } })
      for (const secret of [credentials.password, right.slice(6)]) expect(server.logs()).not.toContain(secret)
    })
  })
}

describe('HTTPS', () => {
  peerTest(
    ['curl'],
    'works with a certificate that the server makes, which curl trusts by its file',
    async ({ curl }) => {
      await using folder = await tempFolder()
      const tls = ['--tls-self-signed', '--tls-self-signed-dir', join(folder.path, 'tls')]
      const ask = async (url: string, certificate: string) => {
        const child = Bun.spawn([curl, '--silent', '--show-error', '--cacert', certificate, url], {
          stderr: 'pipe',
        })
        return `${await child.exited} ${await new Response(child.stdout).text()}`
      }
      const made: string[] = []
      for (let i = 0; i < 2; i++) {
        await using server = await startServer({
          flags: [...tls, '--tls-self-signed-names', 'charts.example.com'],
        })
        const [certificate = ''] = await certificates(folder.path)
        expect(await ask(`${server.url}/health`, certificate)).toBe('0 {"healthy":true}')
        expect(await ask(`https://localhost:${server.port}/health`, certificate)).toBe('0 {"healthy":true}')
        await eventually(() => server.logs().includes(certificate), true)
        const plain = await fetch(`http://127.0.0.1:${server.port}/health`).catch(() => undefined)
        expect(plain?.status).not.toBe(200)
        // What a page tells to type works with this certificate.
        const page = await ask(`${server.url}/`, certificate)
        expect(page.replaceAll(/<[^>]+>/g, '')).toContain('--ca-file cert.pem')
        made.push(await Bun.file(certificate).text())
      }
      expect(made[1]).toBe(made[0] ?? '')
    },
  )

  test('works with a certificate and a key that are given, and is an error with one of them', async () => {
    await using folder = await tempFolder()
    {
      await using _ = await startServer({
        flags: ['--tls-self-signed', '--tls-self-signed-dir', folder.path],
      })
    }
    const files = await Promise.all(
      (await folder.files()).map(
        async (file) => [join(folder.path, file), await Bun.file(join(folder.path, file)).text()] as const,
      ),
    )
    const certificate = files.find(([, text]) => text.includes('BEGIN CERTIFICATE'))?.[0] ?? ''
    const key = files.find(([, text]) => text.includes('PRIVATE KEY'))?.[0] ?? ''
    await using server = await startServer({ flags: ['--tls-cert', certificate, '--tls-key', key] })
    expect(server.url).toStartWith('https://')
    expect((await site(server).get('/index.yaml')).status).toBe(200)
    for (const half of [
      ['--tls-cert', certificate],
      ['--tls-key', key],
    ]) {
      const ended = await runProgram([
        '--storage',
        'local',
        '--storage-local-rootdir',
        folder.path,
        '--port',
        String(freePort()),
        ...half,
      ])
      expect(ended.code).toBe(2)
      expect(ended.stderr).toContain('--tls-cert')
      expect(ended.stderr).toContain('--tls-key')
    }
    const swapped = await runProgram([
      '--storage',
      'local',
      '--storage-local-rootdir',
      folder.path,
      '--port',
      String(freePort()),
      '--tls-cert',
      key,
      '--tls-key',
      certificate,
    ])
    expect(swapped.code).not.toBe(0)
    expect(swapped.stderr.trim().split('\n').length).toBeLessThanOrEqual(3)
  })
})

async function certificates(folder: string): Promise<string[]> {
  const paths = (await filesBelow(folder)).map((file) => join(folder, file))
  const texts = await Promise.all(paths.map((path) => Bun.file(path).text()))
  return paths.filter((_, i) => texts[i]?.includes('BEGIN CERTIFICATE'))
}
