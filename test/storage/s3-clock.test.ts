import { describe, expect, test } from 'bun:test'
import { fixedKeys } from '../../src/storage/aws-keys.ts'
import type { Answer } from '../../src/storage/store-answer.ts'
import { createWriteClock, writeWindow } from '../../src/storage/s3-clock.ts'
import { s3Storage } from '../../src/storage/s3.ts'
import { eventually } from '../support/eventually.ts'
import { startS3StandIn } from '../support/s3-stand-in.ts'
import { bytes } from './contract.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const second = Date.UTC(2026, 10, 22, 17, 31, 57)

/** The headers of MinIO for a request that reached it at that time. */
function minioHeaders(ms: number): Record<string, string> {
  const id = (BigInt(ms) * 1_000_000n).toString(16).toUpperCase()
  return { server: 'MinIO', 'x-amz-request-id': id }
}

function answerWith(headers: Record<string, string>): Answer {
  const none = () => {
    throw new Error('nobody reads the body')
  }
  return { header: (name) => headers[name] ?? null, chunks: none, bytes: none, leave: none }
}

describe('the window of a write', () => {
  test("begins at the time in MinIO's request id, and ends when the answer was there", () => {
    const { from, to } = writeWindow(answerWith(minioHeaders(second + 104)), 50) ?? { from: 0, to: 0 }
    expect(from).toBe(second + 104)
    expect(to).toBeGreaterThanOrEqual(second + 154)
  })

  test.each([
    [{ ...minioHeaders(second), server: 'AmazonS3' }],
    [{ server: 'MinIO' }],
    [{ server: 'MinIO', 'x-amz-request-id': 'tx00000c2b' }],
    [{ 'x-amz-request-id': '18EA6E55FFD3BA6C' }],
  ])('is unknown from %j', (headers) => {
    expect(writeWindow(answerWith(headers), 50)).toBeUndefined()
  })
})

describe('a clock', () => {
  const within = { from: second + 100, to: second + 900 }
  const across = { from: second + 990, to: second + 1_010 }
  const said = (ms: number) => ({ key: 'a', size: 1, etag: 'e', modified: new Date(ms) })

  test('believes no window before the store confirmed one, and then those within one second', () => {
    const clock = createWriteClock()
    expect(clock.timeWithin(within)).toBeUndefined()
    clock.learn(within, said(second))
    expect(clock.timeWithin(within)).toEqual(new Date(second))
    expect(clock.timeWithin(across)).toBeUndefined()
    expect(clock.timeWithin(undefined)).toBeUndefined()
    for (const ms of [second, second + 1_000]) clock.learn(across, said(ms))
    expect(clock.timeWithin(within)).toEqual(new Date(second))
  })

  test.each([[second - 1_000], [second + 2_000]])(
    'believes none any more after a contradiction (%d)',
    (ms) => {
      const clock = createWriteClock()
      clock.learn(within, said(second))
      clock.learn(across, said(ms))
      expect(clock.timeWithin(within)).toBeUndefined()
      clock.learn(within, said(second))
      expect(clock.timeWithin(within)).toBeUndefined()
    },
  )
})

describe('a put', () => {
  /** What a put asked of a store with these times, after the first one: how often it put and how often it looked. */
  async function asked(headers: () => Record<string, string>, modified: () => number) {
    await using server = startS3StandIn({ headers, modified })
    const storage = await s3Storage({
      driver: 'minio',
      endpoint: server.url,
      bucket: 'charts',
      prefix: '',
      region: 'us-east-1',
      pathStyle: true,
      keys: fixedKeys({ accessKey: 'a', secretKey: 's' }),
      encryption: {},
      createBucket: false,
      bucketHint: 'make it',
      log: quiet,
    })
    await storage.put('first', bytes('first'))
    server.calls.length = 0
    const put = await storage.put('a', bytes('a'))
    const methods = server.calls.map(({ method }) => method)
    expect(await storage.info('a')).toEqual(put)
    return methods
  }

  test('of MinIO is one call, as long as it answers within the second', async () => {
    const ask = () =>
      asked(
        () => minioHeaders(second + 1),
        () => second,
      )
    // A machine that stands still for a second makes it look.
    await eventually(ask, ['PUT'], 5_000)
  })

  test.each([
    ['does not tell its time', {}, second],
    ['answers at the turn of a second', minioHeaders(second + 999), second],
    ['gives objects other times than it told', minioHeaders(second + 1), second - 3_600_000],
  ] as const)('of a store that %s is followed by a look', async (_, headers, modified) => {
    expect(
      await asked(
        () => headers,
        () => modified,
      ),
    ).toEqual(['PUT', 'HEAD'])
  })
})
