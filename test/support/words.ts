import { join } from 'node:path'
import { projectRoot } from './start-server.ts'

/** The words of one page in both languages, as `views/words/` has them. */
export interface Catalogue {
  /** "shell.shellWords" */
  readonly name: string
  readonly en: unknown
  readonly zh: unknown
}

/** Every catalogue of the project. */
export async function catalogues(): Promise<Catalogue[]> {
  const folder = join(projectRoot, 'views', 'words')
  const files = (await Array.fromAsync(new Bun.Glob('*.ts').scan(folder))).sort()
  const found: Catalogue[] = []
  for (const file of files) {
    const exported = (await import(join(folder, file))) as Record<string, unknown>
    for (const [name, value] of Object.entries(exported)) {
      if (typeof value !== 'object' || value === null || !('en' in value && 'zh-CN' in value)) continue
      found.push({ name: `${file.replace('.ts', '')}.${name}`, en: value.en, zh: value['zh-CN'] })
    }
  }
  return found
}

/** A word or a sentence, where it stands in its catalogue, and its counterpart in the other. */
export interface Pair {
  readonly path: string
  readonly en: unknown
  readonly zh: unknown
}

/** The leaves of both sides, side by side; a leaf that one side lacks is undefined there. */
export function pairs(en: unknown, zh: unknown, path: string): Pair[] {
  if (!isBranch(en) && !isBranch(zh)) return [{ path, en, zh }]
  const left = isBranch(en) ? en : {}
  const right = isBranch(zh) ? zh : {}
  const keys = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...keys].flatMap((key) => pairs(left[key], right[key], `${path}.${key}`))
}

function isBranch(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
}
