import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommandSettings } from '../config/options-commands.ts'
import { createSpool } from '../http/spool.ts'
import type { Log } from '../log.ts'
import { reservedPrefix } from '../registry/keys.ts'
import { transfer } from '../registry/transfer.ts'
import type { Destination, Offers, Source } from '../registry/transfer.ts'
import type { Spooling } from '../registry/transfer-store.ts'
import type { StorageSettings } from '../storage/open.ts'
import type { Scratch } from '../storage/scratch.ts'
import { digestLines, isComplete, summaryJson, summaryText, type Copy } from './copy-summary.ts'
import { printOut } from './print-out.ts'
import { chartCount, createProgress, printable, type Progress } from './progress.ts'

/** Exit codes: everything arrived, not everything, interrupted by the person (as shells count signals). */
const [exitDone, exitIncomplete, exitInterrupted] = [0, 1, 130]
/** What is on its way when somebody interrupts has so long to end, milliseconds. */
const drainMs = 9_000

/** One run of import or export. */
export interface CopyRun {
  readonly from: string
  readonly to: string
  readonly own: CommandSettings
  /** Opens both sides. `signal` ends what is being read. */
  open(signal: AbortSignal, log: Log): Promise<OpenCopy>
  readonly log: Log
}

/** Both sides, open. */
export interface OpenCopy {
  readonly source: Source
  readonly destination: Destination
  /** Changes the offers on their way: another repository, say. */
  readonly offered?: (offers: Offers) => { readonly offers: Offers; readonly notes: readonly string[] }
  /** Ends both sides; with `whole` when everything was looked at. Gives sentences for the summary. */
  close(whole: boolean): Promise<readonly string[]>
}

/** Copies, tells how far it is, prints the summary; gives the exit code. */
export async function runCopy(run: CopyRun): Promise<number> {
  const { own, from, to } = run
  const say = (text: string) => void process.stderr.write(text)
  const shown: { progress?: Progress } = {}
  const interrupt = onInterrupt(() => {
    shown.progress?.clear()
    say('Stopping: what is on its way is finished first; once more ends at once.\n')
  })
  try {
    const { source, destination, offered, close } = await run.open(
      interrupt.signal,
      behindBar(run.log, shown),
    )
    const listed = await source.list()
    const { offers, notes } = offered?.(listed) ?? { offers: listed, notes: [] }
    const columns = process.stderr.isTTY ? process.stderr.columns || 80 : undefined
    const progress = createProgress({ total: offers.offers.length, columns, write: say })
    shown.progress = progress
    say(`Copying ${chartCount(offers.offers.length)} from ${printable(from)} to ${printable(to)}\n`)
    const { parallel, force } = own
    const done = await transfer(offers.offers, source, destination, {
      parallel,
      force,
      signal: interrupt.signal,
      progress: progress.done,
    })
    progress.end()
    const more = await close(done.left === 0)
    const copy: Copy = { ...done, from, to, leftOut: offers.leftOut, notes: [...notes, ...more] }
    if (own.digests !== '') await Bun.write(own.digests, digestLines(copy.results))
    await printOut(own.json ? summaryJson(copy) : summaryText(copy))
    if (copy.left > 0 && interrupt.signal.aborted) return exitInterrupted
    return isComplete(copy) ? exitDone : exitIncomplete
  } catch (error) {
    // What breaks because somebody ended it is no failure of either side.
    if (!interrupt.signal.aborted) throw error
    say('Interrupted. Run the same command again to go on: what is there already is not copied twice.\n')
    return exitInterrupted
  } finally {
    shown.progress?.end()
    interrupt.stop()
  }
}

/**
 * Bytes on their way: what is small in memory, the rest in files that go with the process. Without a scratch folder (a
 * read-only root file system) they lie where unfinished writes lie, in a storage that is a folder.
 */
export function copySpool(scratch: Scratch | undefined, store: StorageSettings): Spooling {
  const own = store.backend === 'local' ? join(store.rootdir, reservedPrefix, 'tmp') : tmpdir()
  const folder = scratch?.folder ?? own
  return createSpool({ folder, memoryBytes: 1024 * 1024, totalMemoryBytes: 32 * 1024 * 1024 })
}

function onInterrupt(first: () => void) {
  const controller = new AbortController()
  function stop(): void {
    if (controller.signal.aborted) process.exit(exitInterrupted)
    controller.abort()
    first()
    setTimeout(() => process.exit(exitInterrupted), drainMs).unref()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    stop() {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}

/** Warnings and errors, on lines of their own; what a server would tell besides is nothing to somebody who copies. */
function behindBar(log: Log, shown: { progress?: Progress }): Log {
  const quiet = (): void => undefined
  const loud =
    (level: 'warn' | 'error'): Log['warn'] =>
    (message, fields) => {
      shown.progress?.clear()
      log[level](message, fields)
    }
  return { debug: quiet, info: quiet, warn: loud('warn'), error: loud('error') }
}
