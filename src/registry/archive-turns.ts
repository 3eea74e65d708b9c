import { setImmediate } from 'node:timers/promises'
import { RegistryError } from '../errors.ts'

/** A bounded number of things at once; who comes when all turns are taken waits in order. */
export interface Turns {
  /** Runs an action in its turn. Throws RegistryError `unavailable` when the wait was too long. */
  take<T>(action: () => Promise<T>): Promise<T>
}

/**
 * Small archives are opened without ever waiting for anything, large ones take some hundred milliseconds: after so long
 * others run before the next one.
 */
const longestWorkMs = 10

interface Waiting {
  readonly start: () => void
}

/** Turns for `atOnce` actions; nobody waits longer than `waitMs`. */
export function newTurns({ atOnce, waitMs }: { atOnce: number; waitMs: number }): Turns {
  let free = atOnce
  let lastPause = 0
  const queue = new Set<Waiting>()

  const turn = () =>
    new Promise<void>((resolve, reject) => {
      const waiting = {
        start() {
          clearTimeout(timer)
          queue.delete(waiting)
          resolve()
        },
      }
      const timer = setTimeout(() => {
        queue.delete(waiting)
        reject(busy(waitMs))
      }, waitMs)
      queue.add(waiting)
    })

  return {
    async take(action) {
      if (free > 0) free--
      else await turn()
      try {
        if (performance.now() - lastPause > longestWorkMs) {
          await setImmediate()
          lastPause = performance.now()
        }
        return await action()
      } finally {
        const [next] = queue
        if (next === undefined) free++
        else next.start()
      }
    },
  }
}

/**
 * The turns of this process for opening archives. One open archive holds at most some 20 MiB (a nested archive, the
 * YAML being read, inflate buffers), so four of them keep memory flat whatever is sent.
 */
export const archiveTurns: Turns = newTurns({ atOnce: 4, waitMs: 10_000 })

function busy(waitMs: number): RegistryError {
  const seconds = Math.round(waitMs / 100) / 10
  return new RegistryError(
    'unavailable',
    'archive',
    `Cannot open the chart archive: others were being opened for ${seconds} s; try again`,
  )
}
