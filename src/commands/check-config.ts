import { effectiveSettings } from '../config/effective.ts'
import { SettingsError, type Loaded } from '../config/load.ts'
import { namesOf } from '../config/names.ts'
import { flags, type Flag, type Settings } from '../config/options.ts'
import { isRegistryError } from '../errors.ts'
import { chooseKeyPair } from '../http/certificates.ts'
import { readAuthorities } from '../http/key-pair.ts'
import { operatorFolder } from '../http/web/operator-folder.ts'
import type { Log } from '../log.ts'
import { openKeyring } from '../reader/keyring.ts'
import { StartError } from '../start-error.ts'
import { chooseAccess } from './access.ts'
import { storageSettings } from './storage-settings.ts'

/**
 * What `--check-config` prints: the settings as they take effect, and the warnings that a start would log. Reads the
 * files that settings name as a start does; opens no storage, writes nothing, asks nobody.
 *
 * @throws SettingsError with all that would keep the server from starting.
 */
export async function checkedConfig(loaded: Loaded, width?: number): Promise<string> {
  const warnings = [...loaded.warnings]
  const warn = (message: string, fields: object = {}) => {
    const about = Object.entries(fields).map(([name, value]) => `${name}: ${String(value)}`)
    warnings.push([message, ...about].join(', '))
  }
  const mistakes = await mistakesInFiles(loaded, { ...silent, warn, error: warn })
  if (mistakes.length > 0) throw new SettingsError(mistakes)
  const warned =
    warnings.length === 0 ? '' : `\nWarnings\n${warnings.map((line) => `  - ${line}\n`).join('')}`
  const trial = loaded.trial ? ' Without --storage this is local trial mode.' : ''
  return `The settings are fine.${trial}\n\n${effectiveSettings(loaded, width)}${warned}`
}

const quiet = (): void => undefined
const silent: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet }

/**
 * What is wrong with files that settings name: each step of a start that reads some is tried, so that one bad file does
 * not hide another.
 */
export async function mistakesInFiles({ settings }: Loaded, log: Log = silent): Promise<string[]> {
  const steps: readonly (readonly [Flag, () => unknown])[] = [
    ['tls-cert', () => certificates(settings, log)],
    [settings.bearerAuth ? 'auth-cert-path' : 'basic-auth-htpasswd', () => chooseAccess(settings, log)],
    ['keyring', () => (settings.keyring === '' ? undefined : openKeyring(settings.keyring))],
    ['web-template-path', () => operatorFolder(settings.webTemplatePath, settings.contextPath, log)],
    ['storage', () => storageOptions(settings, log)],
  ]
  const mistakes: string[] = []
  for (const [flag, step] of steps) {
    try {
      await step()
    } catch (error) {
      if (!isRegistryError(error) && !(error instanceof StartError)) throw error
      mistakes.push(withNames(error.message, flag))
    }
  }
  return mistakes
}

/** The message with variable and key of the first setting that it names, or of the one that it must be about. */
function withNames(message: string, about: Flag): string {
  const named = flags.find((flag) => new RegExp(`--${flag}(?![\\w-])`).test(message))
  return named === undefined
    ? `${message.replace(/\.$/, '')}: ${namesOf(about)}`
    : message.replace(new RegExp(`\\(?--${named}(?![\\w-])\\)?`), namesOf(named))
}

/** A self-signed certificate is made by a start only; what stands beside it is read. */
async function certificates(settings: Settings, log: Log): Promise<void> {
  if (!settings.tlsSelfSigned) await chooseKeyPair(settings, log)
  else if (settings.tlsCaCert !== '') await readAuthorities(settings.tlsCaCert)
}

/** The options of the driver: reads certificates, finds region and keys where they must be there from the start. */
async function storageOptions(settings: Settings, log: Log): Promise<void> {
  const wanted = storageSettings(settings)
  switch (wanted.backend) {
    case 'minio':
      void (await import('../storage/s3-settings.ts')).minioOptions(wanted, log)
      break
    case 'amazon':
      void (await import('../storage/s3-settings.ts')).amazonOptions(wanted, process.env, log)
      break
    case 'alibaba':
    case 'tencent':
    case 'baidu':
      void (await import('../storage/s3-settings.ts')).cloudOptions(wanted, process.env, log)
      break
    case 'etcd':
      void (await import('../storage/etcd-settings.ts')).etcdOptions(wanted, log)
      break
    case 'google':
      void (await import('../storage/google-options.ts')).googleOptions(wanted, process.env, log)
      break
    case 'microsoft':
      void (await import('../storage/azure-settings.ts')).azureOptions(wanted, process.env, log)
      break
    case 'local':
      break
  }
}
