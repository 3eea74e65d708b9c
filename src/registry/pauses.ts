import { setImmediate } from 'node:timers/promises'

/** Small archives are read and judged without ever waiting for anything: so long may they keep others waiting, ms. */
const longestWorkMs = 10

/** A pause for others, health checks say, whenever it is time for one; workers that share it pause together. */
export function createPauses(): () => Promise<void> | undefined {
  let due = performance.now() + longestWorkMs
  return () => {
    if (performance.now() < due) return undefined
    return setImmediate().then(() => {
      due = performance.now() + longestWorkMs
    })
  }
}
