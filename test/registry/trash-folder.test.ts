import { expect, test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createRegistry } from '../../src/registry/registry.ts'
import { localStorage } from '../../src/storage/local.ts'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { keptLog, publishOne, usualOptions } from '../support/repository.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

async function registryOver(folder: TempFolder, trashMs: number) {
  const log = keptLog()
  const storage = await localStorage({ root: folder.path, log })
  const registry = createRegistry(storage, { ...usualOptions, statefile: undefined, trashMs }, undefined, log)
  return { registry, storage, log }
}

async function chartsIn(folder: TempFolder): Promise<string[]> {
  return (await folder.files()).filter((file) => !/^\.chartroom\/(catalog|changes)/.test(file))
}

test('two processes over one folder delete, list, restore and sweep what the other deleted', async () => {
  await using folder = await tempFolder()
  const [one, other] = [await registryOver(folder, 60_000), await registryOver(folder, 60_000)]
  const archive = await chart('a', '1.0.0').tgz()
  await publishOne(one.registry.repository('org'), archive)
  const removal = await one.registry.repository('org').remove('a', '1.0.0', 'alice')
  const [seen] = await other.registry.repository('org').trash()
  expect(seen).toEqual(removal.deletion)
  const results = await Promise.allSettled(
    [one, other, one, other].map(({ registry }) => registry.repository('org').restore(seen?.id ?? '')),
  )
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await chartsIn(folder)).toEqual(['org/a-1.0.0.tgz'])
  expect(Buffer.from(await Bun.file(join(folder.path, 'org/a-1.0.0.tgz')).bytes()).equals(archive)).toBe(true)
  await eventually(async () => (await other.registry.repository('org').versions('a')).length, 1)
  // Both know the version: only one of them deletes it, and it lies in the trash once.
  const removals = await Promise.allSettled(
    [one, other].map(({ registry }) => registry.repository('org').remove('a', '1.0.0')),
  )
  expect(removals.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0)
  const kept = await one.registry.repository('org').trash()
  expect(kept.length).toBe(removals.filter(({ status }) => status === 'fulfilled').length)
  await one.registry.repository('org').restore(kept[0]?.id ?? '')
  expect(await chartsIn(folder)).toContain('org/a-1.0.0.tgz')
  await Promise.all([one, other].map(({ registry }) => registry.close()))
})

test('what is over goes by itself, and leaves neither files nor folders of its own', async () => {
  await using folder = await tempFolder()
  const [one, other] = [await registryOver(folder, 1000), await registryOver(folder, 1000)]
  for (const name of ['', 'org'])
    await publishOne(one.registry.repository(name), await chart('a', '1.0.0').tgz())
  for (const name of ['', 'org']) await one.registry.repository(name).removeChart('a')
  expect(await chartsIn(folder)).toHaveLength(4)
  await eventually(() => chartsIn(folder), [], 6000)
  expect([...one.log.lines, ...other.log.lines].filter((line) => line.startsWith('WARN'))).toEqual([])
  await Promise.all([one, other].map(({ registry }) => registry.close()))
}, 15_000)

test('the trash is no repository, and its archives are not charts', async () => {
  await using folder = await tempFolder()
  const { registry } = await registryOver(folder, 60_000)
  const repository = registry.repository('')
  for (const name of ['a', 'b']) await publishOne(repository, await chart(name, '1.0.0').tgz())
  await repository.removeChart('a')
  await Bun.sleep(300)
  expect(await registry.names({ depth: 0, dynamic: true })).toEqual([''])
  expect(await (await repository.document('json')).body.text()).not.toContain('a-1.0.0.tgz')
  await registry.close()
  const { registry: later } = await registryOver(folder, 60_000)
  expect(Object.keys(await (await later.repository('').document('list')).body.json())).toEqual(['b'])
  expect(await later.repository('').trash()).toHaveLength(1)
  await later.close()
})

test('a large archive is deleted and restored without being held in memory', async () => {
  await using folder = await tempFolder()
  const size = 40 * 1024 * 1024
  const source = join(folder.path, 'source.tgz')
  await Bun.write(source, await chart('large', '1.0.0').sized(size).tgz())
  await mkdir(join(folder.path, 'charts'))
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, 'large-deletion.ts'), source, join(folder.path, 'charts')],
    { stdout: 'pipe' },
  )
  const said = await new Response(child.stdout).text()
  expect(await child.exited).toBe(0)
  const { growth }: { growth: number } = JSON.parse(said)
  expect(growth).toBeLessThan(size)
  const [sent, kept] = [Bun.file(source), Bun.file(join(folder.path, 'charts/large-1.0.0.tgz'))]
  expect(Bun.hash(await kept.bytes())).toBe(Bun.hash(await sent.bytes()))
}, 60_000)
