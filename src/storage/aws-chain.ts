import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Keys, KeySource } from './aws-keys.ts'
import { renewedKeys } from './aws-keys.ts'
import { profileKeys } from './aws-profile-keys.ts'
import type { Environment } from './aws-profile.ts'
import { containerKeys, hasContainerKeys, machineKeys } from './aws-remote.ts'
import { webIdentityKeys } from './aws-sts.ts'

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
