import { describe, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { chart } from './support/chart-builder.ts'
import { freePort, projectRoot, runProgram, startServer } from './support/start-server.ts'
import { tempFolder } from './support/temp-folder.ts'

/** Starts the program in a folder of its own without any storage setting, as a newcomer does. */
async function trial(folder: string, port: number) {
  const child = Bun.spawn([process.execPath, join(projectRoot, 'src/main.ts'), '--port', String(port)], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  for (let tries = 0; tries < 200; tries++) {
    if ((await fetch(`http://127.0.0.1:${port}/livez`).catch(() => undefined)) !== undefined) return child
    await Bun.sleep(25)
  }
  throw new Error('the server did not start')
}

describe('a start without any setting', () => {
  test('serves ./data on this computer only and says how to use it', async () => {
    await using folder = await tempFolder()
    const port = freePort()
    const child = await trial(folder.path, port)
    const response = await fetch(`http://127.0.0.1:${port}/api/charts`, {
      method: 'POST',
      body: new Blob([new Uint8Array(await chart('mychart', '1.0.0').tgz())]),
    })
    expect(response.status).toBe(201)
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
    const said = await new Response(child.stdout).text()
    expect(said).toContain(`http://127.0.0.1:${port}`)
    expect(said).toContain(join(folder.path, 'data'))
    expect(said).toContain(`helm repo add chartroom http://127.0.0.1:${port}`)
    expect(said).toContain('--listen-host')
    expect(await readdir(join(folder.path, 'data'))).toContain('mychart-1.0.0.tgz')
  })

  test('answers to the names of this computer only', async () => {
    await using folder = await tempFolder()
    const port = freePort()
    const child = await trial(folder.path, port)
    const status = async (host: string) =>
      (await fetch(`http://127.0.0.1:${port}/index.yaml`, { headers: { host } })).status
    expect(await status(`localhost:${port}`)).toBe(200)
    expect(await status(`[::1]:${port}`)).toBe(200)
    expect(await status('evil.example')).toBe(421)
    child.kill('SIGTERM')
    await child.exited
  })
})

describe('a start with --storage', () => {
  test('listens to the network as ChartMuseum does, and warns without credentials', async () => {
    await using folder = await tempFolder()
    const flags = ['--listen-host', '0.0.0.0']
    await using open = await startServer({ folder: folder.path, flags })
    expect(open.logs()).toMatch(/WARN.*upload and delete charts/)
    const credentials = ['--basic-auth-user', 'a', '--basic-auth-pass', 'b']
    await using closed = await startServer({ folder: folder.path, flags: [...flags, ...credentials] })
    expect(closed.logs()).not.toContain('WARN')
    expect(closed.stdout()).toBe('')
  })
})

describe('a taken port', () => {
  test('is one sentence with the port and the flag, and exit 1', async () => {
    await using server = await startServer()
    await using folder = await tempFolder()
    const { code, stderr } = await runProgram([
      '--storage=local',
      `--storage-local-rootdir=${folder.path}`,
      '--listen-host=127.0.0.1',
      `--port=${server.port}`,
    ])
    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain(String(server.port))
    expect(stderr).toContain('--port')
    expect((await fetch(`${server.url}/livez`)).status).toBe(200)
  })
})

describe('SIGTERM', () => {
  test('lets a running upload finish, refuses new connections and exits with 0 within 10 s', async () => {
    await using server = await startServer()
    const archive = await chart('mychart', '1.0.0').tgz()
    const socket = connect(server.port, '127.0.0.1')
    let answer = ''
    socket.on('data', (data) => (answer += data.toString()))
    socket.write(`POST /api/charts HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${archive.length}\r\n\r\n`)
    socket.write(archive.subarray(0, 50))
    await Bun.sleep(200)
    const started = Date.now()
    const stopped = server.stop('SIGTERM')
    await Bun.sleep(300)
    expect(await fetch(`${server.url}/livez`).catch(() => 'refused')).toBe('refused')
    socket.write(archive.subarray(50))
    expect(await stopped).toBe(0)
    expect(Date.now() - started).toBeLessThan(10_000)
    expect(answer).toStartWith('HTTP/1.1 201')
    expect(await Bun.file(join(server.folder, 'mychart-1.0.0.tgz')).exists()).toBe(true)
    expect(await Bun.file(join(server.folder, 'index-cache.yaml')).text()).toContain('mychart')
  })

  test('does not wait for a client that never ends', async () => {
    await using server = await startServer({ flags: ['--read-timeout', '60'] })
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('POST /api/charts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc')
    await Bun.sleep(200)
    const started = Date.now()
    expect(await server.stop('SIGTERM')).toBe(0)
    expect(Date.now() - started).toBeLessThan(10_000)
    socket.destroy()
  }, 15_000)
})

describe('--gen-index', () => {
  test('prints the index and nothing else', async () => {
    await using folder = await tempFolder()
    await Bun.write(join(folder.path, 'a-1.0.0.tgz'), await chart('a', '1.0.0').tgz())
    const { code, stdout } = await runProgram([
      '--storage=local',
      `--storage-local-rootdir=${folder.path}`,
      '--gen-index',
    ])
    expect(code).toBe(0)
    expect(stdout).toStartWith('apiVersion: v1\nentries:\n  a:\n')
    expect(stdout).toContain('charts/a-1.0.0.tgz')
  })
})

describe('wrong settings', () => {
  test('are told all together and end with exit 2', async () => {
    const { code, stderr } = await runProgram(['--port=many', '--storage=cupboard', '--nonsense'])
    expect(code).toBe(2)
    for (const word of ['--port', 'cupboard', '--nonsense']) expect(stderr).toContain(word)
  })
})
