import type { BuildObserver } from './index-file.ts'
import type { Limits } from './limits.ts'

/** What every repository of a registry shares. */
export interface RepositoryOptions {
  readonly limits: Limits
  /** Told to helm cm-push as `serverInfo.contextPath`; "" for none. */
  readonly contextPath: string
  /** Absolute start of the archives' addresses in the index, without a trailing slash; undefined: relative addresses. */
  readonly chartUrl: string | undefined
  readonly statefile: 'yaml' | 'json' | undefined
  /** Adopt the `created` times of ChartMuseum's statefile when there is no catalog of our own yet. */
  readonly adoptStatefile: boolean
  /** Milliseconds between full listings; 0: none after the first. */
  readonly refreshMs: number
  /** Milliseconds in which a deletion can be undone; 0: what is deleted is gone. */
  readonly trashMs: number
  /** Told of every index that was made, for those who measure. */
  readonly built?: BuildObserver | undefined
}

/** What stands before the file name in the addresses of a repository's archives. */
export function addressPrefix({ chartUrl, contextPath }: RepositoryOptions, repo: string): string {
  return chartUrl === undefined
    ? 'charts/'
    : `${chartUrl}${contextPath}${repo === '' ? '' : `/${repo}`}/charts/`
}
