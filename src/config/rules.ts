import { flags, optionOf, settingOf, type Flag, type Settings } from './options.ts'

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
  const { storage, storageLocalRootdir: folder } = settings
  if (storage === '') {
    if (!isGiven('storage')) return []
    return [
      '--storage (STORAGE) is set but empty: name a backend such as local, or leave it out to try Chartroom',
    ]
  }
  if (storage !== 'local') {
    return [
      `--storage ${storage} (STORAGE) cannot be used yet: this version keeps charts in a folder, --storage local`,
    ]
  }
  if (folder !== '') return []
  return ['--storage local needs the folder for the charts: --storage-local-rootdir (STORAGE_LOCAL_ROOTDIR)']
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
