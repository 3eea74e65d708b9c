import type { RegistryError } from '../errors.ts'
import { invalidArchive, quote, withoutChartYaml } from './archive-error.ts'

const drive = /^[a-zA-Z]:\//

/**
 * The name of an archive's member as seen from its chart, or Helm's refusal (pkg/chart/loader/archive.go): the first
 * element is dropped before the checks, whatever it is; with a `\` anywhere, `\` separates. Nothing is ever written to
 * disk under such a name, so this is only about the verdict. Throws RegistryError `invalid`.
 */
export function chartPath(member: string): string {
  const separator = member.includes('\\') ? '\\' : '/'
  const cut = member.indexOf(separator)
  const rest = cut < 0 ? '' : member.slice(cut + 1).replaceAll('\\', '/')
  if (rest.startsWith('/')) throw unsafe('chart illegally contains absolute paths', member)
  const path = clean(rest)
  if (path === '.') {
    throw unsafe(`chart illegally contains content outside the base directory: ${quote(member)}`, member)
  }
  if (path.startsWith('..')) throw unsafe('chart illegally references parent directory', member)
  if (drive.test(path)) throw unsafe('chart contains illegally named files', member)
  if (member.startsWith(`Chart.yaml${separator}`)) {
    throw withoutChartYaml('chart yaml not in base directory')
  }
  return path
}

function unsafe(text: string, member: string): RegistryError {
  return invalidArchive(text, undefined, { reason: 'unsafe_path', text: quote(member) })
}

/** An empty element, "." or ".." somewhere. */
const unclean = /(?:^|\/)\.{0,2}(?:\/|$)/

/** Go's path.Clean for a path that is not absolute. */
function clean(path: string): string {
  if (!unclean.test(path)) return path
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else parts.push(part)
  }
  return parts.length === 0 ? '.' : parts.join('/')
}
