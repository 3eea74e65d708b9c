import { describe, expect, test } from 'bun:test'
import { loadSettings, SettingsError } from '../../src/config/load.ts'
import { flags, options } from '../../src/config/options.ts'

/** Every setting of ChartMuseum 0.16.5, from its documentation and from running it: flag, variable, key in the file, type, default. */
const contract = `
config CONFIG (none) string
gen-index GEN_INDEX genindex bool false
debug DEBUG debug bool false
log-json LOG_JSON logjson bool false
log-health LOG_HEALTH loghealth bool false
log-latency-integer LOG_LATENCY_INTEGER loglatencyinteger bool false
disable-metrics DISABLE_METRICS disablemetrics bool false
enable-metrics ENABLE_METRICS enablemetrics bool false
disable-api DISABLE_API disableapi bool false
disable-delete DISABLE_DELETE disabledelete bool false
disable-statefiles DISABLE_STATEFILES disablestatefiles bool false
json-index JSON_INDEX json-index bool false
allow-overwrite ALLOW_OVERWRITE allowoverwrite bool false
disable-force-overwrite DISABLE_FORCE_OVERWRITE disableforceoverwrite bool false
port PORT port int 8080
read-timeout READ_TIMEOUT readtimeout int 30
write-timeout WRITE_TIMEOUT writetimeout int 30
chart-url CHART_URL charturl string
basic-auth-user BASIC_AUTH_USER basicauth.user string
basic-auth-pass BASIC_AUTH_PASS basicauth.pass string
auth-anonymous-get AUTH_ANONYMOUS_GET authanonymousget bool false
tls-cert TLS_CERT tls.cert string
tls-key TLS_KEY tls.key string
tls-ca-cert TLS_CA_CERT tls.cacert string
cache CACHE cache.store word
cache-redis-addr CACHE_REDIS_ADDR cache.redis.addr string
cache-redis-password CACHE_REDIS_PASSWORD cache.redis.password string
cache-redis-db CACHE_REDIS_DB cache.redis.db int 0
storage STORAGE storage.backend word
storage-timestamp-tolerance STORAGE_TIMESTAMP_TOLERANCE storage.timestamptolerance duration 0
storage-local-rootdir STORAGE_LOCAL_ROOTDIR storage.local.rootdir string
storage-amazon-bucket STORAGE_AMAZON_BUCKET storage.amazon.bucket string
storage-amazon-prefix STORAGE_AMAZON_PREFIX storage.amazon.prefix string
storage-amazon-region STORAGE_AMAZON_REGION storage.amazon.region string
storage-amazon-endpoint STORAGE_AMAZON_ENDPOINT storage.amazon.endpoint string
storage-amazon-sse STORAGE_AMAZON_SSE storage.amazon.sse string
storage-amazon-force-path-style STORAGE_AMAZON_FORCE_PATH_STYLE storage.amazon.forcepathstyle bool true
storage-google-bucket STORAGE_GOOGLE_BUCKET storage.google.bucket string
storage-google-prefix STORAGE_GOOGLE_PREFIX storage.google.prefix string
storage-oracle-bucket STORAGE_ORACLE_BUCKET storage.oracle.bucket string
storage-oracle-prefix STORAGE_ORACLE_PREFIX storage.oracle.prefix string
storage-oracle-region STORAGE_ORACLE_REGION storage.oracle.region string
storage-oracle-compartmentid STORAGE_ORACLE_COMPARTMENTID storage.oracle.compartmentid string
storage-microsoft-container STORAGE_MICROSOFT_CONTAINER storage.microsoft.container string
storage-microsoft-prefix STORAGE_MICROSOFT_PREFIX storage.microsoft.prefix string
storage-alibaba-bucket STORAGE_ALIBABA_BUCKET storage.alibaba.bucket string
storage-alibaba-prefix STORAGE_ALIBABA_PREFIX storage.alibaba.prefix string
storage-alibaba-endpoint STORAGE_ALIBABA_ENDPOINT storage.alibaba.endpoint string
storage-alibaba-sse STORAGE_ALIBABA_SSE storage.alibaba.sse string
storage-openstack-container STORAGE_OPENSTACK_CONTAINER storage.openstack.container string
storage-openstack-prefix STORAGE_OPENSTACK_PREFIX storage.openstack.prefix string
storage-openstack-region STORAGE_OPENSTACK_REGION storage.openstack.region string
storage-openstack-cacert STORAGE_OPENSTACK_CACERT storage.openstack.cacert string
storage-openstack-auth STORAGE_OPENSTACK_AUTH storage.openstack.auth word auto
storage-baidu-bucket STORAGE_BAIDU_BUCKET storage.baidu.bucket string
storage-baidu-prefix STORAGE_BAIDU_PREFIX storage.baidu.prefix string
storage-baidu-endpoint STORAGE_BAIDU_ENDPOINT storage.baidu.endpoint string
storage-etcd-endpoint STORAGE_ETCD_ENDPOINT storage.etcd.endpoint string http://localhost:2379
storage-etcd-cafile STORAGE_ETCD_CAFILE storage.etcd.cafile string
storage-etcd-certfile STORAGE_ETCD_CERTFILE storage.etcd.certfile string
storage-etcd-keyfile STORAGE_ETCD_KEYFILE storage.etcd.keyfile string
storage-etcd-prefix STORAGE_ETCD_PREFIX storage.etcd.prefix string
storage-tencent-bucket STORAGE_TENCENT_BUCKET storage.tencent.bucket string
storage-tencent-prefix STORAGE_TENCENT_PREFIX storage.tencent.prefix string
storage-tencent-endpoint STORAGE_TENCENT_ENDPOINT storage.tencent.endpoint string
chart-post-form-field-name CHART_POST_FORM_FIELD_NAME chartpostformfieldname string chart
prov-post-form-field-name PROV_POST_FORM_FIELD_NAME provpostformfieldname string prov
max-storage-objects MAX_STORAGE_OBJECTS maxstorageobjects int 0
max-upload-size MAX_UPLOAD_SIZE maxuploadsize int 20971520
index-limit INDEX_LIMIT indexlimit int 0
context-path CONTEXT_PATH contextpath string
depth DEPTH depth int 0
bearer-auth BEARER_AUTH bearerauth bool false
auth-realm AUTH_REALM authrealm string
auth-service AUTH_SERVICE authservice string
auth-cert-path AUTH_CERT_PATH authcertpath string
auth-actions-search-path AUTH_ACTIONS_SEARCH_PATH authactionssearchpath string
depth-dynamic DEPTH_DYNAMIC depthdynamic bool false
cors-alloworigin CORS_ALLOW_ORIGIN cors.alloworigin string
enforce-semver2 ENFORCE_SEMVER2 enforce-semver2 bool false
cache-interval CACHE_INTERVAL cacheinterval duration 5m
listen-host LISTEN_HOST listen.host string 0.0.0.0
per-chart-limit PER_CHART_LIMIT per-chart-limit int 0
web-template-path WEB_TEMPLATE_PATH web-template-path string
artifact-hub-repo-id ARTIFACT_HUB_REPO_ID artifact-hub-repo-id ids
always-regenerate-chart-index ALWAYS_REGENERATE_CHART_INDEX always-regenerate-chart-index bool false
`

interface Row {
  readonly flag: string
  readonly variable: string
  readonly key: string
  readonly type: string
  readonly fallback: string
}

const rows: readonly Row[] = contract
  .trim()
  .split('\n')
  .map((line) => {
    const [flag = '', variable = '', key = '', type = '', fallback = ''] = line.split(' ')
    return { flag, variable, key, type, fallback }
  })

/** Two texts of each type, with the value that each is read as. */
const samples: Readonly<Record<string, readonly [text: string, value: unknown][]>> = {
  int: [
    ['0x7', 7],
    ['010', 8],
  ],
  duration: [
    ['1m30s', 90_000],
    ['2.5h', 9_000_000],
  ],
  string: [
    ['a-b', 'a-b'],
    ['c', 'c'],
  ],
  ids: [
    ['org/a=x=y', new Map([['org/a', 'x=y']])],
    ['root', new Map([['', 'root']])],
  ],
}

/** Settings whose texts have a form of their own. */
const special: Readonly<Record<string, readonly [text: string, value: unknown][]>> = {
  storage: [
    ['LOCAL', 'local'],
    ['etcd', 'etcd'],
  ],
  cache: [
    ['Redis', 'redis'],
    ['', ''],
  ],
  'storage-openstack-auth': [
    ['V1', 'v1'],
    ['auto', 'auto'],
  ],
  'context-path': [
    ['a-b/', '/a-b'],
    ['/c', '/c'],
  ],
  'storage-local-rootdir': [
    ['/a-b', '/a-b'],
    ['/c', '/c'],
  ],
}

/** What is no value of the type, and what the mistake says was expected. */
const bad: Readonly<Record<string, readonly [text: string, expected: string]>> = {
  bool: ['maybe', 'true or false'],
  int: ['1.5', 'a whole number'],
  duration: ['5', 'a duration with a unit'],
  storage: ['netease', 'one of local, minio, amazon'],
  cache: ['memcached', 'one of redis'],
  'storage-openstack-auth': ['v9', 'one of auto, v1'],
  'listen-host': ['a b', 'a host name'],
  'context-path': ['a//b', 'a path of plain segments'],
  'cors-alloworigin': ['a b', 'visible ASCII'],
}

/** What a setting cannot stand without. */
const companions: Readonly<Record<string, readonly string[]>> = {
  'tls-cert': ['--tls-key=k'],
  'tls-key': ['--tls-cert=c'],
  'tls-ca-cert': ['--tls-cert=c', '--tls-key=k'],
  'basic-auth-user': ['--basic-auth-pass=p'],
  'basic-auth-pass': ['--basic-auth-user=u'],
  'bearer-auth': ['--auth-realm=https://a.example', '--auth-service=s', '--auth-cert-path=k.pem'],
  storage: ['--storage-etcd-prefix=/p'],
}

function samplesOf({ flag, type, fallback }: Row): readonly (readonly [string, unknown])[] {
  if (type !== 'bool') return special[flag] ?? samples[type] ?? []
  const on = [
    ['T', true],
    ['1', true],
  ] as const
  const off = [
    ['F', false],
    ['0', false],
  ] as const
  return fallback === 'true' ? [...off, ...on] : [...on, ...off]
}

interface Given {
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly file?: string | undefined
}

/** The value of one setting, with all that it needs beside it. */
function valueOf({ flag }: Row, { argv = [], env = {}, file }: Given): unknown {
  const around = ['--storage=local', '--storage-local-rootdir=/charts', ...(companions[flag] ?? [])]
  const { settings } = loadSettings({
    argv: [...around.filter((one) => !one.startsWith(`--${flag}=`)), ...argv],
    env: { ...env, ...(file === undefined ? {} : { CONFIG: 'c.yaml' }) },
    readFile: () => file ?? '',
  })
  const name = flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  return new Map<string, unknown>(Object.entries(settings)).get(name)
}

function mistakesOf(row: Row, given: Given): readonly string[] {
  try {
    valueOf(row, given)
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes
    throw error
  }
  return []
}

/** `a.b.c` as nested maps. */
const nested = (key: string, value: string): string =>
  key.split('.').reduceRight((inner, part) => `{ ${JSON.stringify(part)}: ${inner} }`, JSON.stringify(value))

/** Every way to give a setting a text. */
function spellings({ flag, variable, key, type }: Row, text: string): readonly [string, Given][] {
  const line: [string, Given][] = [
    ['--x=v', { argv: [`--${flag}=${text}`] }],
    ['-x=v', { argv: [`-${flag}=${text}`] }],
  ]
  // A switch takes its value behind "=" only.
  const apart: [string, Given][] = [
    ['--x v', { argv: [`--${flag}`, text] }],
    ['-x v', { argv: [`-${flag}`, text] }],
  ]
  const file: [string, Given][] = [
    ['dotted key', { file: `${key}: ${JSON.stringify(text)}\n` }],
    ['nested keys', { file: nested(key, text) }],
    ['key in capitals', { file: `${key.toUpperCase()}: ${JSON.stringify(text)}\n` }],
  ]
  return [
    ...line,
    ...(type === 'bool' ? [] : apart),
    ['variable', { env: { [variable]: text } }],
    ...(key === '(none)' ? [] : file),
  ]
}

test('the contract has 86 settings, and every one of them is here with its key and default', () => {
  expect(rows).toHaveLength(86)
  expect(new Set(rows.map(({ flag }) => flag)).size).toBe(86)
  const durations: Readonly<Record<string, string>> = { '5m': '300000', '0': '0' }
  for (const { flag, key, type, fallback } of rows) {
    expect<readonly string[]>(flags).toContain(flag)
    const option = Object.entries(options).find(([name]) => name === flag)?.[1]
    const expected = type === 'duration' ? durations[fallback] : type === 'ids' ? '[object Map]' : fallback
    expect({ flag, key: option?.key, fallback: String(option?.default) }).toEqual({
      flag,
      key: key === '(none)' ? '' : key,
      fallback: expected ?? '',
    })
  }
})

for (const row of rows) {
  describe(`--${row.flag}`, () => {
    test('can be given by flag, variable and file', () => {
      const [[text = '', value] = []] = samplesOf(row)
      for (const [spelling, given] of spellings(row, text)) {
        expect({ spelling, value: valueOf(row, given) }).toEqual({ spelling, value })
      }
      if (row.type === 'bool') expect(valueOf(row, { argv: [`--${row.flag}`] })).toBe(true)
    })

    test('is the flag before the variable before the file', () => {
      const [[first = '', one] = [], [second = ''] = []] = samplesOf(row)
      const [, off = ['0', false]] = samplesOf(row).filter(([, value]) => value !== one)
      const other = row.type === 'bool' ? String(off[0]) : second
      const env = { [row.variable]: other }
      const file = row.key === '(none)' ? undefined : `${row.key}: ${JSON.stringify(other)}\n`
      expect(valueOf(row, { argv: [`--${row.flag}=${first}`], env, file })).toEqual(one)
      if (row.flag !== 'config') {
        expect(valueOf(row, { env: { [row.variable]: first }, file })).toEqual(one)
        expect(valueOf(row, { file })).not.toEqual(one)
      }
    })

    const [text, expected] = bad[row.flag] ?? bad[row.type] ?? []
    if (text !== undefined && expected !== undefined) {
      test('with a value of another kind is a mistake that names flag, variable, key, value and what is allowed', () => {
        for (const [spelling, given] of spellings(row, text)) {
          // In the file a number without a unit counts nanoseconds.
          if (row.type === 'duration' && given.file !== undefined) continue
          const [mistake = '', ...others] = mistakesOf(row, given)
          expect({ spelling, others }).toEqual({ spelling, others: [] })
          for (const word of [`--${row.flag}`, row.variable, row.key, JSON.stringify(text), expected]) {
            expect(mistake).toContain(word)
          }
          if (given.file !== undefined) expect(mistake).toStartWith('c.yaml line 1: ')
        }
      })
    }

    if (row.key !== '(none)') {
      test('is no list of maps in the file', () => {
        const [mistake = ''] = mistakesOf(row, { file: `\n${row.key}:\n  - a: b\n` })
        expect(mistake).toStartWith(`c.yaml line 2: "${row.key}" `)
        for (const word of [`--${row.flag}`, row.variable]) expect(mistake).toContain(word)
      })
    }
  })
}

test.each(rows.filter(({ type }) => type === 'bool' || type === 'int' || type === 'duration'))(
  'a variable $variable that is set but empty is off, or a mistake where a number is wanted',
  (row) => {
    const given = { env: { [row.variable]: '' }, file: `${row.key}: true\n` }
    if (row.type === 'bool') expect(valueOf(row, given)).toBe(false)
    else expect(mistakesOf(row, given)).toHaveLength(1)
  },
)
