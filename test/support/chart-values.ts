/** Values for the chart of Chartroom itself, and what must not be in any rendered object but a Secret. */
export interface ChartValues {
  readonly title: string
  readonly values: Readonly<Record<string, unknown>>
}

/** The secrets in them, which stand in no variable and no ConfigMap. */
export const chartSecrets = { password: 'open: sesame', users: 'ci:$2y$05$abcdefghijklmnopqrstuv' } as const

const users = { auth: { user: '', htpasswd: { existingSecret: 'our-users', key: 'users' } } }
const minio = {
  type: 'minio',
  endpoint: 'https://minio.example.com:9000',
  bucket: 'charts',
  prefix: 'team',
  existingSecret: 'our-minio',
}

/** One for each way in which the chart is meant to be used. */
export const chartValues: readonly ChartValues[] = [
  { title: 'no values', values: {} },
  {
    title: 'three servers on a bucket behind an ingress with TLS',
    values: {
      replicaCount: 3,
      storage: minio,
      contextPath: '/charts',
      settings: { MAX_UPLOAD_SIZE: 104_857_600, TRUSTED_PROXIES: '10.0.0.0/8', DEPTH: 1 },
      ingress: {
        enabled: true,
        className: 'nginx',
        hosts: ['charts.example.com'],
        tls: [{ secretName: 'charts-tls', hosts: ['charts.example.com'] }],
      },
    },
  },
  {
    title: 'existing secrets',
    values: {
      auth: { existingSecret: 'our-password' },
      persistence: { existingClaim: 'our-charts' },
      serviceAccount: { create: false, name: 'ours' },
    },
  },
  { title: 'OpenShift', values: { podSecurityContext: { fsGroup: null } } },
  {
    title: 'users, and HTTPS with client certificates',
    values: {
      ...users,
      tls: { existingSecret: 'our-tls', clientCa: { existingSecret: 'our-ca' } },
      metrics: { enabled: true, serviceMonitor: { enabled: true, tlsConfig: { insecureSkipVerify: true } } },
    },
  },
  {
    title: 'bearer tokens and a gateway',
    values: {
      auth: {
        anonymousGet: true,
        bearer: {
          enabled: true,
          realm: 'https://auth.example.com/token',
          service: 'charts',
          publicKey: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
          actionsSearchPath: 'access[].actions',
        },
      },
      httpRoute: { enabled: true, parentRefs: [{ name: 'edge' }], hostnames: ['charts.example.com'] },
      persistence: { enabled: false },
    },
  },
  {
    title: 'Amazon S3 by the identity of the pod, scaled',
    values: {
      storage: { type: 'amazon', bucket: 'charts', region: 'eu-central-1' },
      autoscaling: { enabled: true },
      serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/charts' } },
    },
  },
  ...[
    { type: 'amazon', bucket: 'charts', endpoint: 'https://s3.example.com', existingSecret: 'keys' },
    { type: 'google', bucket: 'charts', existingSecret: 'keys' },
    { type: 'microsoft', bucket: 'charts', account: 'charts', existingSecret: 'keys' },
    { type: 'alibaba', bucket: 'charts', existingSecret: 'keys' },
    { type: 'tencent', bucket: 'charts-1250000000', existingSecret: 'keys' },
    { type: 'baidu', bucket: 'charts', existingSecret: 'keys' },
    { type: 'etcd', endpoint: 'https://etcd:2379', prefix: 'charts', existingSecret: 'keys' },
  ].map((storage) => ({ title: `keys of ${storage.type}`, values: { storage, replicaCount: 2 } })),
  {
    title: 'everything on',
    values: {
      replicaCount: 3,
      image: { repository: 'registry.example.com/chartroom', digest: `sha256:${'a'.repeat(64)}` },
      imagePullSecrets: [{ name: 'pull' }],
      fullnameOverride: 'a-name-that-is-much-longer-than-what-is-left-of-63-characters',
      commonLabels: { team: 'platform' },
      commonAnnotations: { owner: 'platform' },
      storage: minio,
      auth: {
        password: chartSecrets.password,
        htpasswd: { users: chartSecrets.users },
        readOnlyUsers: ['ci', 'auditor'],
      },
      tls: { existingSecret: 'our-tls' },
      publicUrl: 'https://charts.example.com',
      settings: { LOG_JSON: true, CACHE_INTERVAL: '1m', PER_CHART_LIMIT: 100 },
      metrics: { enabled: true, serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } },
      service: { type: 'NodePort', nodePort: 30_080, annotations: { a: 'b' } },
      ingress: { enabled: true, hosts: ['charts.example.com'], annotations: { a: 'b' } },
      networkPolicy: {
        from: [{ namespaceSelector: { matchLabels: { a: 'b' } } }],
        egress: [{ ports: [{ port: 9000, protocol: 'TCP' }] }],
      },
      podSecurityContext: { fsGroup: 2000, runAsUser: 2000, runAsGroup: 2000, supplementalGroups: [3000] },
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
      ],
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }],
      affinity: { nodeAffinity: {} },
      priorityClassName: 'high',
      podAnnotations: { a: 'b' },
      podLabels: { 'azure.workload.identity/use': 'true' },
      extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
      extraVolumes: [{ name: 'more', emptyDir: {} }],
      extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
    },
  },
]

/** Values that are refused, each with what the refusal must say. */
export const refusedValues: readonly (readonly [values: Readonly<Record<string, unknown>>, says: RegExp])[] =
  [
    [
      { replicaCount: 2 },
      /storage\.type local keeps charts in a volume of one server: set replicaCount to 1/,
    ],
    [{ autoscaling: { enabled: true } }, /storage\.type local keeps charts in a volume of one server/],
    [{ replicaCounts: 2 }, /replicaCounts/],
    [{ replicaCount: '2' }, /replicaCount/],
    [{ image: { repository: '' } }, /repository/],
    [{ storage: { type: 'nfs' } }, /storage.type|'?\/storage\/type/],
    [{ storage: { type: 'openstack', bucket: 'a' } }, /type/],
    [{ storage: { type: 'google' } }, /storage\.type google needs storage\.bucket/],
    [
      { storage: { type: 'minio', bucket: 'a' } },
      /needs storage\.endpoint[\s\S]*needs storage\.existingSecret/,
    ],
    [{ storage: { type: 'microsoft', bucket: 'a' } }, /needs storage\.account/],
    [{ storage: { type: 'tencent', bucket: 'a' } }, /needs storage\.existingSecret/],
    [{ auth: { user: '' } }, /auth has no user at all/],
    [{ auth: { open: true, password: 'x' } }, /auth\.open lets everybody in/],
    [{ auth: { password: 'x', existingSecret: 'y' } }, /both the password/],
    [{ auth: { user: 'a:b' } }, /user/],
    [{ auth: { readOnlyUsers: ['ci'] } }, /auth\.readOnlyUsers are users of auth\.htpasswd/],
    [{ auth: { bearer: { enabled: true } } }, /auth\.bearer needs realm, service and publicKey/],
    [{ tls: { clientCa: { existingSecret: 'ca' } } }, /tls\.clientCa needs tls\.existingSecret/],
    [{ settings: { DEPHT: 1 } }, /DEPHT/],
    [{ settings: { BASIC_AUTH_PASS: 'x' } }, /BASIC_AUTH_PASS/],
    [{ settings: { STORAGE_MINIO_SECRET_KEY: 'x' } }, /STORAGE_MINIO_SECRET_KEY/],
    [{ settings: { DEPTH: [1] } }, /DEPTH/],
    [{ podSecurityContext: { runAsUser: 0 } }, /runAsUser/],
    [{ podSecurityContext: { runAsNonRoot: false } }, /runAsNonRoot/],
    [{ containerPort: 80 }, /containerPort/],
    [{ contextPath: 'charts/' }, /contextPath/],
    [{ terminationGracePeriodSeconds: 12 }, /at least preStopSeconds and 10 more/],
    [{ ingress: { enabled: true } }, /ingress\.enabled needs ingress\.hosts/],
    [{ ingress: { enabled: true, hosts: ['https://charts.example.com'] } }, /hosts/],
    [{ metrics: { serviceMonitor: { enabled: true } } }, /needs metrics\.enabled/],
  ]
