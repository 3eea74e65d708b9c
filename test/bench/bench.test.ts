import { describe, expect, test } from 'bun:test'
import { verdicts } from '../../bench/aims.ts'
import { chartsOf, makeChart } from '../../bench/charts.ts'
import { readAnswer } from '../../bench/connection.ts'
import { readOptions } from '../../bench/options.ts'
import { markdownSection, terminalTable, time } from '../../bench/report.ts'
import type { Results } from '../../bench/report.ts'
import type { Measurement, Row, SubjectId } from '../../bench/row.ts'
import { countVersions } from '../../bench/servers.ts'
import { spread } from '../../bench/statistics.ts'
import { readWrk } from '../../bench/wrk.ts'

const wrkText = `Running 2s test @ http://127.0.0.1:8080/a
  1 threads and 8 connections
  Latency Distribution
     50%  243.00us
     99%    1.20ms
  48230 requests in 2.00s, 98.10MB read
Requests/sec:  24115.01
`

describe('spread()', () => {
  test('gives median, lowest and highest, whatever the order', () => {
    expect(spread([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5, rounds: 3 })
    expect(spread([4, 1])).toEqual({ median: 2.5, min: 1, max: 4, rounds: 2 })
  })

  test('gives nothing when there is no round', () => {
    expect(spread([])).toBeUndefined()
  })
})

describe('readWrk()', () => {
  test('reads requests, rate and p50 with its unit', () => {
    expect(readWrk(wrkText)).toEqual({ requests: 48_230, per_second: 24_115.01, p50_ms: 0.243 })
  })

  test('throws when answers failed, so that fast errors never look like speed', () => {
    expect(() => readWrk(`${wrkText}  Non-2xx or 3xx responses: 12\n`)).toThrow('12 answers')
    expect(() => readWrk('')).toThrow('wrk failed')
  })

  test('tells of a server that answered nothing in time', () => {
    const none = wrkText.replace('48230 requests', '0 requests').replace('24115.01', '0.00')
    expect(readWrk(none)).toEqual({ requests: 0, per_second: 0, p50_ms: Number.NaN })
  })
})

describe('readAnswer()', () => {
  const plain = 'HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello'
  const chunked =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n'

  test.each([
    [plain, 201, 'hello'],
    [chunked, 200, 'hello world'],
    ['HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', 304, ''],
  ])('gives %j only when all of it is there, wherever it is cut', (text, status, body) => {
    const bytes = Buffer.from(text)
    for (let cut = 1; cut < bytes.length; cut++) {
      const early = readAnswer([bytes.subarray(0, cut)])
      expect(early).toBeUndefined()
      const whole = readAnswer([bytes.subarray(0, cut), bytes.subarray(cut)])
      expect([whole?.status, whole?.body.toString()]).toEqual([status, body])
    }
  })
})

describe('the seed', () => {
  test('has as many versions as asked for, each once, twenty a chart', () => {
    const made = [...chartsOf(1000)]
    expect(new Set(made.map(({ name, version }) => `${name}-${version}`)).size).toBe(1000)
    expect(new Set(made.map(({ name }) => name)).size).toBe(50)
  })

  test('makes the same archive of about 2 KB each time', () => {
    const [first, again] = [makeChart('cache-proxy-1', '1.0.0'), makeChart('cache-proxy-1', '1.0.0')]
    expect(first.bytes).toEqual(again.bytes)
    expect(first.bytes.length).toBeWithin(1_500, 2_500)
  })
})

test('countVersions() counts entries in JSON and in YAML', () => {
  expect(countVersions('{"entries":{"a":[{"digest":"1"},{"digest":"2"}]}}')).toBe(2)
  expect(
    countVersions('entries:\n  a:\n  - digest: "1"\n    name: digest\n  - apiVersion: v2\n    digest: 2\n'),
  ).toBe(2)
})

describe('readOptions()', () => {
  test('takes one round in a quick run and three otherwise', () => {
    expect(readOptions(['--quick'], {}).rounds).toBe(1)
    expect(readOptions([], {}).rounds).toBe(3)
    expect(readOptions(['--quick', '--rounds', '5'], {}).rounds).toBe(5)
  })

  test('refuses rounds that are no number and options that do not exist', () => {
    expect(() => readOptions(['--rounds', 'many'], {})).toThrow('Cannot use --rounds "many"')
    expect(() => readOptions(['--fast'], {})).toThrow('--fast')
  })
})

describe('verdicts()', () => {
  test('compares reads with nginx by CPU time', () => {
    const row = made('index-10-plain', { chartroom: { cpu_us: 12 }, nginx: { cpu_us: 10 } })
    expect(verdicts(row, [row])).toMatchObject([{ measured: '1.20', holds: false }])
    const cached = made('index-10-304', { chartroom: { cpu_us: 12 }, nginx: { cpu_us: 10 } })
    expect(verdicts(cached, [cached])).toMatchObject([{ holds: true }])
  })

  test('compares publishing with the bare disk, and large repositories with small ones', () => {
    const disk = { p50_ms: 1, per_second: 1000 }
    const small = made('publish-8-10', { chartroom: { cpu_us: 100, per_second: 400 }, disk })
    const large = made('publish-8-10000', { chartroom: { cpu_us: 130, per_second: 350 }, disk })
    expect(verdicts(large, [small, large]).map(({ measured, holds }) => [measured, holds])).toEqual([
      ['1.30', false],
      ['0.35', true],
      ['0.88', false],
    ])
  })

  test('compares stores with what they cost by themselves, and a start with the listing it needs', () => {
    const local = made('store-index-local', { chartroom: { p50_ms: 1 } })
    const rows = [
      made('store-publish-1-minio', { chartroom: { p50_ms: 3 }, bare: { p50_ms: 2 } }),
      made('store-index-minio', { chartroom: { p50_ms: 3 }, bare: { p50_ms: 2 } }),
      made('store-visible-etcd', { chartroom: { p99_ms: 101 } }),
      made('store-start-warm-100000-local', { chartroom: { wall_ms: 2600 }, bare: { wall_ms: 700 } }),
      made('store-memory-100000-local', { chartroom: { rss_mib: 501 } }),
    ]
    expect(rows.map((row) => verdicts(row, [local, ...rows]).map(({ holds }) => holds))).toEqual([
      [false],
      [true],
      [false],
      [true],
      [false],
    ])
    expect(verdicts(local, [local])).toEqual([])
  })

  test('says nothing of a row whose other half was not measured', () => {
    const row = made('index-10-plain', { chartroom: { cpu_us: 12 } })
    expect(verdicts(row, [row])).toEqual([])
  })
})

describe('the report', () => {
  const rows = [
    made('index-10-plain', { chartroom: { cpu_us: 9 }, nginx: { cpu_us: 10 } }),
    made('list-one-1000', { chartroom: { cpu_us: 30 }, nginx: { cpu_us: 10 } }),
    made('index-10-304', {
      chartroom: { cpu_us: 9 },
      chartmuseum: { cpu_us: 90, answered: '200, 12 bytes' },
    }),
  ]
  const results: Results = {
    date: '2026-11-22T12:00:00.000Z',
    command: 'bun run bench',
    machine: { processor: 'one processor' },
    versions: { Bun: '1.4.5' },
    rounds: 1,
    seconds: 1,
    rows,
  }

  test('puts rows that miss an aim first in Markdown, and keeps the order otherwise', () => {
    const titles = markdownSection(results).match(/(?<=^\| )title of [\w-]+/gm)
    expect(titles).toEqual(['title of list-one-1000', 'title of index-10-plain', 'title of index-10-304'])
    expect(terminalTable(results).indexOf('index-10-plain')).toBeLessThan(
      terminalTable(results).indexOf('list-one'),
    )
  })

  test('says so when a server answers a 304 row with something else', () => {
    expect(terminalTable(results)).toContain('answers 200, 12 bytes')
  })

  test.each([
    [0.0123, '12.3 µs'],
    [1.234, '1.23 ms'],
    [17_500, '17.5 s'],
  ])('prints %d ms as %s', (milliseconds, text) => {
    expect(time(milliseconds)).toBe(text)
  })
})

function made(id: string, figures: Partial<Record<SubjectId, Measurement>>): Row {
  const rounds = Object.fromEntries(Object.entries(figures).map(([subject, figure]) => [subject, [figure]]))
  return { id, title: `title of ${id}`, rounds, spins: [100], failed: {} }
}
