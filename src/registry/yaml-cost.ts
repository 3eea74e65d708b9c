import { invalidArchive } from './archive-error.ts'
import type { Budget } from './archive-limits.ts'
import { readEverydayYaml } from './yaml-lines.ts'
import { isPlainlyMapping } from './yaml.ts'

/** Helm's YAML reader goes no deeper (go.yaml.in/yaml/v2, max_flow_level). */
const deepest = 10_000

/**
 * Checks, before a file of an archive is read as YAML, that reading it cannot take long: brackets are not nested
 * absurdly deep, and where much YAML was read already, what needs the full reader stays within its own budget.
 * Throws RegistryError `invalid`.
 */
export function checkYamlCost(path: string, data: Uint8Array, budget: Budget): void {
  if (data.byteLength > deepest && nesting(data) > deepest) {
    throw invalidArchive(`cannot load ${path}: the document is nested too deeply`)
  }
  if (budget.allowsAnyYaml() || isReadFast(path, data)) return
  budget.spendSlowYaml(data.byteLength)
}

/** How many brackets are open at most, those in texts counted too: an upper bound but for brackets closed in texts. */
function nesting(data: Uint8Array): number {
  let open = 0
  let most = 0
  for (let at = 0; at < data.length; at++) {
    const byte = data[at]
    if (byte === 0x5b || byte === 0x7b) most = Math.max(most, ++open)
    else if ((byte === 0x5d || byte === 0x7d) && open > 0) open--
  }
  return most
}

function isReadFast(path: string, data: Uint8Array): boolean {
  const text = new TextDecoder().decode(data)
  return readEverydayYaml(text) !== undefined || (path === 'values.yaml' && isPlainlyMapping(text))
}
