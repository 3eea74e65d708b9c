import { byBytes, jsonOf, kindOf, YamlError } from './yaml.ts'
import { scalarText } from './yaml-scalars.ts'
import type { YamlValue } from './yaml-scalars.ts'

/**
 * How Helm reads one field of Chart.yaml: a YAML value becomes what the field holds, starting from what an earlier
 * document gave it (Go's encoding/json decodes into what is there; sigs.k8s.io/yaml turns scalars into text where
 * text is wanted). `field` names it in the error. undefined: nothing is there. Throws YamlError.
 */
export type Field<T> = (value: YamlValue, before: T | undefined, field: string) => T | undefined

/** A text. Numbers and booleans are written as text; null changes nothing. */
export const text: Field<string> = (value, before, field) => {
  if (value === null) return before
  if (typeof value === 'object') throw wrongKind(field, 'a text', value)
  return scalarText(value)
}

/** true or false, and nothing that only looks like it. */
export const flag: Field<boolean> = (value, before, field) => {
  if (value === null) return before
  if (typeof value !== 'boolean') throw wrongKind(field, 'true or false', value)
  return value
}

/** A list; null empties it. An item starts from the item that stood at its place before. */
export function list<T>(item: Field<T>, empty: T): Field<T[]> {
  return (value, before, field) => {
    if (value === null) return undefined
    if (!Array.isArray(value)) throw wrongKind(field, 'a list', value)
    return value.map((each, index) => item(each, before?.[index], field) ?? empty)
  }
}

/** A list of anything, as JSON has it: numbers are floats. */
export const anything: Field<unknown[]> = (value, _before, field) => {
  if (value === null) return undefined
  if (!Array.isArray(value)) throw wrongKind(field, 'a list', value)
  return value.map((each) => jsonOf(each))
}

/** A mapping of texts to texts, added to what was there, in the order of its keys; null empties it. */
export const texts: Field<Record<string, string>> = (value, before, field) => {
  if (value === null) return undefined
  const from = mapping(value, field)
  const entries = new Map(Object.entries(before ?? {}))
  for (const key of Object.keys(from)) entries.set(key, text(from[key] as YamlValue, '', field) ?? '')
  return Object.fromEntries([...entries.keys()].sort(byBytes).map((key) => [key, entries.get(key) as string]))
}

/** A mapping with known keys, found without regard to case; unknown keys are dropped. null stays null. */
export function record<T extends object>(fields: {
  [K in keyof Required<T>]: Field<Required<T>[K]>
}): Field<Partial<T> | null> {
  const known = new Map<string, Field<unknown>>(Object.entries(fields as Record<string, Field<unknown>>))
  const folded = new Map([...known.keys()].map((name) => [fold(name), name]))
  return (value, before, path) => {
    if (value === null) return null
    const result: Record<string, unknown> = { ...before }
    const from = mapping(value, path)
    const keys = Object.keys(from)
    // Go writes the keys sorted before it reads them again: of `Name` and `name`, the latter wins. Where every key is
    // known as it is written there is nothing to win, and sorting would take longer than all the rest.
    for (const key of keys.every((each) => known.has(each)) ? keys : keys.sort(byBytes)) {
      const each = from[key] as YamlValue
      const name = known.has(key) ? key : folded.get(fold(key))
      const field = name === undefined ? undefined : known.get(name)
      if (name === undefined || field === undefined) jsonOf(each)
      else result[name] = field(each, result[name], name)
    }
    return result as Partial<T>
  }
}

function mapping(value: YamlValue, field: string): { [key: string]: YamlValue } {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw wrongKind(field, 'a mapping', value)
  return value
}

function wrongKind(field: string, wanted: string, value: YamlValue): YamlError {
  return new YamlError(`"${field}" is ${kindOf(value)}, but ${wanted} is wanted`)
}

/** Go's encoding/json also takes the long s and the Kelvin sign for the letters they fold to. */
function fold(key: string): string {
  return key.replaceAll('\u017f', 's').toLowerCase()
}
