/**
 * Chartroom as `src/main.ts` starts it, but without its access log: the server that tells what the log costs. Takes the
 * same arguments.
 */
import { readFileSync } from 'node:fs'
import { serve } from '../src/commands/serve.ts'
import { loadSettings } from '../src/config/load.ts'
import { createLog } from '../src/log-writer.ts'

const loaded = loadSettings({
  argv: process.argv.slice(2),
  env: process.env,
  readFile: (path) => readFileSync(path, 'utf8'),
})
const log = createLog({ json: false, debug: false })
await serve(loaded, { ...log, request: () => undefined }, (error) => {
  console.error(error)
  process.exit(1)
})
