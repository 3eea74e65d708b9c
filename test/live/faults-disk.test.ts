import { describe, expect } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { otherUser } from '../support/kill-rounds.ts'
import { minioEnvironment, minioFlags } from '../support/kill-stores.ts'
import { startMinio } from '../support/minio.ts'
import { peer } from '../support/peers.ts'
import { sha256, site } from '../support/site.ts'
import type { Site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import { filesBelow } from '../support/temp-folder.ts'
import { mountTmpfs, rootTest } from '../support/tmpfs.ts'

/** Milliseconds for one test on a busy machine. */
const timeout = 60_000

const versionsIn = async (ours: Site) =>
  Object.values((await ours.index()).entries)
    .flat()
    .map(({ name, version }) => `${name} ${version}`)
    .sort()

async function archiveIn(ours: Site, file: string): Promise<string> {
  return sha256(await (await ours.get(`/charts/${file}`)).bytes())
}

async function shownOf(answer: Response): Promise<{ status: number; error: string }> {
  const { error }: { error: string } = await answer.json()
  return { status: answer.status, error }
}

describe('a disk that is full', () => {
  rootTest(
    'is told with 507, at whatever step it happens, leaves nothing, and everything else goes on',
    async () => {
      await using disk = await mountTmpfs(4096)
      const folder = join(disk.path, 'charts')
      await mkdir(folder)
      await using server = await startServer({ folder, ...otherUser })
      const ours = site(server)
      const first = await chart('first', '1.0.0').sized(20_000).tgz()
      expect((await ours.publish(first)).status).toBe(201)
      const known = ['first 1.0.0']
      const statuses = new Set<number>()
      // From no page at all to enough: the write fails at another step each time.
      for (let pages = 0; pages <= 12; pages++) {
        await disk.leave(pages)
        const archive = await chart('later', `1.0.${pages}`).sized(12_000).tgz()
        const answer = await ours.publish(archive)
        statuses.add(answer.status)
        if (answer.status === 201) known.push(`later 1.0.${pages}`)
        else
          expect(await shownOf(answer)).toEqual({
            status: 507,
            error: expect.stringContaining(
              'disk of the storage folder is full; its operator has to free some space',
            ),
          })
        expect(await versionsIn(ours)).toEqual(known.toSorted())
        const files = await server.charts()
        expect(files).toEqual(known.map((each) => `${each.replace(' ', '-')}.tgz`).sort())
        const left = (await filesBelow(folder)).filter((file) => file.startsWith('.chartroom/tmp/'))
        expect(left).toEqual([])
      }
      expect([...statuses].sort()).toEqual([201, 507])

      await disk.leave(0)
      const larger = await chart('first', '1.0.0').sized(200_000).tgz()
      expect((await ours.publish(larger, '?force')).status).toBe(507)
      expect(await archiveIn(ours, 'first-1.0.0.tgz')).toBe(sha256(first))
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
      // What is full must not keep anybody from making room.
      expect((await ours.call('DELETE', '/charts/later/1.0.12')).status).toBe(200)
      expect(await versionsIn(ours)).toEqual(known.filter((each) => each !== 'later 1.0.12').sort())

      await disk.leave(500)
      expect((await ours.publish(larger, '?force')).status).toBe(201)
      expect(await archiveIn(ours, 'first-1.0.0.tgz')).toBe(sha256(larger))
      expect(server.logs()).not.toContain('Unexpected error')
    },
    timeout,
  )

  rootTest(
    'that only holds unfinished uploads and large answers is told with 507, and reads go on from memory',
    async () => {
      await using disk = await mountTmpfs(4096)
      await using server = await startServer({ env: { TMPDIR: disk.path }, ...otherUser })
      const ours = site(server)
      await disk.leave(0)
      const large = await chart('large', '1.0.0').sized(400_000).tgz()
      expect((await ours.publish(large)).status).toBe(507)
      // An index of more than 256 KiB waits in a file to be sent.
      const long = 'x'.repeat(60_000)
      for (let i = 0; i < 6; i++) {
        const archive = await chart('wordy', `1.0.${i}`).chartYaml({ description: long }).tgz()
        expect((await ours.publish(archive)).status).toBe(201)
      }
      expect((await ours.index()).entries.wordy).toHaveLength(6)
      const zipped = await fetch(`${server.url}/index.yaml`, { headers: { 'accept-encoding': 'gzip' } })
      expect({ status: zipped.status, size: (await zipped.text()).length > 360_000 }).toEqual({
        status: 200,
        size: true,
      })
      await disk.leave(500)
      expect((await ours.publish(large)).status).toBe(201)
      expect(await ours.index().then(({ entries }) => Object.keys(entries))).toEqual(['large', 'wordy'])
      expect(server.logs()).not.toContain('Unexpected error')
    },
    timeout,
  )
})

describe('a disk that becomes read-only', () => {
  rootTest(
    'is served, refuses what would change it with a sentence, and takes uploads again when it is not',
    async () => {
      await using disk = await mountTmpfs(4096)
      const folder = join(disk.path, 'charts')
      await mkdir(folder)
      const archive = await chart('mychart', '1.0.0').sized(100_000).tgz()
      const other = await chart('mychart', '2.0.0').tgz()
      const refused = {
        status: 503,
        error: expect.stringContaining(
          'the storage folder is read-only; its operator has to make it writable',
        ),
      }
      {
        await using server = await startServer({ folder, ...otherUser })
        expect((await site(server).publish(archive)).status).toBe(201)
        disk.lock(true)
        await serves(site(server))
        disk.lock(false)
        expect((await site(server).publish(other)).status).toBe(201)
        disk.lock(true)
      }
      await using server = await startServer({ folder, ...otherUser })
      expect(server.logs()).toContain('Uploads and deletions will fail')
      await serves(site(server))
      disk.lock(false)
      expect((await site(server).call('DELETE', '/charts/mychart/2.0.0')).status).toBe(200)
      expect(await versionsIn(site(server))).toEqual(['mychart 1.0.0'])

      async function serves(ours: Site): Promise<void> {
        const before = await versionsIn(ours)
        expect(await archiveIn(ours, 'mychart-1.0.0.tgz')).toBe(sha256(archive))
        expect(await shownOf(await ours.publish(await chart('new', '1.0.0').tgz()))).toEqual(refused)
        expect(await shownOf(await ours.publish(other, '?force'))).toEqual(refused)
        expect(await shownOf(await ours.call('DELETE', '/charts/mychart/1.0.0'))).toEqual(refused)
        expect(await versionsIn(ours)).toEqual(before)
        expect((await ours.get('/charts/new-1.0.0.tgz')).status).toBe(404)
        expect((await ours.get('/charts/mychart-1.0.0.tgz')).status).toBe(200)
      }
    },
    timeout,
  )
})

describe('a MinIO whose disk is full', () => {
  if (peer('minio') === undefined) return
  rootTest(
    'is told with 507, leaves nothing, and reads go on until there is room again',
    async () => {
      await using disk = await mountTmpfs(64 * 1024)
      await using minio = await startMinio({ folder: join(disk.path, 'data') })
      await using server = await startServer({
        flags: minioFlags({ url: minio.url, bucket: 'charts' }),
        env: minioEnvironment,
        ...otherUser,
      })
      const ours = site(server)
      const first = await chart('first', '1.0.0').sized(200_000).tgz()
      expect((await ours.publish(first)).status).toBe(201)
      await disk.leave(0)
      const second = await chart('second', '1.0.0').sized(200_000).tgz()
      expect(await shownOf(await ours.publish(second))).toEqual({
        status: 507,
        error: expect.stringContaining(
          'the store is full or over its quota; its operator has to free some space',
        ),
      })
      expect(await versionsIn(ours)).toEqual(['first 1.0.0'])
      expect(await archiveIn(ours, 'first-1.0.0.tgz')).toBe(sha256(first))
      expect((await ours.get('/charts/second-1.0.0.tgz')).status).toBe(404)
      await disk.leave(8000)
      await eventually(async () => (await ours.publish(second)).status, 201, 20_000)
      expect(await versionsIn(ours)).toEqual(['first 1.0.0', 'second 1.0.0'])
      expect(server.logs()).not.toContain('Unexpected error')
    },
    timeout,
  )
})
