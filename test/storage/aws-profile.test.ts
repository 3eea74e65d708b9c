import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { isRegistryError } from '../../src/errors.ts'
import { awsKeys } from '../../src/storage/aws-chain.ts'
import type { Keys } from '../../src/storage/aws-keys.ts'
import { processKeys } from '../../src/storage/aws-process.ts'
import type { Environment } from '../../src/storage/aws-profile.ts'
import { tempFolder } from '../support/temp-folder.ts'
import type { TempFolder } from '../support/temp-folder.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

let folder: TempFolder
beforeAll(async () => {
  folder = await tempFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

/** The keys that a profile of this config file leads to, with no other way to any. */
async function keysOf(config: string, profile: string, env: Environment = {}): Promise<Keys> {
  const file = join(folder.path, crypto.randomUUID())
  await Bun.write(file, config)
  const nowhere = { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true', PATH: process.env.PATH }
  return awsKeys(
    { ...nowhere, AWS_CONFIG_FILE: file, AWS_PROFILE: profile, ...env },
    'eu-west-1',
    quiet,
  ).keys()
}

async function refusal(config: string, profile: string, env: Environment = {}): Promise<string> {
  const error = await keysOf(config, profile, env).catch((reason: unknown) => reason)
  if (!isRegistryError(error, 'unavailable')) throw error
  return error.message
}

interface Asked {
  readonly form: Record<string, string>
  readonly headers: Headers
}

/** A token service that gives each role keys named after it. */
function startSts() {
  const asked: Asked[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const form = Object.fromEntries(new URLSearchParams(await request.text()))
      asked.push({ form, headers: request.headers })
      const role = form.RoleArn?.split('/').at(-1)
      if (role === 'forbidden')
        return new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
      return new Response(
        `<AssumeRoleResponse><Credentials><AccessKeyId>${role}-access</AccessKeyId>` +
          `<SecretAccessKey>${role}-secret</SecretAccessKey><SessionToken>${role}-token</SessionToken>` +
          `<Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials></AssumeRoleResponse>`,
      )
    },
  })
  const url = `http://127.0.0.1:${server.port}`
  return { asked, env: { AWS_ENDPOINT_URL_STS: url }, [Symbol.asyncDispose]: () => server.stop(true) }
}

const roles = `
[profile base]
aws_access_key_id = base-access
aws_secret_access_key = base-secret
[profile deploy]
role_arn = arn:aws:iam::1:role/deploy
source_profile = base
external_id = x 1
role_session_name = charts
duration_seconds = 900
[profile far]
role_arn = arn:aws:iam::2:role/far
source_profile = deploy
[profile own]
role_arn = arn:aws:iam::1:role/own
source_profile = own
aws_access_key_id = own-access
aws_secret_access_key = own-secret
[profile task]
role_arn = arn:aws:iam::1:role/task
credential_source = EcsContainer
[profile forbidden]
role_arn = arn:aws:iam::1:role/forbidden
source_profile = base
[profile one]
role_arn = arn:aws:iam::1:role/one
source_profile = other
[profile other]
role_arn = arn:aws:iam::1:role/other
source_profile = one
[profile person]
role_arn = arn:aws:iam::1:role/person
source_profile = base
mfa_serial = arn:aws:iam::1:mfa/me
[profile lost]
role_arn = arn:aws:iam::1:role/lost
source_profile = nobody
[profile bare]
role_arn = arn:aws:iam::1:role/bare
[profile sso]
sso_start_url = https://example.com
`

describe('a profile with a role', () => {
  test('takes it on with the keys of its source, which sign the call', async () => {
    await using sts = startSts()
    expect(await keysOf(roles, 'deploy', sts.env)).toMatchObject({
      accessKey: 'deploy-access',
      secretKey: 'deploy-secret',
      sessionToken: 'deploy-token',
    })
    const [call] = sts.asked
    expect(call?.form).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::1:role/deploy',
      RoleSessionName: 'charts',
      ExternalId: 'x 1',
      DurationSeconds: '900',
    })
    expect(call?.headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=base-access\/\d{8}\/eu-west-1\/sts\/aws4_request, ?SignedHeaders=[^,]*host[^,]*, ?Signature=[\da-f]{64}$/,
    )
    expect(call?.headers.has('x-amz-security-token')).toBe(false)
  })

  test('may have a source that is a role itself, or be its own', async () => {
    await using sts = startSts()
    expect(await keysOf(roles, 'far', sts.env)).toMatchObject({ accessKey: 'far-access' })
    expect(sts.asked.map(({ form }) => form.RoleArn)).toEqual([
      'arn:aws:iam::1:role/deploy',
      'arn:aws:iam::2:role/far',
    ])
    expect(sts.asked[1]?.headers.get('x-amz-security-token')).toBe('deploy-token')
    expect(await keysOf(roles, 'own', sts.env)).toMatchObject({ accessKey: 'own-access' })
    expect(sts.asked[2]?.headers.get('authorization')).toContain('Credential=own-access/')
  })

  test('may have its source in the container', async () => {
    await using sts = startSts()
    await using container = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () =>
        Response.json({ AccessKeyId: 'task-access', SecretAccessKey: 's', Token: 'task-own-token' }),
    })
    const env = { ...sts.env, AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${container.port}/` }
    expect(await keysOf(roles, 'task', env)).toMatchObject({
      accessKey: 'task-access',
      sessionToken: 'task-token',
    })
    expect(sts.asked[0]?.headers.get('x-amz-security-token')).toBe('task-own-token')
  })

  test.each([
    ['forbidden', /the role "arn:aws:iam::1:role\/forbidden": it answered 403 AccessDenied$/],
    ['one', /"source_profile" leads in a circle$/],
    ['person', /"mfa_serial" asks for a person/],
    ['lost', /the profile "nobody" of the shared files: there is no such profile$/],
    ['bare', /its role needs "source_profile"/],
    ['sso', /"sso_start_url" is not supported, for it asks for a person/],
  ])('%s is refused with a sentence', async (profile, words) => {
    await using sts = startSts()
    const why = await refusal(roles, profile, sts.env)
    expect(why).toMatch(/^Cannot get keys for the storage from /)
    expect(why).toMatch(words)
    expect(why).not.toContain('secret')
  })
})

describe('a profile with a program', () => {
  const profile = (command: string) => `[profile p]\ncredential_process = ${command}\n`
  const printed = { Version: 1, AccessKeyId: 'a', SecretAccessKey: 's', SessionToken: 't' }

  test('has the keys that it prints, until they end', async () => {
    const end = new Date(Date.now() + 600_000).toISOString()
    const file = join(folder.path, 'printed')
    await Bun.write(file, JSON.stringify({ ...printed, Expiration: end }))
    expect(await keysOf(profile(`cat "${file}"`), 'p')).toEqual({
      accessKey: 'a',
      secretKey: 's',
      sessionToken: 't',
      expires: Date.parse(end),
    })
  })

  test('may be the source of a role', async () => {
    await using sts = startSts()
    const role = `[profile r]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = p\n`
    const config = role + profile(`echo '${JSON.stringify(printed)}'`)
    expect(await keysOf(config, 'r', sts.env)).toMatchObject({ accessKey: 'r-access' })
    expect(sts.asked[0]?.headers.get('x-amz-security-token')).toBe('t')
  })

  test.each([
    ['exit 3', 'it ended with code 3'],
    ['no-such-program-anywhere', 'it ended with code 127'],
    ['echo hush', 'its answer is not JSON'],
    [`echo '{"Version":2,"AccessKeyId":"hush","SecretAccessKey":"hush"}'`, 'not of version 1'],
    [`echo '{"Version":1}'`, 'its answer has no keys'],
    ['yes hush', 'it took too long or printed too much'],
  ])('%s is refused with a sentence, without what it said', async (command, words) => {
    const why = await refusal(profile(command), 'p')
    expect(why).toStartWith('Cannot get keys for the storage from the program of "credential_process": ')
    expect(why).toContain(words)
    expect(why).not.toContain('hush')
  })

  test.each([['sleep 11; echo never'], [`sleep 11 & echo '${JSON.stringify(printed)}'`]])(
    '%s does not hold up anybody',
    async (command) => {
      const error = await processKeys({ PATH: process.env.PATH }, command, 200).catch(
        (reason: unknown) => reason,
      )
      expect(isRegistryError(error, 'unavailable')).toBe(true)
    },
    10_000,
  )
})
