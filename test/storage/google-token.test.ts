import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { generateKeyPairSync, verify } from 'node:crypto'
import { join } from 'node:path'
import { applicationDefault } from '../../src/storage/google-token.ts'
import { eventually } from '../support/eventually.ts'
import { projectRoot } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { StoreFailure } from '../../src/storage/store-failure.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})

/** A stand-in of Google's token endpoint, of the token exchange and of the metadata server. */
interface TokenServer extends AsyncDisposable {
  readonly url: string
  readonly asked: { readonly path: string; readonly form: URLSearchParams; readonly flavor: string | null }[]
  /** What it says next, in place of a token. */
  readonly script: (() => Response)[]
  lifeSeconds: number
  /** Sends what was meant for Google to the stand-in. */
  readonly send: typeof fetch
}

function startTokenServer(): TokenServer {
  const asked: TokenServer['asked'] = []
  const script: (() => Response)[] = []
  let tokens = 0
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url)
      const form = new URLSearchParams(await request.text())
      asked.push({ path: pathname, form, flavor: request.headers.get('metadata-flavor') })
      const said = script.shift()
      if (said !== undefined) return said()
      const token = {
        access_token: `token-${++tokens}`,
        expires_in: stand.lifeSeconds,
        token_type: 'Bearer',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      }
      return Response.json(token, { headers: { 'metadata-flavor': 'Google' } })
    },
  })
  const url = server.url.origin
  const send = Object.assign(
    (input: string | URL | Request, init?: RequestInit) => fetch(url + new URL(String(input)).pathname, init),
    { preconnect: () => undefined },
  )
  const stand: TokenServer = {
    url,
    asked,
    script,
    lifeSeconds: 3600,
    send,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
  return stand
}

let folder: TempFolder
const names = [
  'GOOGLE_APPLICATION_CREDENTIALS',
  'METADATA_SERVER_DETECTION',
  'HOME',
  'CLOUDSDK_CONFIG',
] as const
const before = names.map((name) => [name, process.env[name]] as const)
beforeAll(async () => {
  folder = await tempFolder()
  Object.assign(process.env, { METADATA_SERVER_DETECTION: 'none', HOME: folder.path })
  delete process.env.CLOUDSDK_CONFIG
})
afterAll(async () => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  await folder[Symbol.asyncDispose]()
})

/** Signs in with these credentials in the file that the variable names. */
async function signIn(stand: TokenServer, credentials: unknown) {
  const file = join(folder.path, 'credentials.json')
  await Bun.write(file, JSON.stringify(credentials))
  process.env.GOOGLE_APPLICATION_CREDENTIALS = file
  return applicationDefault({ log: quiet, send: stand.send })
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const serviceAccount = {
  type: 'service_account',
  project_id: 'project',
  private_key_id: 'key',
  private_key: privateKey,
  client_email: 'charts@project.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
}

describe('credentials of', () => {
  test('a service account sign their own request for a token', async () => {
    await using stand = startTokenServer()
    const tokens = await signIn(stand, serviceAccount)
    const together = await Promise.all(Array.from({ length: 20 }, () => tokens.keys()))
    expect(new Set(together.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer token-1']))
    expect(stand.asked).toHaveLength(1)
    const [head, claims, signature] = (stand.asked[0]?.form.get('assertion') ?? '').split('.')
    const signed = Buffer.from(`${head}.${claims}`)
    expect(verify('sha256', signed, publicKey, Buffer.from(signature ?? '', 'base64url'))).toBe(true)
    expect(JSON.parse(Buffer.from(claims ?? '', 'base64url').toString())).toMatchObject({
      iss: serviceAccount.client_email,
      aud: serviceAccount.token_uri,
      scope: 'https://www.googleapis.com/auth/devstorage.read_write',
    })
  })

  test('a person exchange the refresh token of their login', async () => {
    await using stand = startTokenServer()
    const person = { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' }
    const tokens = await signIn(stand, { ...person, quota_project_id: 'payer' })
    expect((await tokens.keys()).headers).toEqual({
      authorization: 'Bearer token-1',
      'x-goog-user-project': 'payer',
    })
    expect(stand.asked[0]?.form.get('refresh_token')).toBe('r')
  })

  test('another cloud (workload identity federation) are exchanged', async () => {
    await using stand = startTokenServer()
    const subject = join(folder.path, 'subject')
    await Bun.write(subject, 'token of the cluster')
    const tokens = await signIn(stand, {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${stand.url}/v1/token`,
      credential_source: { file: subject },
    })
    expect((await tokens.keys()).headers.authorization).toBe('Bearer token-1')
    expect(stand.asked[0]?.form.get('subject_token')).toBe('token of the cluster')
  })

  test('the well-known file are found without a variable', async () => {
    await using stand = startTokenServer()
    await Bun.write(
      join(folder.path, '.config/gcloud/application_default_credentials.json'),
      JSON.stringify({
        type: 'authorized_user',
        client_id: 'c',
        client_secret: 's',
        refresh_token: 'well-known',
      }),
    )
    delete process.env.GOOGLE_APPLICATION_CREDENTIALS
    await applicationDefault({ log: quiet, send: stand.send }).keys()
    expect(stand.asked[0]?.form.get('refresh_token')).toBe('well-known')
    await Bun.file(join(folder.path, '.config/gcloud/application_default_credentials.json')).delete()
  })

  test("a machine of Google's come from its metadata server", async () => {
    await using stand = startTokenServer()
    const program = `
      const { applicationDefault } = await import(${JSON.stringify(join(projectRoot, 'src/storage/google-token.ts'))})
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const { headers } = await applicationDefault({ log }).keys()
      console.log(JSON.stringify(headers))
      process.exit()`
    // In a process of its own: the library finds out once per process where it runs.
    const child = Bun.spawn([process.execPath, '-e', program], {
      cwd: folder.path,
      env: {
        HOME: folder.path,
        METADATA_SERVER_DETECTION: 'assume-present',
        GCE_METADATA_HOST: new URL(stand.url).host,
      },
      stdout: 'pipe',
      stderr: 'inherit',
    })
    expect(await new Response(child.stdout).json()).toEqual({ authorization: 'Bearer token-1' })
    expect(stand.asked).toEqual([
      expect.objectContaining({
        path: '/computeMetadata/v1/instance/service-accounts/default/token',
        flavor: 'Google',
      }),
    ])
  })
})

describe('a token', () => {
  test('is renewed before its end, beside the calls, and the old one serves while that fails', async () => {
    await using stand = startTokenServer()
    stand.lifeSeconds = 240
    await signIn(stand, serviceAccount)
    const warnings: string[] = []
    const log = { ...quiet, warn: (line: string) => void warnings.push(line) }
    let passed = 0
    const tokens = applicationDefault({ log, send: stand.send, now: () => Date.now() + passed })
    const authorization = async () => (await tokens.keys()).headers.authorization
    expect(await authorization()).toBe('Bearer token-1')
    passed = 110_000
    expect(await authorization()).toBe('Bearer token-1')
    expect(stand.asked).toHaveLength(1)
    passed = 130_000
    stand.script.push(() => Response.json({ error: 'invalid_grant' }, { status: 400 }))
    expect(await authorization()).toBe('Bearer token-1')
    await eventually(() => warnings.length, 1)
    expect(warnings[0]).toMatch(
      /^Cannot renew the keys of the storage; the old ones still hold.*invalid_grant/,
    )
    passed = 165_000
    expect(await authorization()).toBe('Bearer token-1')
    await eventually(authorization, 'Bearer token-2')
    // At their very end, the next call waits for new ones.
    passed = 165_000 + 235_000
    expect(await authorization()).toBe('Bearer token-3')
  })

  test('that the store refuses is followed by another, from the file as it is then', async () => {
    await using stand = startTokenServer()
    const tokens = await signIn(stand, serviceAccount)
    const first = await tokens.keys()
    await signIn(stand, {
      type: 'authorized_user',
      client_id: 'c',
      client_secret: 's',
      refresh_token: 'next',
    })
    tokens.forget(first)
    expect((await tokens.keys()).headers.authorization).toBe('Bearer token-2')
    expect(stand.asked[1]?.form.get('refresh_token')).toBe('next')
  })
})

describe('without credentials', () => {
  const cases: [string, () => Promise<void>, RegExp][] = [
    [
      'nothing',
      async () => void delete process.env.GOOGLE_APPLICATION_CREDENTIALS,
      /^Cannot sign in to Google Cloud Storage: no credentials of Google; set GOOGLE_APPLICATION_CREDENTIALS/,
    ],
    [
      'a missing file',
      async () => void (process.env.GOOGLE_APPLICATION_CREDENTIALS = join(folder.path, 'none.json')),
      /GOOGLE_APPLICATION_CREDENTIALS environment variable: The file at .*none\.json does not exist/,
    ],
    [
      'half a file',
      async () => {
        process.env.GOOGLE_APPLICATION_CREDENTIALS = join(folder.path, 'half.json')
        await Bun.write(join(folder.path, 'half.json'), '{"type": "service_account"}')
      },
      /does not contain a client_email field/,
    ],
  ]
  test.each(cases)('the operator reads what to do: %s', async (_what, arrange, sentence) => {
    await using stand = startTokenServer()
    await arrange()
    const error = await failure(applicationDefault({ log: quiet, send: stand.send }).keys())
    expect(error.code).toBe('NoCredentials')
    expect(error.cause).toMatchObject({ code: 'unavailable', message: expect.stringMatching(sentence) })
    expect(stand.asked).toEqual([])
  })

  test('that Google takes, the reason is told, and no secret', async () => {
    await using stand = startTokenServer()
    stand.script.push(() =>
      Response.json({ error: 'invalid_grant', error_description: 'account not found' }, { status: 400 }),
    )
    const error = await failure((await signIn(stand, serviceAccount)).keys())
    expect(error.code).toBe('NoCredentials')
    expect(error.cause).toMatchObject({
      message: expect.stringContaining('invalid_grant: account not found'),
    })
    expect(Bun.inspect(error, { depth: 10 })).not.toMatch(/PRIVATE KEY|assertion|eyJ/)
  })

  test('because the token endpoint is away, it is tried later', async () => {
    const stand = startTokenServer()
    const tokens = await signIn(stand, serviceAccount)
    await stand[Symbol.asyncDispose]()
    expect((await failure(tokens.keys())).code).toBe('SignInFailed')
  })
})

async function failure(promise: Promise<unknown>): Promise<StoreFailure> {
  const error = await promise.catch((reason: unknown) => reason)
  if (!(error instanceof StoreFailure)) throw error
  return error
}
