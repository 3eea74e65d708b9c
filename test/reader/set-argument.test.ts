import { expect } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setArgument, setJsonArgument } from '../../src/reader/value-paths.ts'
import type { Segment } from '../../src/reader/value-paths.ts'
import { parseYaml } from '../../src/registry/yaml.ts'
import { peerTest } from '../support/peers.ts'
import { tempFolder } from '../support/temp-folder.ts'

type Value = string | number | boolean

const odd = [
  'a,b{c}=d\\e',
  '{a,b}',
  '1',
  'true',
  'null',
  '007',
  'it\'s "q" $HOME `x`',
  '1e5',
  '0',
  '+5',
  '-3',
  '',
  ' lead',
  '1.5',
  'TRUE',
  '0x10',
  'a\nb',
  '[x]',
  '8Gi',
]

const cases: readonly (readonly [path: readonly Segment[], value: Value])[] = [
  [['a', 'kubernetes.io/os'], 'linux'],
  [['a,b', 'c=d', 'e[0]', 'f\\g', '{h}'], 'x'],
  [['list', 0, 'name'], 'v'],
  ...odd.map((text) => [['text'], text] as const),
  ...[12, -1, 1.5, false].map((value) => [['value'], value] as const),
]

/** Lists and empty mappings, which are set as JSON. */
const wholes: readonly (readonly [path: readonly Segment[], value: readonly unknown[] | object])[] = [
  [['empty'], {}],
  [['a', 'kubernetes.io/os'], []],
  [
    ['a,b', 'c=d'],
    [1, 'yes', true, null, { 'k.x': "it's $HOME, {y}" }],
  ],
]

for (const helm of ['helm3', 'helm4'] as const) {
  peerTest(
    [helm],
    `${helm} reads what setArgument() and setJsonArgument() write as the value that was meant`,
    (paths) => reads(paths[helm]),
    60_000,
  )
}

async function reads(helm: string): Promise<void> {
  await using folder = await tempFolder()
  const place = join(folder.path, 'echo')
  await mkdir(join(place, 'templates'), { recursive: true })
  await Bun.write(join(place, 'Chart.yaml'), 'apiVersion: v2\nname: echo\nversion: 1.0.0\n')
  await Bun.write(join(place, 'templates', 'a.yaml'), 'values: {{ toJson .Values | quote }}\n')
  const tries = [
    ...cases.map(([path, value]) => ({ path, value, argument: setArgument(path, value) })),
    ...wholes.map(([path, value]) => ({
      path,
      value,
      argument: setJsonArgument(path, JSON.stringify(value)),
    })),
  ]
  for (const { path, value, argument } of tries) {
    const run = Bun.spawnSync(['sh', '-c', `${helm} template release ${place} ${argument}`])
    const printed = parseYaml(run.stdout.toString()) as { values?: string } | null
    const wanted = path.reduceRight<unknown>(
      (inner, segment) => (typeof segment === 'number' ? [inner] : { [segment]: inner }),
      value,
    )
    expect({ argument, values: JSON.parse(printed?.values ?? 'null') }).toEqual({ argument, values: wanted })
  }
}
