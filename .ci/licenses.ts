// Writes THIRD-PARTY.md from the packages that the executable and the image contain; `--check` only compares.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { markdownTable } from '../src/config/markdown-table.ts'

interface Package {
  readonly name: string
  readonly version: string
  readonly license: string
  /** Licence and notice files, by file name. */
  readonly texts: ReadonlyMap<string, string>
}

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly license?: string | { readonly type?: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly author?: string | { readonly name?: string; readonly email?: string }
}

/** Installed beside what we ship, but in neither the executable nor the image. */
const notShipped: Readonly<Record<string, string>> = {
  '@scarf/scarf': 'install telemetry of swagger-ui-dist, imported by nothing and run by nothing',
}

const root = dirname(import.meta.dir)
const target = join(root, 'THIRD-PARTY.md')
const text = document(shippedPackages())

if (!process.argv.includes('--check')) {
  writeFileSync(target, text)
} else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
  console.error('THIRD-PARTY.md is not what the installed packages ask for: run `bun .ci/licenses.ts`')
  process.exit(1)
}

/** The production dependencies and theirs, sorted by name and version. Types are not shipped. */
function shippedPackages(): Package[] {
  const found = new Map<string, Package>()
  const visit = (name: string, from: string): void => {
    if (name.startsWith('@types/') || name in notShipped) return
    const folder = installed(name, from)
    if (folder === undefined || found.has(folder)) return
    const manifest = manifestOf(folder)
    found.set(folder, describe(name, folder, manifest))
    for (const next of Object.keys(manifest.dependencies ?? {})) visit(next, folder)
  }
  for (const name of Object.keys(manifestOf(root).dependencies ?? {})) visit(name, root)
  return [...found.values()].sort((a, b) => order(a.name, b.name) || order(a.version, b.version))
}

/** The folder that Node's resolution finds for a package, seen from another one. */
function installed(name: string, from: string): string | undefined {
  for (let folder = from; folder.startsWith(root); folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return candidate
  }
  return undefined
}

function describe(name: string, folder: string, manifest: Manifest): Package {
  const named = typeof manifest.license === 'string' ? manifest.license : manifest.license?.type
  const texts = new Map<string, string>()
  for (const file of readdirSync(folder).sort(order)) {
    if (!/^(licen[cs]e|copying|notice)/i.test(file)) continue
    texts.set(file, plainText(readFileSync(join(folder, file), 'utf8')))
  }
  if (name === 'swagger-ui-dist') {
    const file = 'swagger-ui-bundle.js.LICENSE.txt'
    texts.set(file, plainText(readFileSync(join(folder, file), 'utf8')))
  }
  if (named === undefined && texts.size === 0)
    throw new Error(`${name} names no licence: look before shipping it`)
  if (texts.size === 0) texts.set('package.json', authorLine(named ?? '', manifest))
  return { name, version: manifest.version ?? '', license: named ?? 'see the text', texts }
}

/** What a package without a licence file says about itself. */
function authorLine(license: string, { author }: Manifest): string {
  const who = typeof author === 'string' ? author : author?.name
  return `The package has no licence file; its package.json names the licence ${license}${who ? ` and the author ${who}` : ''}.`
}

function document(packages: readonly Package[]): string {
  const rows = packages.map(({ name, version, license }) => [name, version, license])
  const parts = packages.map(({ name, version, texts }) => {
    const blocks = [...texts].map(([file, body]) => `${file}:\n\n${fenced(body)}`)
    return `## ${name} ${version}\n\n${blocks.join('\n\n')}`
  })
  return `# Third-party software

The executable and the image of Chartroom contain the packages listed here, and the Bun runtime. Made by
\`bun .ci/licenses.ts\`; \`chartroom --licenses\` prints it.

${markdownTable(['Package', 'Version', 'Licence'], rows)}

${parts.join('\n\n')}

## Bun

What the runtime says about its own licence and the libraries in it:

${fenced(bunLicense())}
`
}

/** The text in a fence longer than any in it, as the formatter writes it. */
function fenced(body: string): string {
  const longest = Math.max(2, ...[...body.matchAll(/^`{3,}/gm)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${body}\n${fence}`
}

/** The runtime's statement ships with its documentation. */
function bunLicense(): string {
  const page = readFileSync(join(root, 'node_modules/bun-types/docs/project/license.mdx'), 'utf8')
  return plainText(
    page
      .replace(/^---[\s\S]*?\n---\n/, '')
      .replaceAll(/ +\|/g, ' |')
      .replaceAll(/-{4,}/g, '---'),
  )
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** Line ends and blanks at line ends are no part of a licence, and differ between systems. */
function plainText(body: string): string {
  return body
    .replaceAll('\r\n', '\n')
    .replaceAll(/[ \t]+$/gm, '')
    .trim()
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
