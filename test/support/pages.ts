import { expect } from 'bun:test'
import { join } from 'node:path'
import { chart } from './chart-builder.ts'
import { hostileChart, hostileFiles, hostileProvenance } from './hostile-chart.ts'
import { site } from './site.ts'
import { startServer, type RunningServer } from './start-server.ts'

/** The addresses of one chart: every page that it has. */
function chartAddresses(
  repo: string,
  name: string,
  versions: readonly [string, string],
  files: readonly string[],
) {
  const one = `${repo}/-/chart/${name}`
  const [older, newer] = versions
  const version = `${one}/${newer}`
  const of = (kind: string) =>
    files.map((file) => `${version}/${kind}/${file.split('/').map(encodeURIComponent).join('/')}`)
  return [
    one,
    version,
    `${version}/values`,
    `${version}/values?view=reference`,
    `${version}/values?find=e`,
    `${version}/schema`,
    `${version}/templates`,
    ...of('templates').filter((address) => address.includes('/templates/templates/')),
    `${version}/files`,
    ...of('files'),
    `${version}/dependencies`,
    `${one}/versions`,
    `${one}/versions?range=%5E1&show=pre`,
    `${one}/compare/${older}...${newer}`,
    `${version}/delete`,
    `${one}/delete`,
  ]
}

/** Parts of pages that are asked for alone. */
const partsOf = (version: string, key: string) => [
  `${version}/readme`,
  `${version}/values/key?path=${encodeURIComponent(key)}`,
]

/** Pages of a server at depth 0 that fillServer() filled with charts of good will. */
export const plainPages: readonly string[] = [
  '/',
  '/?q=filled',
  '/?q=zzzzqqqq',
  '/?sort=name&show=pre&show=dep',
  '/?keyword=demo&signed=true&page=9',
  '/?q=filled&type=library',
  '/-/',
  '/-/search?q=filled',
  '/-/upload',
  '/-/trash',
  '/-/whoami',
  '/-/shortcuts',
  '/-/signed-out',
  '/nothing-of-this-name',
  '/-/chart/fillde',
  '/-/chart/filled/9.9.9',
  '/-/chart/filled/1.1.0/files/none',
  ...chartAddresses(
    '',
    'filled',
    ['1.0.0', '1.1.0'],
    ['README.md', 'templates/configmap.yaml', 'crds/thing.yaml', 'picture.png'],
  ),
  '/-/chart/toolbox/0.1.0',
  '/-/chart/broken/1.0.0',
  '/-/chart/gone',
  '/-/chart/bare/1.0.0-rc.1',
  '/-/chart/bare/1.0.0-rc.1/values',
  '/-/chart/bare/1.0.0-rc.1/schema',
  '/-/chart/bare/1.0.0-rc.1/dependencies',
  '/-/chart/bare/versions',
]

/** Pages of the chart whose every text is an attempt. */
export const hostilePages: readonly string[] = [
  '/',
  '/?q=hostile',
  `/?q=${encodeURIComponent('<hx-x hx-post=/>"\'><script>')}`,
  `/?keyword=${encodeURIComponent('<hx-partial>')}&maintainer=${encodeURIComponent('<img src=x onerror=x>')}`,
  `/-/search?q=${encodeURIComponent('"><hx-x>')}`,
  `/-/chart/hostile/1.1.0/values?find=${encodeURIComponent('<hx-x>"')}`,
  `/-/chart/hostile/versions?range=${encodeURIComponent('<hx-x>"')}`,
  `/${encodeURIComponent('<hx-x>"')}`,
  `/-/chart/${encodeURIComponent('<hx-x>"')}`,
  `/-/upload?next=${encodeURIComponent('"><hx-x>')}`,
  '/-/trash',
  ...chartAddresses('', 'hostile', ['1.0.0', '1.1.0'], hostileFiles),
]

export const hostileParts: readonly string[] = partsOf('/-/chart/hostile/1.1.0', 'evil').concat(
  partsOf('/-/chart/hostile/1.1.0', '<hx-x hx-post=/ hx-trigger=load>'),
)
export const plainParts: readonly string[] = partsOf('/-/chart/filled/1.1.0', 'image.tag')

/** A PNG of one pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** What charts say of themselves is in one word each, so that whatever else a page says in English is ours. */
async function publishPlain(server: RunningServer): Promise<void> {
  const home = site(server)
  const publish = async (archive: Uint8Array) => expect((await home.publish(archive)).status).toBe(201)
  for (const version of ['1.0.0', '1.1.0', '1.2.0-rc.1']) {
    await publish(
      await chart('filled', version)
        .chartYaml({
          description: '演示',
          home: 'https://charts.example.com/home',
          sources: ['https://charts.example.com/source'],
          keywords: ['demo', 'test'],
          maintainers: [{ name: '小明', email: 'xm@example.com' }],
          kubeVersion: '>=1.28.0',
          annotations: { licenses: 'Apache-2.0', category: 'database' },
          dependencies: [
            { name: 'toolbox', version: '0.x.x', repository: '' },
            { name: 'elsewhere', version: '1.2.3', repository: 'https://charts.example.com/x' },
          ],
        })
        .with(
          'README.md',
          `# filled\n\n## 安装\n\n\`\`\`bash\n$ helm install\n\`\`\`\n\n### 参数\n\n| 键 | 值 |\n|---|---|\n| a | ${version} |\n\n- [x] 好\n`,
        )
        .with(
          'values.yaml',
          `# 副本\nreplicas: ${version.length}\nimage:\n  # 标签\n  tag: "${version}"\n  pull: true\nlist:\n  - 1\n`,
        )
        .with(
          'values.schema.json',
          JSON.stringify({
            type: 'object',
            required: ['replicas'],
            properties: {
              replicas: { type: 'integer', minimum: 1, description: '副本' },
              image: { type: 'object', properties: { tag: { type: 'string' } } },
            },
          }),
        )
        .with('templates/service.yaml', `kind: Service\nspec: {{ .Values.replicas }}\nversion: ${version}\n`)
        .with('crds/thing.yaml', 'kind: CustomResourceDefinition\n')
        .with('picture.png', pixel)
        .tgz(),
    )
  }
  await publish(
    await chart('toolbox', '0.1.0').chartYaml({ type: 'library', description: '库', deprecated: true }).tgz(),
  )
  await publish(
    await chart('bare', '1.0.0-rc.1')
      .chartYaml({ description: undefined, appVersion: undefined })
      .without('README.md')
      .without('values.yaml')
      .tgz(),
  )
  await publish(await chart('gone', '1.0.0').tgz())
  await deleteByForm(server, '/-/chart/gone/1.0.0/delete')
  await Bun.write(join(server.folder, 'broken-1.0.0.tgz'), 'not an archive')
}

/** Deletes as somebody with a browser does, so that it can be undone. */
async function deleteByForm(server: RunningServer, path: string): Promise<void> {
  const page = await (await fetch(server.url + path, { headers: { accept: 'text/html' } })).text()
  const t = /name="t" value="([^"]+)"/.exec(page)?.[1] ?? ''
  const body = new URLSearchParams({ t })
  const response = await fetch(server.url + path, { method: 'POST', body, redirect: 'manual' })
  expect(response.status).toBe(303)
}

async function publishHostile(server: RunningServer): Promise<void> {
  const home = site(server)
  for (const version of ['1.0.0', '1.1.0']) {
    const response = await home.publish(await hostileChart(version).tgz())
    expect([response.status, await response.text()]).toEqual([201, '{"saved":true}'])
  }
  expect((await home.attach(hostileProvenance)).status).toBe(201)
}

/** A server whose pages have something to show. */
export async function filledServer(
  what: 'plain' | 'hostile',
  flags: readonly string[] = [],
): Promise<RunningServer> {
  const server = await startServer({ flags })
  await (what === 'plain' ? publishPlain(server) : publishHostile(server))
  return server
}
