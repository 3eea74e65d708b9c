import { expect, test } from 'bun:test'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { FolderWatch } from '../../src/storage/folder-watch.ts'
import { localStorage } from '../../src/storage/local.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { bytes } from './contract.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** What an operator expects of a registry: two seconds. */
const toldWithinMs = 2000

test('what a person does to files of the folder is told within two seconds, by key', async () => {
  await using scene = await watched('org/')
  const { org, told } = scene
  fs.writeFileSync(join(scene.root, 'source'), 'new')
  const path = (name: string) => join(org, name)
  await told('org/a', () => run('cp', join(scene.root, 'source'), path('a')))
  await told('org/a', () => fs.writeFileSync(path('a'), 'in place'))
  await told('org/a', () => run('cp', '-p', join(scene.root, 'source'), path('a')))
  await told('org/b', () => run('mv', path('a'), path('b')))
  await told('org/c', () => run('mv', join(scene.root, 'source'), path('c')))
  await told('org/c', () => run('touch', path('c')))
  await told('org/b', () => run('rm', path('b')))
})

test('a folder that is removed, made again and replaced is told each time, and watched again', async () => {
  await using scene = await watched('org/')
  const { org, told } = scene
  await told(undefined, () => fs.rmSync(org, { recursive: true }))
  await told(undefined, () => fs.mkdirSync(org))
  await told('org/a', () => fs.writeFileSync(join(org, 'a'), 'x'))
  fs.mkdirSync(join(scene.root, 'other'))
  fs.writeFileSync(join(scene.root, 'other/b'), 'x')
  await told(undefined, () => {
    fs.renameSync(org, join(scene.root, 'aside'))
    fs.renameSync(join(scene.root, 'other'), org)
  })
  await told('org/b', () => fs.writeFileSync(join(org, 'b'), 'changed'))
}, 20_000)

test('a folder that is not there yet is told when it comes', async () => {
  await using scene = await watched('later/')
  await scene.told(undefined, () => fs.mkdirSync(join(scene.root, 'later')))
  await scene.told('later/a', () => fs.writeFileSync(join(scene.root, 'later/a'), 'x'))
})

test('writes of another storage on the same folder are told, unfinished files are not', async () => {
  await using scene = await watched('')
  const other = await localStorage({ root: scene.root, log: quiet })
  await scene.told('x', () => other.put('x', bytes('x')))
  await scene.told('x', () => other.delete('x'))
  expect(new Set(scene.all)).toEqual(new Set(['x']))
})

test.concurrent('nothing is told after the watch or the storage ended, nor by a folder at rest', async () => {
  await using scene = await watched('org/')
  await Bun.sleep(1500)
  expect(scene.heard).toEqual([])
  scene.stop()
  const { heard } = scene
  const stop = scene.storage.watch?.('org/', (key) => heard.push(key))
  await scene.storage.close()
  fs.writeFileSync(join(scene.org, 'a'), 'x')
  await Bun.sleep(1500)
  expect(heard).toEqual([])
  stop?.()
})

test.concurrent(
  'on a network mount "something changed" is told every two seconds',
  async () => {
    await using folder = await tempFolder()
    let told = 0
    const watch = new FolderWatch({ folder: folder.path, remote: true, changed: () => told++, warn() {} })
    await Bun.sleep(2300)
    watch.close()
    expect(told).toBe(1)
    await Bun.sleep(2300)
    expect(told).toBe(1)
  },
  10_000,
)

test.concurrent.each(['ENOSPC', 'EMFILE', 'EIO'])(
  'where watching fails with %s, once says so and polls',
  async (code) => {
    await using folder = await tempFolder()
    const said: string[] = []
    let told = 0
    const options = {
      folder: folder.path,
      remote: false,
      changed: () => told++,
      warn: (line: string) => said.push(line),
    }
    const watch = new FolderWatch({
      ...options,
      watch() {
        throw Object.assign(new Error('no'), { code })
      },
    })
    await Bun.sleep(2300)
    watch.close()
    expect(told).toBe(1)
    expect(said).toEqual([
      expect.stringContaining(code === 'EIO' ? 'it failed' : 'fs.inotify.max_user_watches'),
    ])
  },
  10_000,
)

test.concurrent(
  'a watcher that breaks later is replaced by polling',
  async () => {
    await using folder = await tempFolder()
    const said: string[] = []
    let told = 0
    let watcher: fs.FSWatcher | undefined
    const watch = new FolderWatch({
      folder: folder.path,
      remote: false,
      changed: () => told++,
      warn: (line) => said.push(line),
      watch: ((...parameters: Parameters<typeof fs.watch>) =>
        (watcher = fs.watch(...parameters))) as typeof fs.watch,
    })
    watcher?.emit('error', Object.assign(new Error('broken'), { code: 'EIO' }))
    await Bun.sleep(2300)
    watch.close()
    expect(said).toHaveLength(1)
    expect(told).toBe(1)
  },
  10_000,
)

test.concurrent(
  'a watch lets the process end',
  async () => {
    await using folder = await tempFolder()
    const program = `
    import { localStorage } from ${JSON.stringify(join(import.meta.dir, '../../src/storage/local.ts'))}
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const storage = await localStorage({ root: ${JSON.stringify(folder.path)}, log })
    storage.watch('', () => {})
    storage.watch('missing/', () => {})`
    const child = Bun.spawn([process.execPath, '-e', program], { timeout: 10_000, stderr: 'inherit' })
    expect(await child.exited).toBe(0)
  },
  15_000,
)

/** A storage with a folder "org", watched, and told(): does something and waits until it is told. */
async function watched(prefix: string) {
  const folder = await tempFolder()
  const org = join(folder.path, 'org')
  fs.mkdirSync(org)
  const storage = await localStorage({ root: folder.path, log: quiet })
  const heard: (string | undefined)[] = []
  const all: (string | undefined)[] = []
  const hear = (key?: string) => void (heard.push(key), all.push(key))
  const stop = storage.watch?.(prefix, hear) ?? (() => {})
  return {
    root: folder.path,
    org,
    storage,
    heard,
    all,
    stop,
    async told(key: string | undefined, act: () => unknown) {
      await Bun.sleep(100) // Events of the step before arrive.
      heard.length = 0
      const start = performance.now()
      await act()
      while (!heard.includes(key)) {
        if (performance.now() - start > toldWithinMs) throw new Error(`not told: ${key}, but ${heard.join()}`)
        await Bun.sleep(10)
      }
    },
    async [Symbol.asyncDispose]() {
      await storage.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

function run(...command: string[]): void {
  expect(Bun.spawnSync(command).exitCode).toBe(0)
}
