import { expect, test } from 'bun:test'
import { loadSettings } from '../../src/config/load.ts'
import { flags, groups, optionOf, options, settingOf, variableOf } from '../../src/config/options.ts'

/** Flag, config key and default of ChartMuseum 0.16.5, from its documentation and from running it. */
const chartMuseum = `
gen-index genindex false
debug debug false
log-json logjson false
log-health loghealth false
log-latency-integer loglatencyinteger false
disable-metrics disablemetrics false
enable-metrics enablemetrics false
disable-api disableapi false
disable-delete disabledelete false
disable-statefiles disablestatefiles false
json-index json-index false
allow-overwrite allowoverwrite false
disable-force-overwrite disableforceoverwrite false
port port 8080
read-timeout readtimeout 30
write-timeout writetimeout 30
chart-url charturl
basic-auth-user basicauth.user
basic-auth-pass basicauth.pass
auth-anonymous-get authanonymousget false
tls-cert tls.cert
tls-key tls.key
tls-ca-cert tls.cacert
cache cache.store
cache-redis-addr cache.redis.addr
cache-redis-password cache.redis.password
cache-redis-db cache.redis.db 0
storage storage.backend
storage-timestamp-tolerance storage.timestamptolerance 0
storage-local-rootdir storage.local.rootdir
storage-amazon-bucket storage.amazon.bucket
storage-amazon-prefix storage.amazon.prefix
storage-amazon-region storage.amazon.region
storage-amazon-endpoint storage.amazon.endpoint
storage-amazon-sse storage.amazon.sse
storage-amazon-force-path-style storage.amazon.forcepathstyle true
storage-google-bucket storage.google.bucket
storage-google-prefix storage.google.prefix
storage-oracle-bucket storage.oracle.bucket
storage-oracle-prefix storage.oracle.prefix
storage-oracle-region storage.oracle.region
storage-oracle-compartmentid storage.oracle.compartmentid
storage-microsoft-container storage.microsoft.container
storage-microsoft-prefix storage.microsoft.prefix
storage-alibaba-bucket storage.alibaba.bucket
storage-alibaba-prefix storage.alibaba.prefix
storage-alibaba-endpoint storage.alibaba.endpoint
storage-alibaba-sse storage.alibaba.sse
storage-openstack-container storage.openstack.container
storage-openstack-prefix storage.openstack.prefix
storage-openstack-region storage.openstack.region
storage-openstack-cacert storage.openstack.cacert
storage-openstack-auth storage.openstack.auth auto
storage-baidu-bucket storage.baidu.bucket
storage-baidu-prefix storage.baidu.prefix
storage-baidu-endpoint storage.baidu.endpoint
storage-etcd-endpoint storage.etcd.endpoint http://localhost:2379
storage-etcd-cafile storage.etcd.cafile
storage-etcd-certfile storage.etcd.certfile
storage-etcd-keyfile storage.etcd.keyfile
storage-etcd-prefix storage.etcd.prefix
storage-tencent-bucket storage.tencent.bucket
storage-tencent-prefix storage.tencent.prefix
storage-tencent-endpoint storage.tencent.endpoint
chart-post-form-field-name chartpostformfieldname chart
prov-post-form-field-name provpostformfieldname prov
max-storage-objects maxstorageobjects 0
max-upload-size maxuploadsize 20971520
index-limit indexlimit 0
context-path contextpath
depth depth 0
bearer-auth bearerauth false
auth-realm authrealm
auth-service authservice
auth-cert-path authcertpath
auth-actions-search-path authactionssearchpath
depth-dynamic depthdynamic false
cors-alloworigin cors.alloworigin
enforce-semver2 enforce-semver2 false
cache-interval cacheinterval 300000
listen-host listen.host 0.0.0.0
per-chart-limit per-chart-limit 0
web-template-path web-template-path
artifact-hub-repo-id artifact-hub-repo-id [object Map]
always-regenerate-chart-index always-regenerate-chart-index false
`
const rows = chartMuseum
  .trim()
  .split('\n')
  .map((line) => {
    const [flag = '', key = '', ...rest] = line.split(' ')
    return { flag, key, fallback: rest.join(' ') }
  })

/** A text that the setting's reader takes. */
function example(flag: (typeof flags)[number]): string {
  const { reader } = optionOf(flag)
  const tries = ['true', '1', '5m', 'local', 'redis', 'v1', 'auto', 'https://charts.example.com', 'a']
  return tries.find((text) => reader.read(text) !== undefined) ?? ''
}

test('the table has all 85 settings of ChartMuseum, with its keys and defaults, and --config', () => {
  expect(rows).toHaveLength(85)
  expect(flags).toContain('config')
  for (const { flag, key, fallback } of rows) {
    const option = Object.entries(options).find(([name]) => name === flag)?.[1]
    expect({ flag, key: option?.key, fallback: String(option?.default) }).toEqual({ flag, key, fallback })
  }
})

test('variables are the flags in upper case, with one exception of ChartMuseum', () => {
  expect(variableOf('storage-local-rootdir')).toBe('STORAGE_LOCAL_ROOTDIR')
  // ChartMuseum: the flag has no dash between "allow" and "origin", the variable has.
  expect(variableOf('cors-alloworigin')).toBe('CORS_ALLOW_ORIGIN')
  expect(new Set(flags.map(variableOf)).size).toBe(flags.length)
})

test('no two settings share a file key, and no key is the beginning of another', () => {
  const keys = flags.map((flag) => optionOf(flag).key).filter((key) => key !== '')
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys.filter((key) => keys.some((other) => other.startsWith(`${key}.`)))).toEqual([])
  expect(keys.filter((key) => key !== key.toLowerCase())).toEqual([])
})

test('every setting stands in exactly one group', () => {
  const grouped = Object.values(groups).flatMap((group) => Object.keys(group))
  expect(grouped.sort()).toEqual([...flags].sort())
})

test.each(flags.map((flag) => [flag]))('--%s can be given by flag, variable and file', (flag) => {
  const { reader, key, later } = optionOf(flag)
  const text = example(flag)
  const expected = reader.read(text)
  const base = ['--storage=local', '--storage-local-rootdir=/charts']
  const needs: Record<string, string[]> = {
    'tls-cert': ['--tls-key=k'],
    'tls-key': ['--tls-cert=c'],
    'basic-auth-user': ['--basic-auth-pass=p'],
    'basic-auth-pass': ['--basic-auth-user=u'],
  }
  const file = flag === 'config' ? '' : `${key}: ${JSON.stringify(text)}\n`
  const ways: [string[], Record<string, string>][] = [
    [[...base, ...(needs[flag] ?? []), `--${flag}=${text}`], {}],
    [[...base, ...(needs[flag] ?? []), `-${flag}=${text}`], {}],
    [
      [...base.filter((given) => !given.startsWith(`--${flag}=`)), ...(needs[flag] ?? [])],
      { [variableOf(flag)]: text },
    ],
    [
      [...base.filter((given) => !given.startsWith(`--${flag}=`)), ...(needs[flag] ?? [])],
      { CONFIG: 'f.yaml' },
    ],
  ]
  for (const [argv, env] of flag === 'config' ? ways.slice(0, 3) : ways) {
    const load = () => loadSettings({ argv, env, readFile: () => file })
    if (later !== undefined) expect(load).toThrow(`--${flag} cannot be used yet`)
    else if (flag === 'storage-local-rootdir') expect(load().settings[settingOf(flag)]).toEndWith(text)
    else if (flag === 'tls-self-signed-dir') expect(load().settings[settingOf(flag)]).toEndWith(text)
    else expect(load().settings[settingOf(flag)]).toEqual(expected as string)
  }
})
