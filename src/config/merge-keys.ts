import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'

/** What an alias stands for; null when it names no anchor. */
export type Resolve = (node: unknown) => Node | null

/** The pairs of a map with those that its merge keys bring. */
export interface Flat {
  readonly pairs: readonly Pair[]
  /** Values of merge keys that are no maps. */
  readonly wrong: readonly (Node | null)[]
}

/**
 * The pairs of a map, and those that its merge keys (`<<: *anchor`) bring under names it does not have itself, as YAML
 * 1.1 has it and ChartMuseum's library reads it. Each map is looked at once, so that maps that merge each other end.
 */
export function flattenMerges(map: YAMLMap, resolve: Resolve): Flat {
  const wrong: (Node | null)[] = []
  const done = new Map<YAMLMap, Pair[]>()
  const flat = (from: YAMLMap): readonly Pair[] => {
    const known = done.get(from)
    if (known !== undefined) return known
    const pairs = from.items.filter((pair) => !isMerge(pair))
    done.set(from, pairs)
    const names = new Set(pairs.map(keyOf))
    for (const merge of from.items.filter(isMerge)) {
      for (const source of sourcesOf(merge, resolve)) {
        if (!isMap(source)) wrong.push(merge.key as Node)
        else {
          for (const pair of flat(source)) {
            if (names.has(keyOf(pair))) continue
            names.add(keyOf(pair))
            pairs.push(pair)
          }
        }
      }
    }
    return pairs
  }
  return { pairs: flat(map), wrong }
}

/** The name of a pair, in lower case. */
export function keyOf({ key }: Pair): string {
  return isScalar(key) ? (key.source ?? String(key.value)).toLowerCase() : ''
}

function isMerge({ key }: Pair): boolean {
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN'
}

function sourcesOf({ value }: Pair, resolve: Resolve): readonly (Node | null)[] {
  const source = resolve(value)
  return isSeq(source) ? source.items.map(resolve) : [source]
}
