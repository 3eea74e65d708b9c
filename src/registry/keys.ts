/**
 * Every storage key of the classic repository, on one screen.
 *
 *   <repo>/<name>-<version>.tgz        an archive: the truth, laid out as ChartMuseum lays it out
 *   <repo>/<name>-<version>.tgz.prov   its provenance
 *   <repo>/index-cache.yaml            ChartMuseum's saved index, written for it and read once when adopting a store
 *   .chartroom/catalog/<repo>/+        our saved catalog ("+": no repository can have that name, so none is in the way)
 *   .chartroom/trash/<repo>/+/<id>.json        what one deletion took away: the record, written behind its copies
 *   .chartroom/trash/<repo>/+/<id>.<n>.tgz     a copy of the n-th archive it took away, and
 *   .chartroom/trash/<repo>/+/<id>.<n>.tgz.prov   of its provenance
 *   .chartroom/trash/<repo>/+/<id>.restoring   it is being brought back by some process: no other may do it meanwhile
 *   .chartroom/changes                 the latest changes, by which processes on one store hear of each other
 *   .chartroom/tmp/…                   unfinished writes of the local driver, cleared at start
 *
 * `<repo>` is "" at depth 0, "org" or "org/team" below. No repository path may start with a dot, so
 * nothing under `.chartroom/` can be read, written or listed as a chart. In the trash files have numbers, because a
 * name may be as long as a name can be, and no folder of their own, because a folder would stay when they are swept.
 */
export const reservedPrefix = '.chartroom/'

/** The key of the log of changes of the whole store. */
export const changesKey = `${reservedPrefix}changes`

const segment = /^[A-Za-z0-9._-]+$/

/**
 * True for a path that can name a repository: no empty, dotted-only or "-" segment, no leading dot at the front, and no
 * segment whose folder would stand in the place of a file of the repository above.
 */
export function isRepositoryName(repo: string): boolean {
  if (repo === '') return true
  if (repo.startsWith('.')) return false
  return repo
    .split('/')
    .every((part) => segment.test(part) && !/^(\.+|-|index-cache\.yaml|.*\.(tgz|prov))$/.test(part))
}

/** The prefix below which a repository's objects lie: "" or "org/team/". */
export function repositoryPrefix(repo: string): string {
  return repo === '' ? '' : `${repo}/`
}

/** The key of a file of a repository. */
export function fileKey(repo: string, file: string): string {
  return repositoryPrefix(repo) + file
}

/** The file name of a version's archive. */
export function archiveFile(name: string, version: string): string {
  return `${name}-${version}.tgz`
}

/** What the name of a provenance has more than that of its archive. */
export const provenanceEnding = '.prov'

/** The file name of the provenance of an archive. */
export function provenanceFile(archive: string): string {
  return archive + provenanceEnding
}

/** The file ChartMuseum keeps its index in. */
export const statefile = 'index-cache.yaml'

/** The key of the saved catalog of a repository. */
export function catalogKey(repo: string): string {
  return `${reservedPrefix}catalog/${repositoryPrefix(repo)}+`
}

/** Below this lies what was deleted, of all repositories. */
export const trashPrefix = `${reservedPrefix}trash/`

/** Below this lies what was deleted from a repository. */
export function repositoryTrashPrefix(repo: string): string {
  return `${trashPrefix}${repositoryPrefix(repo)}+/`
}

/** The keys of one deletion. */
export function trashKeys(repo: string, id: string) {
  const start = `${repositoryTrashPrefix(repo)}${id}`
  return {
    record: `${start}.json`,
    restoring: `${start}.restoring`,
    archive: (place: number) => `${start}.${place}.tgz`,
    provenance: (place: number) => `${start}.${place}.tgz.prov`,
  }
}

/** Splits a key of the trash into what it belongs to; undefined for what Chartroom did not put there. */
export function parseTrashKey(key: string): { repo: string; id: string; part: string } | undefined {
  const match = /^(?:(.+)\/)?\+\/([0-9a-z-]+)\.([a-z0-9.]+)$/.exec(key.slice(trashPrefix.length))
  if (!key.startsWith(trashPrefix) || match === null) return undefined
  return { repo: match[1] ?? '', id: match[2] ?? '', part: match[3] ?? '' }
}
