import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface Options {
  quick: boolean
  /** Beginnings of row names; empty means all. */
  only: string[]
  rounds: number
  /** Seconds of load per measurement. */
  seconds: number
  /** Name of the results file, without its folder and ending. */
  out: string | undefined
  markdown: boolean
  /** Runs Chartroom from dist/chartroom instead of from its source, in all rows. */
  executable: boolean
  serverCore: number
  loadCore: number
}

export const usage = `Usage: bun run bench [options]

  --quick          one round of one second: rough figures in some minutes
  --only <name>    only the rows whose name begins so (again for more): index, archive, list, page, browser,
                   publish, start, memory, helm, store, access, tls
  --rounds <n>     rounds per figure (default 3, the median is told)
  --seconds <n>    seconds of load per figure (default 3)
  --out <name>     keeps the raw figures in bench/results/<name>.json
  --markdown       prints the section for the README instead of the plain table
  --from <name>    measures nothing: prints the table of bench/results/<name>.json
  --executable     measures dist/chartroom instead of src/main.ts in all rows

Variables: CHARTMUSEUM=<binary> puts ChartMuseum beside us in both its modes; HELM3=<binary> names helm;
BENCH_CORES=0,1 names the server's core and the load's; BENCH_CHARTS=<folder> has public charts to be read in
a browser.
`

/** Reads the command line; throws a TypeError with a sentence for an option that does not exist. */
export function readOptions(
  argv: string[],
  variables: Record<string, string | undefined>,
): Options & { help: boolean; from: string | undefined } {
  const { values } = parseArgs({
    args: argv,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      out: { type: 'string' },
      from: { type: 'string' },
      markdown: { type: 'boolean', default: false },
      executable: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  })
  const [serverCore = 0, loadCore = 1] = (variables['BENCH_CORES'] ?? '0,1').split(',').map(Number)
  return {
    quick: values.quick,
    only: values.only,
    rounds: positive('--rounds', values.rounds, values.quick ? 1 : 3),
    seconds: positive('--seconds', values.seconds, values.quick ? 1 : 3),
    out: values.out,
    from: values.from,
    markdown: values.markdown,
    executable: values.executable,
    help: values.help,
    serverCore,
    loadCore,
  }
}

function positive(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new TypeError(`Cannot use ${name} "${text}": it must be a whole number from 1`)
  return value
}
