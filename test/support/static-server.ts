import { join } from 'node:path'
import { freePort } from './start-server.ts'
import { tempFolder } from './temp-folder.ts'

/** nginx that serves the files of a folder on a free port of 127.0.0.1. Disposing ends it. */
export interface StaticServer extends AsyncDisposable {
  /** "http://127.0.0.1:41000" */
  readonly url: string
  /** The paths that were asked for since the start. */
  asked(): Promise<string[]>
}

/** Starts nginx over a folder; `rate` bytes per second and connection make it slow. */
export async function startStatic(nginx: string, folder: string, rate = 0): Promise<StaticServer> {
  const own = await tempFolder()
  const port = freePort()
  const at = (name: string) => join(own.path, name)
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${at(one)};`,
  )
  await Bun.write(
    at('nginx.conf'),
    `daemon off; user root; pid ${at('pid')}; error_log ${at('error.log')}; events {}
     http { log_format path '$uri'; access_log ${at('access.log')} path; ${paths.join(' ')}
       server { listen 127.0.0.1:${port}; root "${folder}"; limit_rate ${rate}; } }`,
  )
  const child = Bun.spawn([nginx, '-c', at('nginx.conf'), '-p', own.path], {
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await child.exited
    await own[Symbol.asyncDispose]()
  }
  const deadline = Date.now() + 10_000
  while ((await fetch(url).catch(() => undefined)) === undefined) {
    if (Date.now() > deadline || child.exitCode !== null) {
      const log = await Bun.file(at('error.log')).text()
      await stop()
      throw new Error(`nginx did not start. It wrote:\n${log}`)
    }
    await Bun.sleep(20)
  }
  return {
    url,
    asked: async () => (await Bun.file(at('access.log')).text()).split('\n').filter(Boolean),
    [Symbol.asyncDispose]: stop,
  }
}
