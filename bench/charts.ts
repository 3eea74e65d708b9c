/** A chart version as the bench makes it: always the same bytes for the same name and number. */
export interface MadeChart {
  name: string
  version: string
  file: string
  bytes: Uint8Array<ArrayBuffer>
}

const words =
  'cache queue proxy gateway search metrics ledger vault mailer scheduler tracer router broker indexer portal billing catalog session signal storage stream worker relay monitor archive identity policy registry beacon harbor'.split(
    ' ',
  )
const teams = ['platform', 'payments', 'observability', 'data', 'edge', 'identity', 'search', 'delivery']

/** The versions of a repository of a given size: size / 20 charts with 20 versions each, as grown repositories have. */
export function* chartsOf(size: number): Generator<{ name: string; version: string }> {
  for (let index = 0; index < size; index++) {
    const chart = Math.floor(index / 20)
    const step = index % 20
    yield { name: chartName(chart), version: `${1 + Math.floor(step / 10)}.${step % 10}.${chart % 7}` }
  }
}

/** The name of the n-th chart: two words and a number, so that names sort and compress as real ones do. */
export function chartName(index: number): string {
  return `${word(index)}-${word(index * 7 + 3)}-${index}`
}

/** Builds one archive of about 2 KB whose entry in an index has about 1 KB. */
export function makeChart(name: string, version: string): MadeChart {
  const random = generator(`${name}-${version}`)
  const files: [string, string | Uint8Array][] = [
    ['Chart.yaml', chartYaml(name, version, random)],
    ['values.yaml', valuesYaml(name, random)],
    ['templates/deployment.yaml', deploymentYaml(name)],
    ['README.md', `# ${name}\n\n${sentence(random, 260)}\n\n${sentence(random, 260)}\n`],
  ]
  return archive(name, version, files)
}

/** Builds one archive of two or more files of 2.5 MB that do not compress (Helm allows 5 MiB a file): about 5 MB. */
export function makeLargeChart(name: string, version: string, files = 2): MadeChart {
  const random = generator(name)
  const noise = () => Uint8Array.from({ length: 2_500_000 }, () => random() * 256)
  const [first, second] = [noise(), noise()]
  return archive(name, version, [
    ['Chart.yaml', chartYaml(name, version, random)],
    ['files/first.bin', first],
    ['files/second.bin', second],
    // Farther apart than gzip looks back.
    ...Array.from({ length: files - 2 }, (_, index): [string, Uint8Array] => [
      `files/more${index}.bin`,
      index % 2 === 0 ? first : second,
    ]),
  ])
}

function chartYaml(name: string, version: string, random: () => number): string {
  const team = pick(teams, random)
  const people = [pick(words, random), pick(words, random)]
  return `apiVersion: v2
name: ${name}
version: ${version}
appVersion: "${version}"
type: application
description: ${sentence(random, 14)}
home: https://charts.example.com/${team}/${name}
icon: https://charts.example.com/icons/${name}.svg
kubeVersion: ">=1.24.0-0"
keywords:${list([team, ...name.split('-').slice(0, 2), pick(words, random)], name)}
sources:
  - https://git.example.com/${team}/${name}
  - https://git.example.com/${team}/${name}-images
maintainers:
${people.map((person) => `  - name: ${person}\n    email: ${person}@${team}.example.com\n    url: https://people.example.com/${person}\n`).join('')}annotations:
  category: ${team}
  licenses: Apache-2.0
  changes: "${sentence(random, 10)}"
  built: "${Math.floor(random() * 1e9).toString(36)}${Math.floor(random() * 1e9).toString(36)}"
`
}

/** A list as nearly everybody writes it; one chart in 64 has it on one line, as one in 92 public charts did. */
function list(items: string[], name: string): string {
  if (Bun.hash.xxHash32(name) % 64 === 0) return ` [${items.join(', ')}]`
  return items.map((item) => `\n  - ${item}`).join('')
}

function valuesYaml(name: string, random: () => number): string {
  const settings = Array.from({ length: 24 }, (_, index) => {
    return `${pick(words, random)}${index}:\n  enabled: ${random() > 0.5}\n  limit: ${Math.floor(random() * 5000)}\n`
  })
  return `image:\n  repository: registry.example.com/${name}\n  pullPolicy: IfNotPresent\n${settings.join('')}`
}

function deploymentYaml(name: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-${name}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  selector:
    matchLabels: { app: ${name} }
  template:
    metadata:
      labels: { app: ${name} }
    spec:
      containers:
        - name: ${name}
          image: "{{ .Values.image.repository }}:{{ .Chart.AppVersion }}"
`
}

function archive(name: string, version: string, files: [string, string | Uint8Array][]): MadeChart {
  const parts = files.flatMap(([path, content]) => tarEntry(`${name}/${path}`, Buffer.from(content)))
  const tar = Buffer.concat([...parts, Buffer.alloc(1024)])
  return { name, version, file: `${name}-${version}.tgz`, bytes: Bun.gzipSync(tar) }
}

/** One file in ustar form (POSIX.1-1988): a header block and the bytes, filled up to blocks of 512. */
function tarEntry(path: string, content: Uint8Array): Uint8Array[] {
  const header = Buffer.alloc(512)
  header.write(path, 0, 100)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('14000000000\0', 136)
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  const checksum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148)
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
}

function sentence(random: () => number, length: number): string {
  return Array.from({ length }, () => pick(words, random)).join(' ')
}

function word(index: number): string {
  return words[index % words.length] ?? ''
}

function pick(from: readonly string[], random: () => number): string {
  return from[Math.floor(random() * from.length)] ?? ''
}

/** Numbers from 0 to 1 that depend on a text alone (a linear congruential generator, seeded by a hash). */
function generator(seed: string): () => number {
  let state = Bun.hash.xxHash32(seed)
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
