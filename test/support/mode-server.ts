import { chooseAccess } from '../../src/commands/access.ts'
import { registryToServe } from '../../src/commands/open-registry.ts'
import { assemble } from '../../src/commands/assemble.ts'
import { loadSettings } from '../../src/config/load.ts'
import { createApp } from '../../src/http/app.ts'
import { operatorFolder } from '../../src/http/web/operator-folder.ts'
import { createLog } from '../../src/log-writer.ts'
import { join } from 'node:path'
import { filesBelow, tempFolder } from './temp-folder.ts'

/** What the program would be with some flags, in this process: many of them cost less than one real start. */
export interface ModeServer extends AsyncDisposable {
  /** "http://127.0.0.1:40123": no context path, no trailing slash. */
  readonly url: string
  /** The charts folder. */
  readonly folder: string
  /** Every file in the charts folder but Chartroom's own (`.chartroom/`) and the saved index, in order. */
  charts(): Promise<string[]>
  /** What it logged. */
  logs(): string
  /** Ends it as a signal does: what is not saved yet is written. */
  stop(): Promise<void>
}

/** Files of the charts folder before the start, by their path in it. */
export type Files = Readonly<Record<string, Uint8Array | string>>

/** Serves with these flags on a free port of 127.0.0.1. Disposing stops it and removes its folder. */
export async function serveMode(flags: readonly string[], files: Files = {}): Promise<ModeServer> {
  const folder = await tempFolder()
  for (const [path, content] of Object.entries(files)) await Bun.write(join(folder.path, path), content)
  const argv = [
    '--storage=local',
    `--storage-local-rootdir=${folder.path}`,
    '--listen-host=0.0.0.0',
    ...flags,
  ]
  const { settings, warnings } = loadSettings({ argv, env: {}, readFile: missing })
  const lines: string[] = [...warnings]
  const write = (line: string) => void lines.push(line)
  const log = createLog({ json: false, debug: false, latencyInteger: false, colour: false, write })
  const access = await chooseAccess(settings, log)
  const { registry, scratch, stopOpening } = await registryToServe(settings, log)
  const operator = operatorFolder(settings.webTemplatePath, settings.contextPath, log)
  const own = { settings, log, access, operator, registry, scratch, draining: { now: false } }
  const app = createApp(assemble({ ...own, tls: false, keyring: undefined }))
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request) => app.handle(request),
  })
  let stopped: Promise<void> | undefined
  const stop = async () => {
    await server.stop(true)
    stopOpening()
    await registry.close()
    await scratch?.close()
  }
  return {
    url: `http://127.0.0.1:${server.port}`,
    folder: folder.path,
    charts: async () =>
      (await filesBelow(folder.path)).filter((file) => !/^\.chartroom\/|index-cache\.yaml$/.test(file)),
    logs() {
      log.flush()
      return lines.join('\n')
    },
    stop: () => (stopped ??= stop()),
    async [Symbol.asyncDispose]() {
      await (stopped ??= stop())
      await folder[Symbol.asyncDispose]()
    },
  }
}

function missing(path: string): string {
  throw new Error(`no file is read here: ${path}`)
}
