import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { startNginx } from '../nginx.ts'
import { textOf } from '../processes.ts'
import type { Server } from '../processes.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench, Contestant, Measurement } from '../row.ts'
import { copyOf } from '../seed.ts'
import { adoptedCharts, firstIndex, helmAgent, repositoryServers, startRepository } from '../servers.ts'

const size = 10_000

/** The helm to measure with: HELM3, what `bun run peers` keeps, or the first on the PATH. */
export function helmBinary(): string | undefined {
  const kept = resolve(import.meta.dir, '../../.peers/helm3')
  return process.env['HELM3'] ?? (existsSync(kept) ? kept : (Bun.which('helm') ?? undefined))
}

/** What the client pays: `helm repo add` on our index, and on the same entries as bare JSON from nginx. */
export async function measureHelm(bench: Bench): Promise<void> {
  const id = 'helm-repo-add'
  if (!wanted(bench, id)) return
  const helm = helmBinary()
  if (helm === undefined) {
    process.stderr.write('helm: left out, no helm found (HELM3=<binary> names one)\n')
    return
  }
  const servers: Server[] = []
  const contestants: Contestant[] = []
  try {
    for (const subject of repositoryServers()) {
      const folder = await copyOf(
        await adoptedCharts(bench, subject, size),
        join(bench.scratch, `${subject}-helm`),
      )
      const server = await startRepository(bench, subject, folder)
      servers.push(server)
      await firstIndex(server, size)
      contestants.push({ id: subject, measure: () => repoAdd(bench, helm, server) })
    }
    const nginx = await startNginx(bench, { log: true })
    servers.push(nginx)
    await nginx.offer('index.yaml', await bareIndex(servers[0]))
    contestants.push({ id: 'nginx', measure: () => repoAdd(bench, helm, nginx) })
    await measureRow(bench, id, '`helm repo add`, 10,000 versions (cost of the client)', contestants)
  } finally {
    for (const server of servers) await server.stop()
  }
}

/** The same entries, printed once by JSON.stringify. */
async function bareIndex(chartroom: Server | undefined): Promise<Uint8Array> {
  const answer = await fetch(`${chartroom?.url}/index.yaml`, { headers: { 'user-agent': helmAgent } })
  return Buffer.from(JSON.stringify(Bun.YAML.parse(await answer.text())))
}

async function repoAdd(bench: Bench, helm: string, server: Server): Promise<Measurement> {
  const home = await mkdtemp(join(bench.scratch, 'helm-'))
  const started = performance.now()
  const child = Bun.spawn([helm, 'repo', 'add', 'measured', server.url], {
    env: { ...process.env, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home },
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const complaint = await textOf(child.stderr)
  if ((await child.exited) !== 0) throw new Error(`helm repo add failed: ${complaint.trim()}`)
  const wall = performance.now() - started
  const usage = child.resourceUsage()
  await rm(home, { recursive: true })
  return {
    wall_ms: wall,
    cpu_ms: Number(usage?.cpuTime.total ?? Number.NaN) / 1000,
    peak_rss_mib: Number(usage?.maxRSS ?? Number.NaN) / 2 ** 20,
  }
}
