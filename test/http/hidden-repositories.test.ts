import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Access, Action, Caller } from '../../src/http/access/access.ts'
import { basicChallenge } from '../../src/http/access/basic.ts'
import type { Row } from '../../src/http/route.ts'
import { chart } from '../support/chart-builder.ts'
import { addressOf, inside, type Inside, type ServedInside } from '../support/in-process.ts'
import { uploadOf } from '../support/repository.ts'

setDefaultTimeout(60_000)

/** Ann reads "open" and "own", changes "own", and may not know of "secret". */
const rights: Readonly<Record<string, readonly Action[]>> = {
  '': ['pull'],
  open: ['pull'],
  own: ['pull', 'push'],
}
const ann: Caller = {
  name: 'ann',
  may: (action, repository) => rights[repository]?.includes(action) === true,
}
const nobody: Caller = { name: undefined, may: () => false }
const access: Access = {
  open: false,
  callerOf: (authorization) => (authorization === 'ann' ? ann : nobody),
  challenge: () => basicChallenge(),
}

let all: Inside
let server: ServedInside

beforeAll(async () => {
  all = inside(['--depth', '1'])
  for (const repo of ['open', 'own', 'secret']) {
    for (const version of ['1.0.0', '1.1.0']) {
      const needs = [{ name: 'hidden', version: '1.0.0', repository: 'file://../hidden' }]
      const archive = chart('app', version).chartYaml({ dependencies: needs })
      const archives = [uploadOf(await archive.tgz())]
      await all.registry.repository(repo).publish({ archives, provenances: [] }, { force: false })
    }
  }
  server = all.serve(access)
})
afterAll(() => server[Symbol.asyncDispose]())

interface Told {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
  readonly ran: number
}

async function ask(method: string, path: string, accept: string, authorization = 'ann'): Promise<Told> {
  all.ran.length = 0
  const response = await fetch(server.url + path, {
    method,
    redirect: 'manual',
    headers: { authorization, accept, 'content-type': 'application/x-www-form-urlencoded' },
    ...(method !== 'GET' && method !== 'HEAD' && { body: 'chart=app&version=1.0.0' }),
  })
  const { 'x-request-id': _, date: __, ...headers } = Object.fromEntries(response.headers)
  return { status: response.status, text: await response.text(), headers, ran: all.ran.length }
}

const scoped = inside(['--depth', '1']).rows.filter(({ path }) => path.includes('/:repo'))
const rows = scoped.map((row) => [`${row.method} ${row.path}`, row] as const)
const wanted = (row: Row) => (row.method === 'GET' ? ['GET', 'HEAD'] : [row.method])

/** One after the other, so that what ran belongs to one of them. */
async function inTurn(repos: readonly string[], each: (repo: string) => Promise<Told>): Promise<Told[]> {
  const answers: Told[] = []
  for (const repo of repos) answers.push(await each(repo))
  return answers
}

// First, because the others delete what is there.
describe('what somebody may not see', () => {
  const places = [
    '/',
    '/-/',
    '/-/search?q=app',
    '/-/whoami',
    '/-/api/chartsvc/v1/charts/search?q=app',
    '/api/chartsvc/v1/charts/search?q=app',
    '/open/',
    '/open/-/chart/app',
    '/open/-/chart/app/1.0.0/dependencies',
    '/api/open/charts/app/1.0.0/dependencies',
    '/-/openapi.json',
    '/nothing',
  ]
  test.each(places)('is not named on %s', async (path) => {
    for (const accept of ['text/html', 'application/json']) {
      const { status, text } = await ask('GET', path, accept)
      // A browser is sent to the slash of whatever may be a repository, whether there is one or not.
      expect(path === '/nothing' ? [404, 308] : [200]).toContain(status)
      expect(text).not.toContain('secret')
    }
  })

  test('is not offered for what may be changed either', async () => {
    const json = JSON.parse((await ask('GET', '/-/whoami', 'application/json')).text) as {
      repositories: object[]
    }
    expect(json.repositories).toEqual([
      { name: 'open', pull: true, push: false, delete: false },
      { name: 'own', pull: true, push: true, delete: true },
    ])
  })
})

describe.each(['application/json', 'text/html'])(
  'somebody with rights on single repositories, %s',
  (accept) => {
    test.each(rows)('%s', async (_, row) => {
      for (const method of wanted(row)) {
        const [secret, absent, open, own] = await inTurn(['secret', 'absent', 'open', 'own'], (repo) =>
          ask(method, addressOf(row, repo, ''), accept),
        )
        // What one may not see is not there, and says so in the same words as what is not there.
        expect(secret).toMatchObject({ status: 404, ran: 0 })
        expect({ ...secret, text: secret?.text.replaceAll('secret', 'absent') }).toEqual(absent as Told)
        // What one may see but not change is forbidden; the rest is answered.
        expect(open).toMatchObject(row.action === 'push' ? { status: 403, ran: 0 } : { ran: 1 })
        expect(own).toMatchObject({ ran: 1 })
        expect([401, 405, 500]).not.toContain(own?.status)
        // Whoever is not known is asked who they are, whatever there is.
        for (const repo of ['secret', 'absent', 'open']) {
          const asked = await ask(method, addressOf(row, repo, ''), accept, 'nobody')
          expect(asked).toMatchObject({ status: 401, ran: 0 })
        }
      }
    })
  },
)
