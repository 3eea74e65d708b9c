import type { SchemaRow } from './schema.ts'

/** A row with the id that links lead to: "s.master.ports[].name". */
export interface AnchoredRow extends SchemaRow {
  /** Undefined where a row before it has the same path, and for the root. */
  readonly anchor: string | undefined
}

/** Neighbouring rows that are shown together: a key of the top with all below it, or keys of the top that have none. */
export interface SchemaGroup {
  /** The key of the top; undefined for keys that have none below them. */
  readonly head: AnchoredRow | undefined
  readonly rows: readonly AnchoredRow[]
}

/** Parts the flat rows of a schema by the keys of the top, in their order. The row of the root stands with the first. */
export function schemaGroups(rows: readonly SchemaRow[]): SchemaGroup[] {
  const groups: { head: AnchoredRow | undefined; rows: AnchoredRow[] }[] = []
  const anchored = withAnchors(rows)
  for (const [at, row] of anchored.entries()) {
    const next = rows[at + 1]
    const isHead = row.level <= 1 && row.path !== '' && next !== undefined && next.level > row.level
    const current = groups.at(-1)
    if (isHead) groups.push({ head: row, rows: [] })
    else if (row.level > 1 && current !== undefined) current.rows.push(row)
    else if (current !== undefined && current.head === undefined) current.rows.push(row)
    else groups.push({ head: undefined, rows: [row] })
  }
  return groups
}

function withAnchors(rows: readonly SchemaRow[]): AnchoredRow[] {
  const taken = new Set<string>()
  return rows.map((row) => {
    // An id has no blanks (HTML, 3.2.6).
    const anchor = `s.${row.path.replace(/\s/g, '_')}`
    if (row.path === '' || taken.has(anchor)) return { ...row, anchor: undefined }
    taken.add(anchor)
    return { ...row, anchor }
  })
}
