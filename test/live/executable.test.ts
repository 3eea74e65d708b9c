import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { $ } from 'bun'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { program } from '../../src/version.ts'
import { chart } from '../support/chart-builder.ts'
import { fillForWalk, walkPages } from '../support/page-walk.ts'
import { freePort, projectRoot, runProgram } from '../support/start-server.ts'
import { filesBelow, tempFolder, type TempFolder } from '../support/temp-folder.ts'

let built: TempFolder
let executable: string

beforeAll(async () => {
  built = await tempFolder()
  executable = join(built.path, 'chartroom')
  await $`REVISION=abc1234 ${process.execPath} .ci/build.ts --into ${built.path}`.cwd(projectRoot).quiet()
}, 120_000)
afterAll(() => built[Symbol.asyncDispose]())

/** Starts it as somebody who downloaded it: in an empty folder, with an empty home, without any setting but the port. */
async function startAlone(folder: string) {
  const port = freePort()
  const [cwd, home, tmp] = ['here', 'home', 'tmp'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [cwd, home, tmp]) await mkdir(path)
  const child = Bun.spawn([executable, '--port', String(port)], {
    cwd,
    env: { HOME: home, TMPDIR: tmp },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 400; tries++) {
    if (await fetch(`${url}/livez`).catch(() => undefined)) {
      return { child, url, port, cwd, home, tmp, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() }
    }
    await Bun.sleep(25)
  }
  child.kill('SIGKILL')
  throw new Error(`The executable did not start:\n${await new Response(child.stderr).text()}`)
}

describe('the executable, alone in an empty folder', () => {
  test('greets, takes a chart, lists it and gives it back, and ends with 0', async () => {
    await using folder = await tempFolder()
    await using server = await startAlone(folder.path)
    const { child, url, port, cwd, home, tmp } = server
    const archive = new Uint8Array(await chart('mychart', '1.0.0').tgz())
    const upload = await fetch(`${url}/api/charts`, { method: 'POST', body: archive })
    expect([upload.status, await upload.json()]).toEqual([201, { saved: true }])
    expect(await (await fetch(`${url}/api/charts`)).json()).toMatchObject({ mychart: [{ version: '1.0.0' }] })
    expect(await (await fetch(`${url}/index.yaml`)).text()).toContain('charts/mychart-1.0.0.tgz')
    expect(await (await fetch(`${url}/charts/mychart-1.0.0.tgz`)).bytes()).toEqual(archive)
    const health = await runProgram(['health', '--port', String(port)], { entry: [executable] })
    expect(health).toEqual({ code: 0, stdout: `${url}/livez is well\n`, stderr: '' })
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
    const greeting = await new Response(child.stdout).text()
    expect(greeting).toContain(url)
    expect(greeting).toContain(join(cwd, 'data'))
    // Nothing is left anywhere but in ./data.
    expect(await readdir(cwd)).toEqual(['data'])
    expect(await readdir(join(cwd, 'data'))).toContain('mychart-1.0.0.tgz')
    expect([await filesBelow(home), await filesBelow(tmp)]).toEqual([[], []])
  })

  test('serves its pages with every file that they name, and the OpenAPI document', async () => {
    await using folder = await tempFolder()
    await using server = await startAlone(folder.path)
    const { child, url } = server
    await fillForWalk(url)
    const types = await walkPages(url)
    expect(types.get('chartroom.css')).toStartWith('text/css')
    expect(types.get('swagger-ui.css')).toStartWith('text/css')
    expect(types.get('swagger-ui-bundle.js')).toStartWith('text/javascript')
    expect(types.get('explorer.js')).toStartWith('text/javascript')
    for (const font of ['public-sans', 'source-serif', 'ibm-plex-mono']) {
      expect([font, types.get(`${font}.woff2`)]).toEqual([font, 'font/woff2'])
    }
    const document = await fetch(`${url}/-/openapi.json`)
    expect(document.headers.get('content-type')).toStartWith('application/json')
    expect(await document.json()).toMatchObject({
      openapi: expect.any(String),
      info: { version: program.version },
    })
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
  })

  test('makes its own certificate and serves HTTPS with it', async () => {
    await using folder = await tempFolder()
    const port = String(freePort())
    const flags = ['--port', port, '--tls-self-signed']
    await using child = Bun.spawn([executable, ...flags], {
      cwd: folder.path,
      env: { HOME: folder.path },
      stdout: 'ignore',
      stderr: 'ignore',
    })
    const certificate = join(folder.path, 'data/tls/cert.pem')
    let health = await runProgram(['health', ...flags], { entry: [executable] })
    for (let tries = 0; health.code !== 0 && tries < 50; tries++) {
      health = await runProgram(['health', ...flags], { entry: [executable] })
    }
    expect(health.stdout).toBe(`https://127.0.0.1:${port}/livez is well\n`)
    const answer = await fetch(`https://localhost:${port}/index.yaml`, {
      tls: { ca: await Bun.file(certificate).text() },
    })
    expect(answer.status).toBe(200)
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
  })

  test('says its version, its settings and its licences, and ends', async () => {
    const ask = (flag: string) => runProgram([flag], { entry: [executable] })
    expect(await ask('--version')).toEqual({
      code: 0,
      stdout: `Chartroom version ${program.version} (build abc1234)\n`,
      stderr: '',
    })
    const help = await ask('--help')
    expect([help.code, help.stderr]).toEqual([0, ''])
    expect(help.stdout).toContain('--storage-local-rootdir')
    const licenses = await ask('--licenses')
    expect(licenses.code).toBe(0)
    expect(licenses.stdout).toBe(await Bun.file(join(projectRoot, 'THIRD-PARTY.md')).text())
  })

  test('reads neither .env nor bunfig.toml where it runs', async () => {
    await using folder = await tempFolder()
    await Bun.write(join(folder.path, '.env'), 'PORT=not-a-number\n')
    await Bun.write(join(folder.path, 'bunfig.toml'), 'preload = ["./missing.ts"]\n')
    const { code, stdout } = await runProgram(['--version'], { entry: [executable], cwd: folder.path })
    expect([code, stdout.split(' ')[0]]).toEqual([0, 'Chartroom'])
    // With the variable it would end with 2, as for any setting that cannot be.
    const health = await runProgram(['health'], { entry: [executable], cwd: folder.path })
    expect(health.code).not.toBe(2)
  })

  test('refuses wrong settings with exit code 2', async () => {
    const { code, stderr } = await runProgram(['--port', 'many'], { entry: [executable] })
    expect(code).toBe(2)
    expect(stderr).toContain('--port')
  })
})
