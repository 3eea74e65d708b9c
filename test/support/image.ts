import { $ } from 'bun'
import { join } from 'node:path'
import { baseSystem, type BaseSystem } from './base-system.ts'
import { projectRoot } from './start-server.ts'
import { tempFolder } from './temp-folder.ts'

/** The image that the Dockerfile makes, in a storage of its own that disappears with it. */
export interface BuiltImage extends AsyncDisposable {
  /** Its file system, mounted. */
  readonly root: string
  readonly config: ImageConfig
}

/** What a container engine reads. */
export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd?: readonly string[] | null
  readonly Volumes?: Readonly<Record<string, unknown>> | null
  readonly WorkingDir?: string
  readonly ExposedPorts?: Readonly<Record<string, unknown>>
  readonly Healthcheck?: { readonly Test: readonly string[]; readonly Timeout: number }
  readonly Labels?: Readonly<Record<string, string>>
}

type Buildah = (...args: readonly string[]) => Promise<string>

/**
 * Builds the Dockerfile by buildah. No image registry is asked: the two images it starts from are made from a base
 * system and this Bun, and tagged with the names in the Dockerfile. Its `bun install` takes the packages from this
 * machine's cache. Needs root.
 */
export async function buildImage(programs: { buildah: string; debootstrap: string }): Promise<BuiltImage> {
  const base = await baseSystem(programs.debootstrap)
  const folder = await tempFolder()
  const places = ['--root', join(folder.path, 'root'), '--runroot', join(folder.path, 'run')]
  const buildah: Buildah = (...args) => run([programs.buildah, '--storage-driver', 'vfs', ...places, ...args])
  try {
    await makeBases(buildah, base)
    const cache = (await $`${process.execPath} pm cache`.cwd(projectRoot).text()).trim()
    const options = {
      '--format': 'docker',
      '--isolation': 'chroot',
      // Not read-only: Bun refuses a cache that it cannot write to.
      '--volume': `${cache}:/root/.bun/install/cache`,
      '--build-arg': 'REVISION=abc1234',
      '--tag': 'chartroom',
    }
    await buildah('bud', '--quiet', '--pull-never', ...Object.entries(options).flat(), projectRoot)
    const described: { Docker: { config: ImageConfig } } = JSON.parse(
      await buildah('inspect', '--type', 'image', 'chartroom'),
    )
    const container = await buildah('from', '--pull-never', 'chartroom')
    return {
      root: await buildah('mount', container),
      config: described.Docker.config,
      [Symbol.asyncDispose]: async () => {
        await buildah('umount', container)
        await folder[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

/** Makes the stand-ins of both images that the Dockerfile starts from, with the variables that those set. */
async function makeBases(buildah: Buildah, base: BaseSystem): Promise<void> {
  const make = async (name: string, trees: Readonly<Record<string, string>>, env: Record<string, string>) => {
    const container = await buildah('from', 'scratch')
    for (const [source, target] of Object.entries(trees)) {
      await buildah('add', '--quiet', container, source, target)
    }
    const variables = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`])
    await buildah('config', ...variables, container)
    await buildah('commit', '--quiet', '--rm', container, name)
  }
  const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  const [building, shipped] = await baseNames()
  // A machine behind a proxy of its own has its own authorities, which also `bun install` must know there.
  const authorities = process.env.NODE_EXTRA_CA_CERTS
  await make(
    building,
    {
      [base.whole]: '/',
      [process.execPath]: '/usr/local/bin/bun',
      ...(authorities && { [authorities]: '/etc/ssl/machine.pem' }),
    },
    { PATH, ...(authorities && { NODE_EXTRA_CA_CERTS: '/etc/ssl/machine.pem' }) },
  )
  await make(
    shipped,
    { [base.libraries]: '/' },
    { PATH, SSL_CERT_FILE: '/etc/ssl/certs/ca-certificates.crt' },
  )
}

/** The images that the Dockerfile starts from: the one it builds in, and the one it ships. */
async function baseNames(): Promise<[string, string]> {
  const text = await Bun.file(join(projectRoot, 'Dockerfile')).text()
  const [building, shipped] = [...text.matchAll(/^FROM (\S+)/gm)].map(([, name]) => name ?? '')
  if (!building || !shipped) throw new Error('The Dockerfile has no two FROM lines')
  // Names without a host are the Docker Hub's, which buildah does not assume.
  return [building, shipped].map((name) =>
    /^[\w-]+\.[\w.-]+\//.test(name) ? name : `docker.io/${name}`,
  ) as [string, string]
}

/** Runs to the end and gives what it wrote to standard output; throws with the last lines when it fails. */
async function run(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code === 0) return out.trim()
  const last = `${out}\n${err}`.trim().split('\n').slice(-15).join('\n').slice(-2000)
  throw new Error(`${command.slice(7).join(' ')}: exit code ${code}:\n${last}`)
}
