import { expect, test } from 'bun:test'
import { join } from 'node:path'
import manifest from '../../package.json'
import { licensesText } from '../../src/commands/licenses.ts'
import { versionText } from '../../src/commands/version.ts'

test('the version is that of the package', () => {
  expect(versionText()).toBe(`Chartroom version ${manifest.version} (build source)`)
})

test('the licences name every package that is shipped, and the runtime', async () => {
  const text = await licensesText()
  for (const [name, version] of Object.entries(manifest.dependencies))
    expect(text).toContain(`## ${name} ${version}`)
  expect(text).toContain('## Bun')
})

test('THIRD-PARTY.md is what the installed packages ask for', async () => {
  const root = join(import.meta.dir, '../..')
  const run = Bun.spawn([process.execPath, '.ci/licenses.ts', '--check'], { cwd: root, stderr: 'pipe' })
  expect(await new Response(run.stderr).text()).toBe('')
  expect(await run.exited).toBe(0)
})
