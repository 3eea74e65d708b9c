import type { Log } from '../log.ts'

/** Between two lines, milliseconds; work that is done before that is not told of. */
const everyMs = 5000

/** Tells the log how far a long piece of work is. */
export interface Progress {
  /** One more is done. */
  step(): void
  /** All is done, or nothing more will be. */
  end(): void
}

/** `now` gives milliseconds; a test has a clock of its own. */
export function createProgress(
  { log, repo }: { log: Log; repo: string },
  total: number,
  now: () => number = performance.now.bind(performance),
): Progress {
  const started = now()
  let next = started + everyMs
  let told = false
  let done = 0
  return {
    step() {
      done += 1
      if (now() < next) return
      next = now() + everyMs
      told = true
      log.info('Reading the repository', { repo, done, total })
    },
    end() {
      if (told) log.info('Read the repository', { repo, done, seconds: Math.round((now() - started) / 1000) })
    },
  }
}
