import type { Keys } from './aws-keys.ts'
import type { Environment } from './aws-profile.ts'
import { askKeys, keysFrom, tokenOf } from './aws-remote.ts'
import { element } from './s3-xml.ts'

/** A token that Kubernetes put into a file, exchanged for keys of a role (IRSA, any OIDC provider). */
export interface WebIdentity {
  readonly tokenFile: string
  readonly roleArn: string
  readonly sessionName: string
  readonly region: string
}

/** A role that other keys may take on. */
export interface Role {
  readonly roleArn: string
  readonly sessionName: string
  readonly region: string
  /** "" asks for none. */
  readonly externalId: string
  /** Seconds; "" is AWS's own choice, an hour. */
  readonly durationSeconds: string
}

const version = '2011-06-15'

/** Asks AWS's security token service for the keys of a role: AssumeRoleWithWebIdentity needs no signature. */
export async function webIdentityKeys(env: Environment, identity: WebIdentity): Promise<Keys> {
  const what = 'a web identity token (AWS_WEB_IDENTITY_TOKEN_FILE)'
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: version,
    RoleArn: identity.roleArn,
    RoleSessionName: identity.sessionName,
    // Read each time: Kubernetes writes a new token before the old one ends.
    WebIdentityToken: await tokenOf(identity.tokenFile, what),
  })
  return keysIn(what, await askKeys(what, stsOf(env, identity.region), { method: 'POST', body: form }))
}

/** Asks the same service for the keys of a role with other keys, which sign the call. */
export async function roleKeys(env: Environment, source: Keys, role: Role): Promise<Keys> {
  const what = `the role "${role.roleArn}"`
  const form = new URLSearchParams({
    Action: 'AssumeRole',
    Version: version,
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName,
    ...(role.externalId !== '' && { ExternalId: role.externalId }),
    ...(role.durationSeconds !== '' && { DurationSeconds: role.durationSeconds }),
  })
  const url = new URL(stsOf(env, role.region))
  const headers = await signedHeaders(url, form.toString(), source, role.region || 'us-east-1')
  return keysIn(what, await askKeys(what, url.href, { method: 'POST', body: form, headers }))
}

/** The headers of a call that is signed by the `minio` package, which is loaded only here. */
async function signedHeaders(
  { host, protocol, pathname }: URL,
  body: string,
  { accessKey, secretKey, sessionToken }: Keys,
  region: string,
): Promise<Record<string, string>> {
  const { signV4 } = await import('minio/dist/esm/signing.mjs')
  const now = new Date()
  const digest = new Bun.CryptoHasher('sha256').update(body).digest('hex')
  const headers: Record<string, string> = {
    host,
    'x-amz-date': now.toISOString().replace(/[-:]|\.\d+/g, ''),
    'x-amz-content-sha256': digest,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  }
  const call = { method: 'POST', protocol, path: pathname, headers }
  return { ...headers, authorization: signV4(call, accessKey, secretKey, region, now, digest, 'sts') }
}

function stsOf(env: Environment, region: string): string {
  const named = env.AWS_ENDPOINT_URL_STS || env.AWS_ENDPOINT_URL
  if (named) return named
  if (region === '') return 'https://sts.amazonaws.com'
  return `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}

function keysIn(what: string, xml: string): Keys {
  const field = (name: string) => element(xml, name)
  return keysFrom(what, {
    AccessKeyId: field('AccessKeyId'),
    SecretAccessKey: field('SecretAccessKey'),
    SessionToken: field('SessionToken'),
    Expiration: field('Expiration'),
  })
}
