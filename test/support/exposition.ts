/** One line of Prometheus' text format. */
export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The text format, read for comparing. */
export interface Exposition {
  readonly text: string
  /** Types by the names of the metrics, those without a value too. */
  readonly types: ReadonlyMap<string, string>
  /** Sentences by the names of the metrics. */
  readonly helps: ReadonlyMap<string, string>
  readonly series: readonly Series[]
  /** The value of the only series with at least these labels; undefined when there is none. Throws when there are several. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined
  /** The sum over all series with at least these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number
  /** Every series without its value, in order: what must not grow. */
  identities(): string[]
  /** Every name that a query may use: `_bucket`, `_sum` and `_count` too. */
  queryable(): Set<string>
}

/** Reads the text format. Throws on a line that is none. */
export function readExposition(text: string): Exposition {
  const types = new Map<string, string>()
  const helps = new Map<string, string>()
  const series: Series[] = []
  for (const line of text.split('\n')) {
    const [, kind = '', name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (kind === 'TYPE') types.set(name, rest)
    else if (kind === 'HELP') helps.set(name, rest)
    else if (line !== '') series.push(readSeries(line))
  }
  const matching = (name: string, labels: Readonly<Record<string, string>>) =>
    series.filter(
      (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
    )
  return {
    text,
    types,
    helps,
    series,
    value(name, labels = {}) {
      const found = matching(name, labels)
      if (found.length > 1)
        throw new Error(`${found.length} series of ${name} have ${JSON.stringify(labels)}`)
      return found[0]?.value
    },
    sum: (name, labels = {}) => matching(name, labels).reduce((sum, { value }) => sum + value, 0),
    identities: () => series.map(({ name, labels }) => `${name}${JSON.stringify(labels)}`).sort(),
    queryable: () => new Set([...types].flatMap(([name, type]) => namesOf(name, type))),
  }
}

/** Asks a server for its metrics. */
export async function scrape(url: string): Promise<Exposition> {
  const response = await fetch(url, { tls: { rejectUnauthorized: false } })
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return readExposition(await response.text())
}

/** What promtool says of a text, line by line; nothing when all is well. */
export async function lint(promtool: string, text: string): Promise<string[]> {
  const child = Bun.spawn([promtool, 'check', 'metrics'], {
    stdin: new Blob([text]),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  await child.exited
  return said.flatMap((part) => part.split('\n')).filter((line) => line !== '')
}

function readSeries(line: string): Series {
  const found = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/i.exec(line)
  if (found === null) throw new Error(`This is no line of Prometheus' text format: ${line}`)
  const [, name = '', inBraces = '', value = ''] = found
  const labels = Object.fromEntries(
    [...inBraces.matchAll(/([a-z_]\w*)="((?:[^"\\]|\\.)*)"/gi)].map(([, key = '', text = '']) => [key, text]),
  )
  return { name, labels, value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value) }
}

function namesOf(name: string, type: string): string[] {
  if (type === 'histogram') return [`${name}_bucket`, `${name}_sum`, `${name}_count`]
  return type === 'summary' ? [`${name}_sum`, `${name}_count`] : [name]
}
