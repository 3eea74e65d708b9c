/** Run as a program with a folder and settings: writes and reads a large object, prints its size and how much memory that took. */
import { join } from 'node:path'
import { openStorage } from '../../src/storage/open.ts'
import type { StorageSettings } from '../../src/storage/open.ts'

const [folder = '', settings = ''] = process.argv.slice(2)
const size = 192 * 1024 * 1024
const source = join(folder, 'source')
const piece = new Uint8Array(1024 * 1024).fill(7)
const writer = Bun.file(source).writer()
for (let at = 0; at < size; at += piece.byteLength) {
  await writer.write(piece)
  await writer.flush()
}
await writer.end()

const ignore = () => undefined
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
const chosen = JSON.parse(settings) as StorageSettings
const storage = await openStorage(chosen, log)
// What the first calls over a network cost (a library, buffers of the connection) is not the object's.
if (chosen.backend !== 'local') await pass('warm', Bun.file(source).slice(0, 8 * 1024 * 1024))
Bun.gc(true)
const before = process.memoryUsage.rss()
let most = before
const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 2)
const read = await pass('big', Bun.file(source))
clearInterval(sampling)
const after = process.memoryUsage.rss()
await storage.close()
if (read !== size) throw new Error(`read ${read} of ${size} bytes`)
console.log(JSON.stringify({ size, growth: Math.max(most, after) - before }))

/** Writes an object and reads it; gives the bytes that came. */
async function pass(key: string, body: Blob): Promise<number> {
  await storage.put(key, body)
  const object = await storage.get(key)
  let size = 0
  for await (const chunk of (object?.body instanceof Blob ? object.body.stream() : object?.body) ?? []) {
    size += chunk.byteLength
  }
  await storage.delete(key)
  return size
}
