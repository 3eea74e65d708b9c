import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { isRegistryError } from '../../src/errors.ts'
import { azureOptions } from '../../src/storage/azure-settings.ts'
import { azureStorage } from '../../src/storage/azure.ts'
import { StoreAway } from '../../src/storage/late.ts'
import { projectRoot } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const key = Buffer.from('a key').toString('base64').padEnd(8, '=')
const account = { AZURE_STORAGE_ACCOUNT: 'museum', AZURE_STORAGE_ACCESS_KEY: key }

function optionsOf(env: Record<string, string>, changes: { container?: string; prefix?: string } = {}) {
  return azureOptions({ backend: 'microsoft', container: 'charts', prefix: '', ...changes }, env, quiet)
}

function refusal(env: Record<string, string>, changes: { container?: string; prefix?: string } = {}): string {
  try {
    optionsOf(env, changes)
  } catch (error) {
    if (isRegistryError(error, 'unavailable')) return error.message
    throw error
  }
  return 'nothing was refused'
}

describe('the account', () => {
  test.each([
    ['', 'https://museum.blob.core.windows.net'],
    ['core.chinacloudapi.cn', 'https://museum.blob.core.chinacloudapi.cn'],
    ['local.azurestack.external', 'https://museum.blob.local.azurestack.external'],
    ['http://127.0.0.1:10000/museum/', 'http://127.0.0.1:10000/museum'],
    ['https://charts.example.com', 'https://charts.example.com'],
  ])('lies for AZURE_BASE_URL=%s at %s', (base, endpoint) => {
    expect(optionsOf({ ...account, AZURE_BASE_URL: base })).toMatchObject({
      endpoint,
      signIn: { kind: 'key', account: 'museum', key },
    })
  })

  test.each([
    [`AccountName=museum;AccountKey=${key}`, 'https://museum.blob.core.windows.net', 'key'],
    [
      `AccountName=museum;AccountKey=${key};EndpointSuffix=core.usgovcloudapi.net`,
      'https://museum.blob.core.usgovcloudapi.net',
      'key',
    ],
    [
      `BlobEndpoint=http://127.0.0.1:1/m/;AccountName=museum;AccountKey=${key};`,
      'http://127.0.0.1:1/m',
      'key',
    ],
    [
      'BlobEndpoint=https://m.example.com/;SharedAccessSignature=?sv=2021&sig=a%3D',
      'https://m.example.com',
      'signature',
    ],
  ])('is taken from the connection string %s', (text, endpoint, kind) => {
    expect(optionsOf({ AZURE_STORAGE_CONNECTION_STRING: text })).toMatchObject({ endpoint, signIn: { kind } })
    const both = optionsOf({ ...account, AZURE_STORAGE_CONNECTION_STRING: text })
    expect(both.endpoint).toBe('https://museum.blob.core.windows.net')
  })

  test('without a key signs in by a token, and over https only', () => {
    expect(optionsOf({ AZURE_STORAGE_ACCOUNT: 'museum' }).signIn.kind).toBe('token')
    const plain = refusal({ AZURE_BASE_URL: 'http://127.0.0.1:1/museum' })
    expect(plain).toContain('a token is sent over https only')
  })

  test('without a key and without an identity is told at start, once', async () => {
    const nowhere = {
      AZURE_BASE_URL: 'https://127.0.0.1:1',
      AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:1',
    }
    const error = await azureStorage(optionsOf(nowhere)).catch((reason: unknown) => reason)
    expect(error).not.toBeInstanceOf(StoreAway)
    expect(error).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(
        'Cannot sign in to the microsoft storage by the managed identity of the machine',
      ),
    })
  })

  test('that is missing or misspelled is told with the variable to set', () => {
    expect(refusal({})).toContain('AZURE_STORAGE_ACCOUNT names no account')
    expect(refusal({ AZURE_STORAGE_ACCESS_KEY: key })).toContain('AZURE_STORAGE_ACCOUNT names no account')
    expect(refusal({ ...account, AZURE_STORAGE_ACCOUNT: 'My_Account' })).toContain('as the account')
    expect(refusal({ ...account, AZURE_BASE_URL: 'a b' })).toContain('as AZURE_BASE_URL')
    expect(refusal({ ...account, AZURE_BASE_URL: 'ftp://x' })).toContain('Cannot use AZURE_BASE_URL')
    for (const version of ['2018', '2016-05-31']) {
      expect(refusal({ ...account, AZURE_API_VERSION: version })).toContain('AZURE_API_VERSION')
    }
    expect(refusal({ AZURE_STORAGE_CONNECTION_STRING: 'AccountName=museum' })).toContain(
      'no AccountName with',
    )
    const hush = { ...account, AZURE_STORAGE_ACCESS_KEY: 'hush hush!' }
    expect(refusal(hush)).toContain('the key in AZURE_STORAGE_ACCESS_KEY: it is not base64')
    expect(refusal(hush)).not.toContain('hush')
  })
})

describe('container and prefix', () => {
  test.each([
    ['', ''],
    ['charts', 'charts/'],
    ['charts/', 'charts/'],
    ['/charts', '/charts/'],
    ['/', '/'],
    ['.', ''],
    ['a//b/../c', 'a/c/'],
  ])('ChartMuseum: the prefix %j is joined as Go joins paths: %j', (prefix, start) => {
    expect(optionsOf(account, { prefix }).prefix).toBe(start)
  })

  test('that Azure cannot have are refused', () => {
    expect(refusal(account, { prefix: '../elsewhere' })).toContain('it leads out of the container')
    for (const container of ['ab', 'Charts', 'a--b', '-ab', 'ab-', 'a/b', 'x'.repeat(64)]) {
      expect(refusal(account, { container })).toContain('as the name of a container')
    }
    for (const container of ['abc', 'a-b', '$web', 'x'.repeat(63)]) {
      expect(optionsOf(account, { container }).container).toBe(container)
    }
  })
})

/** A listing with nothing in it. */
const empty =
  '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://x/" ContainerName="charts"><Blobs/><NextMarker/></EnumerationResults>'

/** Something on a free port that answers what Azurite cannot be made to answer. */
function standIn(answer: (request: Request) => Response | Promise<Response>) {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: answer })
  const endpoint = `http://127.0.0.1:${server.port}`
  return { endpoint, [Symbol.asyncDispose]: () => server.stop(true) }
}

describe('what the service says', () => {
  test('is asked in the version of AZURE_API_VERSION', async () => {
    const versions: (string | null)[] = []
    await using service = standIn((request) => {
      versions.push(request.headers.get('x-ms-version'))
      return new Response(empty, { headers: { 'content-type': 'application/xml' } })
    })
    const env = { ...account, AZURE_BASE_URL: service.endpoint }
    await azureStorage(optionsOf({ ...env, AZURE_API_VERSION: '2018-03-28' }))
    await azureStorage(optionsOf(env))
    expect(versions[0]).toBe('2018-03-28')
    expect(versions[1]).toMatch(/^20(2[6-9]|[3-9]\d)-/)
  })

  const clock =
    '<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate the request.</Message><AuthenticationErrorDetail>Request date header too old: \'Sun, 22 Nov 2026 10:00:00 GMT\'</AuthenticationErrorDetail></Error>'
  test.each([
    [403, 'AuthenticationFailed', clock, 'the clocks of this server and of the store differ'],
    [403, 'AuthorizationPermissionMismatch', '', 'the store refuses it to this server'],
    [401, 'InvalidAuthenticationInfo', '', 'the store refuses it to this server'],
    [409, 'ContainerBeingDeleted', '', 'the container is gone'],
    [404, '', 'not here', 'the store cannot do it now (404)'],
    [404, 'BlobNotFound', '', 'the store cannot do it now (BlobNotFound)'],
    [200, '', '<html><body>Sign in to the hotel</body></html>', 'is no Blob Storage'],
    [200, '', empty.replace('"charts"', '"another"'), 'is no Blob Storage'],
    [200, '', empty.slice(0, -30), 'is no Blob Storage'],
    [302, '', '', 'the store cannot do it now (302)'],
  ])('%i %s is told at start', async (status, word, body, sentence) => {
    await using service = standIn(
      () =>
        new Response(body, {
          status,
          headers: {
            'content-type': 'application/xml',
            location: 'http://localhost:1/',
            ...(word && { 'x-ms-error-code': word }),
          },
        }),
    )
    const options = { ...optionsOf({ ...account, AZURE_BASE_URL: service.endpoint }), patienceMs: 200 }
    const error = await azureStorage(options).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'unavailable', about: 'storage' })
    expect(error).not.toBeInstanceOf(StoreAway)
    expect((error as Error).message).toContain(sentence)
  })

  test.each([
    [503, 'ServerBusy'],
    [500, 'InternalError'],
    [0, 'Unreachable'],
  ])('%i %s is waited for by whoever opened it', async (status, word) => {
    const service = standIn(
      () => new Response('', { status: status || 200, headers: { 'x-ms-error-code': word } }),
    )
    if (status === 0) await service[Symbol.asyncDispose]()
    const options = { ...optionsOf({ ...account, AZURE_BASE_URL: service.endpoint }), patienceMs: 200 }
    const error = await azureStorage(options).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StoreAway)
    await service[Symbol.asyncDispose]()
  })

  test('507 means that it is full, and is not tried again; what is sent can be checked', async () => {
    const puts: (string | null)[] = []
    await using service = standIn((request) => {
      if (request.method === 'GET')
        return new Response(empty, { headers: { 'content-type': 'application/xml' } })
      puts.push(request.headers.get('content-md5'))
      return new Response('', { status: 507 })
    })
    const storage = await azureStorage(optionsOf({ ...account, AZURE_BASE_URL: service.endpoint }))
    const error = await storage.put('a', new Uint8Array(3)).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'full', about: 'storage' })
    expect(puts).toEqual([new Bun.CryptoHasher('md5').update(new Uint8Array(3)).digest('base64')])
  })
})

test('the library is loaded when it is chosen, and not before', async () => {
  await using folder = await tempFolder()
  const program = `
    const loaded = () => Object.keys(require.cache).filter((path) => path.includes('@azure/')).length
    const { openStorage } = await import(${JSON.stringify(join(projectRoot, 'src/storage/open.ts'))})
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    await openStorage({ backend: 'local', rootdir: ${JSON.stringify(folder.path)} }, log)
    const before = loaded()
    const microsoft = { backend: 'microsoft', container: 'charts', prefix: '', connectionString: 'BlobEndpoint=http://127.0.0.1:1/m;AccountName=museum;AccountKey=aaaa' }
    await openStorage(microsoft, log).catch(() => undefined)
    console.log(JSON.stringify([before, loaded() > 0]))`
  const file = join(folder.path, 'program.ts')
  await Bun.write(file, program)
  const child = Bun.spawn([process.execPath, file], { cwd: projectRoot, stdout: 'pipe', stderr: 'inherit' })
  expect(await new Response(child.stdout).json()).toEqual([0, true])
}, 30_000)
