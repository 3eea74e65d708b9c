import { verdicts } from './aims.ts'
import type { Measurement, Row, SubjectId } from './row.ts'
import { spread } from './statistics.ts'

/** A whole run, as it is kept in bench/results. */
export interface Results {
  date: string
  command: string
  machine: Record<string, string>
  versions: Record<string, string>
  /** Rounds per figure, and seconds of load per round. */
  rounds: number
  seconds: number
  rows: Row[]
}

const columns: { id: SubjectId; title: string }[] = [
  { id: 'chartroom', title: 'Chartroom' },
  { id: 'chartroom-single', title: 'Chartroom --single-replica' },
  { id: 'without', title: 'without it' },
  { id: 'nginx', title: 'nginx' },
  { id: 'nginx-silent', title: 'nginx, no log' },
  { id: 'disk', title: 'bare disk' },
  { id: 'bare', title: 'bare store' },
  { id: 'chartmuseum', title: 'ChartMuseum' },
  { id: 'chartmuseum-json', title: 'ChartMuseum --json-index' },
]

/** The table for a terminal: rows in the order of measuring, columns filled up with spaces. */
export function terminalTable(results: Results): string {
  const lines = cells(results, results.rows)
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [...text, '', legend(results), ''].join('\n')
}

/** What a finished row found, for who watches: when, which, and every figure. */
export function progressLine(row: Row): string {
  const found = columns.filter(({ id }) => row.rounds[id] ?? row.failed[id])
  const told = found.map(({ id, title }) => `\n     ${title}: ${figures(row, id)}`)
  return `${(performance.now() / 1000).toFixed(0)} s  ${row.id}${told.join('')}`
}

/** The section for the README: the same table, rows that miss an aim first, and how it was made. */
export function markdownSection(results: Results): string {
  const missed = (row: Row) => verdicts(row, results.rows).some((verdict) => !verdict.holds)
  const strain = (row: Row) => Math.max(0, ...verdicts(row, results.rows).map((verdict) => verdict.strain))
  const losing = results.rows.filter(missed).toSorted((a, b) => strain(b) - strain(a))
  const rest = results.rows.filter((row) => !missed(row))
  const [head = [], ...lines] = cells(results, [...losing, ...rest])
  const table = [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`)
  const versions = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`)
  const machine = Object.values(results.machine).join(', ')
  return `Measured on ${results.date.slice(0, 10)} with \`${results.command}\` on ${machine}. ${versions.join(', ')}.

${table.join('\n')}

${legend(results)}
`
}

/** Heading and rows as cells; columns in which no row has anything are left out. */
function cells(results: Results, rows: readonly Row[]): string[][] {
  const used = columns.filter(({ id }) =>
    rows.some((row) => row.rounds[id] !== undefined || row.failed[id] !== undefined),
  )
  const head = ['', ...used.map(({ title }) => title), 'aim', 'measured', 'holds']
  const body = rows.map((row) => {
    const found = verdicts(row, results.rows)
    return [
      row.title,
      ...used.map(({ id }) => figures(row, id)),
      found.map(({ aim }) => aim).join('; '),
      found.map(({ measured }) => measured).join('; '),
      found.map(({ holds }) => (holds ? 'yes' : '**no**')).join('; '),
    ]
  })
  return [head, ...body]
}

/** One cell: "CPU 12.3 µs (11.9–12.8 µs), 81.2k/s, p50 100 µs". */
function figures(row: Row, subject: SubjectId): string {
  if (row.failed[subject] !== undefined) return `failed: ${row.failed[subject]}`
  const rounds = row.rounds[subject]
  if (rounds === undefined) return '–'
  const told = shown.flatMap(({ metric, print, name, ranged, only }) => {
    if (only?.test(row.id) === false) return []
    const figure = spread(rounds.map((round) => round[metric]).filter((value) => value !== undefined))
    if (figure === undefined) return []
    const range = ranged && figure.rounds > 1 ? ` (${print(figure.min)}–${print(figure.max)})` : ''
    return [`${name}${print(figure.median)}${range}`]
  })
  return [...told, ...remark(row, rounds)].join(', ')
}

interface Shown {
  metric: Exclude<keyof Measurement, 'answered'>
  /** What stands before the figure. */
  name: string
  print(value: number): string
  ranged: boolean
  /** The rows that tell it; without it all do. */
  only?: RegExp
}

/** What is told of a measurement, in this order. CPU comes first: it is what one core can do, whoever else is busy. */
const shown: Shown[] = [
  { metric: 'cpu_us', name: 'CPU ', print: (value) => time(value / 1000), ranged: true },
  { metric: 'wall_ms', name: 'wall ', print: time, ranged: true },
  { metric: 'cpu_ms', name: 'CPU ', print: time, ranged: true },
  { metric: 'per_second', name: '', print: (value) => `${rate(value)}/s`, ranged: false },
  { metric: 'p50_ms', name: 'p50 ', print: time, ranged: false },
  { metric: 'p99_ms', name: 'p99 ', print: time, ranged: false, only: /^(store|access)-/ },
  { metric: 'reads_per_second', name: 'readers ', print: (value) => `${rate(value)}/s`, ranged: false },
  { metric: 'wire_kb', name: '', print: (value) => `${digits(value)} KB`, ranged: false },
  { metric: 'layout_shift', name: 'layout shift ', print: (value) => value.toFixed(3), ranged: false },
  { metric: 'rss_mib', name: '', print: (value) => `${value.toFixed(0)} MiB`, ranged: true },
  { metric: 'grown_mib', name: 'grew by ', print: (value) => `${value.toFixed(0)} MiB`, ranged: true },
  { metric: 'peak_rss_mib', name: 'peak ', print: (value) => `${value.toFixed(0)} MiB`, ranged: true },
]

/** Says so where a server answered something else than the row is about. */
function remark(row: Row, rounds: Measurement[]): string[] {
  const answered = rounds[0]?.answered
  if (answered === undefined) return []
  if (row.id.endsWith('-304') && !answered.startsWith('304')) return [`answers ${answered}`]
  if (row.id.endsWith('-gzip') && !answered.endsWith('gzip')) return [`answers ${answered}`]
  return []
}

/** Milliseconds with three digits, in the unit that fits. */
export function time(milliseconds: number): string {
  if (milliseconds >= 1000) return `${digits(milliseconds / 1000)} s`
  return milliseconds >= 1 ? `${digits(milliseconds)} ms` : `${digits(milliseconds * 1000)} µs`
}

function rate(perSecond: number): string {
  return perSecond >= 1000 ? `${digits(perSecond / 1000)}k` : digits(perSecond)
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

function legend(results: Results): string {
  const spins = spread(results.rows.flatMap((row) => row.spins))
  const disturbance =
    spins === undefined
      ? ''
      : ` The fixed spin took ${time(spins.median)} (${time(spins.min)}–${time(spins.max)}): the wider, the more disturbed the machine was.`
  return (
    `CPU is user and system time of the whole process tree, per request where there are requests; medians of ` +
    `${results.rounds} interleaved rounds of ${results.seconds} s, with the lowest and the highest. Server and load ` +
    `have a core each. nginx serves the bytes that Chartroom answered, from files, with sendfile; it and ChartMuseum ` +
    `write their log to a file as Chartroom does; "no log" is nginx with access_log off.${disturbance}`
  )
}
