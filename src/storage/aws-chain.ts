import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Keys, KeySource } from './aws-keys.ts'
import { renewedKeys } from './aws-keys.ts'
import type { Environment, Profile } from './aws-profile.ts'
import { profileName, readProfile } from './aws-profile.ts'
import { containerKeys, hasContainerKeys, machineKeys, noKeys, webIdentityKeys } from './aws-remote.ts'

/** Keys in files are read again after this long, milliseconds: whoever rotates them writes the file anew. */
const rereadMs = 5 * 60_000

/**
 * AWS's credential chain, in the order of its own libraries: variables, web identity (IRSA), shared files with
 * profiles, container credentials (ECS, EKS pod identity), metadata of the machine (EC2, version 2 only). The `minio`
 * package has one too, but it asks for fields that AWS does not send.
 */
export function awsKeys(env: Environment, region: string, log: Log): KeySource {
  return renewedKeys(() => firstKeys(env, region), log)
}

async function firstKeys(env: Environment, region: string): Promise<Keys> {
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey } = env
  if (accessKey && secretKey)
    return { accessKey, secretKey, sessionToken: env.AWS_SESSION_TOKEN || undefined }
  const { AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile, AWS_ROLE_ARN: roleArn } = env
  if (tokenFile && roleArn) {
    return webIdentityKeys(env, {
      tokenFile,
      roleArn,
      sessionName: env.AWS_ROLE_SESSION_NAME || 'chartroom',
      region,
    })
  }
  const fromFile = await profileKeys(env, region)
  if (fromFile !== undefined) return fromFile
  if (hasContainerKeys(env)) return containerKeys(env)
  if (env.AWS_EC2_METADATA_DISABLED?.toLowerCase() !== 'true') return await lastKeys(env)
  throw new RegistryError(
    'unavailable',
    'storage',
    `${nothing} and AWS_EC2_METADATA_DISABLED forbids to ask the machine`,
  )
}

const nothing =
  'Cannot sign in to the storage: no keys in the variables (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), in a shared ' +
  'credentials file or from the container,'

/** The machine is asked last and may be no EC2 machine at all: then the sentence tells what else was looked for. */
async function lastKeys(env: Environment): Promise<Keys> {
  try {
    return await machineKeys(env)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    const message = `${nothing} and none from the machine: ${error.message}`
    throw new RegistryError('unavailable', 'storage', message, {}, { cause: error })
  }
}

async function profileKeys(env: Environment, region: string): Promise<Keys | undefined> {
  const name = profileName(env)
  const what = `the profile "${name}" of the shared files`
  const profile = readProfile(env, name)
  if (profile === undefined) {
    if (name === 'default') return undefined
    throw noKeys(what, 'there is no such profile')
  }
  const { aws_access_key_id: accessKey, aws_secret_access_key: secretKey } = profile
  if (accessKey && secretKey && !profile.role_arn) {
    const sessionToken = profile.aws_session_token || undefined
    return { accessKey, secretKey, sessionToken, expires: Date.now() + 2 * rereadMs }
  }
  const { web_identity_token_file: tokenFile, role_arn: roleArn } = profile
  if (tokenFile && roleArn) {
    const sessionName = profile.role_session_name || 'chartroom'
    return webIdentityKeys(env, { tokenFile, roleArn, sessionName, region: region || profile.region || '' })
  }
  return refuseOtherWays(profile, what)
}

/** A profile that gets its keys in a way that is not there is refused: another identity would be used in its place. */
function refuseOtherWays(profile: Profile, what: string): undefined {
  const ways = ['source_profile', 'credential_source', 'credential_process', 'sso_session', 'sso_start_url']
  const way = ways.find((key) => profile[key])
  if (way !== undefined) {
    throw noKeys(what, `"${way}" is not supported; give keys, or a role with "web_identity_token_file"`)
  }
  return undefined
}
