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
  const entries = new Map(Object.entries(before ?? {}))
  for (const [key, each] of Object.entries(mapping(value, field)))
    entries.set(key, text(each, '', field) ?? '')
  return Object.fromEntries([...entries].sort(([a], [b]) => byBytes(a, b)))
}

/** A mapping with known keys, found without regard to case; unknown keys are dropped. null stays null. */
export function record<T extends object>(fields: {
  [K in keyof Required<T>]: Field<Required<T>[K]>
}): Field<Partial<T> | null> {
  const byName = new Map(Object.entries(fields).map(([name, field]) => [fold(name), { name, field }]))
  return (value, before, path) => {
    if (value === null) return null
    const result: Record<string, unknown> = { ...before }
    // Go writes the keys sorted before it reads them again: of `Name` and `name`, the latter wins.
    for (const [key, each] of Object.entries(mapping(value, path)).sort(([a], [b]) => byBytes(a, b))) {
      const known = byName.get(fold(key))
      if (known === undefined) jsonOf(each)
      else result[known.name] = (known.field as Field<unknown>)(each, result[known.name], known.name)
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
