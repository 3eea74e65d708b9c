import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readMachine, readVersions } from './machine.ts'
import { readOptions, usage } from './options.ts'
import type { Options } from './options.ts'
import { markdownSection, progressLine, terminalTable } from './report.ts'
import type { Results } from './report.ts'
import type { Bench, Row } from './row.ts'
import { measureAccess } from './rows/access.ts'
import { measureHelm } from './rows/helm.ts'
import { measureMemory } from './rows/memory.ts'
import { measurePages } from './rows/pages.ts'
import { measurePublishing } from './rows/publish.ts'
import { measureReads } from './rows/reads.ts'
import { measureHandshakes } from './rows/handshakes.ts'
import { measureStarts } from './rows/start.ts'
import { measureStoreStarts } from './rows/store-starts.ts'
import { measureStores } from './rows/stores.ts'

const resultsFolder = join(import.meta.dir, 'results')

/** `bun run bench`: measures, prints one table, and keeps the raw figures when a name is given. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env)
  if (options.help) {
    console.log(usage)
    return
  }
  const results: Results =
    options.from === undefined ? await measure(options) : await Bun.file(resultsFile(options.from)).json()
  console.log(options.markdown ? markdownSection(results) : terminalTable(results))
}

async function measure(options: Options): Promise<Results> {
  for (const tool of ['taskset', 'wrk', 'nginx']) {
    if (Bun.which(tool) === null)
      throw new Error(`Cannot measure without "${tool}": on Debian, apt-get install util-linux wrk nginx`)
  }
  await Bun.spawn(['taskset', '-a', '-cp', String(options.loadCore), String(process.pid)], {
    stdout: 'ignore',
  }).exited
  const rows: Row[] = []
  const results: Results = {
    date: new Date().toISOString(),
    command: ['bun run bench', ...process.argv.slice(2)].join(' '),
    machine: await readMachine(options),
    versions: await readVersions(),
    rounds: options.rounds,
    seconds: options.seconds,
    rows,
  }
  const scratch = await mkdtemp(join(tmpdir(), 'chartroom-bench-'))
  const finished = async (row: Row) => {
    process.stderr.write(`${progressLine(row)}\n`)
    if (options.out !== undefined) await keep(options.out, results)
  }
  const bench: Bench = { options, scratch, rows, finished }
  try {
    await measureReads(bench)
    await measurePages(bench)
    await measurePublishing(bench)
    await measureStarts(bench)
    await measureMemory(bench)
    await measureHelm(bench)
    await measureStores(bench)
    await measureAccess(bench)
    await measureHandshakes(bench)
    await measureStoreStarts(bench)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return results
}

/** Keeps what is measured so far, so that an interrupted run is not lost. */
async function keep(name: string, results: Results): Promise<void> {
  await mkdir(resultsFolder, { recursive: true })
  await Bun.write(resultsFile(name), `${JSON.stringify(results, undefined, 1)}\n`)
}

function resultsFile(name: string): string {
  return join(resultsFolder, `${name}.json`)
}

await main()
