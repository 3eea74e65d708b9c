import { readFileSync } from 'node:fs'

/**
 * Loaded before a program (`bun --preload`): its clock differs from the real one by as many milliseconds as the file
 * in MOVED_CLOCK says at each moment. Timers and `performance.now()` go on as they do when somebody sets a clock.
 */
const file = process.env['MOVED_CLOCK'] ?? ''
const RealDate = Date
const now = () => RealDate.now() + Number(readFileSync(file, 'utf8'))

globalThis.Date = new Proxy(RealDate, {
  construct: (target, values: unknown[]) => Reflect.construct(target, values.length === 0 ? [now()] : values),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
})
