import { expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { checkHealth, healthUrl, type HealthTarget } from '../../src/commands/health.ts'
import { readKeyPair } from '../../src/http/key-pair.ts'
import { selfSigned } from '../../src/http/self-signed.ts'
import { tempFolder } from '../support/temp-folder.ts'

const target: HealthTarget = {
  listenHost: '0.0.0.0',
  port: 8080,
  contextPath: '',
  tlsCert: '',
  tlsKey: '',
  tlsCaCert: '',
  tlsSelfSigned: false,
  tlsSelfSignedDir: '',
}

/** A server that is well at one path and nowhere else. */
function wellAt(path: string, tls?: { cert: string; key: string }) {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    ...(tls && { tls }),
    fetch: (request) => new Response('', { status: new URL(request.url).pathname === path ? 200 : 404 }),
  })
}

test.each([
  [{}, 'http://127.0.0.1:8080/livez'],
  [{ listenHost: '::' }, 'http://[::1]:8080/livez'],
  [{ listenHost: 'fd00::1', port: 1 }, 'http://[fd00::1]:1/livez'],
  [{ listenHost: '10.0.0.1', contextPath: '/charts' }, 'http://10.0.0.1:8080/charts/livez'],
  [{ tlsCert: 'c.pem' }, 'https://127.0.0.1:8080/livez'],
  [{ tlsSelfSigned: true }, 'https://127.0.0.1:8080/livez'],
])('with %j health is asked of %s', (given, url) => {
  expect(healthUrl({ ...target, ...given })).toBe(url)
})

test('a server that answers 200 is well, any other answer is not', async () => {
  await using server = wellAt('/charts/livez')
  const at = { ...target, port: server.port ?? 0 }
  expect(await checkHealth({ ...at, contextPath: '/charts' })).toMatchObject({ healthy: true })
  const wrong = await checkHealth(at)
  expect(wrong.healthy).toBe(false)
  expect(wrong.message).toEndWith('answered 404')
})

test('the own certificate is not judged', async () => {
  await using folder = await tempFolder()
  const { certFile, keyFile } = await selfSigned({ folder: folder.path, names: [] })
  await using server = wellAt('/livez', await readKeyPair(certFile, keyFile))
  expect(await checkHealth({ ...target, port: server.port ?? 0, tlsSelfSigned: true })).toMatchObject({
    healthy: true,
  })
})

test('nobody at the port is a sentence, and so is a port that nobody can know', async () => {
  const server = wellAt('/livez')
  const port = server.port ?? 0
  await server.stop(true)
  const { healthy, message } = await checkHealth({ ...target, port })
  expect(healthy).toBe(false)
  expect(message).toContain(`http://127.0.0.1:${port}/livez does not answer`)
  expect(await checkHealth({ ...target, port: 0 })).toMatchObject({ healthy: false })
})

test('a server that says nothing is not waited for', async () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const silent = createServer(() => {}).listen(0, '127.0.0.1', () => {
    const address = silent.address()
    resolve(typeof address === 'object' && address ? address.port : 0)
  })
  const { healthy, message } = await checkHealth({ ...target, port: await promise }, 200)
  silent.close()
  expect(healthy).toBe(false)
  expect(message).toContain('no answer within 200 ms')
})

test('a proxy of the environment is not asked', async () => {
  await using server = wellAt('/livez')
  const code = `import { checkHealth } from ${JSON.stringify(join(import.meta.dir, '../../src/commands/health.ts'))}
    console.log(JSON.stringify(await checkHealth(${JSON.stringify({ ...target, port: server.port })})))`
  const proxy = 'http://127.0.0.1:9'
  const run = Bun.spawn([process.execPath, '-e', code], {
    env: { ...process.env, HTTP_PROXY: proxy, http_proxy: proxy, NO_PROXY: '' },
  })
  expect(await new Response(run.stdout).text()).toContain('"healthy":true')
})
