import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assetUrl } from '../../src/http/web/assets.ts'
import { changes, provenanceOf, type Send, type Sent } from '../support/access-changes.ts'
import {
  accessParts,
  certificateModes,
  modes,
  repository,
  type AccessParts,
  type Mode,
  type Who,
} from '../support/access-modes.ts'
import {
  accessMarkdown,
  allowed,
  requests,
  type Allowed,
  unknown,
  type Result,
} from '../support/access-table.ts'
import { authority } from '../support/authority.ts'
import { chart } from '../support/chart-builder.ts'
import { oddCredentials } from '../support/odd-credentials.ts'
import { peer, peerTest } from '../support/peers.ts'
import { head, parseResponse, rawConnection } from '../support/raw-http.ts'
import { projectRoot, startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

setDefaultTimeout(120_000)

let folder: TempFolder
let parts: AccessParts
const servers = new Map<Mode, RunningServer>()

/** The same charts in every mode, put into the store before the servers start. */
async function startAs(mode: Mode, more: readonly string[] = []): Promise<void> {
  const charts = join(folder.path, 'charts', mode)
  for (const version of ['1.0.0', '1.1.0']) {
    // What makes HTML of one takes half a second to load, on every server.
    const app = chart('app', version).without('README.md')
    await Bun.write(join(charts, repository, app.file), await app.tgz())
    await Bun.write(join(charts, repository, `${app.file}.prov`), provenanceOf('app', version))
  }
  const flags = [
    '--depth',
    '1',
    '--cors-alloworigin',
    '*',
    '--artifact-hub-repo-id',
    `${repository}=id`,
    '--enable-metrics',
  ]
  // So that each wrong password comes from somebody else: whoever guesses often has to wait.
  const proxy = ['--trusted-proxies', '127.0.0.1']
  servers.set(
    mode,
    await startServer({
      folder: charts,
      flags: [...parts.flags(mode), ...flags, ...proxy, ...more],
      ...(more.length > 0 && certificate && { certificate }),
    }),
  )
}

/** What a client shows who has a certificate; undefined where there is no openssl. */
let certificate: { readonly cert: string; readonly key: string } | undefined

async function certificateFlags(): Promise<string[]> {
  const openssl = peer('openssl')
  if (openssl === undefined) return []
  const ours = await authority(openssl, folder.path, 'authority')
  const own = await ours.issue('server')
  const { cert, key } = await ours.issue('client', { usage: 'clientAuth' })
  certificate = { cert: await Bun.file(cert).text(), key: await Bun.file(key).text() }
  return ['--tls-cert', own.cert, '--tls-key', own.key, '--tls-ca-cert', ours.file]
}

beforeAll(async () => {
  folder = await tempFolder()
  parts = await accessParts(folder.path)
  const withCertificates = await certificateFlags()
  await Promise.all([
    ...modes.map((mode) => startAs(mode)),
    ...(certificate === undefined ? [] : certificateModes.map((mode) => startAs(mode, withCertificates))),
  ])
})

afterAll(async () => {
  for (const server of servers.values()) await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** What a browser says of itself and of an empty form. */
const browser = { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' }
let clients = 0

/** How a caller asks the server of a mode. */
function senderOf(mode: Mode, who: Who): Send {
  const url = servers.get(mode)?.url ?? ''
  const authorization = parts.authorization(who)
  return async (method, path, { body, headers } = {}) => {
    clients += 1
    const asked = fetch(url + path, {
      method,
      tls: { rejectUnauthorized: false, ...(who !== 'no certificate' && certificate) },
      redirect: 'manual',
      headers: {
        'x-forwarded-for': `198.51.${clients >> 8}.${clients & 255}`,
        ...(authorization !== undefined && { authorization }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    })
    // A connection that is cut before anything was answered.
    const response = await asked.catch(() => undefined)
    if (response === undefined) return { status: 0, headers: new Headers(), text: '' }
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
}

/** What the answer says about rights; anything that is neither the answer nor a refusal as its status. */
function resultOf(mode: Mode, sent: Sent, status: number): string {
  const { headers, text } = sent
  if (sent.status === 0) return 'cut'
  if (sent.status === 401) {
    const scheme = mode.startsWith('bearer') ? 'Bearer realm="https://auth' : 'Basic realm="ChartMuseum"'
    const challenge = headers.get('www-authenticate') ?? 'none'
    return challenge.startsWith(scheme) ? '401' : `401 with the challenge ${challenge}`
  }
  const location = headers.get('location')
  if (sent.status === 303 && location?.startsWith('/?signin&next=') === true) return 'sign-in'
  if (sent.status === status) return 'yes'
  const isRefusal = sent.status === 403 && /may not push here/.test(text)
  return isRefusal || (sent.status === 403 && text === '') ? '403' : String(sent.status)
}

/** Sends every request as this caller, and compares what comes of it with the table. */
async function compare(mode: Mode, who: Who, results: Allowed['results']): Promise<void> {
  const send = senderOf(mode, who)
  const server = servers.get(mode)
  if (server === undefined) throw new Error(`${mode} was not started`)
  const asset = { kind: 'public', method: 'GET', path: await assetUrl('', 'chartroom.css') } as const
  const all = [...requests, { ...asset, status: 200, isPage: false }]
  const got: string[] = []
  const wanted: string[] = []
  const note = (about: string, result: string, expected: Result | '404') => {
    got.push(`${about}: ${result}`)
    wanted.push(`${about}: ${expected}`)
  }
  for (const { kind, method, path, status, isPage } of all) {
    const sent = await send(method, path, isPage ? { headers: browser } : {})
    note(`${method} ${path}`, resultOf(mode, sent, status), results[kind])
  }
  const elsewhere = results.public === 'cut' ? 'cut' : '404'
  for (const [method, path] of unknown) {
    note(`${method} ${path}`, resultOf(mode, await send(method, path), 200), elsewhere)
  }
  const before = await server.charts()
  const own = `own-${who.replaceAll(' ', '-')}`
  for (const { name, status, send: change } of changes) {
    note(name, resultOf(mode, await change(send, own), status), results.change)
  }
  expect(got).toEqual(wanted)
  expect(await server.charts()).toEqual(before)
}

const rowsOf = (mode: Mode) =>
  allowed.filter((row) => row.mode === mode).map(({ who, results }) => [who, results] as const)

describe.each(modes)('access: %s', (mode) => {
  test.each(rowsOf(mode))('%s', (who, results) => compare(mode, who, results))
})

describe.each(certificateModes)('access: %s', (mode) => {
  for (const [who, results] of rowsOf(mode)) {
    peerTest(['openssl'], who, () => compare(mode, who, results))
  }
})

describe.each(modes.filter((mode) => mode !== 'open'))('odd credentials: %s', (mode) => {
  const right = mode.startsWith('bearer')
    ? 'token for everything'
    : mode.startsWith('users')
      ? 'writer'
      : 'pair'

  // Both need a right in every mode; a browser that may read is sent to sign in.
  const remove = { method: 'DELETE', target: `/api/${repository}/charts/app/1.0.0` }
  const page = { target: `/${repository}/-/upload`, headers: { Accept: 'text/html' } }

  test.each([remove, page])('are all answered as none are, whatever they are: %o', async (request) => {
    const server = servers.get(mode)
    if (server === undefined) throw new Error(`${mode} was not started`)
    const ask = async (values: readonly string[]) => {
      clients += 1
      const lines = values.map((value) => `Authorization: ${value}\r\n`).join('')
      const from = `X-Forwarded-For: 198.51.${clients >> 8}.${clients & 255}\r\n`
      using connection = await rawConnection(server.port)
      const start = head(server.port, request).slice(0, -2)
      await connection.send(Buffer.from(`${start}${from}${lines}\r\n`, 'latin1'))
      const { status, headers, text } = parseResponse(await connection.received())
      const { 'x-request-id': _, date: __, ...same } = Object.fromEntries(headers)
      return { status, headers: same, text: text() }
    }
    const none = await ask([])
    if (request === remove) expect(none).toMatchObject({ status: 401, text: '{"error":"unauthorized"}' })
    if (none.status !== 303) expect(none).toMatchObject({ status: 401 })
    expect(Object.keys(none.headers)).toContain(none.status === 303 ? 'location' : 'www-authenticate')
    for (const { name, values, isNoHttp } of oddCredentials(parts.authorization(right) ?? '')) {
      const told = await ask(values)
      if (isNoHttp === true && told.status === 400) continue
      expect({ name, ...told }).toEqual({ name, ...none })
    }
    expect(await server.charts()).toContain(`${repository}/app-1.0.0.tgz`)
  })
})

test('the README shows the table; `bun .ci/access.ts` writes it', () => {
  const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8')
  const [, shown = ''] = /<!-- access -->\n([\s\S]*?)<!-- \/access -->/.exec(readme) ?? []
  expect(shown.trim()).toBe(accessMarkdown())
})
