import { createCipheriv } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import type { Header } from 'tar-stream'

/** A member of the tar as it shall stand there, under its full name: for links, devices and odd names. */
export interface Member {
  readonly name: string
  readonly data?: string | Uint8Array
  readonly type?: Header['type']
  readonly linkname?: string
  /** PAX records, as text: `{ path: 'mychart/…' }`. */
  readonly pax?: Readonly<Record<string, string>>
}

/** A chart under construction. Every call gives a new builder, so that one chart can be the start of many. */
export interface ChartBuilder {
  /** The name its archive has in a repository: "mychart-1.0.0.tgz". */
  readonly file: string
  /** Adds or replaces a file, named as seen from the chart: 'templates/service.yaml', 'charts/sub-1.0.0.tgz'. */
  with(path: string, content: string | Uint8Array): ChartBuilder
  /** Leaves a file out, Chart.yaml included. */
  without(path: string): ChartBuilder
  /** Sets keys of Chart.yaml (undefined removes one), or gives its whole text. */
  chartYaml(content: Readonly<Record<string, unknown>> | string | Uint8Array): ChartBuilder
  /** Adds a raw tar member behind the files, also a second one of the same name. */
  member(member: Member): ChartBuilder
  /** Names the top folder; by default it is the chart's name. With '' the files have none. */
  folder(name: string): ChartBuilder
  /** Adds files of so many bytes in all that do not compress, each at most 4 MiB. */
  sized(bytes: number): ChartBuilder
  /** The tar, uncompressed. The same chart always gives the same bytes. */
  tar(): Promise<Uint8Array>
  /** The archive. The same chart always gives the same bytes. */
  tgz(): Promise<Uint8Array>
}

interface Plan {
  readonly file: string
  readonly folder: string
  readonly chartYaml: Readonly<Record<string, unknown>>
  readonly files: ReadonlyMap<string, string | Uint8Array>
  readonly members: readonly Member[]
}

/** Starts a chart that Helm accepts and can install: one ConfigMap, a few values, a README. */
export function chart(name: string, version: string): ChartBuilder {
  const chartYaml = {
    apiVersion: 'v2',
    name,
    version,
    description: `A chart named ${name}`,
    appVersion: '1.2.3',
  }
  const files = new Map<string, string | Uint8Array>([
    ['Chart.yaml', yamlOf(chartYaml)],
    ['values.yaml', 'greeting: hello\nreplicas: 1\n'],
    ['templates/configmap.yaml', configMap],
    ['README.md', `# ${name}\n\nA chart for tests.\n`],
  ])
  return builder({ file: `${name}-${version}.tgz`, folder: name, chartYaml, files, members: [] })
}

function builder(plan: Plan): ChartBuilder {
  const set = (path: string, content: string | Uint8Array) => new Map(plan.files).set(path, content)
  return {
    file: plan.file,
    with: (path, content) => builder({ ...plan, files: set(path, content) }),
    without: (path) =>
      builder({ ...plan, files: new Map([...plan.files].filter(([name]) => name !== path)) }),
    chartYaml(content) {
      if (typeof content === 'string' || content instanceof Uint8Array)
        return builder({ ...plan, files: set('Chart.yaml', content) })
      const chartYaml = { ...plan.chartYaml, ...content }
      return builder({ ...plan, chartYaml, files: set('Chart.yaml', yamlOf(chartYaml)) })
    },
    member: (member) => builder({ ...plan, members: [...plan.members, member] }),
    folder: (folder) => builder({ ...plan, folder }),
    sized: (bytes) => builder({ ...plan, files: new Map([...plan.files, ...fillers(bytes)]) }),
    tar: () => tarOf(plan),
    tgz: async () => gzipSync(await tarOf(plan), { level: 6 }),
  }
}

async function tarOf(plan: Plan): Promise<Uint8Array> {
  const tar = pack()
  const add = ({ data, ...header }: Member) => tar.entry({ ...header, mtime: noDate }, bufferOf(data ?? ''))
  for (const [path, data] of plan.files)
    add({ name: plan.folder === '' ? path : `${plan.folder}/${path}`, data })
  for (const member of plan.members) add(member)
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

/** Bytes that no compressor makes smaller, always the same for the same length and seed. */
export function noise(bytes: number, seed = 1): Uint8Array {
  const key = Buffer.alloc(16, seed)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes))
}

const noDate = new Date('2024-01-01T00:00:00Z')

const configMap = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-greeting
data:
  greeting: {{ .Values.greeting | quote }}
`

/** YAML with every value as JSON: what the text says is what any YAML reader reads. */
function yamlOf(value: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(value).map(([key, item]) =>
    item === undefined ? '' : `${key}: ${JSON.stringify(item)}\n`,
  )
  return lines.join('')
}

function* fillers(bytes: number): Generator<[string, Uint8Array]> {
  const most = 4 * 1024 * 1024
  for (let from = 0, number = 1; from < bytes; from += most, number++)
    yield [`files/filler-${number}.bin`, noise(Math.min(most, bytes - from), number % 256)]
}

function bufferOf(data: string | Uint8Array): Buffer {
  return typeof data === 'string'
    ? Buffer.from(data)
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}
