import { describe, expect, test } from 'bun:test'
import { isRegistryError } from '../../src/errors.ts'
import { openStorage } from '../../src/storage/open.ts'
import { cloudOptions } from '../../src/storage/s3-settings.ts'
import type { CloudSettings } from '../../src/storage/s3-settings.ts'
import { createSigner } from '../../src/storage/s3-signer.ts'
import type { StandInHabits } from '../support/s3-stand-in.ts'
import { startS3StandIn } from '../support/s3-stand-in.ts'
import { bytes, keys, text } from './contract.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const env = {
  ALIBABA_CLOUD_ACCESS_KEY_ID: 'a',
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: 's',
  TENCENT_CLOUD_COS_SECRET_ID: 'a',
  TENCENT_CLOUD_COS_SECRET_KEY: 's',
  BAIDU_CLOUD_ACCESS_KEY_ID: 'a',
  BAIDU_CLOUD_ACCESS_KEY_SECRET: 's',
}

function settings(backend: CloudSettings['backend'], endpoint = '', sse = ''): CloudSettings {
  return { backend, bucket: 'charts-1250000000', prefix: 'p', endpoint, sse }
}

describe('the address and region of an object', () => {
  const [bucket, key] = ['charts-1250000000', 'org/a%2Bb.tgz']
  test.each([
    ['alibaba', '', `https://${bucket}.s3.oss-cn-hangzhou.aliyuncs.com/${key}`, 'cn-hangzhou'],
    [
      'alibaba',
      'oss-eu-central-1-internal.aliyuncs.com',
      `https://${bucket}.s3.oss-eu-central-1-internal.aliyuncs.com/${key}`,
      'eu-central-1',
    ],
    [
      'alibaba',
      'https://s3.oss-us-west-1.aliyuncs.com',
      `https://${bucket}.s3.oss-us-west-1.aliyuncs.com/${key}`,
      'us-west-1',
    ],
    ['alibaba', 'oss.example.com:8443', `https://${bucket}.oss.example.com:8443/${key}`, 'cn-hangzhou'],
    ['tencent', '', `https://${bucket}.cos.ap-guangzhou.myqcloud.com/${key}`, 'ap-guangzhou'],
    [
      'tencent',
      'cos.eu-frankfurt.myqcloud.com',
      `https://${bucket}.cos.eu-frankfurt.myqcloud.com/${key}`,
      'eu-frankfurt',
    ],
    [
      'tencent',
      'cos-internal.ap-beijing.tencentcos.cn',
      `https://${bucket}.cos-internal.ap-beijing.tencentcos.cn/${key}`,
      'ap-beijing',
    ],
    ['baidu', '', `https://s3.bj.bcebos.com/${bucket}/${key}`, 'bj'],
    ['baidu', 'gz.bcebos.com', `https://s3.gz.bcebos.com/${bucket}/${key}`, 'gz'],
    ['baidu', 'https://s3.hkg.bcebos.com/', `https://s3.hkg.bcebos.com/${bucket}/${key}`, 'hkg'],
  ] as const)('of %s at %j', async (backend, endpoint, address, region) => {
    const options = cloudOptions(settings(backend, endpoint), env, quiet)
    const sign = await createSigner(options)
    const url = await sign({ method: 'GET', key: 'org/a+b.tgz', headers: {} }, await options.keys.keys())
    expect(url.split('?')[0]).toBe(address)
    expect(url).toContain(`%2F${region}%2Fs3%2Faws4_request`)
    expect(options.prefix).toBe('p/')
  })
})

describe('the settings of a cloud', () => {
  test.each(['alibaba', 'tencent', 'baidu'] as const)(
    '%s needs its keys, and names their variables',
    (backend) => {
      const message = refusalOf(() => cloudOptions(settings(backend), {}, quiet))
      const variables = Object.keys(env).filter((name) => name.startsWith(backend.toUpperCase()))
      expect(message).toStartWith('Cannot sign in to the storage: ')
      for (const variable of variables) expect(message).toContain(variable)
      expect(refusalOf(() => cloudOptions(settings(backend, 'https://host/path'), env, quiet))).toContain(
        `--storage-${backend}-endpoint`,
      )
    },
  )

  test('take http only when it is written, with a warning', () => {
    const warnings: string[] = []
    const log = { ...quiet, warn: (message: string) => void warnings.push(message) }
    expect(cloudOptions(settings('tencent', 'cos.ap-beijing.myqcloud.com'), env, log).endpoint.protocol).toBe(
      'https:',
    )
    expect(warnings).toEqual([])
    expect(
      cloudOptions(settings('tencent', 'http://cos.ap-beijing.myqcloud.com'), env, log).endpoint.protocol,
    ).toBe('http:')
    expect(warnings).toEqual([expect.stringContaining('without TLS')])
  })
})

const clouds = [
  { backend: 'alibaba', forbidHeader: 'x-oss-forbid-overwrite', style: 'virtual-host', conditions: 400 },
  {
    backend: 'tencent',
    forbidHeader: 'x-cos-forbid-overwrite',
    style: 'virtual-host',
    conditions: 'ignored',
  },
  { backend: 'baidu', forbidHeader: 'x-bce-forbid-overwrite', style: 'path', conditions: 'ignored' },
] as const satisfies (StandInHabits & { backend: string })[]

describe.each([...clouds])(
  'a server that behaves as the documents of $backend say',
  ({ backend, ...habits }) => {
    async function opened(changes: StandInHabits = {}) {
      const server = startS3StandIn({ ...habits, ...changes })
      const lines: string[] = []
      const keep = (message: string) => void lines.push(message)
      const storage = await openStorage(
        settings(backend, `http://localhost:${server.url.port}`),
        { ...quiet, warn: keep, error: keep },
        env,
      )
      // Its address has no TLS.
      lines.shift()
      server.calls.length = 0
      return { server, storage, lines, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
    }

    test('lets one of 8 writers make an object, by its own header, and has no replace()', async () => {
      await using place = await opened()
      const { storage, server, lines } = place
      expect(storage.driver).toBe(backend)
      expect(storage.conditionalWrites).toBe(true)
      expect(storage.replace).toBeUndefined()
      expect(lines).toEqual([expect.stringContaining('does not obey If-Match')])
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) => storage.put('org/a', bytes(`writer ${i}`), { when: 'absent' })),
      )
      const winner = results.findIndex(({ status }) => status === 'fulfilled')
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const result of results) {
        if (result.status === 'rejected') expect(isRegistryError(result.reason, 'conflict')).toBe(true)
      }
      expect(await text(storage, 'org/a')).toBe(`writer ${winner}`)
      expect(await keys(storage)).toEqual(['org/a'])
      for (const { headers, query } of server.calls.filter(({ method }) => method === 'PUT')) {
        expect(headers.get(habits.forbidHeader)).toBe('true')
        expect(headers.has('if-none-match')).toBe(false)
        expect(query.get('X-Amz-SignedHeaders')).toContain(habits.forbidHeader)
      }
    })

    test('tells its own object of a lost answer from that of another', async () => {
      await using place = await opened()
      const { storage, server } = place
      server.lostPuts = 1
      const put = await storage.put('org/a', bytes('a'), { when: 'absent' })
      expect(await storage.info('org/a')).toEqual(put)
      expect(server.calls.filter(({ method }) => method === 'PUT')).toHaveLength(2)
      // The same bytes by another are not its own.
      const error = await storage
        .put('org/a', bytes('a'), { when: 'absent' })
        .catch((reason: unknown) => reason)
      expect(isRegistryError(error, 'conflict')).toBe(true)
    })

    test('whose bucket keeps versions ignores the header: told loudly, and guarded within this process', async () => {
      await using place = await opened({ forbidHeader: 'x-nothing', conditions: 'ignored' })
      const { storage, lines } = place
      expect(storage.conditionalWrites).toBe(false)
      expect(lines).toEqual([expect.stringContaining('use a bucket that keeps no versions')])
      const writers = Array.from({ length: 8 }, (_, i) =>
        storage.put('org/a', bytes(`${i}`), { when: 'absent' }),
      )
      const results = await Promise.allSettled(writers)
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })
  },
)

describe("Alibaba's encryption", () => {
  const header = 'x-oss-server-side-encryption'

  test.each([
    ['AES256', header, 0],
    ['KMS', undefined, 1],
  ] as const)(
    '%s is asked for each object; a store that confirms by %p makes %d lines',
    async (sse, encryptionHeader, many) => {
      const habits = {
        style: 'virtual-host',
        forbidHeader: 'x-oss-forbid-overwrite',
        conditions: 501,
      } as const
      await using server = startS3StandIn({ ...habits, ...(encryptionHeader && { encryptionHeader }) })
      const lines: string[] = []
      const log = { ...quiet, error: (message: string) => void lines.push(message) }
      const storage = await openStorage(
        settings('alibaba', `http://localhost:${server.url.port}`, sse),
        log,
        env,
      )
      await storage.put('small', bytes('small'))
      await storage.put('large', new Blob([new Uint8Array(2_000_000)]), { when: 'absent' })
      const puts = server.calls.filter(({ method }) => method === 'PUT')
      for (const { headers, query } of puts) {
        expect(headers.get(header)).toBe(sse)
        expect(query.get('X-Amz-SignedHeaders')).toContain(header)
      }
      expect(lines).toHaveLength(many)
      for (const line of lines) expect(line).toContain('does not say that it encrypts')
    },
  )
})

function refusalOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isRegistryError(error, 'unavailable')) return error.message
    throw error
  }
  throw new Error('nothing was thrown')
}
