import { RegistryError } from '../errors.ts'
import type { ObjectInfo, Storage } from './storage.ts'

interface Kept {
  readonly info: ObjectInfo
  readonly body: Blob
}

/** Objects in a Map, gone with the process: for tests, and as the shortest statement of what a driver does. */
export function memoryStorage(): Storage {
  const objects = new Map<string, Kept>()
  const watchers = new Set<(key: string) => void>()
  let writes = 0

  function tell(key: string): void {
    for (const watcher of watchers) watcher(key)
  }

  return {
    driver: 'memory',
    async get(key) {
      const kept = objects.get(key)
      return kept && { ...kept.info, body: kept.body }
    },
    async info(key) {
      return objects.get(key)?.info
    },
    async put(key, body, options) {
      const bytes = body instanceof Uint8Array ? body.slice() : await whole(body)
      if (options?.when === 'absent' && objects.has(key)) {
        throw new RegistryError('conflict', 'storage', `Cannot store "${key}": it exists already`)
      }
      const info = { key, size: bytes.byteLength, modified: new Date(), etag: String(++writes) }
      objects.set(key, { info, body: new Blob([bytes]) })
      tell(key)
      return info
    },
    async *list(prefix, options) {
      const shallow = options?.shallow === true
      const wanted = (key: string) => key.startsWith(prefix) && !(shallow && key.includes('/', prefix.length))
      for (const key of [...objects.keys()].filter(wanted).sort()) {
        const kept = objects.get(key)
        if (kept && (prefix.startsWith('.chartroom/') || !key.startsWith('.chartroom/'))) yield kept.info
      }
    },
    async replace(key, body, etag) {
      if (objects.get(key)?.info.etag !== etag) {
        throw new RegistryError('conflict', 'storage', `Cannot replace "${key}": it is not the same any more`)
      }
      return this.put(key, body)
    },
    async delete(key) {
      const there = objects.delete(key)
      if (there) tell(key)
      return there
    },
    watch(prefix, changed) {
      const watcher = (key: string) => {
        if (key.startsWith(prefix) && !key.includes('/', prefix.length)) changed(key)
      }
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    async check() {},
    async close() {
      watchers.clear()
    },
  }
}

/** Read chunk by chunk, so that a stream that fails half-way fails the write. */
async function whole(body: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  for await (const chunk of body.stream()) chunks.push(chunk)
  return new Blob(chunks).bytes()
}
