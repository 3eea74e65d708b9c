/** A cloud that speaks S3 beside a protocol of its own, with ChartMuseum's name for it. */
export type Cloud = 'alibaba' | 'tencent' | 'baidu'

/** What has to be known of a cloud to reach it through S3. */
export interface Preset {
  /** Variables with the access key and its secret, as ChartMuseum reads them. */
  readonly variables: readonly [key: string, secret: string]
  /** Host of ChartMuseum's driver when none is named. */
  readonly defaultHost: string
  /** A host of the cloud, its own or that for S3; the group is the region. */
  readonly host: RegExp
  /** The host that speaks S3 for a host of the cloud. */
  s3Host(host: string): string
  /** The bucket in the path, not in the host name. */
  readonly pathStyle: boolean
  /** The header that makes a put fail when the object is there, in place of `If-None-Match: *`. */
  readonly forbidHeader: string
  /** Algorithms of encryption that can be asked for by `encryptionHeader`. */
  readonly encryptions: readonly string[]
  readonly encryptionHeader?: string
}

/**
 * The clouds, as their documents describe them (November 2026); none could be tried. Each refuses or ignores
 * `If-Match`, which the probe at start finds out.
 */
export const presets: Readonly<Record<Cloud, Preset>> = {
  // https://www.alibabacloud.com/help/en/oss/developer-reference/use-amazon-s3-sdks-to-access-oss: the S3 hosts. OSS
  // refuses the bucket in the path, and If-None-Match with NotImplemented.
  alibaba: {
    variables: ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
    defaultHost: 'oss-cn-hangzhou.aliyuncs.com',
    host: /^(?:s3\.)?oss-([a-z\d-]+?)(?:-internal)?\.aliyuncs\.com$/,
    s3Host: (host) => (host.startsWith('s3.') ? host : `s3.${host}`),
    pathStyle: false,
    forbidHeader: 'x-oss-forbid-overwrite',
    encryptions: ['AES256', 'KMS'],
    encryptionHeader: 'x-oss-server-side-encryption',
  },
  // https://www.tencentcloud.com/document/product/436/32537: one host for both. COS refuses the bucket in the path for
  // buckets made since 2024. A bucket's name ends in the number of the account: charts-1250000000.
  tencent: {
    variables: ['TENCENT_CLOUD_COS_SECRET_ID', 'TENCENT_CLOUD_COS_SECRET_KEY'],
    defaultHost: 'cos.ap-guangzhou.myqcloud.com',
    host: /^cos(?:-internal)?\.([a-z\d-]+)\.(?:myqcloud\.com|tencentcos\.cn)$/,
    s3Host: (host) => host,
    pathStyle: false,
    forbidHeader: 'x-cos-forbid-overwrite',
    encryptions: [],
  },
  // https://cloud.baidu.com/doc/BOS/s/Hjwvyq84s and Njwvyq8ho: the S3 hosts, regions and calls. BOS takes both styles;
  // only that of the path needs no certificate for the bucket's name below s3.
  baidu: {
    variables: ['BAIDU_CLOUD_ACCESS_KEY_ID', 'BAIDU_CLOUD_ACCESS_KEY_SECRET'],
    defaultHost: 'bj.bcebos.com',
    host: /^(?:s3\.)?([a-z\d-]+)\.bcebos\.com$/,
    s3Host: (host) => (host.startsWith('s3.') ? host : `s3.${host}`),
    pathStyle: true,
    forbidHeader: 'x-bce-forbid-overwrite',
    encryptions: [],
  },
}

/** Where a cloud is reached. */
export interface CloudPlace {
  readonly host: string
  readonly region: string
}

/**
 * The S3 host and the region for a host of a cloud. What is no host of the cloud (a name of one's own, a private
 * installation) is taken as it is, with the region of the default host.
 */
export function placeOf({ host, s3Host, defaultHost }: Preset, given: string): CloudPlace {
  const region = host.exec(given)?.[1]
  if (region !== undefined) return { host: s3Host(given), region }
  return { host: given, region: host.exec(defaultHost)?.[1] ?? '' }
}
