import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { azureToken } from '../../src/storage/azure-token.ts'
import { tempFolder } from '../support/temp-folder.ts'
import type { TempFolder } from '../support/temp-folder.ts'

interface Asked {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

/** Answers as Microsoft Entra and the metadata services do, and notes what it was asked. */
let asked: Asked[] = []
let answers: { status: number; body: unknown }[] = []
const good = { status: 200, body: { access_token: 'the-token', expires_in: '3600', token_type: 'Bearer' } }
let server: ReturnType<typeof Bun.serve>
let folder: TempFolder
let url: string

beforeAll(async () => {
  folder = await tempFolder()
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url)
      const form = request.method === 'POST' ? new URLSearchParams(await request.text()) : []
      asked.push({
        method: request.method,
        path: pathname,
        query: Object.fromEntries(searchParams),
        form: Object.fromEntries(form),
        headers: request.headers.toJSON(),
      })
      const { status, body } = answers.shift() ?? good
      return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })
    },
  })
  url = `http://127.0.0.1:${server.port}`
})

afterAll(async () => {
  await server.stop(true)
  await folder[Symbol.asyncDispose]()
})

async function tokenWith(env: Record<string, string>, ...prepared: typeof answers): Promise<unknown> {
  asked = []
  answers = prepared
  const before = Date.now()
  try {
    const { token, expiresOnTimestamp } = await azureToken(env)()
    return [token, Math.round((expiresOnTimestamp - before) / 10_000) * 10]
  } catch (error) {
    const { cause } = error as Error
    return cause instanceof Error ? cause.message : error
  }
}

const application = () => ({
  AZURE_AUTHORITY_HOST: `${url}/`,
  AZURE_TENANT_ID: 'tenant',
  AZURE_CLIENT_ID: 'client',
})

describe('a token', () => {
  test('of a workload identity is bought with the token that Kubernetes renews in a file', async () => {
    const file = join(folder.path, 'token')
    for (const content of ['first', 'second']) {
      await Bun.write(file, `${content}\n`)
      expect(await tokenWith({ ...application(), AZURE_FEDERATED_TOKEN_FILE: file })).toEqual([
        'the-token',
        3600,
      ])
      expect(asked).toMatchObject([
        {
          method: 'POST',
          path: '/tenant/oauth2/v2.0/token',
          form: {
            grant_type: 'client_credentials',
            client_id: 'client',
            scope: 'https://storage.azure.com/.default',
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
            client_assertion: content,
          },
        },
      ])
    }
  })

  test('of an application is bought with its secret, before any other way', async () => {
    const env = { ...application(), AZURE_CLIENT_SECRET: 'hush', AZURE_FEDERATED_TOKEN_FILE: '/nowhere' }
    expect(await tokenWith(env)).toEqual(['the-token', 3600])
    expect(asked[0]?.form.client_secret).toBe('hush')
  })

  test('of a service comes from the address in its variables', async () => {
    const env = { IDENTITY_ENDPOINT: `${url}/msi/token`, IDENTITY_HEADER: 'proof', AZURE_CLIENT_ID: 'client' }
    expect(await tokenWith(env)).toEqual(['the-token', 3600])
    expect(asked).toMatchObject([
      {
        method: 'GET',
        path: '/msi/token',
        query: { resource: 'https://storage.azure.com/', 'api-version': '2019-08-01', client_id: 'client' },
        headers: { 'x-identity-header': 'proof' },
      },
    ])
  })

  test('of a machine comes from its metadata service, tried again when that is not ready', async () => {
    const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: url }
    expect(await tokenWith(env, { status: 429, body: '' }, { status: 500, body: '' })).toEqual([
      'the-token',
      3600,
    ])
    expect(asked).toHaveLength(3)
    expect(asked[2]).toMatchObject({
      method: 'GET',
      path: '/metadata/identity/oauth2/token',
      query: { resource: 'https://storage.azure.com/', 'api-version': '2018-02-01' },
      headers: { metadata: 'true' },
    })
  })

  test('serves until four minutes before its end, also those who ask at once', async () => {
    ;[asked, answers] = [[], [{ status: 200, body: { access_token: 'short', expires_in: 239 } }]]
    const token = azureToken({ AZURE_POD_IDENTITY_AUTHORITY_HOST: url })
    const tokens = await Promise.all([1, 2, 3].map(async () => (await token()).token))
    expect(tokens).toEqual(['short', 'the-token', 'the-token'])
    expect((await token()).token).toBe('the-token')
    expect(asked).toHaveLength(2)
  })

  test('that cannot be had is told with the reason, without what was sent or came', async () => {
    const env = { ...application(), AZURE_CLIENT_SECRET: 'hush' }
    const body = { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret hush' }
    const message = await tokenWith(env, { status: 401, body })
    expect(message).toContain(
      'by the secret of an application (AZURE_CLIENT_SECRET): it answered 401 invalid_client AADSTS7000215',
    )
    expect(message).not.toContain('hush')
    expect(asked).toHaveLength(1)
    expect(await tokenWith(env, { status: 200, body: 'hush <html>' })).toContain('its answer is not JSON')
    expect(await tokenWith(env, { status: 200, body: { token: 'hush' } })).toContain(
      'its answer has no token',
    )
    const gone = { ...application(), AZURE_FEDERATED_TOKEN_FILE: join(folder.path, 'gone') }
    expect(await tokenWith(gone)).toContain('its token file cannot be read (ENOENT)')
    expect(await tokenWith({ AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:1' })).toContain(
      'cannot be reached',
    )
  })
})
