import { expect, test } from 'bun:test'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/listener.ts'

/** An application whose every answer takes this long. */
function slowApp(ms: number) {
  const front = { serve: () => Bun.sleep(ms).then(() => new Response('late')) }
  const app = createApp({ front, rootRows: [], fixedRows: [], contextPath: '', idleSeconds: 1 })
  return listen(app, { hostname: '127.0.0.1', port: 0, tls: undefined, idleSeconds: 1 })
}

test('an answer that takes longer than the idle timeout is waited for', async () => {
  const server = slowApp(6000)
  const response = await fetch(`http://127.0.0.1:${server.port}/index.yaml`)
  expect(await response.text()).toBe('late')
  await server.drain()
}, 20_000)

test('a port that is taken is a sentence that names it', async () => {
  const server = slowApp(0)
  const app = createApp({
    front: { serve: () => new Response() },
    rootRows: [],
    fixedRows: [],
    contextPath: '',
    idleSeconds: 1,
  })
  const taken = { hostname: '127.0.0.1', port: server.port, tls: undefined, idleSeconds: 1 }
  expect(() => listen(app, taken)).toThrow(`Cannot listen on port ${server.port}: another program uses it`)
  await server.drain()
})
