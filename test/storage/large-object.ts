/** Run as a program: writes and reads a large object and prints its size and how much memory that took at most. */
import { join } from 'node:path'
import { localStorage } from '../../src/storage/local.ts'

const [folder = ''] = process.argv.slice(2)
const size = 128 * 1024 * 1024
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
const storage = await localStorage({ root: join(folder, 'charts'), log })
Bun.gc(true)
const before = process.memoryUsage.rss()
let most = before
const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 2)
await storage.put('big', Bun.file(source))
const object = await storage.get('big')
const body = object?.body instanceof Blob ? object.body.stream() : object?.body
let read = 0
for await (const chunk of body ?? []) read += chunk.byteLength
clearInterval(sampling)
await storage.close()
if (read !== size) throw new Error(`read ${read} of ${size} bytes`)
console.log(JSON.stringify({ size, growth: Math.max(most, process.memoryUsage.rss()) - before }))
