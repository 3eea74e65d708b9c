import { describe, expect, test } from 'bun:test'
import type { Answer } from '../../src/storage/store-answer.ts'
import type { Call, S3Client } from '../../src/storage/s3-client.ts'
import { listObjects } from '../../src/storage/s3-list.ts'
import { element } from '../../src/storage/s3-xml.ts'

interface Listed {
  readonly keys: readonly string[]
  readonly next?: string
}

/** A store that gives prepared pages, whatever it is asked for, and remembers the questions. */
function stub(pages: readonly string[]): { client: S3Client; asked: Call[] } {
  const asked: Call[] = []
  async function send<T>(call: Call, read: (answer: Answer) => Promise<T>): Promise<T> {
    const bytes = new TextEncoder().encode(pages[asked.length] ?? '')
    asked.push(call)
    return read({
      header: () => null,
      async *chunks() {
        yield bytes
      },
      bytes: async () => bytes,
      leave: () => undefined,
    })
  }
  return { client: { send, once: send }, asked }
}

function page({ keys, next }: Listed, encoding = '<EncodingType>url</EncodingType>'): string {
  const contents = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><LastModified>2026-02-03T04:05:06.789Z</LastModified>` +
      `<ETag>&#34;d41d&#34;</ETag><Size>12</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  )
  const more = next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
    `<Name>charts</Name>${more}<IsTruncated>${next !== undefined}</IsTruncated>${encoding}` +
    `${contents.join('')}</ListBucketResult>`
  )
}

async function listed(pages: readonly string[], root = '', prefix = ''): Promise<string[]> {
  return (await Array.fromAsync(listObjects(stub(pages).client, root, prefix, false))).map(({ key }) => key)
}

describe('a listing of S3', () => {
  test('gives size, time in whole seconds and tag without quotes', async () => {
    const { client } = stub([page({ keys: ['a'] })])
    expect(await Array.fromAsync(listObjects(client, '', '', false))).toEqual([
      { key: 'a', size: 12, modified: new Date('2026-02-03T04:05:06Z'), etag: 'd41d' },
    ])
  })

  test('leaves keys and tokens that look like numbers as they are', async () => {
    const numbers = ['0x10', '1.10', '1e5', '007', 'Infinity', 'null', 'true']
    const tokens = ['1000', '1.10', '007', 'true']
    const { client, asked } = stub([
      ...tokens.map((next, i) => page({ keys: numbers.slice(i, i + 1), next })),
      page({ keys: numbers.slice(4) }),
    ])
    const keys = (await Array.fromAsync(listObjects(client, '', '', false))).map(({ key }) => key)
    expect(keys).toEqual(numbers)
    expect(asked.map(({ query }) => query?.['continuation-token'])).toEqual([undefined, ...tokens])
  })

  test('reads keys that are encoded for an address, and keys that are not', async () => {
    expect(await listed([page({ keys: ['a%2Bb+c%25%C3%A9.tgz'] })])).toEqual(['a+b c%é.tgz'])
    expect(await listed([page({ keys: ['a+b c%&amp;&lt;&#xE9;&apos;.tgz'] }, '')])).toEqual([
      "a+b c%&<é'.tgz",
    ])
  })

  test('comes in order of UTF-16 code units, though S3 orders bytes', async () => {
    const keys = [
      'a',
      'z',
      'é',
      '\u{d7ff}',
      '\u{e000}',
      '\u{ffee}',
      '\u{10000}',
      '\u{10000}/\u{ffee}',
      '\u{1f600}',
    ]
    const inBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(inBytes).not.toEqual(keys.toSorted())
    const pages = inBytes.map((key, i) =>
      page({ keys: [encodeURIComponent(key)], ...(i < inBytes.length - 1 && { next: String(i) }) }),
    )
    expect(await listed(pages)).toEqual(keys.toSorted())
  })

  test('leaves out names that no driver can hold, and what is not text', async () => {
    const keys = ['folder%2F', 'a%2F%2Fb', '%2Fa', 'a%2F..%2Fb', 'a%2F.', 'bad%FF', 'good']
    expect(await listed([page({ keys })])).toEqual(['good'])
  })

  test('keeps to its prefix, whatever the store sends', async () => {
    expect(await listed([page({ keys: ['p/org/a', 'p/orga', 'other/org/b'] })], 'p/', 'org/')).toEqual([
      'org/a',
    ])
  })

  test('passes over what is hidden with one more question', async () => {
    const hidden = Array.from({ length: 5 }, (_, i) => `p/.chartroom/trash/${i}`)
    const { client, asked } = stub([page({ keys: hidden, next: 'more' }), page({ keys: ['p/a'] })])
    expect((await Array.fromAsync(listObjects(client, 'p/', '', false))).map(({ key }) => key)).toEqual(['a'])
    expect(asked[1]?.query).toMatchObject({ 'start-after': 'p/.chartroom/\u{10ffff}' })
    expect(asked[1]?.query).not.toHaveProperty('continuation-token')
  })

  test('of a store that only knows markers goes on behind them', async () => {
    const marked = (keys: readonly string[], marker: string) =>
      page({ keys, next: '' }).replace(
        '<NextContinuationToken>',
        `<NextMarker>${marker}</NextMarker><NextContinuationToken>`,
      )
    const { client, asked } = stub([
      marked(['p/%2Ba', 'p/b'], 'p/b%2B'),
      marked(['p/.chartroom/trash/1'], 'p/.chartroom/trash/1'),
      page({ keys: ['p/c'] }),
    ])
    const keys = (await Array.fromAsync(listObjects(client, 'p/', '', false))).map(({ key }) => key)
    expect(keys).toEqual(['+a', 'b', 'c'])
    expect(asked.map(({ query }) => query?.marker)).toEqual([undefined, 'p/b+', 'p/.chartroom/\u{10ffff}'])
  })

  test('that gives one page for ever is an error', async () => {
    const again = page({ keys: ['a'], next: 'same' })
    await expect(listed([again, again, again])).rejects.toMatchObject({ code: 'BadAnswer' })
  })

  test.each([
    ['nothing', ''],
    ['a page of something else', '<html><body>Welcome</body></html>'],
    ['half a page', page({ keys: ['a', 'b'] }).slice(0, -30)],
    ['a page that goes on without saying where', page({ keys: ['a'], next: '' })],
    ['an object without its size', page({ keys: ['a'] }).replace('<Size>12</Size>', '')],
    ['an object without its tag', page({ keys: ['a'] }).replaceAll('ETag', 'Tag')],
    ['an object of another time', page({ keys: ['a'] }).replace('2026-02-03', 'yesterday')],
  ])('that is %s is an error', async (_name, text) => {
    await expect(listed([text])).rejects.toMatchObject({ code: 'BadAnswer' })
  })
})

test('an element is found by its whole name, and its entities are read', () => {
  const xml = '<Error><CodeName>x</CodeName><Code>A&amp;B &#65;&#x42; &unknown; &#x110000;</Code></Error>'
  expect(element(xml, 'Code')).toBe('A&B AB &unknown; &#x110000;')
  expect(element(xml, 'Message')).toBeUndefined()
  expect(element('<Code>never closed', 'Code')).toBeUndefined()
})
