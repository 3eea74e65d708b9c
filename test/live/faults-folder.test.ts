import { expect, test } from 'bun:test'
import { chmod, chown, mkdir, rename, rm, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { otherUser } from '../support/kill-rounds.ts'
import { sha256, site } from '../support/site.ts'
import type { Site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { rootTest } from '../support/tmpfs.ts'

/** How long a change by hand may take to show, milliseconds, on a busy machine. */
const soon = 10_000
const timeout = 60_000

const versionsIn = async (ours: Site) =>
  Object.values((await ours.index()).entries)
    .flat()
    .map(({ name, version }) => `${name} ${version}`)
    .sort()

const statusOf = async (answer: Promise<Response>) => {
  const { status, headers } = await answer
  return headers.has('retry-after') ? `${status}, again later` : String(status)
}

rootTest(
  'one file that the server may not read hides no other, and shows as soon as it may',
  async () => {
    await using server = await startServer(otherUser)
    const ours = site(server)
    for (const name of ['a', 'b']) await ours.publish(await chart(name, '1.0.0').tgz())
    const secret = join(server.folder, 'secret-1.0.0.tgz')
    const bytes = await chart('secret', '1.0.0').tgz()
    await Bun.write(`${server.tmp}/secret`, bytes)
    await chmod(`${server.tmp}/secret`, 0o000)
    await rename(`${server.tmp}/secret`, secret)
    await chmod(join(server.folder, 'a-1.0.0.tgz'), 0o000)
    await eventually(async () => server.logs().includes('secret-1.0.0.tgz'), true, soon)
    expect(await versionsIn(ours)).toContain('b 1.0.0')
    expect(await versionsIn(ours)).not.toContain('secret 1.0.0')
    expect((await ours.get('/charts/b-1.0.0.tgz')).status).toBe(200)
    expect((await ours.publish(await chart('c', '1.0.0').tgz())).status).toBe(201)
    await chmod(secret, 0o644)
    await chmod(join(server.folder, 'a-1.0.0.tgz'), 0o644)
    await eventually(() => versionsIn(ours), ['a 1.0.0', 'b 1.0.0', 'c 1.0.0', 'secret 1.0.0'], soon)
    expect(sha256(await (await ours.get('/charts/secret-1.0.0.tgz')).bytes())).toBe(sha256(bytes))
    expect(server.logs()).not.toContain('Unexpected error')
  },
  timeout,
)

test(
  'links that lead nowhere or in a circle are no charts, and a link to an archive is one',
  async () => {
    await using elsewhere = await tempFolder()
    await chmod(elsewhere.path, 0o755)
    await using server = await startServer(otherUser)
    const ours = site(server)
    await ours.publish(await chart('a', '1.0.0').tgz())
    const links = {
      'nowhere-1.0.0.tgz': 'missing',
      'circle-1.0.0.tgz': 'circle-1.0.0.tgz',
      'up-1.0.0.tgz': '..',
    }
    for (const [name, target] of Object.entries(links)) await symlink(target, join(server.folder, name))
    const target = join(elsewhere.path, 'archive')
    await symlink(target, join(server.folder, 'linked-1.0.0.tgz'))
    for (const name of [...Object.keys(links), 'linked-1.0.0.tgz'])
      expect((await ours.get(`/charts/${name}`)).status).toBe(404)
    await Bun.write(target, await chart('linked', '1.0.0').tgz())
    await symlink(target, join(server.folder, 'another.tgz'))
    await eventually(() => versionsIn(ours), ['a 1.0.0', 'linked 1.0.0'], soon)
    // A name that a dead link has can be published: the link goes, what it leads to is not touched.
    expect((await ours.publish(await chart('nowhere', '1.0.0').tgz(), '?force')).status).toBe(201)
    expect(await versionsIn(ours)).toEqual(['a 1.0.0', 'linked 1.0.0', 'nowhere 1.0.0'])
    expect(server.logs()).not.toContain('Unexpected error')
  },
  timeout,
)

test(
  'a folder that is gone is told, never shown as empty, and what comes back is served without help',
  async () => {
    await using outside = await tempFolder()
    const folder = join(outside.path, 'charts')
    await chmod(outside.path, 0o755)
    await using server = await startServer({ folder, ...otherUser })
    const ours = site(server)
    const [small, large] = [
      await chart('small', '1.0.0').tgz(),
      await chart('large', '1.0.0').sized(300_000).tgz(),
    ]
    for (const archive of [small, large]) expect((await ours.publish(archive)).status).toBe(201)
    const known = await versionsIn(ours)
    await rename(folder, `${folder}-away`)
    for (let round = 0; round < 20; round++) {
      const answers = {
        live: await statusOf(fetch(`${server.url}/livez`)),
        unknown: await statusOf(ours.get('/charts/unknown-1.0.0.tgz')),
        large: await statusOf(ours.get('/charts/large-1.0.0.tgz')),
        publish: await statusOf(ours.publish(await chart('new', '1.0.0').tgz())),
        remove: await statusOf(ours.call('DELETE', '/charts/small/1.0.0')),
      }
      const later = '503, again later'
      expect(answers).toEqual({ live: '200', unknown: later, large: later, publish: later, remove: later })
      expect(await versionsIn(ours)).toEqual(known)
      await Bun.sleep(100)
    }
    await rename(`${folder}-away`, folder)
    await eventually(async () => (await ours.get('/charts/large-1.0.0.tgz')).status, 200, soon)
    expect(await versionsIn(ours)).toEqual(known)

    // Another state comes back, as from a backup.
    await rename(folder, `${folder}-old`)
    await mkdir(folder)
    if (otherUser.uid !== undefined) await chown(folder, otherUser.uid, otherUser.uid)
    const restored = join(folder, 'restored-1.0.0.tgz')
    await Bun.write(restored, await chart('restored', '1.0.0').tgz())
    await utimes(restored, new Date(0), new Date(0))
    await eventually(() => versionsIn(ours), ['restored 1.0.0'], soon)
    await eventually(async () => (await ours.publish(await chart('new', '1.0.0').tgz())).status, 201, soon)
    expect(await versionsIn(ours)).toEqual(['new 1.0.0', 'restored 1.0.0'])
    await rm(`${folder}-old`, { recursive: true })
    expect(server.logs()).not.toContain('Unexpected error')
  },
  timeout,
)
