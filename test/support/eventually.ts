import { expect } from 'bun:test'

/** Looks again and again until it sees what is wanted; after `timeout` milliseconds the comparison fails. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  wanted: NoInfer<T>,
  timeout = 2_000,
): Promise<void> {
  const deadline = Date.now() + timeout
  while (Date.now() < deadline) {
    if (Bun.deepEquals(await look(), wanted)) return
    await Bun.sleep(25)
  }
  expect((await look()) as unknown).toEqual(wanted)
}
