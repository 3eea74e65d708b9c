/**
 * Every storage key of the classic repository, on one screen.
 *
 *   <repo>/<name>-<version>.tgz        an archive: the truth, laid out as ChartMuseum lays it out
 *   <repo>/<name>-<version>.tgz.prov   its provenance
 *   <repo>/index-cache.yaml            ChartMuseum's saved index, written for it and read once when adopting a store
 *   .chartroom/catalog/<repo>/+        our saved catalog ("+": no repository can have that name, so none is in the way)
 *   .chartroom/tmp/…                   unfinished writes of the local driver, cleared at start
 *
 * `<repo>` is "" at depth 0, "org" or "org/team" below. No repository path may start with a dot (house rule D12), so
 * nothing under `.chartroom/` can be read, written or listed as a chart.
 */
export const reservedPrefix = '.chartroom/'

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

/** The file name of the provenance of an archive. */
export function provenanceFile(archive: string): string {
  return `${archive}.prov`
}

/** The file ChartMuseum keeps its index in. */
export const statefile = 'index-cache.yaml'

/** The key of the saved catalog of a repository. */
export function catalogKey(repo: string): string {
  return `${reservedPrefix}catalog/${repositoryPrefix(repo)}+`
}
