import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { isRegistryError } from '../../src/errors.ts'
import { googleOptions } from '../../src/storage/google-options.ts'
import type { GoogleSettings } from '../../src/storage/google-options.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { Gcs } from '../support/gcs.ts'
import { startGcs } from '../support/gcs.ts'
import { peerTest } from '../support/peers.ts'
import { projectRoot } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { awkwardKeys } from './contract-objects.ts'
import { bytes, keys, storageContract, text } from './contract.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

let running: Promise<Gcs> | undefined
const before = process.env.STORAGE_EMULATOR_HOST
afterAll(async () => {
  if (before === undefined) delete process.env.STORAGE_EMULATOR_HOST
  else process.env.STORAGE_EMULATOR_HOST = before
  await (await running)?.[Symbol.asyncDispose]()
})

/** One fake-gcs-server for the whole file; each case has a bucket of its own. */
async function gcs(): Promise<Gcs> {
  const store = await (running ??= startGcs())
  process.env.STORAGE_EMULATOR_HOST = store.url
  return store
}

async function settingsFor(prefix = ''): Promise<GoogleSettings> {
  const bucket = `charts-${crypto.randomUUID().slice(0, 18)}`
  await (await gcs()).makeBucket(bucket)
  return { backend: 'google', bucket, prefix }
}

async function opened(prefix: string) {
  const settings = await settingsFor(prefix)
  const store = await gcs()
  let ruined = false
  const ruin = async () => {
    if (!ruined) await store.removeBucket(settings.bucket)
    ruined = true
  }
  return { storage: await openStorage(settings, quiet), settings, ruin, dispose: ruin }
}

storageContract(
  'google',
  () => opened('/some/prefix/'),
  [
    {
      reason:
        'fake-gcs-server has no room in its folder for names of 255 bytes; below, it keeps them in memory',
      tests: ['keys keep every legal character'],
    },
  ],
  (name, run, timeout) => peerTest(['fake-gcs-server'], name, run, timeout),
)

peerTest(['fake-gcs-server'], 'keys keep every legal character in a bucket', async () => {
  await using store = await startGcs({ keeps: 'memory' })
  await store.makeBucket('charts')
  const settings: GoogleSettings = { backend: 'google', bucket: 'charts', prefix: 'some/prefix' }
  const storage = await openStorage(settings, quiet, { STORAGE_EMULATOR_HOST: store.url })
  const wanted = awkwardKeys()
  for (const key of wanted) await storage.put(key, bytes(key))
  expect(await keys(storage)).toEqual(wanted.toSorted())
  for (const key of wanted) {
    expect(await text(storage, key)).toBe(key)
    expect((await storage.info(key))?.key).toBe(key)
    expect(await storage.delete(key)).toBe(true)
  }
  expect(await keys(storage)).toEqual([])
})

describe('a bucket', () => {
  peerTest(['fake-gcs-server'], 'is shared by prefixes that do not see each other', async () => {
    const settings = await settingsFor()
    const [whole, one, other] = await Promise.all(
      ['', '/one/', 'one-more'].map((prefix) => openStorage({ ...settings, prefix }, quiet)),
    )
    await one?.put('org/a', bytes('of one'), { when: 'absent' })
    await other?.put('org/a', bytes('of the other'), { when: 'absent' })
    expect(one && (await keys(one))).toEqual(['org/a'])
    expect(other && (await text(other, 'org/a'))).toBe('of the other')
    expect(await other?.delete('org/a')).toBe(true)
    expect(whole && (await keys(whole))).toEqual(['one/org/a'])
  })

  peerTest(['fake-gcs-server'], 'that is missing is named in one sentence at start', async () => {
    const settings = { ...(await settingsFor()), bucket: 'never-made' }
    const error = await openStorage(settings, quiet).catch((reason: unknown) => reason)
    expect(isRegistryError(error, 'unavailable') && error.message).toBe(
      `Cannot open the bucket "never-made" of the google storage at ${(await gcs()).url}: there is no such bucket; ` +
        'make it, or correct --storage-google-bucket (NoSuchBucket 404)',
    )
  })

  peerTest(
    ['fake-gcs-server'],
    'is opened without a trace, also where the emulator is named otherwise',
    async () => {
      const settings = await settingsFor()
      const { host } = new URL((await gcs()).url)
      for (const STORAGE_EMULATOR_HOST of [host, `http://${host}/`, `http://${host}/storage/v1/`]) {
        const storage = await openStorage(settings, quiet, { STORAGE_EMULATOR_HOST })
        expect(await keys(storage, '.chartroom/')).toEqual([])
      }
    },
  )

  peerTest(['fake-gcs-server'], 'refuses bytes that are not those that were sent', async () => {
    const { bucket } = await settingsFor()
    const form = (md5Hash: string) =>
      `--b\r\ncontent-type: application/json\r\n\r\n${JSON.stringify({ name: 'a', md5Hash })}\r\n` +
      '--b\r\ncontent-type: application/octet-stream\r\n\r\nbytes\r\n--b--\r\n'
    const upload = (md5: string) =>
      fetch(`${process.env.STORAGE_EMULATOR_HOST}/upload/storage/v1/b/${bucket}/o?uploadType=multipart`, {
        method: 'POST',
        headers: { 'content-type': 'multipart/related; boundary=b' },
        body: form(md5),
      })
    expect((await upload(Bun.MD5.hash('other', 'base64'))).status).toBe(400)
    expect((await upload(Bun.MD5.hash('bytes', 'base64'))).status).toBe(200)
  })
})

describe.each([
  [{ bucket: 'Charts' }, {}, /^Cannot use "Charts" as the name of a bucket/],
  [{ bucket: 'a/../b' }, {}, /as the name of a bucket/],
  [{}, { STORAGE_EMULATOR_HOST: 'http://user@host:1' }, /^Cannot use STORAGE_EMULATOR_HOST/],
  [{}, { STORAGE_EMULATOR_HOST: 'ftp://host:1' }, /^Cannot use STORAGE_EMULATOR_HOST/],
  [{}, { GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'a.example/b' }, /^Cannot use GOOGLE_CLOUD_UNIVERSE_DOMAIN/],
] as const)('settings %j with %j', (changes, env, message) => {
  test('are refused before anything is sent', async () => {
    const settings: GoogleSettings = { backend: 'google', bucket: 'charts', prefix: '', ...changes }
    await expect(openStorage(settings, quiet, env)).rejects.toThrow(message)
  })
})

test("Google's own endpoint and that of another cloud are spoken to over https", () => {
  const settings: GoogleSettings = { backend: 'google', bucket: 'charts', prefix: '/a/b/' }
  expect(googleOptions(settings, {}, quiet)).toMatchObject({
    endpoint: new URL('https://storage.googleapis.com/'),
    bucket: 'charts',
    prefix: 'a/b/',
    tokens: expect.anything(),
  })
  const env = { GOOGLE_CLOUD_UNIVERSE_DOMAIN: 's3ns.example' }
  expect(googleOptions(settings, env, quiet).endpoint.href).toBe('https://storage.s3ns.example/')
})

test("Google's library is loaded to sign in, and not before", async () => {
  await using folder = await tempFolder()
  const source = (path: string) => JSON.stringify(join(projectRoot, path))
  const program = `
    const { openStorage } = await import(${source('src/storage/open.ts')})
    const { applicationDefault } = await import(${source('src/storage/google-token.ts')})
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const loaded = () => Object.keys(require.cache).some((path) => path.includes('/node_modules/google-auth-library/'))
    await openStorage({ backend: 'local', rootdir: 'charts' }, log)
    const before = loaded()
    await applicationDefault({ log }).keys().catch(() => undefined)
    console.log(JSON.stringify({ before, after: loaded() }))
    process.exit()`
  const env = { HOME: folder.path, METADATA_SERVER_DETECTION: 'none' }
  const child = Bun.spawnSync([process.execPath, '-e', program], { cwd: folder.path, env })
  expect(child.stdout.toString().trim() || child.stderr.toString()).toBe('{"before":false,"after":true}')
})
