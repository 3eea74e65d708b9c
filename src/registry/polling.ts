/**
 * A store that does not tell of changes is listed this often, milliseconds, while somebody has read within the time after
 * it, and never so often that listing takes more than a fifth of the time.
 */
const [unwatchedMs, readersMs, listingShare] = [3000, 60_000, 4]

/** A listing that is wanted soon begins after this, not at once: whoever opened the repository waits for its index. */
const soonMs = 500
/** … and is tried again this often while too many others run. */
const retryMs = 20

/**
 * Listings in the background, over all repositories: a thousand of them must not ask the store at the same time. Those that
 * nobody has read since their last listing share what one may take, or one search over all would have all of them listed
 * for a minute.
 */
const background = { running: 0, most: 4, notBefore: 0 }

export interface PollingOptions {
  /** Compares everything with a listing. */
  refresh(): Promise<void>
  /** The store tells of changes by itself. */
  readonly watched: boolean
  /** Milliseconds between listings that nobody asks for; 0: none. */
  readonly everyMs: number
  readonly usage: ListingUsage
}

/** When a repository was read, and what its listings cost. Times by `performance.now()`: a clock may be set back. */
export interface ListingUsage {
  usedAt: number
  listedAt: number
  /** How long the last listing took, milliseconds. */
  tookMs: number
}

/**
 * Lists a repository again and again, for changes that nobody told of; one that is watched soon after this call, too: what
 * arrived between its first listing and the watch nobody told of either. Returns how to stop.
 */
export function startPolling({ refresh, watched, everyMs, usage }: PollingOptions): () => void {
  let listing = false

  async function list(): Promise<void> {
    const started = performance.now()
    listing = true
    background.running += 1
    await refresh()
    background.running -= 1
    listing = false
    background.notBefore = performance.now() + (performance.now() - started) * listingShare
  }

  function listWhenDue(): void {
    const sinceMs = performance.now() - usage.listedAt
    const isRead =
      !watched && performance.now() - usage.usedAt < readersMs && sinceMs >= usage.tookMs * listingShare
    if ((sinceMs < everyMs && !isRead) || listing || background.running >= background.most) return
    const isReadSince = usage.usedAt > usage.listedAt
    if (!isReadSince && (background.running > 0 || performance.now() < background.notBefore)) return
    void list()
  }

  function listSoon(): void {
    if (background.running < background.most) void list()
    else soon = setTimeout(listSoon, retryMs).unref()
  }

  let soon = watched ? setTimeout(listSoon, soonMs).unref() : undefined
  const often = watched ? everyMs : Math.min(everyMs, unwatchedMs)
  const timer = everyMs === 0 ? undefined : setInterval(listWhenDue, often).unref()
  return () => {
    clearTimeout(soon)
    clearInterval(timer)
  }
}
