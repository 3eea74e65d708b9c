import type { Keys } from './aws-keys.ts'
import { processKeys } from './aws-process.ts'
import type { Environment, Profile } from './aws-profile.ts'
import { profileName, readProfile } from './aws-profile.ts'
import { containerKeys, machineKeys, noKeys } from './aws-remote.ts'
import { roleKeys, webIdentityKeys } from './aws-sts.ts'

/** Keys in files are read again after this long, milliseconds: whoever rotates them writes the file anew. */
const rereadMs = 5 * 60_000

/** What a profile is looked at with. */
interface Look {
  readonly env: Environment
  readonly region: string
  /** Profiles on the way to this one, by `source_profile`. */
  readonly seen: readonly string[]
}

/**
 * The keys of the profile that the environment names: keys in the shared files, a role that a web identity or the keys
 * of another profile may take on, or what a program prints. undefined when nothing is named and there is no default.
 */
export async function profileKeys(env: Environment, region: string): Promise<Keys | undefined> {
  const name = profileName(env)
  const profile = readProfile(env, name)
  if (profile === undefined && name === 'default') return undefined
  return keysOfProfile({ env, region, seen: [] }, name)
}

async function keysOfProfile(look: Look, name: string): Promise<Keys | undefined> {
  const profile = readProfile(look.env, name)
  if (profile === undefined) throw noKeys(named(name), 'there is no such profile')
  if (profile.role_arn && !look.seen.includes(name)) return keysOfRole(look, name, profile)
  const { aws_access_key_id: accessKey, aws_secret_access_key: secretKey } = profile
  if (accessKey && secretKey) {
    const sessionToken = profile.aws_session_token || undefined
    return { accessKey, secretKey, sessionToken, expires: Date.now() + 2 * rereadMs }
  }
  if (profile.credential_process) return processKeys(look.env, profile.credential_process)
  refuseSignOn(profile, named(name))
  return undefined
}

/** A profile may name itself as its source: then its own keys take on its role. */
async function keysOfRole(look: Look, name: string, profile: Profile): Promise<Keys> {
  const { env } = look
  const what = named(name)
  const region = look.region || profile.region || ''
  const roleArn = profile.role_arn ?? ''
  const sessionName = profile.role_session_name || 'chartroom'
  const tokenFile = profile.web_identity_token_file
  if (tokenFile) return webIdentityKeys(env, { tokenFile, roleArn, sessionName, region })
  if (profile.mfa_serial) throw noKeys(what, '"mfa_serial" asks for a person, and a server has none')
  const { external_id: externalId = '', duration_seconds: durationSeconds = '' } = profile
  const source = await sourceKeys({ ...look, seen: [...look.seen, name] }, profile, what)
  return roleKeys(env, source, { roleArn, sessionName, region, externalId, durationSeconds })
}

async function sourceKeys(look: Look, profile: Profile, what: string): Promise<Keys> {
  const { source_profile: from, credential_source: way } = profile
  if (from) {
    if (look.seen.includes(from) && look.seen.at(-1) !== from)
      throw noKeys(what, '"source_profile" leads in a circle')
    const keys = await keysOfProfile(look, from)
    if (keys !== undefined) return keys
    throw noKeys(what, `the profile "${from}" of its "source_profile" has no keys`)
  }
  // Keys in the variables ("Environment") come before any profile.
  if (way === 'EcsContainer') return containerKeys(look.env)
  if (way === 'Ec2InstanceMetadata') return machineKeys(look.env)
  throw noKeys(what, 'its role needs "source_profile", "credential_source" or "web_identity_token_file"')
}

/** A sign-on is a person's in a browser. Passing it over would use another identity in its place. */
function refuseSignOn(profile: Profile, what: string): void {
  const way = ['sso_session', 'sso_start_url'].find((key) => profile[key])
  if (way === undefined) return
  throw noKeys(
    what,
    `"${way}" is not supported, for it asks for a person; give keys, a role or "credential_process"`,
  )
}

function named(name: string): string {
  return `the profile "${name}" of the shared files`
}
