import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { guessLimits } from '../../src/http/access/wrong-guesses.ts'
import { throttleLimits } from '../../src/http/access/throttle.ts'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { helmHome } from '../support/helm-home.ts'
import { peerTest } from '../support/peers.ts'
import { basic, exact } from '../support/site.ts'
import { freePort, runProgram, startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

// By htpasswd -B of Apache 2.4.71 and by argon2 -id, both of "correct horse".
const bcrypt = '$2y$04$U9VR9q1gZEeIRICUQX7xdO5UCJbFW0Ay4C4/P.7Uhlm2VAON6.REG'
const argon2 =
  '$argon2id$v=19$m=64,t=1,p=1$c2l4dGVlbiBieXRlIHNsdA$WIcY5JYqDbrYXAoWCdKCvFtbo6Od0s9n4xtObxiX+5w'
const horse = 'correct horse'
const line = (user: string) => `${user}:${user === 'bob' ? argon2 : bcrypt}\n`

let folder: TempFolder
let server: RunningServer
let file: string

/** The file becomes another one at once, as every careful tool does it. */
async function replaceUsers(text: string): Promise<void> {
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}

interface Asking {
  readonly method?: string
  readonly path?: string
  readonly password?: string
  /** Where the proxy in front says that the client is. */
  readonly from?: string
  readonly body?: Uint8Array
  readonly signal?: AbortSignal
}

async function ask(user: string, asking: Asking = {}): Promise<Response> {
  const { method = 'GET', path = '/index.yaml', password = horse, from = '192.0.2.1', body, signal } = asking
  return fetch(server.url + path, {
    method,
    headers: { ...basic({ user, password }), 'x-forwarded-for': from },
    ...(body && { body: exact(body) }),
    ...(signal && { signal }),
  })
}

const statusOf = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).status
/** Long enough for a busy machine; the file is looked at every second. */
const soon = 10_000

beforeAll(async () => {
  folder = await tempFolder()
  file = join(folder.path, 'users')
  await replaceUsers(line('alice') + line('bob'))
  server = await startServer({
    flags: [
      '--basic-auth-htpasswd',
      file,
      '--read-only-users',
      'bob, dora',
      '--trusted-proxies',
      '127.0.0.1',
    ],
  })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

describe('users of a file', () => {
  test('get in by their own passwords; those who may only read are told so when they write', async () => {
    const archive = await chart('mychart', '1.0.0').tgz()
    const publish = { method: 'POST', path: '/api/charts', body: archive }
    const deletion = { method: 'DELETE', path: '/api/charts/mychart/1.0.0' }
    expect(await statusOf('alice', publish)).toBe(201)
    for (const path of ['/index.yaml', '/charts/mychart-1.0.0.tgz', '/api/charts', '/'])
      expect(await statusOf('bob', { path }), path).toBe(200)
    for (const asking of [publish, deletion]) {
      const refused = await ask('bob', asking)
      expect(refused.status).toBe(403)
      expect(await refused.json()).toEqual({ error: '"bob" may not push here' })
    }
    expect(await server.charts()).toEqual(['mychart-1.0.0.tgz'])
    for (const user of ['Bob', 'bob ', 'carol', '']) expect(await statusOf(user)).toBe(401)
    expect(await statusOf('alice', { password: 'wrong' })).toBe(401)
    expect(server.logs()).toContain('who is not in the file of users\t{"user": "dora"')
    expect(server.logs()).not.toContain('"user": "bob"')
  })

  peerTest(['helm3'], 'get in with helm', async ({ helm3 }) => {
    await using home = await tempFolder()
    const helm = await helmHome(helm3, home.path)
    for (const user of ['alice', 'bob'])
      await helm.ok('repo', 'add', user, server.url, '--username', user, '--password', horse)
    await helm.ok('pull', 'bob/mychart', '--version', '1.0.0')
    const refused = await helm.refused('repo', 'add', 'x', server.url, '--username', 'bob', '--password', 'x')
    expect(refused).toContain('401')
  })

  test('may come and go, have other passwords, and stay as they are when the new file is wrong', async () => {
    const carol = () => statusOf('carol')
    await replaceUsers(line('alice') + line('carol'))
    await eventually(carol, 200, soon)
    expect(await statusOf('bob')).toBe(401)
    expect(await statusOf('alice')).toBe(200)
    const other = await Bun.password.hash('tr0ub4dor', { algorithm: 'bcrypt', cost: 4 })
    await replaceUsers(`alice:${other}\n${line('carol')}`)
    await eventually(() => statusOf('alice'), 401, soon)
    expect(await statusOf('alice', { password: 'tr0ub4dor' })).toBe(200)

    await replaceUsers(`${line('bob')}carol:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nalice:hunter2\n`)
    const says = () =>
      server.logs().match(/ERROR\tThe new file of users cannot be used.*line 2.*SHA-1.*line 3\)/g)?.length
    await eventually(says, 1, soon)
    expect(server.logs()).not.toMatch(/5en6G6|hunter2/)
    expect(await statusOf('alice', { password: 'tr0ub4dor' })).toBe(200)
    expect(await carol()).toBe(200)
    expect(await statusOf('bob')).toBe(401)

    await rm(file)
    await eventually(() => server.logs().includes('there is no such file'), true, soon)
    expect(await carol()).toBe(200)

    await replaceUsers(line('alice') + line('bob') + line('carol'))
    await eventually(() => statusOf('bob'), 200, soon)
    expect(await statusOf('alice')).toBe(200)
    expect(server.logs().match(/ERROR/g)).toHaveLength(2)
  })

  test('are read again on SIGHUP', async () => {
    const reads = () => server.logs().match(/INFO\tUsers read again/g)?.length ?? 0
    const before = reads()
    process.kill(server.pid, 'SIGHUP')
    await eventually(reads, before + 1, soon)
    expect(await statusOf('alice')).toBe(200)
  })
})

describe('wrong passwords', () => {
  test('make their address wait, and neither who is known there nor anybody else nor health checks', async () => {
    const from = '198.51.100.9'
    expect(await statusOf('alice', { from })).toBe(200)
    const guess = (number: number) => ask('alice', { from, password: `guess ${number}` })
    for (let number = 0; number < guessLimits.atOnce; number++) expect((await guess(number)).status).toBe(401)
    let answered = 0
    const waiting = guess(100).then(({ status }) => (answered = status))
    expect(await statusOf('alice', { from })).toBe(200)
    expect(await statusOf('carol', { from: '198.51.100.10' })).toBe(200)
    expect(await statusOf('alice', { from, path: '/health', password: 'old' })).toBe(200)
    // A wrong password of before is no guess.
    expect((await guess(3)).status).toBe(401)
    expect(answered).toBe(0)
    expect(server.logs()).toContain('Many wrong passwords from one address')
    expect(await waiting).toBe(401)
  })

  test('that nobody waits for take no turn: the right one gets in when the flood ends', async () => {
    const from = '2001:db8::1'
    const flood = new AbortController()
    const guesses = Array.from({ length: 100 }, (_, at) =>
      ask('bob', { from, password: `guess ${at}`, signal: flood.signal }).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    // Until those that need not wait are answered.
    await Promise.race(guesses)
    await Bun.sleep(200)
    flood.abort()
    const statuses = await Promise.all(guesses)
    expect(statuses.filter((status) => status === 0).length).toBeGreaterThan(50)
    // Each of them is over long before it would have been given up.
    const over = () =>
      server.logs().split('"clientIP": "2001:db8::1", "method": "GET", "statusCode": 401').length - 1
    await eventually(() => over() > 40, true, throttleLimits.waitMs - 1_500)
    // Another address of the same network.
    expect(await statusOf('bob', { from: '2001:db8::2' })).toBe(200)
  })
})

describe('a start', () => {
  const start = async (flags: readonly string[]) => {
    const place = ['--storage', 'local', '--storage-local-rootdir', join(folder.path, 'charts')]
    return runProgram([...place, '--port', String(freePort()), ...flags])
  }

  test('with a file that cannot be used ends with one sentence: the file, the line, what was expected', async () => {
    const wrong = join(folder.path, 'wrong')
    await writeFile(wrong, `${line('alice')}bob:hunter2\nx\n`)
    const ended = await start(['--basic-auth-htpasswd', wrong])
    expect(ended.code).toBe(2)
    expect(ended.stderr).toMatch(
      /^Chartroom .* a mistake .*\n {2}- --basic-auth-htpasswd \(.*\) "[^"]*wrong", line 2 has .*: expected bcrypt.*line 3\)\n/,
    )
    expect(ended.stderr).not.toContain('hunter2')
  })

  test('with a file of nobody protects all the same, and says so; the user of the settings gets in', async () => {
    const nobody = join(folder.path, 'nobody')
    await writeFile(nobody, '# nobody yet\n')
    const pair = ['--basic-auth-user', 'pilot', '--basic-auth-pass', 'secret']
    await using own = await startServer({ flags: ['--basic-auth-htpasswd', nobody, ...pair] })
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${own.url}/index.yaml`, { headers })).status
    expect(own.logs()).toContain('The file of users is empty')
    expect(await status({})).toBe(401)
    expect(await status(basic({ user: 'alice', password: horse }))).toBe(401)
    expect(await status(basic({ user: 'pilot', password: 'secret' }))).toBe(200)
    await writeFile(nobody, line('alice'))
    await eventually(() => status(basic({ user: 'alice', password: horse })), 200, soon)
    expect(await status(basic({ user: 'pilot', password: 'secret' }))).toBe(200)
  })
})
