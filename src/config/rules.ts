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
    case 'microsoft':
      return needed(settings, 'microsoft', { 'storage-microsoft-container': 'the container for the charts' })
    case 'alibaba':
      return [
        ...needed(settings, 'alibaba', { 'storage-alibaba-bucket': 'the bucket for the charts' }),
        ...alibabaEncryptionRule(settings.storageAlibabaSse),
      ]
    case 'tencent':
      return needed(settings, 'tencent', {
        'storage-tencent-bucket': 'the bucket for the charts, with the number of the account behind its name',
      })
    case 'baidu':
      return needed(settings, 'baidu', { 'storage-baidu-bucket': 'the bucket for the charts' })
    case 'google':
      return needed(settings, 'google', { 'storage-google-bucket': 'the bucket for the charts' })
    case 'etcd':
      return etcdRules(settings)
    case 'openstack':
      return [refusals.openstack]
    case 'oracle':
      return [refusals.oracle]
  }
}

/** Backends whose own protocols are not spoken, and the way in that is. */
const refusals = {
  openstack:
    '--storage openstack (STORAGE) is not supported: reach Swift through its S3 interface (the middleware s3api) with ' +
    '--storage amazon, --storage-amazon-endpoint <its address> and, in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the ' +
    'keys that "openstack ec2 credentials create" gives',
  oracle:
    '--storage oracle (STORAGE) is not supported: reach Oracle through its Amazon S3 Compatibility API with --storage ' +
    'amazon, --storage-amazon-endpoint https://<namespace>.compat.objectstorage.<region>.oraclecloud.com, ' +
    '--storage-amazon-region <region> and, in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a Customer Secret Key',
}

/** ChartMuseum wants all three files, for endpoints without TLS too. */
function etcdRules(settings: Settings): string[] {
  const { storageEtcdCertfile: cert, storageEtcdKeyfile: key } = settings
  const found = needed(settings, 'etcd', {
    'storage-etcd-endpoint': 'the address of etcd',
    'storage-etcd-prefix': 'the start of its keys',
  })
  if ((cert === '') === (key === '')) return found
  return [
    ...found,
    '--storage-etcd-certfile (STORAGE_ETCD_CERTFILE) and --storage-etcd-keyfile (STORAGE_ETCD_KEYFILE) need each other',
  ]
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

function alibabaEncryptionRule(algorithm: string): string[] {
  if (['', 'AES256', 'KMS'].includes(algorithm)) return []
  return [
    `--storage-alibaba-sse (STORAGE_ALIBABA_SSE) is "${algorithm}": server-side encryption is AES256 or KMS`,
  ]
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
