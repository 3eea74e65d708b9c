import {
  duration,
  isNetwork,
  limit,
  list,
  oneOf,
  special,
  text,
  toggle,
  whole,
  type Option,
} from './option.ts'
import { accessOptions, tlsOptions } from './options-access.ts'
import { backendGroups, remoteOptions, storageOptions } from './options-storage.ts'
import { uiOptions } from './options-ui.ts'
import { contextPath, headerText, listenHost, repositoryIds, webAddress } from './readers.ts'
import { twinOf, type Twin } from './file-twins.ts'

const serverOptions = {
  config: text('', 'FILE', 'Config file (YAML) with any of these settings by their file key', { short: 'c' }),
  port: whole('port', { default: 8080, max: 65_535 }, 'Port to listen on; 0 takes a free one'),
  'listen-host': special(
    'listen.host',
    listenHost,
    '0.0.0.0',
    'Address to listen on; 0.0.0.0 is every address of this computer',
    { shown: '0.0.0.0, in local trial mode 127.0.0.1' },
  ),
  'context-path': special('contextpath', contextPath, '', 'Path in front of every URL, such as /charts'),
  'public-url': special(
    'publicurl',
    webAddress,
    '',
    'Address by which clients reach this server, such as https://charts.example.com, where a proxy stands in front',
  ),
  'trusted-proxies': list(
    'trustedproxies',
    { takes: 'LIST', expected: 'a list of IP addresses or networks such as 10.0.0.0/8', valid: isNetwork },
    'Addresses or networks of proxies whose X-Forwarded-… headers are believed, separated by commas',
  ),
  'read-timeout': whole(
    'readtimeout',
    { default: 30, max: 86_400 },
    'Seconds that a request may take to arrive; 0 is no limit',
  ),
  'write-timeout': whole(
    'writetimeout',
    { default: 30, max: 86_400 },
    'Seconds that a client may go without taking any of its answer; 0 is no limit',
  ),
  'max-upload-size': whole(
    'maxuploadsize',
    { default: 20_971_520 },
    'Largest upload, in bytes, of charts and provenance files',
  ),
  'cors-alloworigin': special(
    'cors.alloworigin',
    headerText,
    '',
    'Access-Control-Allow-Origin of the answers below /api, such as * or https://ui.example.com',
    { variable: 'CORS_ALLOW_ORIGIN' },
  ),
  'web-template-path': text(
    'web-template-path',
    'FOLDER',
    'Folder with an own index.html for the home page; files below its folder static are served too',
  ),
}

const repositoryOptions = {
  depth: whole('depth', { default: 0, max: 10 }, 'Number of path segments that name a repository'),
  'depth-dynamic': toggle('depthdynamic', 'Repositories at any depth; --depth then has no meaning'),
  'chart-url': text('charturl', 'URL', 'Start of the chart URLs in the index; without it they are relative'),
  'index-format': oneOf(
    'indexformat',
    ['auto', 'yaml', 'json'],
    'auto',
    'How index.yaml is written: yaml, json (which every Helm reads, faster), or auto, which lets Chartroom choose',
  ),
  'json-index': toggle('json-index', 'Short for --index-format json'),
  'index-limit': whole(
    'indexlimit',
    { default: 0, max: 10_000 },
    'How many archives are opened at once to make an index',
    { noEffect: 'Chartroom opens at most four at once, whatever opens them' },
  ),
  'disable-api': toggle('disableapi', 'Without the routes below /api and the pages that upload or delete'),
  'disable-delete': toggle('disabledelete', 'Without the routes that delete'),
  'disable-statefiles': toggle('disablestatefiles', 'Without index-cache.yaml in the storage'),
  'allow-overwrite': toggle('allowoverwrite', 'A chart version may be uploaded again without ?force'),
  'disable-force-overwrite': toggle('disableforceoverwrite', 'Not even ?force replaces a chart version'),
  'idempotent-publish': toggle(
    'idempotentpublish',
    'Uploading the very same bytes again answers 201 in place of 409',
  ),
  'max-storage-objects': limit('maxstorageobjects', 'Most files in one repository; 0 is no limit'),
  'per-chart-limit': limit('per-chart-limit', 'Most versions of one chart, the oldest goes; 0 is no limit'),
  'chart-post-form-field-name': text(
    'chartpostformfieldname',
    'NAME',
    'Another form field for charts in uploads, beside chart',
    { fallback: 'chart' },
  ),
  'prov-post-form-field-name': text(
    'provpostformfieldname',
    'NAME',
    'Another form field for provenance files, beside prov',
    { fallback: 'prov' },
  ),
  'artifact-hub-repo-id': special<ReadonlyMap<string, string>>(
    'artifact-hub-repo-id',
    repositoryIds,
    new Map(),
    'Artifact Hub id of a repository, served as artifacthub-repo.yml; may be given several times',
  ),
  'gen-index': toggle('genindex', 'Print the index of the root repository and exit'),
  'cache-interval': duration(
    'cacheinterval',
    300_000,
    'How often the whole storage is listed again; 0 is never. Changes in a local folder show at once in any case',
    { shown: '5m' },
  ),
  'always-regenerate-chart-index': toggle(
    'always-regenerate-chart-index',
    'Compare the index with the storage on every request',
    { noEffect: 'the index always shows what is stored' },
  ),
}

const logOptions = {
  debug: toggle('debug', 'Log more'),
  'log-json': toggle('logjson', 'Write the log as JSON, one object per line'),
  'log-health': toggle('loghealth', 'Log health checks too'),
  'log-latency-integer': toggle('loglatencyinteger', 'Log latencies as whole nanoseconds'),
  'enable-metrics': toggle('enablemetrics', 'Serve Prometheus metrics at /metrics'),
}

const retiredOptions = {
  'disable-metrics': toggle('disablemetrics', 'Deprecated', {
    deprecated: 'metrics are off without --enable-metrics',
  }),
  'enforce-semver2': toggle('enforce-semver2', 'Deprecated', {
    deprecated: 'versions are judged as Helm judges them',
  }),
  cache: oneOf('cache.store', ['redis'], '', 'External cache of ChartMuseum', {
    noEffect:
      'Chartroom keeps its index in memory and in the storage, shared by all its servers, and needs no Redis',
  }),
  'cache-redis-addr': text('cache.redis.addr', 'HOST:PORT', 'Address of that Redis'),
  'cache-redis-password': text('cache.redis.password', 'PASSWORD', 'Password of that Redis', {
    secret: true,
  }),
  'cache-redis-db': whole('cache.redis.db', { default: 0 }, 'Database of that Redis'),
}

/** The settings as the help and the README show them. */
export const groups = {
  Server: serverOptions,
  Repositories: repositoryOptions,
  Storage: storageOptions,
  Access: accessOptions,
  HTTPS: tlsOptions,
  Pages: uiOptions,
  'Log and metrics': logOptions,
  ...backendGroups,
  'Accepted without effect': retiredOptions,
}

/** Every setting, once. Flag = name, variable = the name in upper case with "_" unless given. */
export const options = {
  ...serverOptions,
  ...repositoryOptions,
  ...storageOptions,
  ...accessOptions,
  ...tlsOptions,
  ...uiOptions,
  ...logOptions,
  ...remoteOptions,
  ...retiredOptions,
}

type Camel<T extends string> = T extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : T

/** A setting's flag without its dashes in front. */
export type Flag = keyof typeof options

/** The value of every setting, named like its flag: `listenHost`, `maxUploadSize`. Durations are milliseconds. */
export type Settings = {
  readonly [F in Flag as Camel<F>]: (typeof options)[F] extends Option<infer T> ? T : never
}

/** Every flag, in the order of the table. */
export const flags = Object.keys(options) as Flag[]

/** The options without their exact types, for code that treats all alike. */
export const optionOf = (flag: Flag): Option<unknown> => options[flag] as Option<unknown>

/** The environment variable of a flag. */
export const variableOf = (flag: Flag): string =>
  optionOf(flag).variable ?? flag.toUpperCase().replaceAll('-', '_')

/** How a file with the value of a flag is named; undefined where the value has to be given itself. */
export const fileTwinOf = (flag: Flag): Twin | undefined =>
  twinOf({ flag, variable: variableOf(flag) }, optionOf(flag))

/** The name of a flag's value in `Settings`. */
export const settingOf = (flag: Flag): keyof Settings =>
  flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()) as keyof Settings
