import { Gauge, Registry } from 'prom-client'
import type { MetricObjectWithValues, MetricType, MetricValueWithName } from 'prom-client'

/** One line of the text: a value, its labels, and the name where it is not the metric's own (`…_bucket`). */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly metricName?: string
}

/** One metric, and how its values are read when somebody asks for them. */
export interface Definition {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly help: string
  readonly read: () => Iterable<Sample>
}

/** A metric whose values are kept elsewhere, in plain numbers (see Timings for why), and read at each scrape. */
class Kept extends Gauge<string> {
  constructor(
    private readonly definition: Definition,
    registry: Registry,
  ) {
    super({ name: definition.name, help: definition.help, registers: [registry] })
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const { type, read } = this.definition
    // The declarations of prom-client say that types are numbers; they are these words.
    return { ...(await super.get()), type: type as unknown as MetricType, values: [...read()] }
  }
}

/** Makes the text of all metrics on demand; nothing is shared with other users of prom-client in this process. */
export function createExposition(definitions: readonly Definition[]): () => Promise<string> {
  const registry = new Registry()
  for (const definition of definitions) new Kept(definition, registry)
  return () => registry.metrics()
}
