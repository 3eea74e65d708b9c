import { afterEach, describe, expect, test } from 'bun:test'
import { chmod, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { watchFiles, type FileWatch } from '../src/watched-file.ts'
import { eventually } from './support/eventually.ts'
import { tempFolder } from './support/temp-folder.ts'

const everyMs = 20
const open: FileWatch[] = []

afterEach(() => {
  for (const watch of open.splice(0)) watch.close()
})

/** Counts the changes of some files. */
function counted(paths: readonly string[], interval = everyMs): { count: number } {
  const seen = { count: 0 }
  open.push(watchFiles(paths, () => void (seen.count += 1), { everyMs: interval }))
  return seen
}

/** Enough looks to have seen whatever is to be seen. */
const aWhile = () => Bun.sleep(300)

describe('watchFiles()', () => {
  test('tells once of a file that is written, replaced, removed, made again or may be read by others', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'users')
    await writeFile(file, 'one')
    const seen = counted([file])
    const steps: (() => Promise<unknown>)[] = [
      () => writeFile(file, 'two'),
      () => writeFile(`${file}.new`, 'two').then(() => rename(`${file}.new`, file)),
      () => rm(file),
      () => writeFile(file, 'two'),
      () => chmod(file, 0o600),
    ]
    for (const [index, step] of steps.entries()) {
      await step()
      await eventually(() => seen.count, index + 1)
    }
    await aWhile()
    expect(seen.count).toBe(steps.length)
  })

  test('tells of a file of the same size with the same old time', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'users')
    const old = new Date('2026-01-01T00:00:00Z')
    await writeFile(file, 'one')
    await utimes(file, old, old)
    const seen = counted([file])
    await writeFile(`${file}.new`, 'two')
    await utimes(`${file}.new`, old, old)
    await rename(`${file}.new`, file)
    await eventually(() => seen.count, 1)
  })

  test('sees through the links by which Kubernetes replaces a secret', async () => {
    await using folder = await tempFolder()
    for (const version of ['..1', '..2']) {
      await mkdir(join(folder.path, version))
      await writeFile(join(folder.path, version, 'users'), version)
    }
    await symlink('..1', join(folder.path, '..data'))
    await symlink(join('..data', 'users'), join(folder.path, 'users'))
    const seen = counted([join(folder.path, 'users')])
    await symlink('..2', join(folder.path, '..data_tmp'))
    await rename(join(folder.path, '..data_tmp'), join(folder.path, '..data'))
    await eventually(() => seen.count, 1)
  })

  test('takes files that change together, or bit by bit, as one change', async () => {
    await using folder = await tempFolder()
    const files = ['cert', 'key'].map((name) => join(folder.path, name))
    const seen = counted(files)
    for (const file of files) {
      for (let length = 1; length <= 3; length++) {
        await writeFile(file, 'x'.repeat(length))
        await Bun.sleep(20)
      }
    }
    await eventually(() => seen.count, 1)
    await aWhile()
    expect(seen.count).toBe(1)
  })

  test('reads a file that never comes to rest all the same', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'users')
    const seen = counted([file])
    const writing = setInterval(() => void writeFile(file, String(Bun.nanoseconds())), 10)
    await eventually(() => seen.count > 0, true)
    clearInterval(writing)
  })

  test('tells at once on SIGHUP, changed or not, and nothing more when it is closed', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'users')
    await writeFile(file, 'one')
    const seen = counted([file], 60_000)
    const kept = counted([file], 60_000)
    process.kill(process.pid, 'SIGHUP')
    await eventually(() => seen.count, 1)
    open[0]?.close()
    process.kill(process.pid, 'SIGHUP')
    await eventually(() => kept.count, 2)
    await writeFile(file, 'two')
    await aWhile()
    expect(seen.count).toBe(1)
  })

  test('never runs twice at a time, and misses nothing that happens meanwhile', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'users')
    await writeFile(file, 'one')
    let running = 0
    let most = 0
    const read: string[] = []
    const change = async () => {
      most = Math.max(most, (running += 1))
      read.push(await Bun.file(file).text())
      await Bun.sleep(150)
      running -= 1
    }
    open.push(watchFiles([file], change, { everyMs }))
    await writeFile(file, 'two')
    await eventually(() => read, ['two'])
    await writeFile(file, 'three')
    process.kill(process.pid, 'SIGHUP')
    await eventually(() => read.at(-1), 'three')
    await aWhile()
    expect(most).toBe(1)
  })

  test('keeps no process alive', async () => {
    const source = `import { watchFiles } from '${join(import.meta.dir, '..', 'src', 'watched-file.ts')}'
      watchFiles(['/nothing'], () => {})`
    const child = Bun.spawn([process.execPath, '-e', source], { timeout: 10_000 })
    expect(await child.exited).toBe(0)
  })
})
