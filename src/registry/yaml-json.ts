import type { YamlValue } from './yaml.ts'

declare global {
  interface JSON {
    /** In the language since ES2025, in the compiler's library not yet. */
    rawJSON(text: string): object
  }
}

/**
 * The JSON text of a YAML tree as sigs.k8s.io/yaml converts it: whole numbers keep all their digits. What JSON has no
 * number for (`.inf`, `.nan`) becomes null.
 */
export function yamlToJson(value: YamlValue): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? JSON.rawJSON(part.toString()) : part,
  )
}
