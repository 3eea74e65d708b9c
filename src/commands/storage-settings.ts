import type { Settings } from '../config/options.ts'
import type { StorageSettings } from '../storage/open.ts'

/** What the chosen storage needs of the settings. Backends that are not there yet have been refused before. */
export function storageSettings(settings: Settings): StorageSettings {
  switch (settings.storage) {
    case 'minio':
      return {
        backend: 'minio',
        endpoint: settings.storageMinioEndpoint,
        bucket: settings.storageMinioBucket,
        prefix: settings.storageMinioPrefix,
        accessKey: settings.storageMinioAccessKey,
        secretKey: settings.storageMinioSecretKey,
        region: settings.storageMinioRegion,
        caFile: settings.storageMinioCaFile,
        style: settings.storageMinioStyle,
        createBucket: settings.storageMinioCreateBucket,
        sse: settings.storageMinioSse,
        sseKmsKey: settings.storageMinioSseKmsKey,
      }
    case 'amazon':
      return {
        backend: 'amazon',
        bucket: settings.storageAmazonBucket,
        prefix: settings.storageAmazonPrefix,
        region: settings.storageAmazonRegion,
        endpoint: settings.storageAmazonEndpoint,
        forcePathStyle: settings.storageAmazonForcePathStyle,
        sse: settings.storageAmazonSse,
        sseKmsKey: settings.storageAmazonSseKmsKey,
      }
    case 'alibaba':
      return {
        backend: 'alibaba',
        bucket: settings.storageAlibabaBucket,
        prefix: settings.storageAlibabaPrefix,
        endpoint: settings.storageAlibabaEndpoint,
        sse: settings.storageAlibabaSse,
      }
    case 'tencent':
      return {
        backend: 'tencent',
        bucket: settings.storageTencentBucket,
        prefix: settings.storageTencentPrefix,
        endpoint: settings.storageTencentEndpoint,
        sse: '',
      }
    case 'baidu':
      return {
        backend: 'baidu',
        bucket: settings.storageBaiduBucket,
        prefix: settings.storageBaiduPrefix,
        endpoint: settings.storageBaiduEndpoint,
        sse: '',
      }
    case 'etcd':
      return {
        backend: 'etcd',
        endpoint: settings.storageEtcdEndpoint,
        cafile: settings.storageEtcdCafile,
        certfile: settings.storageEtcdCertfile,
        keyfile: settings.storageEtcdKeyfile,
        prefix: settings.storageEtcdPrefix,
      }
    case 'google':
      return {
        backend: 'google',
        bucket: settings.storageGoogleBucket,
        prefix: settings.storageGooglePrefix,
      }
    case 'microsoft':
      return {
        backend: 'microsoft',
        container: settings.storageMicrosoftContainer,
        prefix: settings.storageMicrosoftPrefix,
      }
    default:
      return { backend: 'local', rootdir: settings.storageLocalRootdir }
  }
}
