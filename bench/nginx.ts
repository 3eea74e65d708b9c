import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, startServer } from './processes.ts'
import type { Server } from './processes.ts'
import type { Bench } from './row.ts'

/** nginx over a folder of files, in two variants. */
export interface Nginx extends Server {
  /** Puts bytes where nginx serves them; with `gzip`, also those for `Accept-Encoding: gzip`. */
  offer(path: string, bytes: Uint8Array, gzip?: Uint8Array): Promise<void>
}

export interface NginxVariant {
  readonly log: boolean
  /** Files of a certificate and its key: nginx speaks HTTPS then. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/**
 * Starts nginx as the yardstick: one worker on the server's core, sendfile and tcp_nopush, its own ETag, ready-made
 * .gz files (gzip_static). `log` says whether it writes its access log to a file, as Debian's settings do and as the
 * other servers do; without it, nothing is written.
 */
export async function startNginx(bench: Bench, variant: NginxVariant): Promise<Nginx> {
  const port = await freePort()
  const home = join(bench.scratch, `nginx-${port}`)
  const files = join(home, 'files')
  await mkdir(files, { recursive: true })
  const settings = join(home, 'nginx.conf')
  await Bun.write(settings, nginxConf({ home, files, port, ...variant }))
  const server = startServer(() => ['nginx', '-p', home, '-e', join(home, 'error.log'), '-c', settings], {
    core: bench.options.serverCore,
    port,
    logFile: join(home, 'output.log'),
  })
  const offer = async (path: string, bytes: Uint8Array, gzip?: Uint8Array) => {
    await Bun.write(join(files, path), bytes)
    if (gzip !== undefined) await Bun.write(join(files, `${path}.gz`), gzip)
  }
  return { ...server, offer }
}

function nginxConf(where: NginxVariant & { home: string; files: string; port: number }): string {
  const secure =
    where.tls === undefined
      ? ''
      : `\n    ssl_certificate ${where.tls.cert};\n    ssl_certificate_key ${where.tls.key};`
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${where.home}/${kind};`,
  )
  return `daemon off;
user root;
worker_processes 1;
pid ${where.home}/nginx.pid;
events { worker_connections 1024; }
http {
  sendfile on;
  tcp_nopush on;
  etag on;
  gzip_static on;
  keepalive_requests 100000000;
  access_log ${where.log ? `${where.home}/access.log combined` : 'off'};
  types { application/x-yaml yaml; application/gzip tgz; application/json json; }
${temporary.join('\n')}
  server {
    listen 127.0.0.1:${where.port}${where.tls === undefined ? '' : ' ssl'};${secure}
    root ${where.files};
  }
}
`
}
