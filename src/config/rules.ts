import { flags, optionOf, settingOf, variableOf, type Flag, type Settings } from './options.ts'

/** What is wrong with settings that are each fine, and what to say about the others. */
export interface Verdict {
  readonly mistakes: readonly string[]
  readonly warnings: readonly string[]
}

/** Judges settings against each other and against what this version can do. `isGiven` tells whether one has been set. */
export function checkTogether(settings: Settings, isGiven: (flag: Flag) => boolean): Verdict {
  const used = flags.filter((flag) => isGiven(flag) && settings[settingOf(flag)] !== optionOf(flag).default)
  const later = used.flatMap((flag) => {
    const why = optionOf(flag).later
    return why === undefined ? [] : [`--${flag} cannot be used yet: ${why}`]
  })
  const noEffect = used.flatMap((flag) => {
    const why = optionOf(flag).noEffect
    return why === undefined ? [] : [`The configuration option --${flag} has no effect: ${why}`]
  })
  return {
    mistakes: [
      ...storageRules(settings, isGiven),
      ...securityRules(settings),
      ...indexRules(settings),
      ...later,
    ],
    warnings: noEffect,
  }
}

function storageRules(settings: Settings, isGiven: (flag: Flag) => boolean): string[] {
  switch (settings.storage) {
    case '':
      if (!isGiven('storage')) return []
      return [
        '--storage (STORAGE) is set but empty: name a backend such as local, or leave it out to try Chartroom',
      ]
    case 'local':
      return needed(settings, 'local', { 'storage-local-rootdir': 'the folder for the charts' })
    case 'minio':
      return [
        ...needed(settings, 'minio', {
          'storage-minio-endpoint': 'the address of MinIO',
          'storage-minio-bucket': 'the bucket for the charts',
          'storage-minio-access-key': 'an access key',
          'storage-minio-secret-key': 'a secret key',
        }),
        ...encryptionRule('storage-minio-sse', settings.storageMinioSse, settings.storageMinioSseKmsKey),
      ]
    case 'amazon':
      return [
        ...needed(settings, 'amazon', { 'storage-amazon-bucket': 'the bucket for the charts' }),
        ...encryptionRule('storage-amazon-sse', settings.storageAmazonSse, settings.storageAmazonSseKmsKey),
      ]
    default:
      return [
        `--storage ${settings.storage} (STORAGE) cannot be used yet: this version keeps charts in a folder, --storage ` +
          'local, in MinIO, --storage minio, or in Amazon S3 and what speaks like it, --storage amazon',
      ]
  }
}

/** One mistake for each setting that a backend cannot do without. */
function needed(settings: Settings, backend: string, what: Partial<Record<Flag, string>>): string[] {
  return (Object.entries(what) as [Flag, string][])
    .filter(([flag]) => settings[settingOf(flag)] === '')
    .map(([flag, thing]) => `--storage ${backend} needs ${thing}: --${flag} (${variableOf(flag)})`)
}

/** What is misspelled would leave objects unencrypted where a store takes no notice. */
function encryptionRule(flag: Flag, algorithm: string, kmsKey: string): string[] {
  const named = `--${flag} (${variableOf(flag)})`
  if (!['', 'AES256', 'aws:kms', 'aws:kms:dsse'].includes(algorithm)) {
    return [`${named} is "${algorithm}": server-side encryption is AES256 or aws:kms`]
  }
  if (kmsKey === '' || algorithm.startsWith('aws:kms')) return []
  return [`--${flag}-kms-key is a key for aws:kms: set ${named} to it too`]
}

/** Half a key pair or half a credential would leave the registry less protected than its owner believes. */
function securityRules(settings: Settings): string[] {
  const found: string[] = []
  const { tlsCert, tlsKey, tlsSelfSigned, basicAuthUser, basicAuthPass } = settings
  if (tlsCert !== '' && tlsKey === '') found.push('--tls-cert (TLS_CERT) needs --tls-key (TLS_KEY) beside it')
  if (tlsCert === '' && tlsKey !== '') found.push('--tls-key (TLS_KEY) needs --tls-cert (TLS_CERT) beside it')
  if (tlsSelfSigned && (tlsCert !== '' || tlsKey !== '')) {
    found.push('--tls-self-signed (TLS_SELF_SIGNED) and --tls-cert (TLS_CERT) exclude each other: keep one')
  }
  if (basicAuthUser !== '' && basicAuthPass === '') {
    found.push('--basic-auth-user (BASIC_AUTH_USER) needs --basic-auth-pass (BASIC_AUTH_PASS) beside it')
  }
  if (basicAuthUser === '' && basicAuthPass !== '') {
    found.push('--basic-auth-pass (BASIC_AUTH_PASS) needs --basic-auth-user (BASIC_AUTH_USER) beside it')
  }
  return found
}

function indexRules({ jsonIndex, indexFormat }: Settings): string[] {
  if (!jsonIndex || indexFormat !== 'yaml') return []
  return ['--json-index (JSON_INDEX) and --index-format yaml (INDEX_FORMAT) contradict each other: keep one']
}
