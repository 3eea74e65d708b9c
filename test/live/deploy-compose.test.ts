import { describe, expect, test } from 'bun:test'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileTwinOf, flags, optionOf, variableOf } from '../../src/config/options.ts'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { runSealed, sealedProgram, sealedTest, startSealed } from '../support/sealed.ts'
import type { Sealing } from '../support/sealed.ts'
import { site } from '../support/site.ts'
import { freePort, projectRoot } from '../support/start-server.ts'
import { filesBelow, tempFolder } from '../support/temp-folder.ts'

/** The compose file: what it says, and the programs run as it says. */
const folder = join(projectRoot, 'deploy/compose')
const read = (name: string) => Bun.file(join(folder, name)).text()

/** What a service says; every field that is allowed in these files (https://github.com/compose-spec/compose-spec). */
interface Service {
  readonly image: string
  readonly build?: { context: string; dockerfile?: string }
  readonly user: string
  readonly command?: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly networks: readonly string[]
  readonly depends_on?: Readonly<Record<string, { condition: string }>>
  readonly healthcheck: { test: readonly string[]; [times: string]: unknown }
  readonly stop_grace_period: string
  readonly restart: string
  readonly read_only: boolean
  readonly tmpfs: readonly string[]
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly logging: unknown
}

const serviceFields =
  'image build user command environment secrets volumes ports networks depends_on healthcheck stop_grace_period restart read_only tmpfs cap_drop security_opt logging'.split(
    ' ',
  )

interface Compose {
  readonly name: string
  readonly services: Readonly<Record<string, Service>>
  readonly secrets: Readonly<Record<string, { file: string }>>
  readonly volumes: Readonly<Record<string, null>>
  readonly networks: Readonly<Record<string, { internal?: boolean } | null>>
}

const given = {
  RUN_AS: '61234:61234',
  CHARTROOM_USER: 'alice',
  CHARTROOM_URL: 'https://charts.example.com',
  MINIO_USER: 'storekeeper',
}

/** The file as compose reads it: `${NAME:?why}` must be given, `${NAME:-default}` may be. Throws as compose does. */
function parse(text: string, env: Readonly<Record<string, string>>): Compose {
  const filled = text.replace(/\$\{(\w+):([-?])([^}]*)\}/g, (_, name: string, kind: string, rest: string) => {
    const value = env[name] ?? ''
    if (value === '' && kind === '?') throw new Error(`${name}: ${rest}`)
    return value || rest
  })
  expect(filled).not.toContain('${')
  return Bun.YAML.parse(filled) as Compose
}

const services = async () => Object.entries(parse(await read('compose.yaml'), given).services)

describe('the compose file', () => {
  test('starts nothing before the example of its variables is filled in', async () => {
    const text = await read('compose.yaml')
    const asked = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name = '']) => name))
    expect([...asked].sort()).toEqual(Object.keys(given).sort())
    for (const name of asked)
      expect(() => parse(text, { ...given, [name]: '' })).toThrow(`${name}: set it in .env`)
    const example = Object.fromEntries(
      [...(await read('.env.example')).matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    )
    expect(example).toEqual({
      ...Object.fromEntries([...asked].map((name) => [name, ''])),
      CHARTROOM_LISTEN: '127.0.0.1:8080',
    })
  })

  test('has fields that compose knows, and names what there is', async () => {
    const compose = parse(await read('compose.yaml'), given)
    expect(Object.keys(compose).sort()).toEqual(['name', 'networks', 'secrets', 'services', 'volumes'])
    for (const [name, service] of Object.entries(compose.services)) {
      expect(Object.keys(service).filter((field) => !serviceFields.includes(field))).toEqual([])
      const unknown = [
        ...service.secrets.filter((secret) => !(secret in compose.secrets)),
        ...service.networks.filter((network) => !(network in compose.networks)),
        ...(service.volumes ?? []).filter((volume) => !((volume.split(':')[0] ?? '') in compose.volumes)),
        ...Object.keys(service.depends_on ?? {}).filter((other) => !(other in compose.services)),
      ]
      expect([name, unknown]).toEqual([name, []])
      const paths = Object.values(service.environment).filter((value) => value.startsWith('/run/secrets/'))
      expect(paths.map((path) => path.slice('/run/secrets/'.length)).sort()).toEqual(
        [...service.secrets].sort(),
      )
    }
    expect(compose.networks['store']).toEqual({ internal: true })
    expect(compose.services['minio']?.ports).toBeUndefined()
    expect(compose.services['chartroom']?.ports).toEqual(['127.0.0.1:8080:8080'])
    expect(compose.services['minio']?.networks).toEqual(['store'])
  })

  test('takes every right away that the programs can do without', async () => {
    for (const [name, service] of await services()) {
      expect([name, service]).toMatchObject([
        name,
        {
          user: given.RUN_AS,
          read_only: true,
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
          restart: 'unless-stopped',
          healthcheck: { test: expect.arrayContaining(['CMD']) },
        },
      ])
    }
  })

  test('names settings of Chartroom, and no secret by its value', async () => {
    const tls = Bun.YAML.parse(await read('compose.tls.yaml')) as Compose
    const [base] = (await services()).filter(([name]) => name === 'chartroom').map(([, service]) => service)
    const named = [base?.environment, tls.services['chartroom']?.environment].flatMap((env) =>
      Object.keys(env ?? {}),
    )
    const settings = new Set<string | undefined>(
      flags.flatMap((flag) => [
        ...(optionOf(flag).secret ? [] : [variableOf(flag)]),
        fileTwinOf(flag)?.variable,
      ]),
    )
    expect(named.filter((name) => !settings.has(name))).toEqual([])
    expect(tls.services['chartroom']?.secrets).toEqual(Object.keys(tls.secrets))
  })

  test('builds the images whose names it uses, MinIO as the tests do', async () => {
    const compose = parse(await read('compose.yaml'), given)
    for (const { build, image } of Object.values(compose.services)) {
      expect(
        await Bun.file(join(folder, build?.context ?? '', build?.dockerfile ?? 'Dockerfile')).exists(),
      ).toBe(true)
      expect(image).toMatch(/^chartroom(-minio)?$/)
    }
    expect(await Bun.file(join(projectRoot, 'Dockerfile')).text()).toContain('-t chartroom .')
    const version = /^ARG MINIO=(\S+)$/m.exec(await read('minio.Dockerfile'))?.[1]
    expect(await Bun.file(join(projectRoot, '.ci/peers.ts')).text()).toContain(`version: '${version}'`)
    for (const { healthcheck, stop_grace_period: grace } of Object.values(compose.services)) {
      expect(Number.parseInt(grace)).toBeGreaterThanOrEqual(12)
      expect(Object.keys(healthcheck).sort()).toEqual([
        'interval',
        'retries',
        'start_period',
        'test',
        'timeout',
      ])
    }
  })

  sealedTest(['minio'], 'runs: a chart that is published lies in MinIO', async (paths) => {
    await using own = await tempFolder()
    const [port, minioPort] = [freePort(), freePort()]
    const text = (await read('compose.yaml'))
      .replaceAll('9000', String(minioPort))
      .replaceAll('8080', String(port))
    const { services: said } = parse(text, given)
    const uid = Number(given.RUN_AS.split(':')[0])
    const password = 'open: sesame'
    await chmod(own.path, 0o755)
    const secrets: Record<string, string> = {}
    for (const [name, value] of Object.entries({ password, 'minio-password': 'kept-by-the-store' })) {
      const file = join(own.path, name)
      await Bun.write(file, `${value}\n`)
      await chmod(file, 0o400)
      await chown(file, uid, uid)
      secrets[name] = file
    }
    const hosts = join(own.path, 'hosts')
    await Bun.write(hosts, '127.0.0.1 localhost minio\n')
    const data = join(own.path, 'data')
    const sealing = async (service: Service, programs: Record<string, string>): Promise<Sealing> => {
      const tmp = join(own.path, crypto.randomUUID())
      for (const path of [tmp, data]) {
        await mkdir(path, { recursive: true })
        await chown(path, uid, uid)
      }
      const mounted = service.secrets.map((name) => [`/run/secrets/${name}`, secrets[name] ?? ''])
      return {
        uid,
        env: service.environment,
        readable: { ...programs, ...Object.fromEntries(mounted), '/etc/hosts': hosts },
        writable: { '/tmp': tmp, ...(service.volumes && { '/data': data }) },
      }
    }
    const { minio, chartroom } = said
    if (!minio || !chartroom) throw new Error('a service is missing')
    const store = await sealing(minio, { '/usr/local/bin/minio': paths.minio })
    const health = minio.healthcheck.test.at(-1) ?? ''
    await using _ = await startSealed(['/usr/local/bin/minio', ...(minio.command ?? [])], store, health)
    await eventually(async () => (await fetch(health)).status, 200, 10_000)

    const url = `http://127.0.0.1:${port}`
    const server = await sealing(chartroom, await sealedProgram('/chartroom', own.path))
    // What the image itself sets, and the port of this test.
    const env = {
      STORAGE_LOCAL_ROOTDIR: '/charts',
      LISTEN_HOST: '0.0.0.0',
      PORT: String(port),
      ...server.env,
    }
    await using running = await startSealed(['/chartroom'], { ...server, env }, `${url}/livez`)
    const ours = site({ url }, { credentials: { user: given.CHARTROOM_USER, password } })
    expect((await ours.get('/index.yaml', { anonymous: true })).status).toBe(401)
    expect((await ours.publish(await chart('web', '1.0.0').tgz())).status).toBe(201)
    expect((await filesBelow(data)).some((file) => file.startsWith('charts/web-1.0.0.tgz'))).toBe(true)
    const asked = await runSealed(chartroom.healthcheck.test.slice(1), { ...server, env })
    expect([asked.code, asked.output]).toEqual([0, `${url}/livez is well\n`])
    const ended = await running.stop()
    expect(ended.code).toBe(0)
    expect(ended.output).not.toContain(password)
  })
})
