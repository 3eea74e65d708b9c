import { expect, test } from 'bun:test'
import { effectiveSettings } from '../../src/config/effective.ts'
import { loadSettings } from '../../src/config/load.ts'
import { flags, optionOf } from '../../src/config/options.ts'

function shown({
  argv = [],
  env = {},
  width = 100,
}: {
  argv?: string[]
  env?: Record<string, string>
  width?: number
}) {
  return effectiveSettings(loadSettings({ argv, env, readFile: () => '' }), width)
}

/** What the row of a flag says behind the flag. */
const rowOf = (text: string, flag: string): string =>
  (new RegExp(`^  --${flag} +(.*)$`, 'm').exec(text)?.[1] ?? 'no row').replaceAll(/ {2,}/g, ' | ').trim()

test('every setting that takes effect has one row, and none that does not', () => {
  const text = shown({})
  for (const flag of flags) {
    const { noEffect, deprecated } = optionOf(flag)
    const ofStorage = /^storage-(minio|amazon|google|microsoft|alibaba|baidu|etcd|tencent|oracle|openstack)-/
    const expected =
      noEffect === undefined &&
      deprecated === undefined &&
      !flag.startsWith('cache-redis') &&
      !ofStorage.test(flag)
    const rows = text.split('\n').filter((line) => line.startsWith(`  --${flag} `))
    expect({ flag, rows: rows.length }).toEqual({ flag, rows: expected ? 1 : 0 })
  }
  const minio = ['--storage=minio', '--storage-minio-endpoint=e', '--storage-minio-bucket=b']
  const keys = ['--storage-minio-access-key=a', '--storage-minio-secret-key=s', '--storage-google-bucket=g']
  const given = shown({ argv: [...minio, ...keys] })
  expect(rowOf(given, 'storage-minio-region')).toBe('us-east-1 | default')
  expect(rowOf(given, 'storage-minio-secret-key')).toBe('(set) | --storage-minio-secret-key')
  // Nothing reads it, but somebody set it.
  expect(rowOf(given, 'storage-google-bucket')).toBe('g | --storage-google-bucket')
  expect(rowOf(given, 'storage-google-prefix')).toBe('no row')
})

test.each([
  [['--cache-interval=5400s'], 'cache-interval', '1h30m | --cache-interval'],
  [['--cache-interval=1.5s'], 'cache-interval', '1s500ms | --cache-interval'],
  [['--cache-interval=0'], 'cache-interval', '0 | --cache-interval'],
  [['--chart-url='], 'chart-url', '(not set) | --chart-url'],
  [['--chart-url', 'a\u001b[31m'], 'chart-url', String.raw`"a\u001b[31m" | --chart-url`],
  [['--chart-url', 'a\u202eb'], 'chart-url', String.raw`"a\u202eb" | --chart-url`],
  [['--chart-url', 'größe'], 'chart-url', 'größe | --chart-url'],
  [['--chart-url', ' a'], 'chart-url', '" a" | --chart-url'],
  [['--chart-url', 'https://u:hidden@a.example'], 'chart-url', 'https://***@a.example | --chart-url'],
  [
    ['--trusted-proxies=10.0.0.1', '--trusted-proxies=::1'],
    'trusted-proxies',
    '10.0.0.1,::1 | --trusted-proxies',
  ],
  [
    ['--artifact-hub-repo-id=a', '--artifact-hub-repo-id=o=b'],
    'artifact-hub-repo-id',
    'a o=b | --artifact-hub-repo-id',
  ],
  [['--port=0x1F90'], 'port', '8080 | --port'],
  [[], 'listen-host', '127.0.0.1 | default'],
  [[], 'ui-secret', '(not set) | default'],
])('%j shows --%s as %s', (argv, flag, row) => {
  expect(rowOf(shown({ argv: [...argv] }), flag)).toBe(row)
})

test('a secret is shown the same whatever it is, and whether it is there at all', () => {
  const one = shown({ env: { UI_SECRET: 'a' } })
  expect(shown({ env: { UI_SECRET: 'quite another, longer' } })).toBe(one)
  expect(rowOf(one, 'ui-secret')).toBe('(set) | UI_SECRET')
})

test('rows that are wider than the terminal go on below, and values are never broken', () => {
  const address = 'https://charts.example.com/with/a/long/path'
  const text = shown({ env: { PUBLIC_URL: address }, width: 60 })
  expect(text).toContain(`  ${address}\n                       PUBLIC_URL\n`)
  expect(text.split('\n').filter((line) => line.length > 72)).toEqual([])
  expect(shown({ env: { PUBLIC_URL: address }, width: 120 })).toContain(`  ${address}  PUBLIC_URL\n`)
})
