import { mkdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { chart, type ChartBuilder } from '../test/support/chart-builder.ts'
import { exact } from '../test/support/site.ts'
import { signingKey } from '../test/support/signing.ts'

/** What the pictures show: charts as a company would have them, none of which exists. */
interface Sample {
  readonly name: string
  readonly description: string
  readonly keywords: readonly string[]
  /** Newest first: version, app version, age in hours. */
  readonly versions: readonly (readonly [version: string, app: string, hours: number])[]
  readonly signed?: boolean
  readonly schema?: boolean
  readonly library?: boolean
  readonly deprecated?: boolean
  readonly needs?: readonly (readonly [name: string, range: string])[]
}

const day = 24

const samples: readonly Sample[] = [
  {
    name: 'redis',
    description: 'In-memory data structure store used as a database, cache and message broker',
    keywords: ['cache', 'database', 'key-value'],
    versions: [
      ['21.3.0-rc.1', '8.2.0', 3],
      ['21.2.4', '8.0.3', 2 * day],
      ['21.2.3', '8.0.3', 9 * day],
      ['21.2.0', '8.0.2', 21 * day],
      ['21.1.11', '7.4.2', 36 * day],
      ['20.13.4', '7.4.1', 92 * day],
      ['20.13.0', '7.4.1', 120 * day],
      ['19.6.4', '7.2.5', 300 * day],
    ],
    signed: true,
    schema: true,
    needs: [['common-lib', '2.x.x']],
  },
  {
    name: 'payments-gateway',
    description: 'Card and wallet payment edge, PCI zone. Owned by team Harbour',
    keywords: ['payments', 'pci'],
    versions: [
      ['4.12.0', '4.12.0', 5],
      ['4.11.3', '4.11.3', 8 * day],
      ['4.11.2', '4.11.2', 30 * day],
    ],
    signed: true,
    schema: true,
    needs: [
      ['common-lib', '2.x.x'],
      ['redis', '21.x.x'],
    ],
  },
  {
    name: 'billing-ledger',
    description: 'Double-entry ledger service and nightly reconciliation jobs',
    keywords: ['billing', 'finance'],
    versions: [['0.9.0-rc.3', '0.9.0', 1]],
    needs: [['redis', '21.x.x']],
  },
  {
    name: 'kube-monitoring-stack',
    description:
      'Prometheus, Alertmanager, Grafana and the exporters and rules to monitor a cluster from end to end',
    keywords: ['monitoring', 'prometheus', 'grafana'],
    versions: [
      ['77.6.1', 'v0.85.0', 21 * day],
      ['77.5.0', 'v0.85.0', 30 * day],
    ],
  },
  {
    name: 'common-lib',
    description: 'Library chart with the company labels, probes, network policies and OTel sidecar helpers',
    keywords: ['library', 'helpers'],
    versions: [
      ['2.9.0', '', 1 * day],
      ['2.8.0', '', 40 * day],
    ],
    signed: true,
    library: true,
  },
  {
    name: 'edge-ingress',
    description: 'Ingress controller using NGINX as a reverse proxy and load balancer',
    keywords: ['ingress', 'nginx'],
    versions: [['4.13.2', '1.13.2', 31 * day]],
  },
  {
    name: 'postgresql-ha',
    description: 'PostgreSQL with streaming replication, automatic failover and a connection pooler',
    keywords: ['database', 'sql'],
    versions: [['16.2.1', '17.6.0', 6 * day]],
    signed: true,
    schema: true,
  },
  {
    name: 'search-legacy',
    description: 'Search cluster of the old intranet. Use search-core',
    keywords: ['search'],
    versions: [['7.17.3', '7.17.3', 400 * day]],
    deprecated: true,
  },
  ...(
    [
      ['search-core', 'Full-text search for every product, one cluster for each region', 'search'],
      ['mail-relay', 'Outgoing mail with DKIM signing and a queue on disk', 'mail'],
      ['event-bus', 'Kafka brokers in KRaft mode with topics as code', 'queue'],
      ['feature-flags', 'Flags and gradual roll-outs for the web shop', 'web'],
      ['identity', 'Single sign-on for employees and partners', 'auth'],
      ['object-store', 'S3-compatible storage on local disks', 'storage'],
      ['log-collector', 'Collects logs of every node and ships them', 'logging'],
      ['tracing', 'Traces of all requests, kept for a week', 'monitoring'],
      ['certificates', 'Issues and renews certificates of the internal CA', 'security'],
      ['secrets-sync', 'Copies secrets from the vault into namespaces', 'security'],
      ['image-cache', 'Pull-through cache for container images', 'registry'],
      ['web-shop', 'The shop: catalogue, basket and checkout', 'web'],
      ['warehouse', 'Stock and picking lists of all warehouses', 'logistics'],
      ['route-planner', 'Routes for the delivery fleet', 'logistics'],
      ['data-lake', 'Tables, catalogue and query engine for analysts', 'database'],
      ['notebooks', 'Notebooks with quotas for each team', 'analytics'],
      ['backup-agent', 'Backs up volumes every night and checks that they restore', 'backup'],
      ['node-tuner', 'Kernel settings of worker nodes', 'infrastructure'],
      ['dns-zones', 'Zones of the internal name servers', 'infrastructure'],
      ['chat-bridge', 'Alerts and deployments in the team chat', 'monitoring'],
    ] as const
  ).map(([name, description, keyword], at): Sample => ({
    name,
    description,
    keywords: [keyword],
    versions: [[`1.${at}.2`, `1.${at}.2`, (at * 5 + 3) * day]],
    signed: at % 3 === 0,
    schema: at % 4 === 0,
  })),
]

/** Writes all samples into a folder, with the age of each as the time of its file. */
export async function writeSamples(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const key = await signingKey()
  for (const sample of samples)
    for (const [version, app, hours] of sample.versions) {
      const built = build(sample, version, app)
      const files = [[built.file, await built.tgz()] as const]
      if (sample.signed === true) {
        const [file, bytes] = files[0] as (typeof files)[0]
        const chartYaml = `name: ${sample.name}\nversion: ${version}\n`
        const provenance = await key.provenance({ file, chartYaml, bytes })
        files.push([`${file}.prov`, new TextEncoder().encode(provenance)])
      }
      for (const [file, bytes] of files) {
        const path = join(folder, file)
        await Bun.write(path, exact(bytes))
        const time = new Date(Date.now() - hours * 3_600_000)
        await utimes(path, time, time)
      }
    }
}

/** One version of a sample, for upload. Throws when there is no such sample. */
export function sampleChart(name: string, version: string): ChartBuilder {
  const sample = samples.find((each) => each.name === name)
  if (sample === undefined) throw new Error(`No sample is called ${name}`)
  return build(sample, version, '8.0.4')
}

function build(sample: Sample, version: string, app: string): ChartBuilder {
  const { name, description, keywords, library, deprecated, needs = [] } = sample
  const built = chart(name, version)
    .chartYaml({
      description,
      appVersion: app === '' ? undefined : app,
      type: library === true ? 'library' : 'application',
      kubeVersion: version.startsWith('20.') ? '>=1.25' : '>=1.28',
      deprecated: deprecated === true ? true : undefined,
      keywords,
      home: `https://git.example.internal/charts/${name}`,
      maintainers: [{ name: 'Platform data team', email: 'data@example.internal' }],
      annotations: { 'artifacthub.io/license': 'Apache-2.0' },
      dependencies:
        needs.length === 0
          ? undefined
          : needs.map(([needed, range]) => ({ name: needed, version: range, repository: '@repoa' })),
    })
    .with('values.yaml', valuesOf(version, app))
    .with('README.md', readmeOf(name))
    .with('templates/service.yaml', service)
    .with('templates/_helpers.tpl', helpers)
  return sample.schema === true ? built.with('values.schema.json', schema) : built
}

function readmeOf(name: string): string {
  return `# ${name}

## Introduction

This chart bootstraps a [${name}](https://git.example.internal/charts/${name}) deployment on a Kubernetes cluster using
the Helm package manager, with replication and probes that fit our clusters.

> [!TIP]
> Set \`metrics.enabled\` and the dashboards of the monitoring team show the release by themselves.

## Parameters

| Name                      | Description                               | Default       |
| ------------------------- | ----------------------------------------- | ------------- |
| \`architecture\`            | Allowed: \`standalone\` or \`replication\`    | \`replication\` |
| \`auth.enabled\`            | Ask for a password                        | \`true\`        |
| \`master.persistence.size\` | Size of the volume                        | \`8Gi\`         |
| \`replica.count\`           | Followers, spread over zones              | \`3\`           |

## Upgrading

\`\`\`bash
$ helm upgrade my-${name} repoa/${name} --reuse-values
\`\`\`
`
}

/** Defaults that differ between the main lines, so that there is something to compare. */
function valuesOf(version: string, app: string): string {
  const old = /^(19|20)\./.test(version)
  const acl = old
    ? ''
    : '  # Access control lists, one user for each service\n  acl:\n    enabled: false\n    users: []\n'
  const kind = old ? '  # StatefulSet or Deployment\n  kind: StatefulSet\n' : ''
  return `# Topology: standalone or replication
architecture: replication

image:
  registry: images.example.internal
  repository: data/server
  tag: "${app}-r1"
  pullPolicy: IfNotPresent

auth:
  enabled: true
  sentinel: true
${acl}
master:
${kind}  count: 1
  persistence:
    enabled: true
    size: "8Gi" # grows online on CSI
    storageClass: ""
  resources:
    requests:
      cpu: ${old ? '100m' : '250m'}
      memory: 256Mi
    limits:
      memory: 512Mi

replica:
  count: 3
  autoscaling:
    enabled: false
    minReplicas: 1
    maxReplicas: 11
    targetCPU: 75
  # Spread over zones
  topologyKey: topology.kubernetes.io/zone

service:
  type: ClusterIP
  ports:
    server: 6379
  annotations: {}

metrics:
  enabled: ${old ? 'false' : 'true'}
  serviceMonitor:
    enabled: false
    interval: 30s

networkPolicy:
  enabled: true
  allowExternal: true

nodeSelector:
  kubernetes.io/os: linux
tolerations: []
`
}

const schema = JSON.stringify({
  $schema: 'https://json-schema.org/draft-07/schema',
  type: 'object',
  properties: {
    architecture: { enum: ['standalone', 'replication'] },
    replica: { type: 'object', properties: { count: { type: 'integer', minimum: 0, maximum: 9 } } },
  },
})

const service = `apiVersion: v1
kind: Service
metadata:
  name: {{ include "name" . }}
  annotations: {{- toYaml .Values.service.annotations | nindent 4 }}
spec:
  type: {{ .Values.service.type }}
  ports:
    - name: server
      port: {{ .Values.service.ports.server }}
`

const helpers = `{{- define "name" -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end }}
`
