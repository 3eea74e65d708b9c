import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isMissing } from './file-calls.ts'

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The settings of one profile: `aws_access_key_id`, `role_arn` … in lower case. */
export type Profile = Readonly<Record<string, string>>

/** The profile that the environment names, "default" when it names none. */
export function profileName(env: Environment): string {
  return env.AWS_PROFILE || env.AWS_DEFAULT_PROFILE || 'default'
}

/**
 * One profile out of AWS's shared files: what stands in the credentials file wins over the config file. undefined when
 * neither knows it. Throws what reading a file throws, but not when it is missing.
 */
export function readProfile(env: Environment, name: string): Profile | undefined {
  const folder = join(env.HOME || homedir(), '.aws')
  const credentials = sections(env.AWS_SHARED_CREDENTIALS_FILE || join(folder, 'credentials')).get(name)
  const config = sections(env.AWS_CONFIG_FILE || join(folder, 'config'))
  // In the config file a section is called "profile NAME", but for the default one.
  const settings = config.get(`profile ${name}`) ?? (name === 'default' ? config.get(name) : undefined)
  if (credentials === undefined && settings === undefined) return undefined
  return { ...settings, ...credentials }
}

/** The sections of an INI file as AWS's tools read it. Indented lines belong to the setting before and are passed over. */
function sections(path: string): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>()
  let current: Record<string, string> | undefined
  for (const line of textOf(path).split(/\r?\n/)) {
    const title = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim().replace(/\s+/g, ' ')
    if (title !== undefined) {
      current = found.get(title) ?? {}
      found.set(title, current)
    }
    const [, name, value = ''] = /^([A-Za-z_][\w.-]*)\s*=\s*(.*)$/.exec(line) ?? []
    if (name !== undefined && current) current[name.toLowerCase()] = value.replace(/\s+[#;].*$/, '').trim()
  }
  return found
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  } catch (error) {
    if (isMissing(error)) return ''
    throw error
  }
}
