import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:net'
import type { PairFiles } from './authority.ts'

/** One server block of nginx: it listens on a port of its own. */
export interface ProxyServer {
  readonly port: number
  /** Its locations, as nginx writes them. */
  readonly locations: string
  /** Speaks TLS with this pair. */
  readonly tls?: PairFiles
}

/** A running nginx. Disposing ends it. */
export interface Proxy extends AsyncDisposable {
  /** What it complained about. */
  errors(): Promise<string>
}

/** Starts one nginx with these server blocks on 127.0.0.1, its files in a folder. */
export async function startProxy(
  nginx: string,
  folder: string,
  servers: readonly ProxyServer[],
): Promise<Proxy> {
  const work = join(folder, 'nginx')
  await mkdir(work)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${work}/${kind};`,
  )
  await Bun.write(
    join(work, 'nginx.conf'),
    `pid ${work}/pid; error_log ${work}/error.log; daemon off; worker_processes 1; events {}
    http {
      access_log off; ${temporary.join(' ')}
      ${servers.map(block).join('\n')}
    }`,
  )
  const child = Bun.spawn([nginx, '-p', work, '-c', join(work, 'nginx.conf')], {
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const first = servers[0]?.port ?? 0
  for (let tries = 0; tries < 400 && child.exitCode === null && !(await accepts(first)); tries++)
    await Bun.sleep(25)
  if (child.exitCode !== null) throw new Error(`nginx: ${await Bun.file(join(work, 'error.log')).text()}`)
  return {
    errors: () => Bun.file(join(work, 'error.log')).text(),
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await child.exited
    },
  }
}

function block({ port, locations, tls }: ProxyServer): string {
  const secure = tls ? `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};` : ''
  return `server {
    listen 127.0.0.1:${port}${tls ? ' ssl' : ''}; ${secure}
    client_max_body_size 0; proxy_request_buffering off;
    ${locations}
  }`
}

function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1')
  socket.on('connect', () => resolve(true))
  socket.on('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
