import { onCore, textOf } from './processes.ts'

/**
 * A fixed amount of work, timed: on a quiet machine it always takes the same. How far its times lie apart in one run
 * tells how much else the machine was doing. Run as a program, it prints the milliseconds.
 */
function fixedWork(): number {
  const started = performance.now()
  let state = 1
  for (let step = 0; step < 60_000_000; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
  if (state === 0) throw new Error('the generator came to a halt')
  return performance.now() - started
}

/** Milliseconds that the fixed work takes on one core now. */
export async function spin(core: number): Promise<number> {
  const child = Bun.spawn(onCore(core, process.execPath, import.meta.path), {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  return Number(await textOf(child.stdout))
}

if (import.meta.main) console.log(fixedWork().toFixed(2))
