import { expect } from 'bun:test'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { realCharts, realFolder, realTest } from '../../reader/real-charts.ts'
import { startServer } from '../../support/start-server.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { expectInert, textOf } from './chart-site.ts'

interface Listed {
  readonly name: string
  readonly version: string
}

realTest('every real chart has its pages: small, inert, the README rendered', '', async () => {
  await using temp = await tempFolder()
  const folder = join(temp.path, 'charts')
  await mkdir(folder)
  for (const file of realCharts) await cp(join(realFolder, file), join(folder, file))
  await using server = await startServer({ folder })
  const listed = (await (await fetch(`${server.url}/api/charts`)).json()) as Record<string, Listed[]>
  const all = Object.values(listed).flat()
  expect(all.length).toBe(realCharts.length)
  const ask = async (path: string) => {
    const response = await fetch(server.url + path, { headers: { accept: 'text/html' }, redirect: 'manual' })
    expect([path, response.status]).toEqual([path, 200])
    const html = await response.text()
    expectInert(html)
    return html
  }
  for (const { name, version } of all) {
    const address = `/-/chart/${encodeURIComponent(name)}/${encodeURIComponent(version)}`
    const overview = await ask(address)
    expect(textOf(overview)).toContain(`${name} ${version}`)
    expect(textOf(overview)).toContain(`--version ${version}`)
    const without = overview.replace(/<article class="prose"[^]*?<\/article>/, '')
    expect(gzipSync(without, { level: 5 }).byteLength).toBeLessThan(10 * 1024)
    if (listed[name]?.[0]?.version === version) await ask(`${address}/dependencies`)
  }
  // The longest READMEs take a busy machine longer than one may take, and are then shown as they are written.
  for (const name of ['common', 'kube-prometheus-stack']) {
    expect(await ask(`/-/chart/${name}/${listed[name]?.[0]?.version}/readme`)).toContain('id="readme-')
  }
  const versions = await ask('/-/chart/csi-driver-nfs/versions')
  expect(versions.match(/<tr data-row/g)).toHaveLength(23)
})
