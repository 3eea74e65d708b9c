import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { otherUser } from '../support/kill-rounds.ts'
import { sayOnce } from '../support/peers.ts'
import { openFiles, residentBytes } from '../support/process-state.ts'
import { sha256, site } from '../support/site.ts'
import { soak } from '../support/soak.ts'
import { startServer } from '../support/start-server.ts'

const connections = 10_000
/** What a process that only has connections needs besides. */
const otherFiles = 500
const mostFiles = Number(/Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])
const enough = !(mostFiles < connections + otherFiles)
if (!enough) sayOnce(`skipped: 10,000 connections (one process may have ${mostFiles} files open: ulimit -Hn)`)

test.skipIf(!enough)(
  '10,000 connections that say nothing keep nobody from being served, and cost little',
  async () => {
    await using server = await startServer({ flags: ['--write-timeout', '120'], ...otherUser })
    const ours = site(server)
    const archive = await chart('a', '1.0.0').tgz()
    expect((await ours.publish(archive)).status).toBe(201)
    expect((await ours.get('/index.yaml')).status).toBe(200)
    const [files, bytes] = [openFiles(server.pid), residentBytes(server.pid)]
    const sockets = await connectMany(server.port, connections)
    // Half of them stop in the middle of a request.
    for (const socket of sockets.slice(0, connections / 2))
      socket.write('GET /index.yaml HTTP/1.1\r\nHost: x')
    await eventually(() => openFiles(server.pid) >= files + connections, true, 30_000)

    expect(sha256(await (await ours.get('/charts/a-1.0.0.tgz')).bytes())).toBe(sha256(archive))
    expect((await ours.publish(await chart('b', '1.0.0').tgz())).status).toBe(201)
    expect(Object.keys((await ours.index()).entries)).toEqual(['a', 'b'])
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    // Bytes per connection, the kernel's not counted.
    expect((residentBytes(server.pid) - bytes) / connections).toBeLessThan(10_000)

    for (const socket of sockets) socket.terminate()
    await eventually(() => openFiles(server.pid) < files + 50, true, 30_000)
    expect((await ours.get('/index.yaml')).status).toBe(200)
    expect(await server.stop()).toBe(0)
  },
  120_000,
)

test.concurrent(
  'connections that say nothing are closed by the server after the time it gives them',
  async () => {
    await using server = await startServer({ flags: ['--write-timeout', '1'], ...otherUser })
    const files = openFiles(server.pid)
    let closed = 0
    const sockets = await connectMany(server.port, 100, () => closed++)
    for (const socket of sockets.slice(0, 50)) socket.write('GET /index.yaml HTTP/1.1\r\nHost: x')
    await eventually(() => closed, 100, 30_000)
    await eventually(() => openFiles(server.pid) <= files + 5, true, 30_000)
  },
  60_000,
)

test.concurrent(
  'a mixed load leaves neither open files nor memory behind',
  async () => {
    const report = await soak({ requests: 1_600, start: otherUser })
    expect(report.wrong).toEqual([])
    expect(report.openFiles.after).toBeLessThanOrEqual(report.openFiles.before + 5)
    expect(report.growthMiB).toBeLessThan(40)
  },
  120_000,
)

interface Socket {
  write(text: string): unknown
  terminate(): void
}

/** Opens so many connections, some at a time: the queue of those that were not accepted yet is not endless. */
async function connectMany(port: number, many: number, closed = (): unknown => undefined): Promise<Socket[]> {
  const sockets: Socket[] = []
  const connect = () =>
    Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: { data: () => undefined, close: () => void closed() },
    })
  while (sockets.length < many) {
    const batch = Math.min(500, many - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: batch }, connect))))
  }
  return sockets
}
