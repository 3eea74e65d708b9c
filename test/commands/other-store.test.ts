import { expect, test } from 'bun:test'
import { otherPlace, shownStore } from '../../src/commands/other-store.ts'
import { SettingsError } from '../../src/config/load.ts'

const env = {
  STORAGE: 'local',
  STORAGE_LOCAL_ROOTDIR: '/charts',
  STORAGE_MINIO_ENDPOINT: 'https://here.example',
  STORAGE_MINIO_ACCESS_KEY: 'here',
  STORAGE_MINIO_SECRET_KEY: 'hidden-here',
  STORAGE_MINIO_PREFIX: 'not/this',
}
function place(
  subject: string,
  more: Record<string, string> = {},
  argv: string[] = [],
  side: 'FROM_' | 'TO_' = 'FROM_',
) {
  return otherPlace(subject, side, {
    argv: ['import', subject, ...argv],
    env: { ...env, ...more },
    readFile: (path) => `in ${path}\n`,
  })
}
const settingsOf = (found: ReturnType<typeof place>) => (found.kind === 'store' ? found.settings : undefined)

test('a path and a file:// address are a folder', () => {
  expect(settingsOf(place('/old/charts'))).toEqual({ backend: 'local', rootdir: '/old/charts' })
  expect(settingsOf(place('old'))).toMatchObject({ rootdir: expect.stringMatching(/^\/.*\/old$/) })
  expect(settingsOf(place('file:///old/my%20charts'))).toEqual({
    backend: 'local',
    rootdir: '/old/my charts',
  })
})

test('an http address is a repository, and its name holds no password', () => {
  expect(place('https://ann:hidden@charts.example.com/org')).toMatchObject({
    kind: 'url',
    name: 'https://charts.example.com/org',
  })
})

test('a bucket has the settings of its storage, with bucket and prefix of the address', () => {
  expect(settingsOf(place('minio://old-bucket/a/b'))).toMatchObject({
    backend: 'minio',
    endpoint: 'https://here.example',
    bucket: 'old-bucket',
    prefix: 'a/b',
    accessKey: 'here',
  })
  // The prefix of the other side is not meant.
  expect(settingsOf(place('minio://old-bucket'))).toMatchObject({ prefix: '' })
})

test('variables of its side come before flags and variables of the other', () => {
  const more = {
    FROM_STORAGE_MINIO_ENDPOINT: 'https://there.example',
    FROM_STORAGE_MINIO_ACCESS_KEY: 'there',
    TO_STORAGE_MINIO_ACCESS_KEY: 'elsewhere',
    FROM_AWS_PROFILE: 'old',
    AWS_PROFILE: 'new',
  }
  const found = place('minio://b', more, ['--storage-minio-access-key=flag'])
  expect(settingsOf(found)).toMatchObject({ endpoint: 'https://there.example', accessKey: 'there' })
  expect(found).toMatchObject({ env: { AWS_PROFILE: 'old' } })
  expect(settingsOf(place('minio://b', more, [], 'TO_'))).toMatchObject({
    endpoint: 'https://here.example',
    accessKey: 'elsewhere',
  })
})

test('a side has keys from files of its own, whatever the other side has', () => {
  const more = {
    FROM_STORAGE_MINIO_SECRET_KEY_FILE: '/there',
    FROM_AWS_SECRET_ACCESS_KEY_FILE: '/aws',
    AWS_SECRET_ACCESS_KEY: 'here',
  }
  const found = place('minio://b', more, ['--storage-minio-secret-key=flag'])
  expect(settingsOf(found)).toMatchObject({ secretKey: 'in /there', accessKey: 'here' })
  const aws = { AWS_SECRET_ACCESS_KEY: 'in /aws', AWS_SECRET_ACCESS_KEY_FILE: undefined }
  expect(found).toMatchObject({ env: aws })
  expect(settingsOf(place('minio://b', more, [], 'TO_'))).toMatchObject({ secretKey: 'hidden-here' })
  expect(() => place('minio://b', { FROM_AWS_SECRET_ACCESS_KEY_FILE: '' })).toThrow(
    'minio://b: AWS_SECRET_ACCESS_KEY_FILE: the path is empty',
  )
})

test.each([
  ['s3://b/p', { backend: 'amazon', bucket: 'b', prefix: 'p' }],
  ['gs://b/p', { backend: 'google', bucket: 'b', prefix: 'p' }],
  ['azblob://c/p', { backend: 'microsoft', container: 'c', prefix: 'p' }],
  ['oss://b', { backend: 'alibaba', bucket: 'b' }],
  ['cos://b-1250000000', { backend: 'tencent', bucket: 'b-1250000000' }],
  ['bos://b', { backend: 'baidu', bucket: 'b' }],
])('%s is a bucket', (subject, settings) => {
  expect(settingsOf(place(subject))).toMatchObject(settings)
})

test('etcd is named by hosts and prefix, by TLS when an authority is named', () => {
  expect(settingsOf(place('etcd://one:2379,two:2379/charts'))).toMatchObject({
    backend: 'etcd',
    prefix: 'charts',
  })
  const plain = JSON.stringify(settingsOf(place('etcd://one:2379,two:2379/charts')))
  expect(plain).toContain('http://one:2379')
  expect(plain).toContain('http://two:2379')
  const tls = { FROM_STORAGE_ETCD_CAFILE: '/ca.pem' }
  expect(JSON.stringify(settingsOf(place('etcd://one:2379/charts', tls)))).toContain('https://one:2379')
})

test.each([
  ['oci://registry.example/charts', 'is an OCI registry'],
  ['ftp://u:hidden@example.com', 'is no place that can be copied from or to'],
  ['minio://', 'needs the bucket'],
  ['minio://key:hidden@bucket/prefix', 'keys do not belong into an address'],
  ['etcd://root:hidden@one:2379/charts', 'keys do not belong into an address'],
  ['file://host/share', 'names no folder of this computer'],
])('%s is refused', (subject, sentence) => {
  let told = ''
  try {
    place(subject)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    told = error.message
  }
  expect(told).toContain(sentence)
  expect(told).not.toContain('hidden')
})

test('a store is shown without its keys', () => {
  const minio = settingsOf(place('minio://charts/a/'))
  const folder = settingsOf(place('/old'))
  if (minio === undefined || folder === undefined) throw new Error('no store')
  expect(shownStore(minio)).toBe('the minio bucket "charts" at https://here.example, below "a"')
  expect(shownStore(folder)).toBe('the folder /old')
})
