import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startNginx } from '../nginx.ts'
import type { Server } from '../processes.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench, Contestant, Measurement, SubjectId } from '../row.ts'
import { copyOf, seededCharts } from '../seed.ts'
import { firstIndex, programs, repositoryServers, startRepository, withRepository } from '../servers.ts'
import type { Program } from '../servers.ts'

const size = 10_000

/**
 * From the start of the process to the first index with every version, wall and CPU. Warm: after an earlier run that
 * was ended in order. Cold: nothing saved, every archive has to be read. The disk's cache is warm in both.
 */
export async function measureStarts(bench: Bench): Promise<void> {
  for (const kind of ['warm', 'cold'] as const) {
    const [first, ...others] = programs()
    for (const program of [first, ...others]) {
      const id = `start-${kind}-${program}`
      if (program === undefined || !wanted(bench, id)) continue
      const peers = program === first ? repositoryServers().slice(1) : []
      const how = program === 'executable' ? 'dist/chartroom' : 'bun src/main.ts'
      await measureStart(bench, id, `${kind} start, 10,000 versions (${how})`, kind, program, peers)
    }
  }
}

async function measureStart(
  bench: Bench,
  id: string,
  title: string,
  kind: 'warm' | 'cold',
  program: Program,
  peers: SubjectId[],
): Promise<void> {
  const contestants: Contestant[] = []
  for (const subject of ['chartroom' as const, ...peers]) {
    const folder = await copyOf(await seededCharts(size), join(bench.scratch, `${subject}-start`))
    if (kind === 'warm') await withRepository(bench, subject, folder, size, () => Bun.sleep(3_000))
    contestants.push({
      id: subject,
      async measure() {
        if (kind === 'cold') await forget(folder)
        return timed(await startRepository(bench, subject, folder, program))
      },
    })
  }
  if (peers.length > 0) contestants.push({ id: 'nginx', measure: () => nginxStart(bench) })
  await measureRow(bench, id, title, contestants)
}

async function timed(server: Server): Promise<Measurement> {
  try {
    const wall = await firstIndex(server, size)
    return { wall_ms: wall, cpu_ms: server.cpuMs(), ...server.memory() }
  } finally {
    await server.stop()
  }
}

/** nginx over one ready-made index: what a start costs when nothing has to be known. */
async function nginxStart(bench: Bench): Promise<Measurement> {
  const server = await startNginx(bench, { log: true })
  await server.offer('index.yaml', Buffer.from('"digest":\n'.repeat(size)))
  return timed(server)
}

/** Removes what a server has saved beside the archives. */
async function forget(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.tgz')) await rm(join(folder, name), { recursive: true })
  }
}
