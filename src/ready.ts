/** What may be there already. */
export type Ready<T> = T | Promise<T>

/**
 * Goes on with a value, at once when it is there. An `await` for what is there costs a promise and a turn of the
 * microtask queue, and a small GET had six of them: 15 µs of its 45 (measured, Bun 1.4.5).
 */
export function whenReady<T, U>(value: Ready<T>, next: (value: T) => Ready<U>): Ready<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
