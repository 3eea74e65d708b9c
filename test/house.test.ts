import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** The structure that the README describes, kept by a test: imports go down, files stay short, the top level is short. */
const root = join(import.meta.dir, '..')

/** From the ground up: a file may import from its own layer and from those before it. */
const layers = ['ground', 'storage', 'registry', 'reader', 'views', 'http', 'main'] as const
type Layer = (typeof layers)[number]

const topLevel = [
  'package.json',
  'tsconfig.json',
  'bunfig.toml',
  'bun.lock',
  'README.md',
  'LICENSE',
  'THIRD-PARTY.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'Dockerfile',
  'src',
  'views',
  'public',
  'test',
  'bench',
  'deploy',
  // Made by tools, ignored by git.
  'node_modules',
  'dist',
  'data',
]

const sources = [...filesOf('src'), ...filesOf('views')]

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `${folder}/${name}`)
    .sort()
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

interface Import {
  readonly target: string
  readonly typeOnly: boolean
}

/** What a file imports: project files as paths from the root, packages by name. */
function importsOf(file: string): Import[] {
  const found = read(file).matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
  const late = read(file).matchAll(/\bimport\(['"]([^'"]+)['"]\)/g)
  const all = [
    ...[...found].map(([, type, target]) => ({ target: target ?? '', typeOnly: type !== undefined })),
    ...[...late].map(([, target]) => ({ target: target ?? '', typeOnly: false })),
  ]
  return all.map(({ target, typeOnly }) => ({
    target: target.startsWith('.') ? normalize(join(dirname(file), target)) : target,
    typeOnly,
  }))
}

function layerOf(file: string): Layer {
  if (file.startsWith('src/storage/')) return 'storage'
  if (file.startsWith('src/registry/')) return 'registry'
  if (file.startsWith('src/reader/')) return 'reader'
  if (file.startsWith('src/http/')) return 'http'
  if (file.startsWith('views/')) return 'views'
  return file === 'src/main.ts' || file === 'src/greeting.ts' || file.startsWith('src/commands/')
    ? 'main'
    : 'ground'
}

describe('the structure', () => {
  test('has imports that only go down', () => {
    const wrong = sources.flatMap((file) => {
      const own = layers.indexOf(layerOf(file))
      return importsOf(file)
        .filter(({ target }) => /^(src|views)\//.test(target) && !target.startsWith('src/config/'))
        .filter(({ target }) => layers.indexOf(layerOf(target)) > own)
        .map(({ target }) => `${file} imports ${target}`)
    })
    expect(wrong).toEqual([])
  })

  test('has no import loops', () => {
    const graph = new Map(
      sources.map((file) => [
        file,
        importsOf(file)
          .filter(({ target }) => sources.includes(target))
          .map(({ target }) => target),
      ]),
    )
    expect(loopsIn(graph)).toEqual([])
  })

  test('keeps HTTP out of the registry and the storage', () => {
    const wrong = sources
      .filter((file) => /^src\/(registry|storage|reader)\//.test(file))
      .filter((file) => {
        const code = withoutComments(read(file))
        const packages = importsOf(file).some(({ target }) => /^(elysia|@elysiajs\/)/.test(target))
        return (
          packages ||
          /\b(Request|Response)\b|new Headers|\bstatus(Code)?\s*:\s*\d{3}\b|content-type/i.test(code)
        )
      })
    expect(wrong).toEqual([])
  })

  test('names storage drivers in one place', () => {
    const drivers = /^src\/storage\/(local|memory|s3|google|azure|etcd)\.ts$/
    const wrong = sources
      .filter((file) => file !== 'src/storage/open.ts')
      .flatMap((file) => importsOf(file).map(({ target }) => ({ file, target })))
      .filter(({ target }) => drivers.test(target))
    expect(wrong).toEqual([])
  })

  test('reads settings in the main program only', () => {
    const wrong = sources
      .filter((file) => layerOf(file) !== 'main' && !file.startsWith('src/config/'))
      .filter((file) => importsOf(file).some(({ target }) => target.startsWith('src/config/')))
    expect(wrong).toEqual([])
  })

  test('gives views types only', () => {
    const wrong = sources
      .filter((file) => file.startsWith('views/'))
      .flatMap((file) => importsOf(file).map((found) => ({ file, ...found })))
      .filter(({ target, typeOnly }) => target.startsWith('src/') && !typeOnly)
    expect(wrong).toEqual([])
  })

  test('has files of at most 250 lines, in tests 500', () => {
    const limits = [
      ...sources.map((file) => ({ file, most: 250 })),
      ...filesOf('bench').map((file) => ({ file, most: 250 })),
      ...filesOf('test').map((file) => ({ file, most: 500 })),
    ]
    const long = limits
      .map(({ file, most }) => ({ file, most, lines: read(file).split('\n').length - 1 }))
      .filter(({ lines, most }) => lines > most)
    expect(long).toEqual([])
  })

  test('leaves nothing for later in the code and silences no check', () => {
    const marks =
      /\b(TODO|FIXME|XXX|HACK)\b|: any\b|\bas any\b|@ts-(ignore|expect-error|nocheck)|catch\s*(\([^)]*\))?\s*\{\s*\}/
    const own = 'test/house.test.ts'
    const found = [...sources, ...filesOf('test'), ...filesOf('bench')].filter(
      (file) => file !== own && marks.test(read(file)),
    )
    expect(found).toEqual([])
  })

  test('has a top level that can be read at a glance', () => {
    const extra = readdirSync(root).filter((name) => !name.startsWith('.') && !topLevel.includes(name))
    expect(extra).toEqual([])
  })
})

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

/** Every file that can reach itself, as one of its loops. */
function loopsIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const loops: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      loops.push([...path.slice(path.indexOf(file)), file].join(' → '))
      return
    }
    if (done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return loops
}
