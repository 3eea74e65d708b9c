import { test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sayOnce } from './peers.ts'
import { tempFolder } from './temp-folder.ts'

/** A small file system in memory, for what happens when a disk is full or read-only. Disposing unmounts it. */
export interface Tmpfs extends AsyncDisposable {
  readonly path: string
  /** Fills it so that this many pages of 4 KiB are free; the file that takes the rest is `ballast`. */
  leave(pages: number): Promise<void>
  /** From now on nobody can write, or everybody who may. */
  lock(locked: boolean): void
}

/** Mounts one of so many KiB (a multiple of 4). Only root may; see `rootTest`. */
export async function mountTmpfs(kib: number): Promise<Tmpfs> {
  const folder = await tempFolder()
  const path = join(folder.path, 'mount')
  await mkdir(path)
  run('chmod', '755', folder.path)
  run('mount', '-t', 'tmpfs', '-o', `size=${kib}k,mode=0777`, 'none', path)
  const ballast = join(path, 'ballast')
  return {
    path,
    async leave(pages) {
      run('rm', '-f', ballast)
      const taken = Number(run('stat', '-f', '-c', '%a', path)) - pages
      if (taken > 0) run('dd', 'if=/dev/zero', `of=${ballast}`, 'bs=4096', `count=${taken}`, 'status=none')
    },
    lock: (locked) => void run('mount', '-o', `remount,${locked ? 'ro' : 'rw'}`, path),
    async [Symbol.asyncDispose]() {
      run('umount', '-l', path)
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** A test that needs root, to mount a file system and to run the server as another user; else a skip that says why. */
export function rootTest(name: string, body: () => Promise<void>, timeout?: number): void {
  const isRoot = process.getuid?.() === 0
  const able = isRoot && Bun.spawnSync(['unshare', '-m', 'true'], { stderr: 'ignore' }).success
  if (!able) sayOnce('skipped: tests that mount a small file system (they need root that may mount)')
  test.skipIf(!able)(name, body, timeout)
}

function run(...command: string[]): string {
  const { success, stdout, stderr } = Bun.spawnSync(command)
  if (!success) throw new Error(`${command.join(' ')}: ${stderr.toString()}`)
  return stdout.toString()
}
