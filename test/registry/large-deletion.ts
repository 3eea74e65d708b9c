/** Run as a program: deletes and restores a large archive and prints how much memory that took at most, and how long. */
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { localStorage } from '../../src/storage/local.ts'
import { keptLog, repositoryOver } from '../support/repository.ts'

const [source = '', folder = ''] = process.argv.slice(2)
await copyFile(source, join(folder, 'large-1.0.0.tgz'))
const storage = await localStorage({ root: folder, log: keptLog() })
const repository = repositoryOver(storage, { trashMs: 60_000 })
if ((await repository.versions('large')).length !== 1) throw new Error('the chart is not shown')
Bun.gc(true)
const before = process.memoryUsage.rss()
let most = before
const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 2)
const started = performance.now()
const { deletion } = await repository.removeChart('large')
const deleted = performance.now()
if (deletion === undefined) throw new Error('nothing was kept')
await repository.restore(deletion.id)
const restored = performance.now()
clearInterval(sampling)
const growth = Math.max(most, process.memoryUsage.rss()) - before
repository.close()
await storage.close()
console.log(JSON.stringify({ growth, deleteMs: deleted - started, restoreMs: restored - deleted }))
