import { markdownTable } from '../../src/config/markdown-table.ts'
import { repository, type Mode, type Who } from './access-modes.ts'

/** What a request is about, as far as rights are concerned. */
export const kinds = ['public', 'server', 'repository', 'change', 'question'] as const
export type Kind = (typeof kinds)[number]

/** Answered; asked who is there; known and not allowed; sent to where a browser signs in; not even connected. */
export type Result = 'yes' | '401' | '403' | 'sign-in' | 'cut'

type Results = readonly [pub: Result, server: Result, repository: Result, change: Result, question: Result]

/** Everything that is allowed: callers of one mode who get the same answers share a row. */
export const accessTable: readonly (readonly [mode: Mode, who: readonly Who[], ...Results])[] = [
  ['open', ['nobody', 'wrong password', 'no token'], 'yes', 'yes', 'yes', 'yes', 'yes'],

  ['pair', ['nobody', 'wrong password', 'unknown user'], 'yes', '401', '401', '401', '401'],
  ['pair', ['pair'], 'yes', 'yes', 'yes', 'yes', 'yes'],

  ['pair, anonymous get', ['nobody', 'wrong password'], 'yes', 'yes', 'yes', '401', 'sign-in'],
  ['pair, anonymous get', ['pair'], 'yes', 'yes', 'yes', 'yes', 'yes'],

  ['users', ['nobody', 'wrong password', 'unknown user', 'pair'], 'yes', '401', '401', '401', '401'],
  ['users', ['reader'], 'yes', 'yes', 'yes', '403', '403'],
  ['users', ['writer'], 'yes', 'yes', 'yes', 'yes', 'yes'],

  ['users, anonymous get', ['nobody', 'wrong password'], 'yes', 'yes', 'yes', '401', 'sign-in'],
  ['users, anonymous get', ['reader'], 'yes', 'yes', 'yes', '403', '403'],
  ['users, anonymous get', ['writer'], 'yes', 'yes', 'yes', 'yes', 'yes'],

  ['pair and users', ['nobody', 'wrong password', 'unknown user'], 'yes', '401', '401', '401', '401'],
  ['pair and users', ['reader'], 'yes', 'yes', 'yes', '403', '403'],
  ['pair and users', ['writer', 'pair'], 'yes', 'yes', 'yes', 'yes', 'yes'],

  ['bearer', ['nobody', 'no token', 'pair', 'expired token'], 'yes', '401', '401', '401', '401'],
  ['bearer', ['token of a stranger', 'token of another repository'], 'yes', '401', '401', '401', '401'],
  ['bearer', ['token to pull'], 'yes', '401', 'yes', '401', '401'],
  ['bearer', ['token to push'], 'yes', '401', '401', 'yes', 'yes'],
  ['bearer', ['token to pull and push'], 'yes', '401', 'yes', 'yes', 'yes'],
  ['bearer', ['token for everything'], 'yes', 'yes', 'yes', 'yes', 'yes'],

  ['bearer, anonymous get', ['nobody', 'expired token'], 'yes', 'yes', 'yes', '401', '401'],
  [
    'bearer, anonymous get',
    ['token to pull', 'token of another repository'],
    'yes',
    'yes',
    'yes',
    '401',
    '401',
  ],
  ['bearer, anonymous get', ['token to push'], 'yes', 'yes', 'yes', 'yes', 'yes'],

  ['certificates', ['no certificate'], 'cut', 'cut', 'cut', 'cut', 'cut'],
  ['certificates', ['nobody', 'wrong password'], 'yes', 'yes', 'yes', 'yes', 'yes'],

  ['certificates and users', ['no certificate'], 'cut', 'cut', 'cut', 'cut', 'cut'],
  ['certificates and users', ['nobody', 'wrong password'], 'yes', '401', '401', '401', '401'],
  ['certificates and users', ['reader'], 'yes', 'yes', 'yes', '403', '403'],
  ['certificates and users', ['writer'], 'yes', 'yes', 'yes', 'yes', 'yes'],
]

/** What a caller gets who asks for something of a kind. */
export interface Allowed {
  readonly mode: Mode
  readonly who: Who
  readonly results: Readonly<Record<Kind, Result>>
}

/** The table, a row for each caller. */
export const allowed: readonly Allowed[] = accessTable.flatMap(([mode, several, ...results]) =>
  several.map((who) => ({
    mode,
    who,
    results: Object.fromEntries(kinds.map((kind, at) => [kind, results[at]])) as Record<Kind, Result>,
  })),
)

/** One request, and the status of its answer where it is allowed. */
export interface AccessRequest {
  readonly kind: Kind
  readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST'
  readonly path: string
  readonly status: number
  /** A browser wants to show a page; it tells errors as pages, too. */
  readonly isPage: boolean
}

type Line = readonly [path: string, status?: number, method?: AccessRequest['method']]

const api = `/api/${repository}/charts`
const chart = `/${repository}/-/chart/app`

/**
 * What programs ask of the chart "app". Not what is read by the worker (README, comparison), which takes each server more
 * than half a second to load: every row there is, is gone through elsewhere.
 */
const forPrograms: Readonly<Partial<Record<Kind, readonly Line[]>>> = {
  public: [
    ['/health'],
    ['/health', 200, 'HEAD'],
    ['/livez'],
    ['/readyz'],
    ['/info'],
    ['/metrics'],
    ['/favicon.ico'],
    ['/robots.txt'],
    ['/swagger', 302],
    [api, 204, 'OPTIONS'],
  ],
  server: [['/-/openapi.json'], ['/swagger/json'], ['/-/api/chartsvc/v1/charts/search?q=app']],
  repository: [
    [`/${repository}/index.yaml`],
    [`/${repository}/index.yaml`, 200, 'HEAD'],
    [`/${repository}/charts/app-1.0.0.tgz`],
    [`/${repository}/charts/app-1.0.0.tgz`, 200, 'HEAD'],
    [`/${repository}/charts/app-1.0.0.tgz.prov`],
    [`/${repository}/artifacthub-repo.yml`],
    [api],
    [`${api}?q=app`],
    [`${api}/app`],
    [`${api}/app`, 200, 'HEAD'],
    [`/${repository}/api/charts/app`],
    [`${api}/app/1.0.0`],
    [`${api}/app/1.0.0/templates`],
    [`${api}/app/1.0.0/values`],
    [`${api}/app/1.0.0/files`],
    [`${api}/app/1.0.0/raw?path=values.yaml`],
    [`/api/${repository}/chartsvc/v1/charts/search?q=app`],
  ],
}

/** What a browser shows. */
const forPeople: Readonly<Partial<Record<Kind, readonly Line[]>>> = {
  public: [['/-/shortcuts'], ['/-/signed-out'], ['/-/prefs', 303, 'POST']],
  server: [['/'], ['/', 200, 'HEAD'], ['/-/search?q=app'], ['/-/api'], ['/-/whoami']],
  repository: [
    [`/${repository}/`],
    [`${chart}/1.0.0`],
    [`${chart}/versions`],
    [`${chart}/icon`],
    [`${chart}/1.0.0/files`],
    [`${chart}/1.0.0/raw/values.yaml`],
  ],
  question: [
    [`/${repository}/-/upload`],
    [`/${repository}/-/upload`, 200, 'HEAD'],
    [`${chart}/1.0.0/delete`],
    [`${chart}/delete`],
    [`/${repository}/-/trash`],
  ],
}

/** Requests that change nothing, whoever sends them. */
export const requests: readonly AccessRequest[] = [
  ...requestsOf(forPrograms, false),
  ...requestsOf(forPeople, true),
]

function requestsOf(
  lines: Readonly<Partial<Record<Kind, readonly Line[]>>>,
  isPage: boolean,
): AccessRequest[] {
  return kinds.flatMap((kind) =>
    (lines[kind] ?? []).map(([path, status = 200, method = 'GET']) => ({
      kind,
      method,
      path,
      status,
      isPage,
    })),
  )
}

/** What nobody gets an answer to, whatever they may do. */
export const unknown: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/nothing'],
  ['GET', '/api/nothing'],
  ['POST', `/${repository}/index.yaml`],
  ['DELETE', `/${repository}/charts/app-1.0.0.tgz`],
  ['PUT', api],
  ['PATCH', `${api}/app/1.0.0`],
  ['OPTIONS', `/${repository}/index.yaml`],
]

const about: Readonly<Record<Kind, readonly [column: string, what: string]>> = {
  public: ['Public', '`/health`, `/livez`, `/readyz`, `/info`, `/metrics`, style sheets and scripts'],
  server: ['Server', 'home page, search, explorer, `/-/openapi.json`, `/-/whoami`'],
  repository: ['Read', 'index, archives, provenance, `GET` below `/api`, pages of charts'],
  change: ['Change', 'upload, delete, restore: `POST` and `DELETE` below `/api`, forms'],
  question: ['Ask to change', 'the pages that hold those forms'],
}

const modeNames: Readonly<Record<Mode, string>> = {
  open: 'no credentials set',
  pair: '`--basic-auth-user`',
  'pair, anonymous get': '`--basic-auth-user --auth-anonymous-get`',
  users: '`--basic-auth-htpasswd`',
  'users, anonymous get': '`--basic-auth-htpasswd --auth-anonymous-get`',
  'pair and users': '`--basic-auth-user --basic-auth-htpasswd`',
  bearer: '`--bearer-auth`',
  'bearer, anonymous get': '`--bearer-auth --auth-anonymous-get`',
  certificates: '`--tls-ca-cert`',
  'certificates and users': '`--tls-ca-cert --basic-auth-htpasswd`',
}

const whoNames: Readonly<Partial<Record<Who, string>>> = {
  reader: 'whoever is named in `--read-only-users`',
  writer: 'another user of the file',
  pair: 'the user of `--basic-auth-user`',
  'no token': 'something that is no token',
  'no certificate': 'anybody without a certificate of that authority',
}

/** The table as Markdown, for the README. */
export function accessMarkdown(): string {
  const rows = accessTable.map(([mode, who, ...results]) => [
    modeNames[mode],
    who.map((one) => whoNames[one] ?? one).join(', '),
    ...results,
  ])
  const head = ['Set', 'Who asks', ...kinds.map((kind) => about[kind][0])]
  const columns = kinds.map((kind) => `- **${about[kind][0]}**: ${about[kind][1]}`)
  return `${columns.join('\n')}\n\n${markdownTable(head, rows)}`
}
