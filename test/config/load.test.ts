import { expect, test } from 'bun:test'
import { resolve } from 'node:path'
import { readCommandLine } from '../../src/config/command-line.ts'
import { loadSettings, SettingsError, type Loaded } from '../../src/config/load.ts'

interface Given {
  argv?: string[]
  env?: Record<string, string>
  file?: string
}

function load({ argv = [], env = {}, file }: Given): Loaded {
  const files = file === undefined ? {} : { CONFIG: 'chartroom.yaml' }
  return loadSettings({ argv, env: { ...files, ...env }, readFile: () => file ?? '' })
}

function mistakesOf(given: Given): readonly string[] {
  try {
    load(given)
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes
    throw error
  }
  return []
}

const stored = ['--storage=local', '--storage-local-rootdir=/charts']

test('without a setting it serves ./data to this computer only', () => {
  const { settings, trial, sources, warnings } = load({})
  expect(trial).toBe(true)
  expect(settings.storage).toBe('local')
  expect(settings.storageLocalRootdir).toBe(resolve('data'))
  expect(settings.listenHost).toBe('127.0.0.1')
  expect(settings.port).toBe(8080)
  expect(sources.listenHost).toBe('default')
  expect(warnings).toEqual([])
})

test('with a storage it listens everywhere, as ChartMuseum does, however the storage was named', () => {
  const env = { STORAGE: 'local', STORAGE_LOCAL_ROOTDIR: '/charts' }
  const file = 'storage.backend: local\nstorage.local.rootdir: /charts\n'
  for (const given of [{ argv: stored }, { env }, { file }]) {
    const { settings, trial } = load(given)
    expect(trial).toBe(false)
    expect(settings.listenHost).toBe('0.0.0.0')
    expect(settings.storageLocalRootdir).toBe('/charts')
  }
})

test('an explicit listen host wins in both modes', () => {
  expect(load({ argv: ['--listen-host', '0.0.0.0'] }).settings.listenHost).toBe('0.0.0.0')
  expect(load({ argv: [...stored, '--listen-host=127.0.0.1'] }).settings.listenHost).toBe('127.0.0.1')
  expect(load({ env: { LISTEN_HOST: '[::1]' } }).settings.listenHost).toBe('::1')
})

test('flags win over variables, variables over the file, the file over the default', () => {
  const all = { argv: ['--port', '1'], env: { PORT: '2' }, file: 'port: 3' }
  expect(load(all)).toMatchObject({ settings: { port: 1 }, sources: { port: 'flag' } })
  expect(load({ env: all.env, file: all.file })).toMatchObject({
    settings: { port: 2 },
    sources: { port: 'variable' },
  })
  expect(load({ file: all.file })).toMatchObject({ settings: { port: 3 }, sources: { port: 'file' } })
})

test('a variable that is set but empty counts as set', () => {
  const file = 'debug: true\ncharturl: https://a.example\n'
  expect(load({ env: { DEBUG: '', CHART_URL: '' }, file }).settings).toMatchObject({
    debug: false,
    chartUrl: '',
  })
  expect(mistakesOf({ env: { PORT: '' } })).toHaveLength(1)
  expect(mistakesOf({ env: { STORAGE: '' } })[0]).toContain('set but empty')
})

test.each([
  ['1', true],
  ['t', true],
  ['T', true],
  ['TRUE', true],
  ['True', true],
  ['0', false],
  ['f', false],
  ['False', false],
])('a switch understands %s', (word, value) => {
  expect(load({ env: { DEBUG: word } }).settings.debug).toBe(value)
  expect(load({ argv: [`--debug=${word}`] }).settings.debug).toBe(value)
})

test.each(['yes', 'on', 'tRUE', '2', ' true'])('a switch does not understand "%s"', (word) => {
  expect(mistakesOf({ env: { DEBUG: word } })).toHaveLength(1)
})

test.each([
  ['0x1F90', 8080],
  ['010', 8],
  ['0o17', 15],
  ['0b11', 3],
  ['0', 0],
  ['+7', 7],
  ['65535', 65_535],
  ['8_080', 8080],
  ['0x_1F_90', 8080],
  ['0_17', 15],
])('a number may be written %s', (text, value) => {
  expect(load({ argv: ['--port', text] }).settings.port).toBe(value)
})

test.each(['65536', '-1', '08', '1e3', '80.0', 'abc', ' 80', '0x', '8__0', '_8', '8_', '0x1_'])(
  'the port cannot be "%s"',
  (text) => {
    expect(mistakesOf({ argv: [`--port=${text}`] })[0]).toContain('a whole number from 0 to 65535')
  },
)

test.each([
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['250ms', 250],
  ['0', 0],
])('a duration may be written %s', (text, value) => {
  expect(load({ env: { CACHE_INTERVAL: text } }).settings.cacheInterval).toBe(value)
})

test('a duration needs a unit outside the file, and is nanoseconds without one in it', () => {
  expect(mistakesOf({ env: { CACHE_INTERVAL: '300' } })[0]).toContain('with a unit')
  expect(load({ file: 'cacheinterval: 300000000000' }).settings.cacheInterval).toBe(300_000)
})

test('limits of 0 or less mean none', () => {
  const { settings } = load({ argv: ['--max-storage-objects=-1', '--per-chart-limit=-5'] })
  expect([settings.maxStorageObjects, settings.perChartLimit]).toEqual([0, 0])
})

test('--artifact-hub-repo-id is repeatable, and is split at its first "="', () => {
  const argv = [
    '--artifact-hub-repo-id',
    'root',
    '--artifact-hub-repo-id=org/a=x=y',
    '-artifact-hub-repo-id',
    'b=z',
  ]
  expect([...load({ argv }).settings.artifactHubRepoId]).toEqual([
    ['', 'root'],
    ['org/a', 'x=y'],
    ['b', 'z'],
  ])
})

test.each([
  ['/charts/', '/charts'],
  ['charts', '/charts'],
  ['/a/b', '/a/b'],
  ['/', ''],
  ['', ''],
])('the context path "%s" becomes "%s"', (text, value) => {
  expect(load({ argv: [`--context-path=${text}`] }).settings.contextPath).toBe(value)
})

test.each(['/a//b', '/../x', '/a?b', 'a b', '/%2f', '/./a'])('the context path cannot be "%s"', (text) => {
  expect(mistakesOf({ argv: [`--context-path=${text}`] })).toHaveLength(1)
})

test('addresses of proxies and names of certificates are lists, each item checked', () => {
  const { settings } = load({
    argv: ['--trusted-proxies', '10.0.0.0/8, ::1', '--trusted-proxies=192.168.1.1'],
    env: { TLS_SELF_SIGNED_NAMES: 'charts.example.com,10.0.0.5,*.lab.example.com' },
  })
  expect(settings.trustedProxies).toEqual(['10.0.0.0/8', '::1', '192.168.1.1'])
  expect(settings.tlsSelfSignedNames).toEqual(['charts.example.com', '10.0.0.5', '*.lab.example.com'])
  for (const bad of ['10.0.0.0/33', 'proxy', '::1/129', '10.0.0.1/']) {
    expect(mistakesOf({ argv: [`--trusted-proxies=${bad}`] })).toHaveLength(1)
  }
  for (const bad of ['https://a', 'a b', '999.1.1.1', 'a..b']) {
    expect(mistakesOf({ argv: [`--tls-self-signed-names=${bad}`] })).toHaveLength(1)
  }
})

test.each(['ftp://a', 'charts.example.com', 'https://u:p@a', 'https://a/?x', 'https://a#b'])(
  'the public address cannot be %s',
  (text) => {
    expect(mistakesOf({ argv: [`--public-url=${text}`] })).toHaveLength(1)
  },
)

test('the public address loses the "/" at its end', () => {
  expect(load({ argv: ['--public-url=https://a.example/charts/'] }).settings.publicUrl).toBe(
    'https://a.example/charts',
  )
})

test('all mistakes are told at once, each with flag, variable and file key', () => {
  const found = mistakesOf({
    argv: ['--port=http', '--nonsense', 'stray'],
    env: { DEPTH: '99', DEBUG: 'maybe' },
    file: 'maxuploadsize: big\n',
  })
  expect(found).toEqual([
    '--nonsense is not a setting',
    '"stray" is neither a setting nor a command (commands: serve, health, doctor, import, export, licenses, version, help)',
    '--port: "http" is not a whole number from 0 to 65535 (--port, PORT, file key port)',
    'chartroom.yaml line 1: "big" is not a whole number of at least 0 (--max-upload-size, MAX_UPLOAD_SIZE, file key maxuploadsize)',
    'DEPTH: "99" is not a whole number from 0 to 10 (--depth, DEPTH, file key depth)',
    'DEBUG: "maybe" is not true or false (--debug, DEBUG, file key debug)',
  ])
})

test('a mistyped flag is met with the one that was meant, and its value is not repeated', () => {
  const [found = ''] = mistakesOf({ argv: ['--basic-auth-passs=hunter2'] })
  expect(found).toBe('--basic-auth-passs is not a setting, did you mean --basic-auth-pass?')
})

test('half of a password with a blank is not printed', () => {
  const found = mistakesOf({ argv: ['--basic-auth-user=u', '--basic-auth-pass', 'correct', 'horse'] }).join()
  expect(found).toContain('put a value with spaces in quotes')
  expect(found).not.toContain('horse')
})

test('a switch with a value behind a blank is told how to write it', () => {
  expect(mistakesOf({ argv: ['--debug', 'false'] })[0]).toContain('--debug=false')
})

test('a flag without its value is a mistake', () => {
  expect(mistakesOf({ argv: ['--port'] })).toEqual(['--port needs a value: --port=NUMBER'])
})

test('a value may look like a flag, as with Go', () => {
  expect(load({ argv: ['--chart-url', '--debug'] }).settings).toMatchObject({
    chartUrl: '--debug',
    debug: false,
  })
})

test('half a key pair and half a credential are mistakes, because the server would be open', () => {
  expect(mistakesOf({ argv: ['--tls-cert=a'] })).toEqual([
    '--tls-cert (TLS_CERT, file key tls.cert) needs --tls-key (TLS_KEY, file key tls.key) beside it',
  ])
  expect(mistakesOf({ argv: ['--tls-key=a'] })).toHaveLength(1)
  expect(mistakesOf({ argv: ['--basic-auth-user=a'] })).toHaveLength(1)
  expect(mistakesOf({ env: { BASIC_AUTH_PASS: 'hunter2', BASIC_AUTH_USER: '' } }).join()).not.toContain(
    'hunter2',
  )
  expect(mistakesOf({ argv: ['--tls-self-signed', '--tls-cert=a', '--tls-key=b'] })).toHaveLength(1)
})

test.each([
  [
    'OpenStack',
    ['--storage openstack', 's3api', 'openstack ec2 credentials create', 'AWS_SECRET_ACCESS_KEY'],
  ],
  [
    'oracle',
    ['--storage oracle', '<namespace>.compat.objectstorage.<region>.oraclecloud.com', 'Customer Secret'],
  ],
])('the storage %s is refused with one sentence that names the way in through S3', (name, words) => {
  const mistakes = mistakesOf({ argv: ['--storage', name] })
  expect(mistakes).toHaveLength(1)
  for (const word of [
    ...words,
    '(STORAGE, file key storage.backend)',
    '--storage amazon',
    '--storage-amazon-endpoint',
  ]) {
    expect(mistakes[0]).toContain(word)
  }
})

test.each(['alibaba', 'tencent', 'baidu', 'google'])('the storage %s needs its bucket', (name) => {
  const variable = `STORAGE_${name.toUpperCase()}_BUCKET`
  expect(mistakesOf({ argv: ['--storage', name] })).toEqual([
    expect.stringContaining(`(${variable}, file key storage.${name}.bucket)`),
  ])
  expect(mistakesOf({ argv: ['--storage', name], env: { [variable]: 'charts-1250000000' } })).toEqual([])
})

test('Azure needs its container', () => {
  expect(mistakesOf({ argv: ['--storage=microsoft'] })).toEqual([
    '--storage microsoft needs the container for the charts: --storage-microsoft-container (STORAGE_MICROSOFT_CONTAINER, file key storage.microsoft.container)',
  ])
  expect(mistakesOf({ argv: ['--storage=microsoft', '--storage-microsoft-container=charts'] })).toEqual([])
})

test('an unknown storage is refused with those that exist, and local needs its folder', () => {
  expect(mistakesOf({ argv: ['--storage=netease'] })).toEqual([
    expect.stringContaining('"netease" is not one of local, minio, amazon'),
  ])
  expect(mistakesOf({ argv: ['--storage=local'] })[0]).toContain('--storage-local-rootdir')
})

test('MinIO needs address, bucket and keys, and Amazon its bucket', () => {
  expect(mistakesOf({ argv: ['--storage=minio'] })).toEqual([
    '--storage minio needs the address of MinIO: --storage-minio-endpoint (STORAGE_MINIO_ENDPOINT, file key storage.minio.endpoint)',
    '--storage minio needs the bucket for the charts: --storage-minio-bucket (STORAGE_MINIO_BUCKET, file key storage.minio.bucket)',
    '--storage minio needs an access key: --storage-minio-access-key (STORAGE_MINIO_ACCESS_KEY, file key storage.minio.accesskey)',
    '--storage minio needs a secret key: --storage-minio-secret-key (STORAGE_MINIO_SECRET_KEY, file key storage.minio.secretkey)',
  ])
  expect(mistakesOf({ argv: ['--storage=amazon'] })).toEqual([
    '--storage amazon needs the bucket for the charts: --storage-amazon-bucket (STORAGE_AMAZON_BUCKET, file key storage.amazon.bucket)',
  ])
  expect(mistakesOf({ argv: ['--storage=amazon', '--storage-amazon-bucket=charts'] })).toEqual([])
})

test('etcd needs its prefix, and a client certificate its key; none of them is needed without TLS', () => {
  expect(mistakesOf({ argv: ['--storage=etcd', '--storage-etcd-endpoint='] })).toEqual([
    '--storage etcd needs the address of etcd: --storage-etcd-endpoint (STORAGE_ETCD_ENDPOINT, file key storage.etcd.endpoint)',
    '--storage etcd needs the start of its keys: --storage-etcd-prefix (STORAGE_ETCD_PREFIX, file key storage.etcd.prefix)',
  ])
  const etcd = ['--storage=etcd', '--storage-etcd-prefix=/charts']
  expect(mistakesOf({ argv: etcd })).toEqual([])
  expect(mistakesOf({ argv: [...etcd, '--storage-etcd-certfile=a'] })).toEqual([
    expect.stringContaining('need each other'),
  ])
})

test.each([
  [
    ['--storage-amazon-sse=aes'],
    '--storage-amazon-sse (STORAGE_AMAZON_SSE, file key storage.amazon.sse) is "aes"',
  ],
  [
    ['--storage-amazon-sse-kms-key=k'],
    '--storage-amazon-sse-kms-key (STORAGE_AMAZON_SSE_KMS_KEY, file key storage.amazon.ssekmskey) is a key for aws:kms',
  ],
  [['--storage-amazon-sse=AES256', '--storage-amazon-sse-kms-key=k'], 'is a key for aws:kms'],
  [
    ['--storage=alibaba', '--storage-alibaba-bucket=b', '--storage-alibaba-sse=aws:kms'],
    '--storage-alibaba-sse (STORAGE_ALIBABA_SSE, file key storage.alibaba.sse) is "aws:kms": server-side encryption is AES256 or KMS',
  ],
])('encryption that would not happen is a mistake: %j', (argv, mistake) => {
  const base = ['--storage=amazon', '--storage-amazon-bucket=charts']
  expect(mistakesOf({ argv: [...base, ...argv] })).toEqual([expect.stringContaining(mistake)])
  expect(
    mistakesOf({ argv: [...base, '--storage-amazon-sse=aws:kms', '--storage-amazon-sse-kms-key=k'] }),
  ).toEqual([])
})

test('what has no effect is accepted with one line why', () => {
  const argv = ['--cache=Redis', '--cache-redis-addr=r:6379', '--enforce-semver2', '--disable-metrics']
  const { warnings } = load({ argv, env: { ALWAYS_REGENERATE_CHART_INDEX: '1' } })
  expect(warnings).toEqual([
    expect.stringContaining('--always-regenerate-chart-index has no effect: '),
    // ChartMuseum's sentence, word for word, then why.
    'The configuration option disable-metrics has been deprecated: metrics are off without --enable-metrics',
    'The configuration option enforce-semver2 has been deprecated: versions are judged as Helm judges them',
    expect.stringContaining('--cache has no effect: Chartroom keeps its index in memory and in the storage'),
  ])
  const file = 'disablemetrics: true\nenforce-semver2: true\ncache:\n  redis: { addr: "r:6379", db: 1 }\n'
  expect(load({ file }).warnings).toEqual(warnings.slice(1))
  expect(load({ env: { CACHE: '', DISABLE_METRICS: 'false' } }).warnings).toEqual([])
})

test.each([
  [[], 'serve'],
  [['--port', '1'], 'serve'],
  [['health', '--port', '1'], 'health'],
  [['--port', '1', 'health'], 'health'],
  [['--port', 'health'], 'serve'],
  [['licenses'], 'licenses'],
  [['--licenses'], 'licenses'],
  [['-v'], 'version'],
  [['--version'], 'version'],
  [['-h'], 'help'],
  [['h'], 'help'],
  [['health', '--help'], 'help'],
  [['import', './old'], 'import'],
  [['--port', '1', 'export', './new', '--parallel=4'], 'export'],
  [['doctor', '--json'], 'doctor'],
  [['import', '--help'], 'help'],
] as const)('the arguments %j ask for %s', (argv, command) => {
  expect(readCommandLine(argv).command).toBe(command)
})

test('a command takes what it works on from behind its word, even when that is a word too', () => {
  expect(readCommandLine(['import', '--force', 'serve', '--parallel', '2'])).toMatchObject({
    command: 'import',
    subject: 'serve',
    mistakes: [],
  })
  expect(readCommandLine(['help', 'import'])).toMatchObject({ command: 'help', subject: 'import' })
  expect(readCommandLine(['export', '--help'])).toMatchObject({ command: 'help', subject: 'export' })
})

test.each([
  [['import'], 'import needs a repository URL, a folder or a bucket to copy from'],
  [['export'], 'export needs a folder or a bucket to copy to'],
  [['import', 'a', 'b'], '"b" is neither a setting nor a command'],
  [['doctor', 'a'], '"a" is neither a setting nor a command'],
  [['--force'], '--force is a setting of import and export, not of serve'],
  [['export', 'a', '--from-user=u'], '--from-user is a setting of import, not of export'],
  [['import', 'a', '--parallel=0'], '--parallel: "0" is not a whole number from 1 to 64'],
  [['import', 'a', '--parallel'], '--parallel needs a value: --parallel=NUMBER'],
  [['import', 'a', '--repo=../x'], '--repo: "../x" is not the name of a repository'],
  [['import', 'a', '--paralel=2'], 'did you mean --parallel?'],
])('the arguments %j are a mistake: %s', (argv, mistake) => {
  expect(mistakesOf({ argv })).toEqual([expect.stringContaining(mistake)])
})

test('settings of commands come from flags, and from variables where a secret is meant', () => {
  const { own } = load({ argv: ['import', 'a', '--from-user=flag'], env: { FROM_USER: 'u', FROM_PASS: 'p' } })
  expect(own).toMatchObject({ fromUser: 'flag', fromPass: 'p', parallel: 8, force: false })
  expect(mistakesOf({ argv: ['import', 'a', '--from-pass', 'correct', 'b', 'horse'] }).join()).not.toContain(
    'horse',
  )
})
