import { join } from 'node:path'
import { startNginx } from '../nginx.ts'
import { onCore, textOf } from '../processes.ts'
import type { Server } from '../processes.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench, Measurement } from '../row.ts'
import { copyOf, seededCharts } from '../seed.ts'
import { startOver } from '../servers.ts'

/** New TLS connections per second, without resuming sessions, beside nginx with the same certificate. */
export async function measureHandshakes(bench: Bench): Promise<void> {
  for (const [id, title, algorithm] of [
    ['tls-handshakes-ec', 'TLS handshakes, EC P-256', ['ec', 'ec_paramgen_curve:P-256']],
    ['tls-handshakes-rsa', 'TLS handshakes, RSA 2048', ['rsa', 'rsa_keygen_bits:2048']],
  ] as const) {
    if (wanted(bench, id)) await measureCertificate(bench, id, title, algorithm)
  }
}

async function measureCertificate(
  bench: Bench,
  id: string,
  title: string,
  [kind, option]: readonly [string, string],
): Promise<void> {
  const cert = join(bench.scratch, `${id}.crt`)
  const key = join(bench.scratch, `${id}.key`)
  const made = Bun.spawn(
    ['openssl', 'req', '-x509', '-newkey', kind, '-pkeyopt', option, '-nodes', '-days', '2']
      .concat(['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'])
      .concat(['-keyout', key, '-out', cert]),
    { stdout: 'ignore', stderr: 'pipe' },
  )
  if ((await made.exited) !== 0) throw new Error(`openssl: ${await textOf(made.stderr)}`)
  const folder = await copyOf(await seededCharts(10), join(bench.scratch, id))
  const flags = ['--storage=local', `--storage-local-rootdir=${folder}`]
  const chartroom = await startOver(bench, 'chartroom', {
    flags: [...flags, `--tls-cert=${cert}`, `--tls-key=${key}`],
    env: {},
  })
  const nginx = await startNginx(bench, { log: true, tls: { cert, key } })
  try {
    await listening(chartroom)
    await listening(nginx)
    await measureRow(bench, id, title, [
      { id: 'chartroom', measure: () => handshakes(bench, chartroom) },
      { id: 'nginx', measure: () => handshakes(bench, nginx) },
    ])
  } finally {
    await chartroom.stop()
    await nginx.stop()
  }
}

async function listening(server: Server): Promise<void> {
  const url = `https://127.0.0.1:${server.port}/health`
  for (const end = performance.now() + 20_000; performance.now() < end; await Bun.sleep(20)) {
    if (server.hasEnded()) throw new Error('the server ended before it answered')
    if (await fetch(url, { tls: { rejectUnauthorized: false } }).catch(() => undefined)) return
  }
  throw new Error('the server did not answer in 20 s')
}

/** One connection after another by openssl, each with a full handshake and closed at once. */
async function handshakes(bench: Bench, server: Server): Promise<Measurement> {
  const { seconds, loadCore } = bench.options
  const before = server.cpuMs()
  const child = Bun.spawn(
    onCore(loadCore, 'openssl', 's_time', '-connect', `127.0.0.1:${server.port}`, '-new').concat([
      '-time',
      String(seconds),
    ]),
    { stdout: 'pipe', stderr: 'ignore' },
  )
  const text = await textOf(child.stdout)
  const count = Number(/(\d+) connections in \d+ real seconds/.exec(text)?.[1] ?? 0)
  if (count === 0) throw new Error(`openssl s_time made no connection: ${text.trim().slice(-200)}`)
  return {
    cpu_us: ((server.cpuMs() - before) * 1000) / count,
    per_second: count / seconds,
    requests: count,
  }
}
