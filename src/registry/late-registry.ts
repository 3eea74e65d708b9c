import { RegistryError } from '../errors.ts'
import type { Registry } from './registry.ts'

/**
 * A registry whose store is not open yet: everything is `unavailable`, with the reason, until it is. So the server can
 * listen, and say that it lives, before its store does.
 */
export function lateRegistry(opening: Promise<Registry>, reason: () => string): Registry {
  let opened: Registry | undefined
  opening.then(
    (registry) => (opened = registry),
    // Told by whoever opens it.
    () => undefined,
  )

  function now(): Registry {
    if (opened !== undefined) return opened
    throw new RegistryError('unavailable', 'storage', `The storage cannot be used yet: ${reason()}`)
  }

  return {
    repository: (name) => now().repository(name),
    names: async (depth) => now().names(depth),
    check: async () => now().check(),
    get staleSince() {
      return opened?.staleSince
    },
    inventory: () => opened?.inventory() ?? [],
    get knowledge() {
      return opened?.knowledge ?? { ageMs: undefined, degraded: true }
    },
    get conditionalWrites() {
      return opened?.conditionalWrites
    },
    close: async () => opened?.close(),
  }
}
