import { join } from 'node:path'
import { startNginx } from '../nginx.ts'
import type { Nginx } from '../nginx.ts'
import type { Server } from '../processes.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench, Contestant, SubjectId } from '../row.ts'
import { chartName } from '../charts.ts'
import { copyOf, largeArchive, seededArchives, seededCharts, sizes, smallArchive } from '../seed.ts'
import { firstIndex, helmAgent, repositoryServers, startRepository } from '../servers.ts'
import { measureGet } from '../wrk.ts'
import type { Request } from '../wrk.ts'

/** A GET that is a row: what is asked, and how the 304 or the coding of it is asked for. */
interface ReadRow {
  id: string
  title: string
  path: string
  agent?: string
  ask?: 'gzip' | '304'
}

/** The servers that hold the same charts at one time, so that their rounds can be interleaved. */
interface Field {
  repositories: { id: SubjectId; server: Server }[]
  yardsticks: { id: SubjectId; server: Nginx }[]
}

/** Index, archives and lists: GETs, each beside nginx with the bytes that Chartroom answered. */
export async function measureReads(bench: Bench): Promise<void> {
  for (const size of sizes) await onField(bench, await seededCharts(size), size, indexRows(size))
  await onField(bench, await seededArchives(), 11, archiveRows())
}

function indexRows(size: number): ReadRow[] {
  const index = { path: '/index.yaml', agent: helmAgent }
  const rows: ReadRow[] = [
    { id: `index-${size}-plain`, title: `index, ${size} versions, plain (helm: JSON)`, ...index },
    {
      id: `index-${size}-yaml`,
      title: `index, ${size} versions, plain (others: YAML)`,
      ...index,
      agent: 'wrk',
    },
    { id: `index-${size}-gzip`, title: `index, ${size} versions, gzip`, ...index, ask: 'gzip' },
    { id: `index-${size}-304`, title: `index, ${size} versions, 304`, ...index, ask: '304' },
  ]
  if (size === 10) return rows
  const one = chartName(3)
  return [
    ...rows,
    { id: `list-all-${size}`, title: `list of all charts, ${size} versions`, path: '/api/charts' },
    {
      id: `list-one-${size}`,
      title: `list of one chart of 20, ${size} versions`,
      path: `/api/charts/${one}`,
    },
  ]
}

function archiveRows(): ReadRow[] {
  const path = (chart: { name: string; version: string }) => `/charts/${chart.name}-${chart.version}.tgz`
  return [
    { id: 'archive-2k', title: 'archive, 2 KB', path: path(smallArchive) },
    { id: 'archive-5m', title: 'archive, 5 MB', path: path(largeArchive) },
  ]
}

async function onField(bench: Bench, seed: string, versions: number, rows: ReadRow[]): Promise<void> {
  const asked = rows.filter((row) => wanted(bench, row.id))
  if (asked.length === 0) return
  process.stderr.write(`reads at ${versions} versions\n`)
  const field: Field = { repositories: [], yardsticks: [] }
  try {
    await startField(bench, field, seed, versions)
    for (const row of asked) await measureRead(bench, field, row)
  } finally {
    for (const { server } of [...field.repositories, ...field.yardsticks]) await server.stop()
  }
}

async function startField(bench: Bench, field: Field, seed: string, versions: number): Promise<void> {
  for (const id of repositoryServers()) {
    const folder = await copyOf(seed, join(bench.scratch, `${id}-${versions}`))
    const server = await startRepository(bench, id, folder)
    field.repositories.push({ id, server })
    await firstIndex(server, versions)
  }
  field.yardsticks.push({ id: 'nginx', server: await startNginx(bench, { log: true }) })
  field.yardsticks.push({ id: 'nginx-silent', server: await startNginx(bench, { log: false }) })
}

async function measureRead(bench: Bench, field: Field, row: ReadRow): Promise<void> {
  const [chartroom] = field.repositories
  if (chartroom === undefined) return
  const plain = await fetchBytes(chartroom.server, row, 'identity')
  const gzip = row.ask === 'gzip' ? await fetchBytes(chartroom.server, row, 'gzip') : undefined
  const contestants: Contestant[] = []
  for (const { id, server } of field.repositories) {
    contestants.push({
      id,
      measure: async () => measureGet(bench, server, await request(server, row, row.path)),
    })
  }
  for (const { id, server } of field.yardsticks) {
    await server.offer(`${row.id}.yaml`, plain, gzip)
    const path = `/${row.id}.yaml`
    contestants.push({ id, measure: async () => measureGet(bench, server, await request(server, row, path)) })
  }
  await measureRow(bench, row.id, row.title, contestants)
}

/** The request of a row for one server: the same for all, save the tag that a 304 needs. */
async function request(server: Server, row: ReadRow, path: string): Promise<Request> {
  const headers: Record<string, string> = { 'user-agent': row.agent ?? 'wrk' }
  if (row.ask === 'gzip') headers['accept-encoding'] = 'gzip'
  if (row.ask === '304') {
    const answer = await fetch(server.url + path, { headers: { ...headers, 'accept-encoding': 'identity' } })
    await answer.arrayBuffer()
    headers['if-none-match'] = answer.headers.get('etag') ?? '"none"'
  }
  return { path, headers }
}

async function fetchBytes(server: Server, row: ReadRow, coding: string): Promise<Uint8Array> {
  const answer = await fetch(server.url + row.path, {
    headers: { 'user-agent': row.agent ?? 'wrk', 'accept-encoding': coding },
    decompress: false,
  })
  if (answer.status !== 200) throw new Error(`${row.path} answered ${answer.status}`)
  return answer.bytes()
}
