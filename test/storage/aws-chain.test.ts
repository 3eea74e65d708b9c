import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { isRegistryError } from '../../src/errors.ts'
import { awsKeys } from '../../src/storage/aws-chain.ts'
import { renewedKeys, type Keys } from '../../src/storage/aws-keys.ts'
import type { Environment } from '../../src/storage/aws-profile.ts'
import { tempFolder } from '../support/temp-folder.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** Files and addresses that lead nowhere, so that no test reads this machine's or asks anybody but its stand-in. */
const nowhere: Environment = {
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
}

function keysOf(env: Environment, region = 'eu-west-1'): Promise<Keys> {
  return awsKeys({ ...nowhere, ...env }, region, quiet).keys()
}

/** What an AWS service of this machine would be asked, in order, and what it answers. */
function standIn(
  answer: (call: { method: string; path: string; headers: Headers; text: string }) => Response,
) {
  const calls: string[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname: path, search } = new URL(request.url)
      calls.push(`${request.method} ${path}${search}`)
      return answer({ method: request.method, path, headers: request.headers, text: await request.text() })
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, calls, [Symbol.asyncDispose]: () => server.stop(true) }
}

const soon = () => new Date(Date.now() + 3_600_000).toISOString()
const fields = (name: string, end = soon()) => ({
  AccessKeyId: `${name}-access`,
  SecretAccessKey: `${name}-secret`,
  Token: `${name}-token`,
  Expiration: end,
})

describe('the credential chain', () => {
  test('takes the variables first', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's' }
    expect(await keysOf(env)).toMatchObject({ accessKey: 'a', secretKey: 's', sessionToken: undefined })
    expect(await keysOf({ ...env, AWS_SESSION_TOKEN: 't' })).toMatchObject({ sessionToken: 't' })
  })

  test('exchanges a web identity token for the keys of a role', async () => {
    await using folder = await tempFolder()
    const token = join(folder.path, 'token')
    await Bun.write(token, 'the token of kubernetes\n')
    let form = new URLSearchParams()
    await using sts = standIn(({ text }) => {
      form = new URLSearchParams(text)
      return new Response(
        '<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>' +
          `<AccessKeyId>007</AccessKeyId><SecretAccessKey>a&amp;b/+=</SecretAccessKey>` +
          `<SessionToken>t</SessionToken><Expiration>${soon()}</Expiration></Credentials>` +
          '</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>',
      )
    })
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_ARN: 'arn:aws:iam::1:role/r',
      AWS_ENDPOINT_URL_STS: sts.url,
    }
    expect(await keysOf(env)).toMatchObject({ accessKey: '007', secretKey: 'a&b/+=', sessionToken: 't' })
    expect(Object.fromEntries(form)).toEqual({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::1:role/r',
      RoleSessionName: 'chartroom',
      WebIdentityToken: 'the token of kubernetes',
    })
    expect(sts.calls).toEqual(['POST /'])
  })

  test('reads profiles from the shared files, credentials before config', async () => {
    await using folder = await tempFolder()
    const [credentials, config] = ['credentials', 'config'].map((name) => join(folder.path, name))
    await Bun.write(
      credentials ?? '',
      '[default]\naws_access_key_id = d\naws_secret_access_key=ds # not part of it\n\n' +
        '; a comment\n[team]\nAWS_ACCESS_KEY_ID=t\naws_secret_access_key = t=s/+\naws_session_token = tt\n',
    )
    await Bun.write(
      config ?? '',
      '[default]\nregion = eu-north-1\naws_access_key_id = of-config\n[profile ci]\r\naws_access_key_id = c\r\n' +
        'aws_secret_access_key = cs\r\ns3 =\r\n  addressing_style = path\r\n[profile sso]\nsso_session = x\n',
    )
    const env = { AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_CONFIG_FILE: config }
    expect(await keysOf(env)).toMatchObject({ accessKey: 'd', secretKey: 'ds' })
    expect(await keysOf({ ...env, AWS_PROFILE: 'team' })).toMatchObject({
      accessKey: 't',
      secretKey: 't=s/+',
      sessionToken: 'tt',
    })
    expect(await keysOf({ ...env, AWS_PROFILE: 'ci' })).toMatchObject({ accessKey: 'c', secretKey: 'cs' })
    expect(await refusal({ ...env, AWS_PROFILE: 'sso' })).toContain('"sso_session" is not supported')
    expect(await refusal({ ...env, AWS_PROFILE: 'none' })).toContain('there is no such profile')
  })

  test('asks ECS, and EKS pod identity with the token of its file', async () => {
    await using folder = await tempFolder()
    const token = join(folder.path, 'token')
    await Bun.write(token, 'pod token')
    await using service = standIn(({ headers }) =>
      Response.json(fields(headers.get('authorization') ?? 'none')),
    )
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${service.url}/v1/credentials?x=1` }
    expect((await keysOf(env)).accessKey).toBe('none-access')
    expect((await keysOf({ ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'direct' })).accessKey).toBe(
      'direct-access',
    )
    expect((await keysOf({ ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token })).accessKey).toBe(
      'pod token-access',
    )
    expect(service.calls).toEqual(Array(3).fill('GET /v1/credentials?x=1'))
    for (const foreign of ['http://example.com/keys', 'http://127.evil.example/keys', 'ftp://127.0.0.1/']) {
      const why = await refusal({ AWS_CONTAINER_CREDENTIALS_FULL_URI: foreign })
      expect(why).toContain('neither https nor one of this machine')
    }
  })

  test('asks the metadata service of EC2 last, by its second version only', async () => {
    await using service = standIn(({ method, path, headers }) => {
      if (path === '/latest/api/token') {
        return method === 'PUT' && headers.has('x-aws-ec2-metadata-token-ttl-seconds')
          ? new Response('session')
          : new Response('', { status: 405 })
      }
      if (headers.get('x-aws-ec2-metadata-token') !== 'session') return new Response('', { status: 401 })
      if (path.endsWith('/security-credentials/')) return new Response('my-role\n')
      return Response.json({ Code: 'Success', ...fields('machine') })
    })
    const env = { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: `${service.url}/` }
    expect(await keysOf(env)).toMatchObject({ accessKey: 'machine-access', sessionToken: 'machine-token' })
    expect(service.calls).toEqual([
      'PUT /latest/api/token',
      'GET /latest/meta-data/iam/security-credentials/',
      'GET /latest/meta-data/iam/security-credentials/my-role',
    ])
  })

  test('tries a service that hiccups again, and not one that refuses', async () => {
    let failures = 2
    await using service = standIn(() =>
      failures-- > 0 ? new Response('', { status: 503 }) : Response.json(fields('late')),
    )
    expect((await keysOf({ AWS_CONTAINER_CREDENTIALS_FULL_URI: service.url })).accessKey).toBe('late-access')
    await using strict = standIn(() => Response.json({ code: 'AccessDenied', secret: 'x' }, { status: 403 }))
    expect(await refusal({ AWS_CONTAINER_CREDENTIALS_FULL_URI: strict.url })).toEndWith(
      'it answered 403 AccessDenied',
    )
    expect(strict.calls).toHaveLength(1)
  })

  test('says in one sentence where it looked, and repeats no secret', async () => {
    expect(await refusal({})).toMatch(
      /^Cannot sign in to the storage: no keys in the variables .*\bcontainer\b/,
    )
    await using service = standIn(() => new Response('{"SecretAccessKey":"hush"'))
    const why = await refusal({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${service.url}/hush` })
    expect(why).toContain('its answer is not JSON')
    expect(why).not.toContain('hush')
  })
})

describe('keys that end', () => {
  /** Keys that live for so many milliseconds, and a clock that is set by hand. */
  function renewing(livesMs: number) {
    const state = { now: 1_000_000, reads: 0, fails: false, warnings: [] as string[] }
    const log = { ...quiet, warn: (message: string) => void state.warnings.push(message) }
    const read = async (): Promise<Keys> => {
      state.reads += 1
      if (state.fails) throw new Error('no')
      return { accessKey: String(state.reads), secretKey: 's', expires: state.now + livesMs }
    }
    return { state, source: renewedKeys(read, log, () => state.now) }
  }

  test('are read once for all who ask, and renewed before their end', async () => {
    const { state, source } = renewing(3_600_000)
    await Promise.all(Array.from({ length: 10 }, () => source.keys()))
    state.now += 3_200_000
    expect((await source.keys()).accessKey).toBe('1')
    expect(state.reads).toBe(1)
    state.now += 200_000
    // The old keys still hold: nobody waits for the new ones.
    expect((await source.keys()).accessKey).toBe('1')
    await Bun.sleep(1)
    expect((await source.keys()).accessKey).toBe('2')
  })

  test('are used on when their renewal fails, until their end', async () => {
    const { state, source } = renewing(3_600_000)
    await source.keys()
    state.fails = true
    state.now += 3_400_000
    expect((await source.keys()).accessKey).toBe('1')
    await Bun.sleep(1)
    expect(state.warnings).toHaveLength(1)
    await source.keys()
    expect(state.reads).toBe(2)
    state.now += 195_000
    await expect(source.keys()).rejects.toThrow('no')
    state.fails = false
    expect((await source.keys()).accessKey).toBe('4')
  })

  test('and live shorter than the margin are renewed at half their time', async () => {
    const { state, source } = renewing(120_000)
    await source.keys()
    state.now += 50_000
    await source.keys()
    expect(state.reads).toBe(1)
    state.now += 20_000
    await source.keys()
    expect(state.reads).toBe(2)
  })

  test('are read anew when the store refuses them', async () => {
    const { state, source } = renewing(3_600_000)
    const first = await source.keys()
    source.forget(first)
    expect((await source.keys()).accessKey).toBe('2')
    source.forget(first)
    await source.keys()
    expect(state.reads).toBe(2)
  })
})

async function refusal(env: Environment): Promise<string> {
  const error = await keysOf(env).then(
    () => new Error('keys were found'),
    (reason: unknown) => reason,
  )
  if (!isRegistryError(error, 'unavailable')) throw error
  return error.message
}
