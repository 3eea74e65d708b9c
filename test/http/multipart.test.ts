import { describe, expect, test } from 'bun:test'
import { digestOf, eventually, uploadServer, type Told, type UploadServer } from './upload-server.ts'

const boundary = 'xxBOUNDARYxx'
const nothing = 'no package or provenance file found in form fields chart and prov'
const large = Buffer.concat(Array.from({ length: 6 }, () => crypto.getRandomValues(new Uint8Array(65_536))))

interface Part {
  readonly field: string
  readonly data: string | Uint8Array
  /** undefined: not a file. */
  readonly file?: string
  readonly type?: string
}

const chart = (data: string | Uint8Array): Part => ({
  field: 'chart',
  data,
  file: 'a.tgz',
  type: 'application/octet-stream',
})
const prov = (data: string | Uint8Array): Part => ({ field: 'prov', data, file: 'a.tgz.prov' })

function form(...parts: Part[]): Uint8Array<ArrayBuffer> {
  const pieces = parts.flatMap(({ field, data, file, type }) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${field}"${file === undefined ? '' : `; filename="${file}"`}\r\n`,
    `${type === undefined ? '' : `Content-Type: ${type}\r\n`}\r\n`,
    data,
    '\r\n',
  ])
  return new Uint8Array(Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece))))
}

async function post(
  server: UploadServer,
  body: BodyInit,
  type = `multipart/form-data; boundary=${boundary}`,
) {
  const response = await fetch(server.url, { method: 'POST', body, headers: { 'content-type': type } })
  const told = { status: response.status, ...((await response.json()) as Told & { error: string }) }
  expect(await server.isClean()).toBe(true)
  return told
}

describe('receiveForm()', () => {
  test('gives chart and provenance, in any order in the form', async () => {
    await using server = await uploadServer()
    for (const parts of [
      [chart('C'), prov('P')],
      [prov('P'), chart('C')],
    ]) {
      expect(await post(server, form(...parts))).toMatchObject({ charts: ['C'], provenances: ['P'] })
    }
    expect(await post(server, form(chart('C')))).toMatchObject({ charts: ['C'], provenances: [] })
    expect(await post(server, form(prov('P')))).toMatchObject({ charts: [], provenances: ['P'] })
  })

  test('keeps every file of a field, where ChartMuseum drops all but the first', async () => {
    await using server = await uploadServer()
    const told = await post(server, form(chart('1'), prov('a'), chart('2'), prov('b'), chart('3')))
    expect(told).toMatchObject({ charts: ['1', '2', '3'], provenances: ['a', 'b'] })
  })

  test('inspects the default field before the configured one, whatever comes first', async () => {
    await using server = await uploadServer({}, { chart: ['chart', 'package'], prov: ['prov', 'signature'] })
    const parts: Part[] = [
      { field: 'signature', data: 's', file: 'x' },
      { field: 'package', data: 'p', file: 'x' },
      prov('P'),
      chart('C'),
    ]
    expect(await post(server, form(...parts))).toMatchObject({ charts: ['C', 'p'], provenances: ['P', 's'] })
    expect(await post(server, form({ field: 'x', data: 'x', file: 'x' }))).toMatchObject({
      status: 400,
      error: 'no package or provenance file found in form fields package and signature',
    })
  })

  test('passes large files through unharmed, with and without a length', async () => {
    await using server = await uploadServer()
    const body = form(chart(large), prov('P'))
    const expected = { charts: [digestOf(large)], provenances: ['P'], inMemory: [false, true] }
    expect(await post(server, body)).toMatchObject(expected)
    for (const size of [1000, 65_537]) {
      const stream = new ReadableStream({
        start(controller) {
          for (let at = 0; at < body.length; at += size) controller.enqueue(body.subarray(at, at + size))
          controller.close()
        },
      })
      expect(await post(server, stream)).toMatchObject(expected)
    }
  })

  test('finds the boundary wherever the chunks are cut', async () => {
    await using server = await uploadServer()
    const body = form(chart('CHART\r\n--xxBOUND'), prov('PROV\r\n-'))
    for (let cut = 1; cut < body.length; cut += 7) {
      const stream = new ReadableStream({
        async start(controller) {
          controller.enqueue(body.subarray(0, cut))
          await Bun.sleep(1)
          controller.enqueue(body.subarray(cut))
          controller.close()
        },
      })
      expect(await post(server, stream)).toMatchObject({
        charts: ['CHART\r\n--xxBOUND'],
        provenances: ['PROV\r\n-'],
      })
    }
  })

  test('does not mind what the part is called or of which type it says it is', async () => {
    await using server = await uploadServer()
    for (const file of ['/tmp/helm-push-1/a-1.0.0.tgz', '../../etc/passwd', 'C:\\\\x', 'a b', 'ä']) {
      expect(await post(server, form({ field: 'chart', data: 'C', file, type: 'text/html' }))).toMatchObject({
        charts: ['C'],
      })
    }
    expect(
      await post(server, form({ field: 'chart', data: 'C', type: 'application/octet-stream' })),
    ).toMatchObject({
      charts: ['C'],
    })
  })

  test('ignores values, unknown fields, parts without a name, and file fields nobody filled', async () => {
    await using server = await uploadServer()
    const parts: Part[] = [
      { field: 'chart', data: 'not a file' },
      { field: 'other', data: large, file: 'x' },
      { field: 'Chart', data: 'x', file: 'x' },
      { field: 'prov', data: '', file: '', type: 'application/octet-stream' },
    ]
    expect(await post(server, form(...parts, chart('C')))).toMatchObject({ charts: ['C'], provenances: [] })
    expect(await post(server, form(...parts))).toMatchObject({ status: 400, error: nothing })
    const nameless = `--${boundary}\r\nContent-Disposition: form-data\r\n\r\nx\r\n--${boundary}\r\n\r\nx\r\n--${boundary}--`
    expect(await post(server, nameless)).toMatchObject({ status: 400, error: nothing })
  })

  test('keeps an empty file, which the archive reader refuses with its own text', async () => {
    await using server = await uploadServer()
    expect(await post(server, form(chart('')))).toMatchObject({ status: 200, charts: [''] })
  })

  const noBoundary = [
    'multipart/form-data',
    'multipart/form-data;',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    'multipart/form-data; charset=x',
  ]
  for (const type of noBoundary) {
    test(`answers 400 to ${type}`, async () => {
      await using server = await uploadServer()
      expect(await post(server, form(chart('C')), type)).toMatchObject({ status: 400, error: nothing })
    })
  }

  const whole = form(chart(large), prov('P'))
  const broken: [string, string | Uint8Array<ArrayBuffer>][] = [
    ['nothing', ''],
    ['no boundary at all', 'hello'],
    ['another boundary', new TextDecoder().decode(form(chart('C'))).replaceAll(boundary, 'other')],
    ['a form cut off in a large file', whole.subarray(0, 200_000)],
    ['a form cut off in a small file', form(chart('C')).subarray(0, -30)],
    ['a form without its last boundary', whole.subarray(0, -(boundary.length + 8))],
    ['a form cut off in the header of a part', whole.subarray(0, 40)],
    ['a form cut off in an unknown file', form({ field: 'x', data: large, file: 'x' }).subarray(0, 100_000)],
    ['a form cut off after a whole chart', form(chart('C'), prov('P')).subarray(0, -25)],
  ]
  for (const [what, body] of broken) {
    test(`answers 400 to ${what}, and nothing is left`, async () => {
      await using server = await uploadServer()
      const told = await post(server, body)
      expect(told.status).toBe(400)
      expect(told.error.length).toBeGreaterThan(20)
    })
  }

  test('takes a thousand parts and answers 400 to more, files or values', async () => {
    await using server = await uploadServer()
    const values = (count: number) =>
      Array.from({ length: count }, (_, i): Part => ({ field: `f${i}`, data: 'x' }))
    expect(await post(server, form(...values(999), chart('C')))).toMatchObject({ status: 200, charts: ['C'] })
    const sentence = 'Cannot read the upload: the form has more than 1000 parts.'
    expect(await post(server, form(chart('C'), ...values(1000)))).toMatchObject({
      status: 400,
      error: sentence,
    })
    const files = Array.from({ length: 1001 }, () => chart('C'))
    expect(await post(server, form(...files))).toMatchObject({ status: 400, error: sentence })
  })

  test('bounds the header of a part', async () => {
    await using server = await uploadServer()
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="chart"; filename="a"\r\n`
    const huge = `${head}${`X-Y: ${'z'.repeat(1000)}\r\n`.repeat(500)}\r\nC\r\n--${boundary}--`
    expect([200, 400]).toContain((await post(server, huge)).status)
    const endless = `${head}X-Y: ${'z'.repeat(900_000)}`
    expect((await post(server, endless)).status).toBe(400)
  })

  test('bounds the whole body, each chart and each provenance', async () => {
    await using server = await uploadServer({ limit: 3_000_000 })
    const filler = (size: number) => new Uint8Array(size)
    const over = await post(server, form(chart(filler(3_000_000))))
    expect(over).toMatchObject({ status: 413, error: 'request too large: the limit is 3000000 bytes' })
    expect(await post(server, form(prov(filler(1024 * 1024))))).toMatchObject({ status: 200 })
    expect(await post(server, form(prov(filler(1024 * 1024 + 1)), chart('C')))).toMatchObject({
      status: 413,
      error: 'request too large: the provenance file is over the limit of 1048576 bytes',
    })
  })

  test('leaves nothing when the client goes away in the middle of a file', async () => {
    await using server = await uploadServer()
    const body = form(chart(large))
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${body.length}\r\n\r\n`
    const gone = server.raw(head, body.subarray(0, 100_000), 100)
    expect(await eventually(async () => (await server.folder.files()).length === 1)).toBe(true)
    await gone
    expect(await server.isClean()).toBe(true)
  })

  test('answers 408 to a form that trickles, and leaves nothing', async () => {
    await using server = await uploadServer({ deadlineMs: 300, memoryBytes: 100 })
    const body = form(chart(large))
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${body.length}\r\n\r\n`
    const trickle = Array.from({ length: 20 }, (_, i) => [body.subarray(i * 500, i * 500 + 500), 40]).flat()
    expect(await server.raw(head, ...trickle)).toStartWith('HTTP/1.1 408')
    expect(await server.isClean()).toBe(true)
  })

  test('answers 503 when a file cannot be spooled, and reads no further', async () => {
    await using server = await uploadServer({ folder: '/dev/null' })
    const told = await post(server, form(chart(large), prov('P'), chart(large)))
    expect(told).toMatchObject({
      status: 503,
      error: 'Cannot receive the upload: its temporary file cannot be written.',
    })
  })
})
