import { expect } from 'bun:test'
import { chart } from './chart-builder.ts'

/** The main pages of a server at depth 0 that holds what fillForWalk() published. */
const mainPages = [
  '/',
  '/?q=walked',
  '/-/chart/walked',
  '/-/chart/walked/1.1.0',
  '/-/chart/walked/1.1.0/readme',
  '/-/chart/walked/1.1.0/values',
  '/-/chart/walked/1.1.0/schema',
  '/-/chart/walked/1.1.0/templates',
  '/-/chart/walked/1.1.0/templates/service.yaml',
  '/-/chart/walked/1.1.0/files',
  '/-/chart/walked/1.1.0/dependencies',
  '/-/chart/walked/versions',
  '/-/chart/walked/compare/1.0.0...1.1.0',
  '/-/chart/walked/1.1.0/delete',
  '/-/upload',
  '/-/trash',
  '/-/whoami',
  '/-/shortcuts',
  '/-/api',
] as const

/** Publishes two versions of one chart that has everything pages show. */
export async function fillForWalk(url: string): Promise<void> {
  for (const version of ['1.0.0', '1.1.0']) {
    const archive = await chart('walked', version)
      .with('README.md', `# walked\n\nThe ${version} of it, with \`code\`.\n`)
      .with('values.yaml', `# How many\nreplicas: ${version.length}\nimage:\n  tag: "${version}"\n`)
      .with('values.schema.json', '{"type":"object","properties":{"replicas":{"type":"integer"}}}')
      .with('templates/service.yaml', 'kind: Service\nspec: {{ .Values.replicas }}\n')
      .tgz()
    const response = await fetch(`${url}/api/charts`, { method: 'POST', body: new Uint8Array(archive) })
    expect(response.status).toBe(201)
  }
}

/**
 * Asks for every main page and for every file that one of them names, the fonts of the stylesheet included; expects all
 * to be there. Gives the media types of the files by name.
 */
export async function walkPages(url: string): Promise<ReadonlyMap<string, string>> {
  const types = new Map<string, string>()
  for (const page of mainPages) {
    const answer = await fetch(url + page, { headers: { accept: 'text/html' } })
    const html = await answer.text()
    expect([page, answer.status, html.slice(0, 9)]).toEqual([page, 200, '<!doctype'])
    for (const path of assetsIn(html)) await readAsset(url, path, types)
  }
  return types
}

/** Files of the server that a page names. */
function assetsIn(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="(\/-\/assets\/[^"#]+)/g)].map(([, path]) => path ?? '')
}

async function readAsset(url: string, path: string, types: Map<string, string>): Promise<void> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (types.has(name)) return
  const file = await fetch(url + path)
  const bytes = await file.bytes()
  expect([path, file.status, bytes.byteLength > 100]).toEqual([path, 200, true])
  types.set(name, file.headers.get('content-type') ?? '')
  if (!name.endsWith('.css')) return
  const fonts = new TextDecoder().decode(bytes).matchAll(/url\(["']?(\.\.\/[^"')]+\.woff2)["']?\)/g)
  for (const [, font = ''] of fonts) await readAsset(url, new URL(font, url + path).pathname, types)
}
