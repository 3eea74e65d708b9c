import { expect, test } from 'bun:test'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { localStorage } from '../../src/storage/local.ts'
import { sayOnce } from '../support/peers.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { bytes, keys, text } from './contract.ts'

const source = join(import.meta.dir, '../../src/storage/local.ts')
const log = { debug() {}, info() {}, warn() {}, error() {} }

/** Root may do everything: the child then runs as somebody who owns nothing. */
const isRoot = process.getuid?.() === 0
const otherUser = isRoot ? 1234 : process.getuid?.()
const identity = isRoot ? { uid: 1234, gid: 1234 } : {}

const childEnvironment = { ...process.env, HOME: '/nonexistent' }

/** Runs in a child: opens the storage of the folder, with a log that prints, then does what `act` says. */
function program(root: string, act: string): string {
  return `
    import { localStorage } from ${JSON.stringify(source)}
    const say = (message) => console.log(message)
    const log = { debug() {}, info() {}, warn: say, error: say }
    try {
      const storage = await localStorage({ root: ${JSON.stringify(root)}, log })
      ${act}
    } catch (error) {
      console.log(error.code + ': ' + error.message)
    }`
}

test('of two processes that put the same keys when absent, exactly one wins each', async () => {
  await using folder = await tempFolder()
  const storage = await localStorage({ root: folder.path, log })
  const rounds = 60
  const act = `
    console.log('ready')
    for await (const _ of console) break
    for (let i = 0; i < ${rounds}; i++) {
      const won = storage.put('org/' + i, new TextEncoder().encode(String(process.pid)), { when: 'absent' })
      console.log(await won.then(() => 'won', (error) => error.code))
    }`
  const children = [1, 2].map(() =>
    Bun.spawn([process.execPath, '-e', program(folder.path, act)], { stdin: 'pipe', stdout: 'pipe' }),
  )
  const outputs = children.map(({ stdout }) => stdout.getReader())
  await Promise.all(outputs.map((output) => output.read()))
  for (const { stdin } of children) {
    void stdin.write('go\n')
    void stdin.end()
  }
  const answers = await Promise.all(outputs.map(readLines))
  const winners = Array.from({ length: rounds }, (_, i) =>
    children.filter((_, c) => answers[c]?.[i] === 'won'),
  )
  expect(winners.map(({ length }) => length)).toEqual(Array.from({ length: rounds }, () => 1))
  expect(answers.flat().filter((answer) => answer === 'conflict')).toHaveLength(rounds)
  for (const [i, [winner]] of winners.entries())
    expect(await text(storage, `org/${i}`)).toBe(String(winner?.pid))
  expect(await folder.files()).toHaveLength(rounds)
}, 30_000)

test('a process that is killed while it writes leaves no object, and the next start clears what it left', async () => {
  await using folder = await tempFolder()
  const act = `
    const body = new Blob(['x'])
    body.stream = () => new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(100_000)),
      pull: () => { console.log('writing'); return new Promise(() => {}) },
    })
    setInterval(() => {}, 1000)
    await storage.put('org/x', body)`
  const child = Bun.spawn([process.execPath, '-e', program(folder.path, act)], { stdout: 'pipe' })
  await child.stdout.getReader().read()
  await Bun.sleep(50)
  child.kill('SIGKILL')
  await child.exited
  expect(await folder.files()).toEqual([expect.stringMatching(/^\.chartroom\/tmp\//)])
  const storage = await localStorage({ root: folder.path, log })
  expect(await folder.files()).toEqual([])
  expect(await keys(storage)).toEqual([])
}, 15_000)

otherUserTest(
  'a folder that the user cannot write is served, said at start, and refuses writes',
  async () => {
    await using folder = await tempFolder()
    const root = join(folder.path, 'charts')
    await (await localStorage({ root, log })).put('org/x', bytes('whole'))
    for (const path of ['.chartroom/tmp', '.chartroom', 'org', '.']) fs.chmodSync(join(root, path), 0o555)
    const act = `
    console.log((await (await storage.get('org/x')).body.text()))
    for await (const { key } of storage.list('')) console.log(key)
    for (const write of [() => storage.put('org/y', new Uint8Array(1)), () => storage.delete('org/x')]) {
      console.log(await write().catch((error) => error.code + ': ' + error.message))
    }`
    const lines = await asOtherUser(folder.path, program(root, act))
    for (const path of ['.chartroom/tmp', '.chartroom', 'org', '.']) fs.chmodSync(join(root, path), 0o755)
    const why = 'the server has no permission for it in its storage folder; its operator has to grant it'
    expect(lines).toEqual([
      `Uploads and deletions will fail, uid ${otherUser} cannot write the storage folder: "${root}" belongs to uid ` +
        `${process.getuid?.()}; give it to uid ${otherUser} (chown) or choose another with --storage-local-rootdir`,
      'whole',
      'org/x',
      `unavailable: Cannot store "org/y": ${why}`,
      `unavailable: Cannot delete "org/x": ${why}`,
    ])
    expect(await folder.files()).toEqual(['charts/org/x'])
  },
)

otherUserTest('a folder whose temporary files belong to somebody else is said at start', async () => {
  await using folder = await tempFolder()
  const temp = join(folder.path, '.chartroom/tmp')
  fs.mkdirSync(temp, { recursive: true })
  const open = () => [temp, join(folder.path, '.chartroom')].forEach((path) => fs.chmodSync(path, 0o777))
  for (const path of [temp, join(folder.path, '.chartroom')]) {
    open()
    fs.chmodSync(path, 0o555)
    const lines = await asOtherUser(folder.path, program(folder.path, ''), 0o777)
    open()
    expect(lines).toEqual([
      expect.stringContaining(`cannot write the storage folder: "${path}" belongs to uid`),
    ])
  }
})

otherUserTest(
  'a folder that the user can neither make nor read ends the start with a sentence for the operator',
  async () => {
    await using folder = await tempFolder()
    const [closed, unreadable] = [join(folder.path, 'closed'), join(folder.path, 'unreadable')]
    fs.mkdirSync(closed, { mode: 0o555 })
    fs.mkdirSync(unreadable, { mode: 0o000 })
    const wish = `give it to uid ${otherUser} (chown) or choose another with --storage-local-rootdir`
    expect(await asOtherUser(folder.path, program(join(closed, 'new'), ''))).toEqual([
      `unavailable: Cannot make the storage folder "${closed}/new": uid ${otherUser} may not; ${wish}`,
    ])
    expect(await asOtherUser(folder.path, program(unreadable, ''))).toEqual([
      `unavailable: Cannot read the storage folder "${unreadable}" as uid ${otherUser}: ${wish}`,
    ])
    for (const path of [closed, unreadable]) fs.chmodSync(path, 0o755)
  },
)

otherUserTest(
  'a sub-folder that the user cannot read makes the listing unavailable, not shorter',
  async () => {
    await using folder = await tempFolder()
    fs.mkdirSync(join(folder.path, 'org'), { mode: 0o000 })
    const act = `for await (const { key } of storage.list('')) console.log(key)`
    const lines = await asOtherUser(folder.path, program(folder.path, act))
    fs.chmodSync(join(folder.path, 'org'), 0o755)
    expect(lines.at(-1)).toStartWith('unavailable: Cannot list "/": the server has no permission')
  },
)

/** A test with a child of another user; a skip that says why where that user cannot run this program. */
function otherUserTest(name: string, run: () => Promise<void>): void {
  const probe = [process.execPath, '-e', `await import(${JSON.stringify(source)})`]
  const able = Bun.spawnSync(probe, {
    ...identity,
    cwd: '/',
    env: childEnvironment,
    stderr: 'ignore',
  }).success
  if (!able) sayOnce(`skipped: tests as uid ${otherUser}, who cannot run ${process.execPath} with ${source}`)
  test.skipIf(!able && process.env.PEERS !== 'required')(name, run)
}

async function asOtherUser(folder: string, code: string, mode = 0o755): Promise<string[]> {
  fs.chmodSync(folder, mode)
  const child = Bun.spawn([process.execPath, '-e', code], {
    ...identity,
    cwd: '/',
    env: childEnvironment,
    stdout: 'pipe',
  })
  return await readLines(child.stdout.getReader())
}

async function readLines(output: Pick<ReadableStreamDefaultReader<Uint8Array>, 'read'>): Promise<string[]> {
  const decoder = new TextDecoder()
  let all = ''
  for (let next = await output.read(); !next.done; next = await output.read())
    all += decoder.decode(next.value)
  return all.split('\n').filter((line) => line !== '')
}
