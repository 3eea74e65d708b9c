import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chooseAccess } from '../../../src/commands/access.ts'
import { assetUrl } from '../../../src/http/web/assets.ts'
import { accountWords } from '../../../views/words/account.ts'
import { problemWords } from '../../../views/words/problem.ts'
import {
  accessParts,
  passwords,
  realm,
  repository,
  type AccessParts,
  type Mode,
  type Who,
} from '../../support/access-modes.ts'
import { chart } from '../../support/chart-builder.ts'
import { inside, settingsOf, type ServedInside } from '../../support/in-process.ts'
import { keptLog, uploadOf } from '../../support/repository.ts'
import { basic } from '../../support/site.ts'
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts'
import { textOf } from './chart-site.ts'

setDefaultTimeout(60_000)

const used = [
  'open',
  'users',
  'users, anonymous get',
  'pair and users',
  'bearer',
  'bearer, anonymous get',
] as const
let folder: TempFolder
let parts: AccessParts
const servers = new Map<Mode, ServedInside>()
/** Another one with the same settings and the same charts, as a second replica would be. */
const replicas = new Map<Mode, ServedInside>()

beforeAll(async () => {
  folder = await tempFolder()
  parts = await accessParts(folder.path)
  for (const mode of used) {
    servers.set(mode, await started(mode))
    if (['users', 'pair and users', 'bearer'].includes(mode)) replicas.set(mode, await started(mode))
  }
})

afterAll(async () => {
  for (const server of [...servers.values(), ...replicas.values()]) await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function started(mode: Mode): Promise<ServedInside> {
  const flags = ['--depth', '1', ...parts.flags(mode)]
  const all = inside(flags, { authenticated: mode !== 'open' })
  for (const version of ['1.0.0', '1.1.0']) {
    const archives = [uploadOf(await chart('app', version).tgz())]
    await all.registry.repository(repository).publish({ archives, provenances: [] }, { force: false })
  }
  return all.serve(await chooseAccess(settingsOf(flags), keptLog()))
}

interface Told {
  readonly status: number
  readonly headers: Headers
  readonly html: string
  readonly title: string
}

interface Asking {
  readonly authorization?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** A form. */
  readonly body?: string
  readonly replica?: boolean
}

async function ask(mode: Mode, path: string, asking: Asking = {}): Promise<Told> {
  const { authorization, headers = {}, body, replica = false } = asking
  const response = await fetch(`${(replica ? replicas : servers).get(mode)?.url}${path}`, {
    redirect: 'manual',
    headers: {
      accept: 'text/html',
      'accept-language': 'en',
      ...(authorization !== undefined && { authorization }),
      ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
    },
    ...(body !== undefined && { method: 'POST', body }),
  })
  const html = await response.text()
  const title = textOf(/<h1[^>]*>(.*?)<\/h1>/.exec(html)?.[1] ?? '')
  return { status: response.status, headers: response.headers, html, title }
}

const as = (who: Who): Asking => ({ authorization: parts.authorization(who) })

async function whoAmI(mode: Mode, who: Who): Promise<unknown> {
  const { html } = await ask(mode, '/-/whoami', { ...as(who), headers: { accept: 'application/json' } })
  return JSON.parse(html)
}

const pages = [
  `/${repository}/`,
  `/${repository}/-/chart/app`,
  `/${repository}/-/chart/app/1.0.0`,
  `/${repository}/-/chart/app/versions`,
  `/${repository}/-/chart/gone`,
  `/${repository}/-/chart/app/9.9.9`,
  `/${repository}/?done=deleted`,
  '/',
  '/-/whoami',
]
const words = problemWords.en

describe('a server that asks for tokens', () => {
  test.each([...pages, `/${repository}/-/upload`, '/?signin', `/?signin&next=/${repository}/`])(
    'answers %s with what a token is and who can send one, and never asks to sign in',
    async (path) => {
      const told = await ask('bearer', path)
      expect(told).toMatchObject({ status: 401, title: words.token.sentence })
      expect(told.headers.get('www-authenticate')).toStartWith(`Bearer realm="${realm}",`)
      expect(told.headers.get('location')).toBeNull()
      expect(told.html).toContain('Authorization: Bearer TOKEN')
      // The address that was asked for may stand in the page, a way to sign in may not.
      expect(told.html).not.toMatch(/<a class="btn[^>]*signin/)
      expect(told.html).not.toContain('--username')
    },
  )

  test('says so in Chinese, with the styles of all pages, which are public', async () => {
    const told = await ask('bearer', `/${repository}/`, { headers: { 'accept-language': 'zh-CN' } })
    expect(told.title).toBe(problemWords['zh-CN'].token.sentence)
    const stylesheet = await assetUrl('', 'chartroom.css')
    expect(told.html).toContain(`href="${stylesheet}"`)
    expect((await ask('bearer', stylesheet)).status).toBe(200)
  })

  test('has pages behind a proxy that adds one, with the buttons that it allows', async () => {
    const reads = await ask('bearer', `/${repository}/`, as('token to pull'))
    expect(reads.status).toBe(200)
    expect(reads.html).not.toContain('/-/upload')
    expect(textOf(reads.html)).toContain('Token needed to upload')
    const writes = await ask('bearer', `/${repository}/-/upload`, as('token to pull and push'))
    expect(writes.status).toBe(200)
    const command = textOf(writes.html)
    expect(command).toContain(`--header 'Authorization: Bearer TOKEN'`)
    expect(command).toContain('--access-token TOKEN')
    for (const { html } of [reads, writes]) expect(html).not.toMatch(/signin|\/-\/signout/)
  })

  test('tells programs what a token allows', async () => {
    expect(await whoAmI('bearer', 'token for everything')).toEqual({
      user: null,
      authentication: 'bearer',
      realm,
      repositories: [{ name: repository, pull: true, push: true, delete: true }],
    })
  })

  test('signs nobody out: the token is not the browser’s', async () => {
    const told = await ask('bearer', '/-/signout', { ...as('token for everything'), body: '' })
    expect(told.status).toBe(303)
    expect(told.headers.get('location')).toBe('/-/signed-out')
    expect((await ask('bearer', '/-/signed-out')).html).not.toContain('signin')
  })
})

describe('a server that asks for tokens to write', () => {
  test.each(pages)('shows %s to everybody, and says what uploading needs', async (path) => {
    const told = await ask('bearer, anonymous get', path)
    expect([200, 404]).toContain(told.status)
    expect(told.html).not.toMatch(/signin|\/-\/signout|\/-\/upload"|\/delete"|\/-\/trash/)
    const inRepository = path.startsWith(`/${repository}/`)
    expect(textOf(told.html).includes('Token needed to upload')).toBe(inRepository)
  })

  test('sends nobody in circles', async () => {
    const told = await ask('bearer, anonymous get', `/${repository}/-/upload`)
    expect(told).toMatchObject({ status: 401, title: words.token.sentence })
    const next = encodeURIComponent(`/${repository}/-/upload`)
    const there = await ask('bearer, anonymous get', `/?signin&next=${next}`)
    expect(there.headers.get('location')).toBe(`/${repository}/-/upload`)
  })

  test('says on the page of the account that a token is missing', async () => {
    const { html, title } = await ask('bearer, anonymous get', '/-/whoami')
    expect(title).toBe(accountWords.en.nobody.tokenless)
    expect(textOf(html)).toContain(accountWords.en.uploadNeeds.token)
    expect(textOf(html)).toContain(accountWords.en.access['read-open-token'])
  })
})

describe('a user who may only read', () => {
  test.each(pages)('sees no way to change anything on %s, and why', async (path) => {
    for (const mode of ['users', 'users, anonymous get'] as const) {
      const { html, status } = await ask(mode, path, as('reader'))
      expect([200, 404]).toContain(status)
      expect(html).not.toMatch(/\/-\/upload|\/delete"|\/-\/delete|\/-\/trash|\/restore|signin/)
      expect(html).toContain('reader')
      if (path.startsWith(`/${repository}/`)) expect(textOf(html)).toContain('Read only')
      const writer = await ask(mode, path, as('writer'))
      expect(textOf(writer.html)).not.toContain('Read only')
      if (path.startsWith(`/${repository}/`) && writer.status === 200) {
        expect(writer.html).toContain('/-/upload')
      }
    }
  })

  test('is told so where they try all the same', async () => {
    const forms = ['upload', 'delete', 'chart/app/delete', 'chart/app/1.0.0/delete', 'trash/none/restore']
    const there = ['upload', 'trash', 'chart/app/delete', 'chart/app/1.0.0/delete']
    for (const [path, body] of [
      ...there.map((one) => [one] as const),
      ...forms.map((one) => [one, 'a=b'] as const),
    ]) {
      const asking = { ...as('reader'), ...(body !== undefined && { body }) }
      const told = await ask('users', `/${repository}/-/${path}`, asking)
      expect(told).toMatchObject({ status: 403, title: 'You may read here, but not change anything.' })
      expect(told.html).toContain('href="/-/whoami"')
      expect(told.headers.get('www-authenticate')).toBeNull()
    }
  })

  test('sees what they may do, as a page and as JSON', async () => {
    const { html, title } = await ask('users', '/-/whoami', as('reader'))
    expect(title).toBe('Signed in as reader')
    expect(textOf(html)).toContain(accountWords.en.uploadNeeds.right)
    expect(await whoAmI('users', 'reader')).toEqual({
      user: 'reader',
      authentication: 'basic',
      realm: 'ChartMuseum',
      repositories: [{ name: repository, pull: true, push: false, delete: false }],
    })
    expect(await whoAmI('open', 'nobody')).toEqual({
      user: null,
      authentication: 'none',
      repositories: [{ name: repository, pull: true, push: true, delete: true }],
    })
  })

  test.each(['reader', 'writer', 'pair'] as const)(
    'signs out, and so does everybody else: %s',
    async (who) => {
      const told = await ask('pair and users', '/-/signout', { ...as(who), body: '' })
      expect(told).toMatchObject({ status: 401, title: 'You are signed out' })
      expect(told.headers.get('www-authenticate')).toBe('Basic realm="ChartMuseum", charset="UTF-8"')
      expect(told.html).toContain('href="/?signin"')
      expect(told.html).not.toContain(who === 'pair' ? 'keeper' : `>${who}`)
    },
  )

  test('has a button to sign in before they are known', async () => {
    const told = await ask('users', `/${repository}/`)
    expect(told).toMatchObject({ status: 401, title: 'Sign in to continue.' })
    expect(told.html).toContain(`href="/?signin&amp;next=%2F${repository}%2F"`)
    for (const name of ['reader', 'writer'] as const) {
      const known = basic({ user: name, password: passwords[name] })
      const { status, headers } = await ask('users', `/?signin&next=/${repository}/`, { headers: known })
      expect([status, headers.get('location')]).toEqual([303, `/${repository}/`])
    }
  })
})

describe('a ticket', () => {
  const page = `/${repository}/-/chart/app/1.0.0/delete`

  async function ticketFor(mode: Mode, asking: Asking): Promise<string> {
    const { html } = await ask(mode, page, asking)
    return /name="t" value="([^"]+)"/.exec(html)?.[1] ?? ''
  }

  /** 303 where the form was taken, and 403 with the question again where the ticket is not good. */
  const send = async (mode: Mode, t: string, asking: Asking) =>
    (await ask(mode, page, { ...asking, body: new URLSearchParams({ t }).toString() })).status

  test('of one user is not good for another, and good on every replica with the same users', async () => {
    const users = ['writer', 'pair'] as const
    for (const [one, other] of [users, users.toReversed()]) {
      const ticket = await ticketFor('pair and users', as(one as Who))
      expect(ticket).not.toBe('')
      expect(await send('pair and users', ticket, as(other as Who))).toBe(403)
    }
    // Each replica has a store of its own here, so that there is something to delete on both.
    for (const [mode, who] of [
      ['users', 'writer'],
      ['pair and users', 'pair'],
    ] as const) {
      const ticket = await ticketFor(mode, as(who))
      expect(await send(mode, ticket, { ...as(who), replica: true })).toBe(303)
      expect(await send(mode, ticket, as(who))).toBe(303)
    }
  })

  test('for a token is not good for one of somebody else, nor on another server without --ui-secret', async () => {
    const grants = [{ name: repository, actions: ['pull', 'push'] }]
    const bearer = async (subject: string) => ({
      authorization: `Bearer ${await parts.token(grants, { subject })}`,
    })
    const ticket = await ticketFor('bearer', await bearer('ann'))
    expect(ticket).not.toBe('')
    expect(await send('bearer', ticket, await bearer('bob'))).toBe(403)
    expect(await send('bearer', ticket, { ...(await bearer('ann')), replica: true })).toBe(403)
    // Another token of the same person is as good: they do not last long.
    expect(await send('bearer', ticket, await bearer('ann'))).toBe(303)
  })
})

describe('the OpenAPI document', () => {
  interface Document {
    readonly components: { readonly securitySchemes?: Readonly<Record<string, { scheme: string }>> }
    readonly paths: Readonly<
      Record<string, Readonly<Record<string, { security?: object[]; responses: Record<string, unknown> }>>>
    >
  }
  const documentOf = async (mode: Mode, who: Who) =>
    JSON.parse((await ask(mode, '/-/openapi.json', as(who))).html) as Document

  test.each([
    ['open', 'nobody', undefined],
    ['users', 'reader', 'basic'],
    ['bearer', 'token for everything', 'bearer'],
    ['bearer, anonymous get', 'nobody', 'bearer'],
  ] as const)('says how to be known: %s', async (mode, who, scheme) => {
    const { components, paths } = await documentOf(mode, who)
    expect(Object.keys(components.securitySchemes ?? {})).toEqual(scheme === undefined ? [] : [scheme])
    const index = paths['/{repo}/index.yaml']?.['get']
    const upload = paths['/api/{repo}/charts']?.['post']
    if (scheme === undefined) {
      expect(upload?.responses).not.toHaveProperty('401')
      return
    }
    const anonymous = mode.endsWith('anonymous get')
    expect(index?.security).toEqual([{ [scheme]: [] }, ...(anonymous ? [{}] : [])])
    expect(upload?.security).toEqual([{ [scheme]: [] }])
    for (const status of ['401', '403', '404']) expect(upload?.responses).toHaveProperty(status)
    const challenge = JSON.stringify(upload?.responses['401'])
    expect(challenge).toContain(scheme === 'basic' ? 'Basic realm' : `artifact-repository:org1:push`)
  })
})
