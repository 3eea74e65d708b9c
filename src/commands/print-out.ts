/** Prints to standard output; resolves when the text is out, so that the process may end. */
export function printOut(text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  // Whoever reads us may have seen enough.
  process.stdout.on('error', () => resolve())
  process.stdout.write(text, () => resolve())
  return promise
}
