import { describe, expect, test } from 'bun:test'
import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isRegistryError, RegistryError } from '../../src/errors.ts'
import { checked } from '../../src/storage/checked.ts'
import type { FileCalls } from '../../src/storage/file-calls.ts'
import { localCalls, remoteCalls } from '../../src/storage/file-calls.ts'
import { localStorage } from '../../src/storage/local.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { TempFolder } from '../support/temp-folder.ts'
import { tempFolder } from '../support/temp-folder.ts'
import type { OpenedStorage } from './contract.ts'
import { bytes, casesOf, keys, storageContract, text } from './contract.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

const unconditional = [
  { reason: 'a read of a folder costs no more than a look', tests: casesOf.getUnless },
  {
    reason: 'a folder has no such condition; its processes share a log that is appended to',
    tests: casesOf.replace,
  },
]
const leftOut = [
  ...unconditional,
  {
    reason: 'the calls it would test again are those of the local suite',
    tests: [
      'list() gives 2,100 objects in key order, with what info() says',
      'a 192 MiB object is streamed: written and read with flat memory',
    ],
  },
]

storageContract('local', () => opened(), unconditional)
storageContract('local, on a network mount,', () => opened(remoteCalls), leftOut)
storageContract('local, without hard links and folder syncs,', () => opened(bareFileSystem()), leftOut)

describe('the folder of local storage', () => {
  test('gives another change tag to every write, of the same bytes too', async () => {
    await using folder = await tempFolder()
    const storage = await open(folder)
    const tags = new Set<string>()
    for (let i = 0; i < 20; i++) tags.add((await storage.put('a', bytes(`v${i % 10}`))).etag)
    expect(tags.size).toBe(20)
  })

  test('holds one file per object, readable by others, and no unfinished one', async () => {
    await using folder = await tempFolder()
    const storage = await open(folder)
    await storage.put('org/team/mychart-1.0.0.tgz', bytes('archive'))
    await storage.put('org/team/mychart-1.0.0.tgz', bytes('archive again'))
    expect(await folder.files()).toEqual(['org/team/mychart-1.0.0.tgz'])
    expect(fs.statSync(join(folder.path, 'org/team/mychart-1.0.0.tgz')).mode & 0o777).toBe(0o644)
  })

  test('is made, with its parents, when it is missing', async () => {
    await using folder = await tempFolder()
    const root = join(folder.path, 'a/b')
    const storage = await openStorage({ backend: 'local', rootdir: root }, quiet)
    await storage.put('x', bytes('x'))
    expect(await folder.files()).toEqual(['a/b/x'])
  })

  test('is refused in one sentence when a file stands there', async () => {
    await using folder = await tempFolder()
    const root = join(folder.path, 'file')
    fs.writeFileSync(root, 'x')
    for (const path of [root, join(root, 'below')]) {
      const error = await caught(localStorage({ root: path, log: quiet }))
      expect(error.code).toBe('unavailable')
      expect(error.message).toBe(
        `Cannot make the storage folder "${path}": a file stands there; choose another with --storage-local-rootdir`,
      )
    }
  })

  test('that is gone is an error, not an empty store', async () => {
    await using folder = await tempFolder()
    const storage = await open(folder)
    await storage.put('org/x', bytes('x'))
    fs.rmSync(folder.path, { recursive: true })
    for (const prefix of ['', 'org/']) expect((await caught(keys(storage, prefix))).code).toBe('unavailable')
    expect((await caught(storage.put('org/x', bytes('x')))).code).toBe('unavailable')
    expect((await caught(storage.check())).code).toBe('unavailable')
    expect(fs.existsSync(folder.path)).toBe(false)
  })

  test('may lose all its folders while it is used', async () => {
    await using folder = await tempFolder()
    const storage = await open(folder)
    for (let round = 0; round < 3; round++) {
      await storage.put('org/x', bytes('x'), { when: 'absent' })
      for (const name of fs.readdirSync(folder.path)) fs.rmSync(join(folder.path, name), { recursive: true })
    }
    expect(await storage.delete('org/x')).toBe(false)
  })

  test('is cleared of unfinished files of processes that died, and of no others', async () => {
    await using folder = await tempFolder()
    const temp = join(folder.path, '.chartroom/tmp')
    fs.mkdirSync(temp, { recursive: true })
    const space = fs.existsSync('/proc/self/ns/pid')
      ? fs.readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
      : '0'
    const dead = Bun.spawnSync([process.execPath, '--version']).pid
    const kept = [
      `${hostname()}~${space}~${process.pid}~a`,
      `elsewhere~${space}~${dead}~b`,
      `${hostname()}~1~${dead}~c`,
    ]
    const cleared = [`${hostname()}~${space}~${dead}~d`, 'elsewhere~1~1~old', 'old']
    for (const name of [...kept, ...cleared]) fs.writeFileSync(join(temp, name), 'x')
    const longAgo = new Date(Date.now() - 61 * 60 * 1000)
    for (const name of ['elsewhere~1~1~old', 'old']) fs.utimesSync(join(temp, name), longAgo, longAgo)
    await open(folder)
    expect(fs.readdirSync(temp).sort()).toEqual(kept.toSorted())
  })
})

describe('what others put into the folder', () => {
  test('a replacement that keeps size and mtime has another change tag', async () => {
    await using folder = await tempFolder()
    const storage = await open(folder)
    const path = join(folder.path, 'a')
    const first = await storage.put('a', bytes('one'))
    const before = fs.statSync(path, { bigint: true })
    await using elsewhere = await tempFolder()
    Bun.spawnSync(['cp', '-p', path, join(elsewhere.path, 'same-time')])
    fs.writeFileSync(path, 'two')
    Bun.spawnSync(['touch', '-r', join(elsewhere.path, 'same-time'), path])
    const { ino, size, mtimeNs } = fs.statSync(path, { bigint: true })
    expect({ ino, size, mtimeNs }).toEqual({ ino: before.ino, size: before.size, mtimeNs: before.mtimeNs })
    expect((await storage.info('a'))?.etag).not.toBe(first.etag)
  })

  test('links to files are followed, dangling and looping ones ignored, links to folders not listed', async () => {
    await using folder = await tempFolder()
    await using elsewhere = await tempFolder()
    const storage = await open(folder)
    fs.writeFileSync(join(elsewhere.path, 'file'), 'outside')
    fs.symlinkSync(join(elsewhere.path, 'file'), join(folder.path, 'linked'))
    fs.symlinkSync('nowhere', join(folder.path, 'dangling'))
    fs.symlinkSync('looping', join(folder.path, 'looping'))
    fs.symlinkSync('.', join(folder.path, 'around'))
    fs.mkdirSync(join(folder.path, 'empty'))
    expect(await keys(storage)).toEqual(['linked'])
    expect(await keys(storage, 'around/', true)).toEqual(['around/linked'])
    expect(await text(storage, 'linked')).toBe('outside')
    for (const key of ['dangling', 'looping', 'around', 'empty'])
      expect(await storage.get(key)).toBeUndefined()
    await storage.put('linked', bytes('inside'))
    expect(fs.readFileSync(join(elsewhere.path, 'file'), 'utf8')).toBe('outside')
    expect(await text(storage, 'linked')).toBe('inside')
  })

  test('names that are not UTF-8, sockets and pipes are skipped', async () => {
    await using folder = await tempFolder()
    const storage = await open(folder)
    fs.writeFileSync(Buffer.concat([bytes(`${folder.path}/bad`), Uint8Array.of(0xff)]), 'x')
    Bun.spawnSync(['mkfifo', join(folder.path, 'pipe')])
    await storage.put('good', bytes('x'))
    expect(await keys(storage)).toEqual(['good'])
    expect(await storage.get('pipe')).toBeUndefined()
  })

  test('a file where a folder is needed, and the reverse, is a conflict that names the key', async () => {
    await using folder = await tempFolder()
    const storage = await open(folder)
    await storage.put('a', bytes('x'))
    await storage.put('org/b', bytes('x'))
    for (const key of ['a/b', 'a/b/c', 'org']) {
      for (const options of [{}, { when: 'absent' }] as const) {
        const error = await caught(storage.put(key, bytes('x'), options))
        expect(error).toMatchObject({ code: 'conflict', about: 'storage' })
        expect(error.message).toStartWith(`Cannot store "${key}": `)
      }
    }
    expect(await folder.files()).toEqual(['a', 'org/b'])
  })
})

describe('a folder on another disk', () => {
  const calls = {
    link: withinOneDisk(localCalls.link),
    rename: withinOneDisk(localCalls.rename),
  }

  test('takes objects whole, and its temporary files are not listed', async () => {
    await using folder = await tempFolder()
    const storage = await open(folder, calls)
    await storage.put('org/a', bytes('one'), { when: 'absent' })
    await storage.put('org/a', bytes('two'))
    expect((await caught(storage.put('org/a', bytes('three'), { when: 'absent' }))).code).toBe('conflict')
    fs.writeFileSync(join(folder.path, 'org/.chartroom/tmp/unfinished'), 'x')
    expect(await keys(storage)).toEqual(['org/a'])
    expect(await text(storage, 'org/a')).toBe('two')
    expect(await folder.files()).toEqual(['org/.chartroom/tmp/unfinished', 'org/a'])
  })

  test('may have a lost+found, which is not entered', async () => {
    await using folder = await tempFolder()
    const storage = await open(folder, {
      entries(path) {
        if (path.endsWith('lost+found/')) throw Object.assign(new Error('root only'), { code: 'EACCES' })
        return localCalls.entries(path)
      },
    })
    fs.mkdirSync(join(folder.path, 'lost+found'))
    await storage.put('org/a', bytes('x'))
    expect(await keys(storage)).toEqual(['org/a'])
  })
})

describe('a file system that fails', () => {
  const failures: [call: keyof FileCalls, system: string, code: string][] = [
    ['create', 'EACCES', 'unavailable'],
    ['create', 'EROFS', 'unavailable'],
    ['write', 'ENOSPC', 'full'],
    ['write', 'EDQUOT', 'full'],
    ['syncFile', 'EIO', 'unavailable'],
    ['syncFile', 'ENOSPC', 'full'],
    ['link', 'ENOSPC', 'full'],
    ['link', 'EXDEV', 'unavailable'],
    ['makeFolder', 'ENOSPC', 'full'],
    ['syncFolder', 'EIO', 'unavailable'],
  ]
  test.each(failures)('%s() with %s makes put() throw %s and leaves nothing', async (call, system, code) => {
    await using folder = await tempFolder()
    const storage = await open(folder, { [call]: failing(system) })
    const error = await caught(storage.put('org/x', bytes('x'), { when: 'absent' }))
    expect(error).toMatchObject({ code, about: 'storage' })
    expect(error.message).toStartWith('Cannot store "org/x": ')
    expect(error.message).not.toContain(folder.path)
    expect(error.cause).toBeInstanceOf(Error)
    expect(await folder.files()).toEqual([])
  })

  test('a folder that cannot reach the disk takes the new object back, and keeps the others', async () => {
    await using folder = await tempFolder()
    await (await open(folder)).put('org/x', bytes('old'))
    const storage = await open(folder, { syncFolder: failing('EIO') })
    expect((await caught(storage.put('org/y', bytes('new'), { when: 'absent' }))).code).toBe('unavailable')
    expect(await folder.files()).toEqual(['org/x'])
  })

  test.each(['write', 'syncFile', 'rename'] as const)(
    '%s() with EIO leaves the old object whole',
    async (call) => {
      await using folder = await tempFolder()
      await (await open(folder)).put('org/x', bytes('old'))
      const storage = await open(folder, { [call]: failing('EIO') })
      expect((await caught(storage.put('org/x', bytes('new')))).code).toBe('unavailable')
      expect(await folder.files()).toEqual(['org/x'])
      expect(await text(storage, 'org/x')).toBe('old')
    },
  )

  test('without hard links keeps nothing when the rename over the reserved name fails', async () => {
    await using folder = await tempFolder()
    const storage = await open(folder, { link: failing('ENOTSUP'), rename: failing('EIO') })
    expect((await caught(storage.put('x', bytes('x'), { when: 'absent' }))).code).toBe('unavailable')
    expect(await folder.files()).toEqual([])
  })

  test('without hard links and folder syncs is told once each', async () => {
    await using folder = await tempFolder()
    const said: string[] = []
    const log = { ...quiet, warn: (message: string) => said.push(message) }
    const storage = await localStorage({ root: folder.path, log, calls: bareFileSystem() })
    for (let i = 0; i < 3; i++) await storage.put(`org/${i}`, bytes('x'), { when: 'absent' })
    expect(said).toHaveLength(2)
    expect(said.join()).toMatch(/no hard links.*cannot sync folders|cannot sync folders.*no hard links/)
  })

  test('an error that the body itself throws passes as it is', async () => {
    await using folder = await tempFolder()
    const tooLarge = new RegistryError('too_large', 'upload', 'Cannot publish: too large')
    const body = new Blob(['x'])
    body.stream = () => {
      throw tooLarge
    }
    expect(await caught((await open(folder)).put('x', body))).toBe(tooLarge)
    expect(await folder.files()).toEqual([])
  })
})

async function opened(calls?: Partial<FileCalls>): Promise<OpenedStorage> {
  const folder = await tempFolder()
  let ruined = false
  return {
    storage: checked(await open(folder, calls)),
    settings: { backend: 'local', rootdir: folder.path },
    ruin: async () => {
      ruined = true
      fs.rmSync(folder.path, { recursive: true })
    },
    dispose: async () => {
      if (!ruined) expect(await folder.files()).toEqual([])
      await folder[Symbol.asyncDispose]()
    },
  }
}

function open(folder: TempFolder, calls?: Partial<FileCalls>) {
  return localStorage({ root: folder.path, log: quiet, ...(calls && { calls }) })
}

function bareFileSystem(): FileCalls {
  return { ...localCalls, link: failing('EPERM'), syncFolder: failing('EINVAL') }
}

/** As if every folder below the root were a disk of its own. */
function withinOneDisk(call: FileCalls['link']): FileCalls['link'] {
  return (from, to) => {
    if (from.startsWith(`${to.split('/org/')[0]}/.chartroom/`)) {
      throw Object.assign(new Error('another disk'), { code: 'EXDEV' })
    }
    return call(from, to)
  }
}

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(`${code}: of the driver`), { code })
  }
}

async function caught(promise: Promise<unknown>): Promise<RegistryError> {
  const error = await promise.then(
    () => new Error('nothing was thrown'),
    (reason: unknown) => reason,
  )
  if (!isRegistryError(error)) throw error
  return error
}
