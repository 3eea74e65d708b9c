import { describe, expect, test } from 'bun:test'
import { $ } from 'bun'
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from './support/start-server.ts'
import { tempFolder } from './support/temp-folder.ts'

/** A project that needs a certain Bun and a package that lies beside it: nothing is asked of a registry. */
async function project(folder: string, bun: string): Promise<void> {
  await cp(join(projectRoot, '.ci/prepare.ts'), join(folder, '.ci/prepare.ts'))
  await Bun.write(join(folder, 'leaf/package.json'), '{"name": "leaf", "version": "1.0.0"}')
  const manifest = { name: 'small', engines: { bun }, dependencies: { leaf: 'file:./leaf' } }
  await Bun.write(join(folder, 'package.json'), JSON.stringify(manifest, undefined, 2))
  await $`${process.execPath} install --lockfile-only`.cwd(folder).quiet()
}

/** Runs it with a PATH in which nothing is called "bun". */
async function prepare(folder: string) {
  const child = Bun.spawn([process.execPath, '.ci/prepare.ts'], {
    cwd: folder,
    env: { PATH: '/nowhere', HOME: folder },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return { code: await child.exited, stdout, stderr }
}

describe('what runs before start and test', () => {
  test('names both versions in one sentence when Bun is too old, and installs nothing', async () => {
    await using folder = await tempFolder()
    await project(folder.path, '>=99.1.0')
    expect(await prepare(folder.path)).toEqual({
      code: 1,
      stdout: '',
      stderr: `Chartroom needs Bun 99.1.0 or newer, this is Bun ${Bun.version}: npm install --global bun@99.1.0\n`,
    })
    expect(await readdir(folder.path)).not.toContain('node_modules')
  })

  test.each(['1.4.5', '1.4.0', '1.3.99', '0.99.99'])(
    'accepts this Bun where %s is needed',
    async (needed) => {
      await using folder = await tempFolder()
      await project(folder.path, `>=${needed}`)
      expect((await prepare(folder.path)).code).toBe(0)
    },
  )

  test('installs once, and again when the lock file is newer', async () => {
    await using folder = await tempFolder()
    await project(folder.path, '>=1.4.5')
    const said = 'Installing the dependencies …\n'
    expect(await prepare(folder.path)).toEqual({ code: 0, stdout: '', stderr: said })
    expect((await prepare(folder.path)).stderr).toBe('')
    await Bun.sleep(20)
    await Bun.write(join(folder.path, 'bun.lock'), await Bun.file(join(folder.path, 'bun.lock')).text())
    expect((await prepare(folder.path)).stderr).toBe(said)
  })

  test('says why when the dependencies cannot be installed', async () => {
    await using folder = await tempFolder()
    await project(folder.path, '>=1.4.5')
    await Bun.write(join(folder.path, 'bun.lock'), 'no lock file\n')
    const { code, stderr } = await prepare(folder.path)
    expect(code).toBe(1)
    expect(stderr).toContain('Cannot install the dependencies:\n')
  })
})
