import { BlobServiceClient, ContainerSASPermissions, StorageSharedKeyCredential } from '@azure/storage-blob'
import type { ContainerClient } from '@azure/storage-blob'
import { afterAll, describe, expect } from 'bun:test'
import { isRegistryError } from '../../src/errors.ts'
import type { AzureOptions } from '../../src/storage/azure-options.ts'
import { azureOptions } from '../../src/storage/azure-settings.ts'
import type { AzureSettings } from '../../src/storage/azure-settings.ts'
import { azureStorage } from '../../src/storage/azure.ts'
import { checked } from '../../src/storage/checked.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { StorageSettings } from '../../src/storage/open.ts'
import type { ObjectInfo, Storage } from '../../src/storage/storage.ts'
import type { Azurite } from '../support/azurite.ts'
import { azuriteAccount, startAzurite } from '../support/azurite.ts'
import { peerTest } from '../support/peers.ts'
import { bytes, keys, storageContract, text } from './contract.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

let running: Promise<Azurite> | undefined
afterAll(async () => (await running)?.[Symbol.asyncDispose](), 60_000)

/** One Azurite for the whole file; each case has a container of its own. */
function azurite(): Promise<Azurite> {
  return (running ??= startAzurite())
}

interface Place {
  readonly settings: AzureSettings
  /** The container by Microsoft's own library, without Chartroom. */
  readonly container: ContainerClient
}

async function newContainer(prefix = ''): Promise<Place> {
  const { endpoint } = await azurite()
  const { account, key } = azuriteAccount
  const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key))
  const container = service.getContainerClient(`charts-${crypto.randomUUID().slice(0, 18)}`)
  await container.create()
  const connectionString = `BlobEndpoint=${endpoint};AccountName=${account};AccountKey=${key}`
  const settings = {
    backend: 'microsoft',
    container: container.containerName,
    prefix,
    connectionString,
  } as const
  return { settings, container }
}

/** The driver itself, with what only tests change. */
async function openedWith({ settings }: Place, changes: Partial<AzureOptions> = {}): Promise<Storage> {
  return checked(await azureStorage({ ...azureOptions(settings, {}, quiet), ...changes }))
}

async function opened(prefix: string) {
  const { settings, container } = await newContainer(prefix)
  return {
    storage: await openStorage(settings, quiet, {}),
    settings,
    ruin: async () => void (await container.delete()),
    dispose: async () => void (await container.deleteIfExists()),
  }
}

storageContract(
  'microsoft',
  () => opened('some/prefix/'),
  [
    {
      reason:
        'Azurite takes 4 ms of CPU for each call, half a minute for 2,100 objects; 210 in pages of 50 stand in below',
      tests: ['list() gives 2,100 objects in key order, with what info() says'],
    },
  ],
  (name, run, timeout) => peerTest(['azurite'], name, run, timeout),
)

describe('a container', () => {
  peerTest(['azurite'], 'is listed page by page, whole and in key order, with what info() says', async () => {
    const storage = await openedWith(await newContainer('p'), { pageSize: 50 })
    const wanted = Array.from({ length: 210 }, (_, i) => `many/chart&"-${i}.0.0.tgz`)
    const put = new Map<string, ObjectInfo>()
    const left = wanted.values()
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (const key of left) put.set(key, await storage.put(key, bytes(key)))
      }),
    )
    await storage.put('.chartroom/changes', bytes('hidden'))
    await storage.put('many/deeper/a', bytes('below'))
    const listed = await Array.fromAsync(storage.list('many/', { shallow: true }))
    expect(listed.map(({ key }) => key)).toEqual(wanted.toSorted())
    expect(new Map(listed.map((info) => [info.key, info]))).toEqual(put)
    expect(await keys(storage)).toEqual([...wanted, 'many/deeper/a'].toSorted())
  })

  peerTest(
    ['azurite'],
    'is shared by prefixes that do not see each other, laid out as ChartMuseum does',
    async () => {
      const place = await newContainer()
      const put = async (prefix: string) => {
        const storage = await openStorage({ ...place.settings, prefix }, quiet, {})
        await storage.put('org/a-1.0.0.tgz', bytes(prefix), { when: 'absent' })
        expect(await keys(storage, 'org/')).toEqual(['org/a-1.0.0.tgz'])
        expect(await text(storage, 'org/a-1.0.0.tgz')).toBe(prefix)
      }
      for (const prefix of ['one', 'one-more/', '/slash', '//twice//x/', './dot', '/']) await put(prefix)
      const names = (await Array.fromAsync(place.container.listBlobsFlat())).map(({ name }) => name)
      expect(names).toEqual([
        '/org/a-1.0.0.tgz',
        '/slash/org/a-1.0.0.tgz',
        '/twice/x/org/a-1.0.0.tgz',
        'dot/org/a-1.0.0.tgz',
        'one-more/org/a-1.0.0.tgz',
        'one/org/a-1.0.0.tgz',
      ])
    },
  )

  peerTest(
    ['azurite'],
    'that is missing, and keys that are wrong, are named in one sentence at start',
    async () => {
      const { settings } = await newContainer()
      const missing = await refusal({ ...settings, container: 'not-there' })
      expect(missing).toContain(
        'Cannot open the container "not-there" of the microsoft storage at http://127.0.0.1:',
      )
      expect(missing).toContain(
        'there is no such container; make it, or correct --storage-microsoft-container',
      )
      const wrongKey =
        settings.connectionString?.replace(/AccountKey=.*/, 'AccountKey=aHVzaGh1c2hodXNo') ?? ''
      const wrong = await refusal({ ...settings, connectionString: wrongKey })
      expect(wrong).toContain('the store refuses it to this server')
      expect(wrong).not.toContain('aHVzaGh1c2hodXNo')
    },
  )

  peerTest(['azurite'], 'is opened with a shared access signature that may only read', async () => {
    const { settings, container } = await newContainer()
    await container.getBlockBlobClient('a').upload('old', 3)
    const url = await container.generateSasUrl({
      permissions: ContainerSASPermissions.parse('rl'),
      expiresOn: new Date(Date.now() + 600_000),
    })
    const connectionString = `BlobEndpoint=${(await azurite()).endpoint};SharedAccessSignature=${new URL(url).search}`
    const storage = await openStorage({ ...settings, connectionString }, quiet, {})
    expect(await keys(storage)).toEqual(['a'])
    expect(await text(storage, 'a')).toBe('old')
    const error = await storage.put('b', bytes('b')).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'unavailable', about: 'storage' })
    expect(Bun.inspect(error, { depth: 10 })).not.toMatch(/sig=|127\.0\.0\.1/)
  })
})

describe('what others wrote', () => {
  peerTest(
    ['azurite'],
    'is read from append blobs in several blocks, and is replaced, kept and deleted',
    async () => {
      const place = await newContainer()
      const old = place.container.getAppendBlobClient('org/index-cache.yaml')
      const block = new Uint8Array(700_000).fill(7)
      const write = async () => {
        await old.create()
        for (let i = 0; i < 2; i++) await old.appendBlock(block, block.byteLength)
      }
      for (const onePieceBytes of [undefined, 10]) {
        const storage = await openedWith(place, onePieceBytes === undefined ? {} : { onePieceBytes })
        await write()
        const before = await storage.info('org/index-cache.yaml')
        expect((await storage.get('org/index-cache.yaml'))?.size).toBe(1_400_000)
        expect(await text(storage, 'org/index-cache.yaml')).toBe(
          new TextDecoder().decode(new Uint8Array(1_400_000).fill(7)),
        )
        const absent = storage.put('org/index-cache.yaml', bytes('longer than ten bytes'), { when: 'absent' })
        expect(await absent.catch((reason: unknown) => reason)).toMatchObject({ code: 'conflict' })
        const stale = storage.replace?.('org/index-cache.yaml', bytes('longer than ten bytes'), '0x1')
        expect(await stale?.catch((reason: unknown) => reason)).toMatchObject({ code: 'conflict' })
        expect(await storage.info('org/index-cache.yaml')).toEqual(before)
        const put = await storage.put('org/index-cache.yaml', bytes('longer than ten bytes'))
        expect(await storage.info('org/index-cache.yaml')).toEqual(put)
        await storage.delete('org/index-cache.yaml')
        await write()
        const { etag = '' } = (await storage.info('org/index-cache.yaml')) ?? {}
        await storage.replace?.('org/index-cache.yaml', bytes('longer than twenty bytes'), etag)
        expect(await text(storage, 'org/index-cache.yaml')).toBe('longer than twenty bytes')
        expect(await storage.delete('org/index-cache.yaml')).toBe(true)
      }
    },
  )

  peerTest(['azurite'], 'is given as it is stored when it says that it is compressed', async () => {
    const place = await newContainer()
    const packed = Bun.gzipSync(new TextEncoder().encode('inside'))
    const blobHTTPHeaders = { blobContentEncoding: 'gzip' }
    await place.container
      .getBlockBlobClient('a')
      .upload(Buffer.from(packed), packed.byteLength, { blobHTTPHeaders })
    const storage = await openedWith(place)
    expect(await new Response((await storage.get('a'))?.body).bytes()).toEqual(packed)
  })

  peerTest(['azurite'], 'is deleted with its snapshots', async () => {
    const place = await newContainer()
    const storage = await openedWith(place)
    await storage.put('a', bytes('a'))
    await place.container.getBlobClient('a').createSnapshot()
    expect(await keys(storage)).toEqual(['a'])
    expect(await storage.delete('a')).toBe(true)
    expect(await keys(storage)).toEqual([])
  })
})

describe('an object that is written in blocks', () => {
  const large = new Blob([new Uint8Array(5_000_000).fill(1), new Uint8Array(5_000_000).fill(2)])

  peerTest(['azurite'], 'is whole or not there, on the same conditions', async () => {
    const place = await newContainer()
    const storage = await openedWith(place, { onePieceBytes: 1_000_000 })
    const put = await storage.put('a', large, { when: 'absent' })
    expect(await storage.info('a')).toEqual(put)
    expect(await new Response((await storage.get('a'))?.body).bytes()).toEqual(await large.bytes())
    const blocks = await place.container.getBlockBlobClient('a').getBlockList('committed')
    expect(blocks.committedBlocks?.map(({ size }) => size)).toEqual([4_194_304, 4_194_304, 1_611_392])
    const again = storage.put('a', large, { when: 'absent' })
    expect(await again.catch((reason: unknown) => reason)).toMatchObject({ code: 'conflict' })
    expect(await storage.info('a')).toEqual(put)
    const writers = Array.from({ length: 3 }, () => storage.put('raced', large, { when: 'absent' }))
    const results = await Promise.allSettled(writers)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' })
    }
    expect((await storage.info('raced'))?.size).toBe(large.size)
  })
})

async function refusal(settings: StorageSettings): Promise<string> {
  const error = await openStorage(settings, quiet, {}).catch((reason: unknown) => reason)
  if (!isRegistryError(error, 'unavailable')) throw error
  return error.message
}
