import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { projectRoot, runProgram, startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

setDefaultTimeout(60_000)

/** What must appear nowhere, and not by its length either. */
const password = 'kR7-hunter2-kR7'

let folder: Awaited<ReturnType<typeof tempFolder>>
const at = (name: string) => join(folder.path, name)

beforeAll(async () => {
  folder = await tempFolder()
  await writeFile(at('pass'), `${password}\n`)
  await writeFile(
    at('chartroom.yaml'),
    `storage:\n  backend: local\n  local.rootdir: ${at('charts')}\ndepth: 2\ncacheinterval: 90s\nport: 1\n`,
  )
})
afterAll(() => folder[Symbol.asyncDispose]())

/** The rows of the printed settings: flag → value and place. */
function rowsOf(text: string): Map<string, [value: string, from: string]> {
  const rows = text.replaceAll(/\n {10,}/g, '  ').matchAll(/^ {2}--(\S+) {2,}(.*?) {2,}(.+)$/gm)
  return new Map([...rows].map(([, flag = '', value = '', from = '']) => [flag, [value, from]]))
}

describe('--check-config', () => {
  test('prints every setting with where it was given, secrets masked, and leaves nothing behind', async () => {
    await using cwd = await tempFolder()
    const env = {
      CONFIG: at('chartroom.yaml'),
      BASIC_AUTH_PASS_FILE: at('pass'),
      UI_SECRET: password,
      DEPTH: '3',
      CHART_URL: `https://ann:${password}@charts.example.com`,
    }
    const flags = ['--check-config', '--port=0', '--basic-auth-user', 'ann', '--tls-self-signed']
    const { code, stdout, stderr } = await runProgram(flags, { env, cwd: cwd.path })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).not.toContain('hunter2')
    const rows = rowsOf(stdout)
    expect(Object.fromEntries(rows)).toMatchObject({
      port: ['0', '--port'],
      depth: ['3', 'DEPTH'],
      'cache-interval': ['1m30s', `${at('chartroom.yaml')} line 5`],
      storage: ['local', `${at('chartroom.yaml')} line 2`],
      'storage-local-rootdir': [at('charts'), `${at('chartroom.yaml')} line 3`],
      'basic-auth-user': ['ann', '--basic-auth-user'],
      'basic-auth-pass': ['(set)', `BASIC_AUTH_PASS_FILE=${at('pass')}`],
      'ui-secret': ['(set)', 'UI_SECRET'],
      'chart-url': ['https://***@charts.example.com', 'CHART_URL'],
      'listen-host': ['0.0.0.0', 'default'],
      'tls-cert': ['(not set)', 'default'],
    })
    // Of storages that are not used nothing is said.
    expect([...rows.keys()].filter((flag) => /^storage-(minio|amazon|etcd)/.test(flag))).toEqual([])
    expect(await readdir(cwd.path)).toEqual([])
    expect((await readdir(folder.path)).sort()).toEqual(['chartroom.yaml', 'pass'])
  })

  test('prints the warnings of a start below', async () => {
    const flags = ['--check-config', '--enforce-semver2', '--cache=redis', '--cache-redis-password', password]
    const { code, stdout } = await runProgram(flags)
    expect(code).toBe(0)
    const [, warnings = ''] = stdout.split('\nWarnings\n')
    expect(warnings.trim().split('\n')).toEqual([
      expect.stringContaining('The configuration option enforce-semver2 has been deprecated'),
      expect.stringContaining('--cache has no effect: Chartroom keeps its index'),
    ])
    expect(rowsOf(stdout).get('cache-redis-password')).toEqual(['(set)', '--cache-redis-password'])
    expect(stdout).not.toContain('hunter2')
  })

  test('tells of every file that a start could not use, all at once, with exit 2', async () => {
    await writeFile(at('no.pem'), 'not a certificate')
    const { code, stdout, stderr } = await runProgram([
      '--check-config',
      `--tls-cert=${at('no.pem')}`,
      `--tls-key=${at('missing.pem')}`,
      `--keyring=${at('missing.gpg')}`,
      '--storage=minio',
      '--storage-minio-endpoint=https://127.0.0.1:1',
      '--storage-minio-bucket=charts',
      '--storage-minio-access-key=k',
      `--storage-minio-secret-key=${password}`,
      `--storage-minio-ca-file=${at('missing-ca.pem')}`,
      '--bearer-auth',
      '--auth-realm=https://a.example',
      '--auth-service=s',
      `--auth-cert-path=${at('no.pem')}`,
    ])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toStartWith('Chartroom cannot start: 4 mistakes in the settings\n')
    for (const words of [
      ['--tls-key (TLS_KEY, file key tls.key)', at('missing.pem'), 'there is no such file'],
      ['--auth-cert-path (AUTH_CERT_PATH, file key authcertpath)', at('no.pem'), 'expected'],
      ['--keyring (KEYRING, file key keyring)', at('missing.gpg'), 'there is no such file'],
      [
        '--storage-minio-ca-file (STORAGE_MINIO_CA_FILE, file key storage.minio.cafile)',
        at('missing-ca.pem'),
      ],
    ]) {
      const line = stderr.split('\n').find((one) => words.every((word) => one.includes(word)))
      expect({ words, told: line !== undefined }).toEqual({ words, told: true })
    }
    expect(stderr).not.toContain('hunter2')
  })

  test('tells of mistakes in the settings as a start does, and works beside a command', async () => {
    const flags = ['import', 'https://charts.example.com', '--check-config', '--from-pass', password]
    const { code, stdout } = await runProgram(flags)
    expect(code).toBe(0)
    expect(stdout).toStartWith('The settings are fine. Without --storage this is local trial mode.\n')
    expect(stdout).not.toContain('hunter2')
    const wrong = await runProgram(['--check-config', '--port=many', '--depth=99'])
    expect(wrong).toMatchObject({ code: 2, stdout: '' })
    expect(wrong.stderr.match(/^ {2}- /gm)).toHaveLength(2)
  })
})

describe('a start', () => {
  test('takes flags before variables before the config file, and a password from a file', async () => {
    await writeFile(
      at('prefix.yaml'),
      'contextpath: /file\nbasicauth:\n  user: from-file\n  pass: from-file\ndebug: true\n',
    )
    const env = {
      CONFIG: at('prefix.yaml'),
      CONTEXT_PATH: '/variable',
      BASIC_AUTH_USER: 'ann',
      BASIC_AUTH_PASS_FILE: at('pass'),
    }
    await using server = await startServer({ env, flags: ['--context-path=/flag'] })
    const status = async (path: string, user: string, pass: string) => {
      const authorization = `Basic ${Buffer.from(`${user}:${pass}`).toString('base64')}`
      return (await fetch(server.url + path, { headers: { authorization } })).status
    }
    expect(await status('/flag/index.yaml', 'ann', password)).toBe(200)
    expect(await status('/flag/index.yaml', 'ann', 'from-file')).toBe(401)
    expect(await status('/flag/index.yaml', 'from-file', 'from-file')).toBe(401)
    expect(await status('/variable/index.yaml', 'ann', password)).toBe(404)
    await eventually(() => server.logs().includes('DEBUG'), true)
    // What the process list shows, and what the process was given.
    for (const file of ['cmdline', 'environ']) {
      expect(await readFile(`/proc/${server.pid}/${file}`, 'latin1')).not.toContain('hunter2')
    }
    expect(server.logs()).not.toContain('hunter2')
  })

  test('takes a password from a pipe, as a shell makes it', async () => {
    const script = `exec "$0" "$1" --check-config --ui-secret-file <(printf '%s\\n' ${password})`
    const child = Bun.spawn(['bash', '-c', script, process.execPath, join(projectRoot, 'src/main.ts')], {
      cwd: folder.path,
      stdout: 'pipe',
      stderr: 'inherit',
    })
    const text = await new Response(child.stdout).text()
    expect(await child.exited).toBe(0)
    expect(rowsOf(text).get('ui-secret')?.[0]).toBe('(set)')
  })

  test('says one line for each setting that does nothing here, wherever it was given', async () => {
    await writeFile(at('old.yaml'), 'disablemetrics: true\ncache:\n  store: redis\n  redis.addr: r:6379\n')
    const env = { CONFIG: at('old.yaml'), ENFORCE_SEMVER2: 'true' }
    await using server = await startServer({
      env,
      flags: ['--always-regenerate-chart-index', '--index-limit=5'],
    })
    await eventually(() => server.logs().includes('Starting'), true)
    const said = server.logs().match(/WARN.*The configuration option \S+/g) ?? []
    expect(said.map((line) => line.replace(/^.* /, '')).sort()).toEqual([
      '--always-regenerate-chart-index',
      '--cache',
      '--index-limit',
      'disable-metrics',
      'enforce-semver2',
    ])
    expect(server.logs()).toMatch(/WARN.*option disable-metrics has been deprecated/)
  })

  test.each([
    ['port: 1\nport: 2\n', 'line 2', 'Map keys must be unique'],
    ['basicauth:\n  pass: "hunter2\n', 'line 3', 'not valid YAML: Missing closing quote'],
    ['tls:\n  sert: a\n', 'line 2', 'did you mean "tls.cert"?'],
    ['debug: maybe\n', 'line 1', 'true or false (--debug, DEBUG, file key debug)'],
    ['port: [1]\n', 'line 1', 'a whole number from 0 to 65535 (--port, PORT)'],
  ])('ends with exit 2 for the config file %j, and opens nothing', async (text, line, why) => {
    await using cwd = await tempFolder()
    const path = join(cwd.path, 'broken.yaml')
    await writeFile(path, text)
    const { code, stdout, stderr } = await runProgram(['-c', path], { cwd: cwd.path })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`${path} ${line}`)
    expect(stderr).toContain(why)
    expect(stderr).not.toContain('hunter2')
    expect(await readdir(cwd.path)).toEqual(['broken.yaml'])
  })

  test('tells all mistakes at once, of flags, variables, the file and the files it names', async () => {
    await using cwd = await tempFolder()
    await writeFile(join(cwd.path, 'c.yaml'), 'maxuploadsize: big\nprot: 1\n')
    const env = { DEPTH: '99', UI_SECRET_FILE: join(cwd.path, 'none'), CORS_ALLOW_ORIGIN: 'a b' }
    const flags = ['--port=http', '--config', 'c.yaml', '--tls-cert=a', '--storage=minio', '--nonsense']
    const { code, stderr } = await runProgram(flags, { env, cwd: cwd.path })
    expect(code).toBe(2)
    for (const words of [
      ['--port, PORT, file key port', '"http"', 'a whole number from 0 to 65535'],
      ['c.yaml line 1', '--max-upload-size, MAX_UPLOAD_SIZE, file key maxuploadsize', '"big"'],
      ['c.yaml line 2', '"prot" is no setting, did you mean "port"?'],
      ['--depth, DEPTH, file key depth', '"99"', 'from 0 to 10'],
      ['UI_SECRET_FILE', 'there is no such file', '--ui-secret (UI_SECRET, file key ui.secret)'],
      ['CORS_ALLOW_ORIGIN', '"a b"', '--cors-alloworigin'],
      ['--tls-cert (TLS_CERT, file key tls.cert)', '--tls-key (TLS_KEY, file key tls.key)'],
      ['--storage-minio-endpoint (STORAGE_MINIO_ENDPOINT, file key storage.minio.endpoint)'],
      ['--nonsense is not a setting'],
    ]) {
      const line = stderr.split('\n').find((one) => words.every((word) => one.includes(word)))
      expect({ words, told: line !== undefined }).toEqual({ words, told: true })
    }
    expect(await readdir(cwd.path)).toEqual(['c.yaml'])
  })
})
