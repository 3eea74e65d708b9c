import { duration, oneOf, text, toggle } from './option.ts'

/** Every backend that ChartMuseum's `--storage` knows, and MinIO by its own name. */
export const storageBackends = [
  'local',
  'minio',
  'amazon',
  'google',
  'oracle',
  'microsoft',
  'alibaba',
  'openstack',
  'baidu',
  'etcd',
  'tencent',
] as const

/** Where charts are kept, whatever the backend. */
export const storageOptions = {
  storage: oneOf(
    'storage.backend',
    storageBackends,
    '',
    'Where charts are kept: local, or a backend of the groups below. Without it Chartroom runs in local trial mode: ' +
      'the folder ./data, reachable from this computer only',
    { shown: 'local trial mode' },
  ),
  'storage-timestamp-tolerance': duration(
    'storage.timestamptolerance',
    0,
    'How much the clock of the storage may be off before an object counts as changed',
    { noEffect: 'Chartroom compares more than times and needs no tolerance' },
  ),
  'storage-local-rootdir': text(
    'storage.local.rootdir',
    'FOLDER',
    'Folder of the local storage; made when it is missing',
    { shown: './data in local trial mode' },
  ),
  'single-replica': toggle(
    'storage.singlereplica',
    'No other server writes to this storage: asks it for nothing before a read, and tells others nothing. Without it, ' +
      'several servers on one storage always show the same',
  ),
  'max-stale': duration(
    'storage.maxstale',
    3_600_000,
    'How long reads are answered from what is known while the storage does not answer; 0 refuses them at once',
    { shown: '1h' },
  ),
}

/** Settings of MinIO, and of Amazon S3 with ChartMuseum's names. */
const s3Options = {
  'storage-minio-endpoint': text(
    'storage.minio.endpoint',
    'URL',
    'MinIO: address, such as https://minio.example.com:9000',
  ),
  'storage-minio-bucket': text('storage.minio.bucket', 'NAME', 'MinIO: bucket'),
  'storage-minio-prefix': text('storage.minio.prefix', 'PREFIX', 'MinIO: start of every key'),
  'storage-minio-access-key': text('storage.minio.accesskey', 'KEY', 'MinIO: access key', { inFile: true }),
  'storage-minio-secret-key': text('storage.minio.secretkey', 'SECRET', 'MinIO: secret key', {
    secret: true,
  }),
  'storage-minio-region': text('storage.minio.region', 'REGION', 'MinIO: region', { fallback: 'us-east-1' }),
  'storage-minio-ca-file': text(
    'storage.minio.cafile',
    'FILE',
    "MinIO: certificate authorities (PEM) to trust in place of the system's",
  ),
  'storage-minio-style': oneOf(
    'storage.minio.style',
    ['path', 'virtual-host'],
    'path',
    'MinIO: where the bucket stands, in the path or in the host name',
  ),
  'storage-minio-create-bucket': toggle(
    'storage.minio.createbucket',
    'MinIO: make the bucket when it is missing',
  ),
  'storage-minio-sse': text(
    'storage.minio.sse',
    'NAME',
    'MinIO: server-side encryption of new objects, AES256 or aws:kms',
  ),
  'storage-minio-sse-kms-key': text(
    'storage.minio.ssekmskey',
    'KEY',
    'MinIO: key for the encryption aws:kms',
  ),
  'storage-amazon-bucket': text('storage.amazon.bucket', 'NAME', 'Amazon S3: bucket'),
  'storage-amazon-prefix': text('storage.amazon.prefix', 'PREFIX', 'Amazon S3: start of every key'),
  'storage-amazon-region': text('storage.amazon.region', 'REGION', 'Amazon S3: region'),
  'storage-amazon-endpoint': text(
    'storage.amazon.endpoint',
    'URL',
    'Amazon S3: address of a compatible store',
  ),
  'storage-amazon-sse': text(
    'storage.amazon.sse',
    'NAME',
    'Amazon S3: server-side encryption of new objects, AES256 or aws:kms',
  ),
  'storage-amazon-sse-kms-key': text(
    'storage.amazon.ssekmskey',
    'KEY',
    'Amazon S3: key for the encryption aws:kms; without it, the one of the bucket',
  ),
  'storage-amazon-force-path-style': toggle(
    'storage.amazon.forcepathstyle',
    'Amazon S3: bucket in the path, not in the host name',
    { on: true },
  ),
}

/** Settings of the other storage backends, with ChartMuseum's names. */
const backendOptions = {
  'storage-google-bucket': text('storage.google.bucket', 'NAME', 'Google Cloud Storage: bucket'),
  'storage-google-prefix': text(
    'storage.google.prefix',
    'PREFIX',
    'Google Cloud Storage: start of every key',
  ),
  'storage-microsoft-container': text('storage.microsoft.container', 'NAME', 'Azure Blob Storage: container'),
  'storage-microsoft-prefix': text(
    'storage.microsoft.prefix',
    'PREFIX',
    'Azure Blob Storage: start of every key',
  ),
  'storage-alibaba-bucket': text('storage.alibaba.bucket', 'NAME', 'Alibaba OSS: bucket'),
  'storage-alibaba-prefix': text('storage.alibaba.prefix', 'PREFIX', 'Alibaba OSS: start of every key'),
  'storage-alibaba-endpoint': text('storage.alibaba.endpoint', 'HOST', 'Alibaba OSS: endpoint', {
    shown: 'oss-cn-hangzhou.aliyuncs.com',
  }),
  'storage-alibaba-sse': text('storage.alibaba.sse', 'NAME', 'Alibaba OSS: encryption, AES256 or KMS'),
  'storage-baidu-bucket': text('storage.baidu.bucket', 'NAME', 'Baidu BOS: bucket'),
  'storage-baidu-prefix': text('storage.baidu.prefix', 'PREFIX', 'Baidu BOS: start of every key'),
  'storage-baidu-endpoint': text('storage.baidu.endpoint', 'HOST', 'Baidu BOS: endpoint', {
    shown: 'bj.bcebos.com',
  }),
  'storage-etcd-endpoint': text('storage.etcd.endpoint', 'URLS', 'etcd: endpoints, separated by commas', {
    fallback: 'http://localhost:2379',
  }),
  'storage-etcd-cafile': text('storage.etcd.cafile', 'FILE', 'etcd: certificate authority'),
  'storage-etcd-certfile': text('storage.etcd.certfile', 'FILE', 'etcd: client certificate'),
  'storage-etcd-keyfile': text('storage.etcd.keyfile', 'FILE', 'etcd: key of the client certificate'),
  'storage-etcd-prefix': text('storage.etcd.prefix', 'PREFIX', 'etcd: start of every key'),
  'storage-tencent-bucket': text(
    'storage.tencent.bucket',
    'NAME',
    'Tencent COS: bucket, such as charts-1250000000',
  ),
  'storage-tencent-prefix': text('storage.tencent.prefix', 'PREFIX', 'Tencent COS: start of every key'),
  'storage-tencent-endpoint': text('storage.tencent.endpoint', 'HOST', 'Tencent COS: endpoint', {
    shown: 'cos.ap-guangzhou.myqcloud.com',
  }),
}

/** Settings of backends that `--storage` refuses: an old configuration is read to its end all the same. */
const refusedOptions = {
  'storage-oracle-bucket': text('storage.oracle.bucket', 'NAME', 'Oracle: bucket'),
  'storage-oracle-prefix': text('storage.oracle.prefix', 'PREFIX', 'Oracle: start of every key'),
  'storage-oracle-region': text('storage.oracle.region', 'REGION', 'Oracle: region'),
  'storage-oracle-compartmentid': text('storage.oracle.compartmentid', 'OCID', 'Oracle: compartment'),
  'storage-openstack-container': text('storage.openstack.container', 'NAME', 'OpenStack Swift: container'),
  'storage-openstack-prefix': text(
    'storage.openstack.prefix',
    'PREFIX',
    'OpenStack Swift: start of every key',
  ),
  'storage-openstack-region': text('storage.openstack.region', 'REGION', 'OpenStack Swift: region'),
  'storage-openstack-cacert': text(
    'storage.openstack.cacert',
    'FILE',
    'OpenStack Swift: certificate authorities',
  ),
  'storage-openstack-auth': oneOf(
    'storage.openstack.auth',
    ['auto', 'v1'],
    'auto',
    'OpenStack Swift: sign-in protocol, auto (v2 or v3) or v1',
  ),
}

/** The settings of all backends but a folder, in their groups. */
export const backendGroups = {
  'MinIO and Amazon S3': s3Options,
  'Other storage backends': backendOptions,
  'Storage backends that are refused: reach them through Amazon S3': refusedOptions,
}

/** The same without groups. */
export const remoteOptions = { ...s3Options, ...backendOptions, ...refusedOptions }
