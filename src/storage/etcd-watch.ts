import type { Log } from '../log.ts'
import type { EtcdStream } from './etcd-call.ts'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure } from './etcd-errors.ts'
import { endOf, folderOf, isOwn, isTimestamp } from './etcd-keys.ts'
import type { EtcdKeys } from './etcd-keys.ts'
import { base64, keyValue, listOf, numeric, objectOf } from './etcd-wire.ts'

/** A stream that says nothing is asked whether it lives this often; it is left when the answer takes longer than that. */
const pingEveryMs = 2_000
/** Between a stream that broke and the next. */
const [firstPauseMs, longestPauseMs] = [100, 2_000]

type Changed = (key?: string) => void

export interface WatchOptions {
  readonly client: EtcdClient
  readonly keys: EtcdKeys
  readonly log: Log
  /** What happened up to this revision is known. */
  readonly since: string
}

/**
 * Hears of every change of ordinary objects over one stream of events, however many folders are watched. It goes on
 * from the last event when the stream breaks (the runtime ends one that was silent for six minutes); when etcd has forgotten what came since, everybody is told to list.
 */
export class EtcdWatch {
  readonly #watchers = new Map<string, Set<Changed>>()
  #next: bigint
  #running = false
  #stream: EtcdStream | undefined

  constructor(private readonly options: WatchOptions) {
    this.#next = BigInt(options.since) + 1n
  }

  /** Tells of direct children of the prefix. Returns how to stop. */
  add(prefix: string, changed: Changed): () => void {
    // A function of its own: the same one may be given twice.
    const mine: Changed = (key) => changed(key)
    const watchers = this.#watchers.get(prefix) ?? new Set()
    this.#watchers.set(prefix, watchers.add(mine))
    if (!this.#running) void this.#run()
    return () => {
      watchers.delete(mine)
      if (watchers.size === 0 && this.#watchers.get(prefix) === watchers) this.#watchers.delete(prefix)
      if (this.#watchers.size === 0) this.#stream?.stop()
    }
  }

  close(): void {
    this.#watchers.clear()
    this.#stream?.stop()
  }

  async #run(): Promise<void> {
    this.#running = true
    let pause = firstPauseMs
    while (this.#watchers.size > 0) {
      const before = this.#next
      try {
        await this.#follow()
      } catch (error) {
        if (!(error instanceof EtcdFailure))
          this.options.log.error('Unexpected error', { error: String(error) })
        else if (this.#watchers.size > 0) {
          this.options.log.debug('The stream of changes in etcd broke', { error: error.message })
        }
      }
      pause = this.#next === before ? Math.min(pause * 2, longestPauseMs) : firstPauseMs
      if (this.#watchers.size > 0) await sleep(pause)
    }
    this.#running = false
  }

  async #follow(): Promise<void> {
    const { client, keys } = this.options
    const stream = await client.watch({
      key: base64(keys.data),
      range_end: base64(endOf(keys.data)),
      start_revision: String(this.#next),
      progress_notify: true,
      // Many events, or large ones, come in several messages.
      fragment: true,
    })
    this.#stream = stream
    const beat = setInterval(() => this.#ping(stream), pingEveryMs).unref()
    try {
      for await (const message of stream.answers) this.#take(message)
    } finally {
      clearInterval(beat)
      stream.stop()
    }
  }

  /** A member that stands still, or is cut off from the others, keeps its streams open and silent. */
  #ping(stream: EtcdStream): void {
    this.options.client.ping(stream.endpoint, pingEveryMs).catch(() => stream.stop())
  }

  #take(message: unknown): void {
    const { result } = objectOf(message)
    const { header, events, canceled, fragment, compact_revision: forgotten } = objectOf(result)
    if (canceled === true) {
      if (numeric(forgotten) === '0') throw new EtcdFailure('Unavailable', 'the stream of changes was ended')
      this.#next = BigInt(numeric(forgotten)) + 1n
      this.#tellAll()
      throw new EtcdFailure('Compacted', 'changes were missed')
    }
    for (const event of listOf(events)) this.#tell(this.options.keys.keyOf(keyValue(objectOf(event).kv).key))
    const revision = BigInt(numeric(objectOf(header).revision))
    if (fragment !== true && revision >= this.#next) this.#next = revision + 1n
  }

  #tell(key: string): void {
    if (isTimestamp(key) || isOwn(key)) return
    for (const changed of this.#watchers.get(folderOf(key)) ?? []) changed(key)
  }

  #tellAll(): void {
    for (const watchers of this.#watchers.values()) for (const changed of watchers) changed()
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
