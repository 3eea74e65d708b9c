import type { ArchiveFile } from '../registry/archive.ts'
import { latest } from './files.ts'
import { decodeText, isText, shortened } from './text.ts'

export const templateGroups = ['manifests', 'helpers', 'tests', 'crds', 'notes'] as const
export type TemplateGroup = (typeof templateGroups)[number]

/** A file that a release is made of. */
export interface TemplateEntry {
  /** As seen from the chart: "templates/service.yaml", "crds/widget.yaml". */
  readonly name: string
  readonly group: TemplateGroup
  /** Of manifests: what `kind:` says, without doubles, at most five. */
  readonly kinds: readonly string[]
  /** Bytes. */
  readonly size: number
}

/** True for the files that listTemplates() wants to see. */
export function isTemplate(name: string): boolean {
  return name.startsWith('templates/') || name.startsWith('crds/')
}

/** The templates and CRDs of a chart itself, by group and name; those of its sub-charts are among its files. */
export function listTemplates(files: readonly ArchiveFile[]): TemplateEntry[] {
  return [...latest(files).values()]
    .filter(({ name }) => isTemplate(name))
    .map(entryOf)
    .sort((a, b) => orderOf(a) - orderOf(b) || (a.name < b.name ? -1 : 1))
}

function orderOf({ group }: TemplateEntry): number {
  return templateGroups.indexOf(group)
}

function entryOf({ name, data }: ArchiveFile): TemplateEntry {
  const text = isText(data) ? decodeText(data) : ''
  const group = groupOf(name, text)
  const kinds = group === 'helpers' || group === 'notes' ? [] : kindsOf(text)
  return { name, group, kinds, size: data.byteLength }
}

/** `helm test` runs what has the hook, wherever it lies; by custom it lies in templates/tests. */
const testHook = /helm\.sh\/hook["']?\s*:\s*["']?[\w,-]*\btest\b/

function groupOf(name: string, text: string): TemplateGroup {
  if (name.startsWith('crds/')) return 'crds'
  if (name === 'templates/NOTES.txt') return 'notes'
  const last = name.slice(name.lastIndexOf('/') + 1)
  // Helm renders nothing of a file whose name begins with an underscore.
  if (last.startsWith('_') || last.endsWith('.tpl')) return 'helpers'
  return name.startsWith('templates/tests/') || testHook.test(text) ? 'tests' : 'manifests'
}

const most = { kinds: 5, letters: 60 } as const

/** What a template makes can only be told by running it; what its lines say at their beginning nearly always holds. */
function kindsOf(text: string): string[] {
  const found = new Set<string>()
  for (const [, kind = ''] of text.matchAll(/^kind:[ \t]*["']?([A-Z][A-Za-z0-9]*)/gm)) {
    found.add(shortened(kind, most.letters))
    if (found.size === most.kinds) break
  }
  return [...found]
}
