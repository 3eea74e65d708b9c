import { namesOf, needed } from './names.ts'
import type { Flag, Settings } from './options.ts'

/** What the chosen storage needs, and what it would not do as its settings say. */
export function storageRules(settings: Settings, isGiven: (flag: Flag) => boolean): string[] {
  switch (settings.storage) {
    case '':
      if (!isGiven('storage')) return []
      return [
        `${namesOf('storage')} is set but empty: name a backend such as local, or leave it out to try Chartroom`,
      ]
    case 'local':
      return needed(settings, '--storage local', { 'storage-local-rootdir': 'the folder for the charts' })
    case 'minio':
      return [
        ...needed(settings, '--storage minio', {
          'storage-minio-endpoint': 'the address of MinIO',
          'storage-minio-bucket': 'the bucket for the charts',
          'storage-minio-access-key': 'an access key',
          'storage-minio-secret-key': 'a secret key',
        }),
        ...encryptionRule('storage-minio-sse', settings.storageMinioSse, settings.storageMinioSseKmsKey),
      ]
    case 'amazon':
      return [
        ...needed(settings, '--storage amazon', { 'storage-amazon-bucket': 'the bucket for the charts' }),
        ...encryptionRule('storage-amazon-sse', settings.storageAmazonSse, settings.storageAmazonSseKmsKey),
      ]
    case 'microsoft':
      return needed(settings, '--storage microsoft', {
        'storage-microsoft-container': 'the container for the charts',
      })
    case 'alibaba':
      return [
        ...needed(settings, '--storage alibaba', { 'storage-alibaba-bucket': 'the bucket for the charts' }),
        ...alibabaEncryptionRule(settings.storageAlibabaSse),
      ]
    case 'tencent':
      return needed(settings, '--storage tencent', {
        'storage-tencent-bucket': 'the bucket for the charts, with the number of the account behind its name',
      })
    case 'baidu':
      return needed(settings, '--storage baidu', { 'storage-baidu-bucket': 'the bucket for the charts' })
    case 'google':
      return needed(settings, '--storage google', { 'storage-google-bucket': 'the bucket for the charts' })
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
    '--storage openstack (STORAGE, file key storage.backend) is not supported: reach Swift through its S3 interface (the ' +
    'middleware s3api) with --storage amazon, --storage-amazon-endpoint <its address> and, in AWS_ACCESS_KEY_ID and ' +
    'AWS_SECRET_ACCESS_KEY, the keys that "openstack ec2 credentials create" gives',
  oracle:
    '--storage oracle (STORAGE, file key storage.backend) is not supported: reach Oracle through its Amazon S3 ' +
    'Compatibility API with --storage amazon, --storage-amazon-endpoint ' +
    'https://<namespace>.compat.objectstorage.<region>.oraclecloud.com, --storage-amazon-region <region> and, in ' +
    'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a Customer Secret Key',
}

/** ChartMuseum wants all three files, for endpoints without TLS too. */
function etcdRules(settings: Settings): string[] {
  const { storageEtcdCertfile: cert, storageEtcdKeyfile: key } = settings
  const found = needed(settings, '--storage etcd', {
    'storage-etcd-endpoint': 'the address of etcd',
    'storage-etcd-prefix': 'the start of its keys',
  })
  if ((cert === '') === (key === '')) return found
  return [
    ...found,
    `${namesOf('storage-etcd-certfile')} and ${namesOf('storage-etcd-keyfile')} need each other`,
  ]
}

/** What is misspelled would leave objects unencrypted where a store takes no notice. */
function encryptionRule(
  flag: 'storage-minio-sse' | 'storage-amazon-sse',
  algorithm: string,
  kmsKey: string,
): string[] {
  const named = namesOf(flag)
  if (!['', 'AES256', 'aws:kms', 'aws:kms:dsse'].includes(algorithm)) {
    return [`${named} is "${algorithm}": server-side encryption is AES256 or aws:kms`]
  }
  if (kmsKey === '' || algorithm.startsWith('aws:kms')) return []
  return [`${namesOf(`${flag}-kms-key`)} is a key for aws:kms: set ${named} to it too`]
}

function alibabaEncryptionRule(algorithm: string): string[] {
  if (['', 'AES256', 'KMS'].includes(algorithm)) return []
  return [`${namesOf('storage-alibaba-sse')} is "${algorithm}": server-side encryption is AES256 or KMS`]
}
