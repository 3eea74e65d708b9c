import { afterAll, describe, expect, test } from 'bun:test'
import { $ } from 'bun'
import { chmod, chown, lstat, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { program } from '../../src/version.ts'
import { chart } from '../support/chart-builder.ts'
import { runInImage, startContainer } from '../support/container.ts'
import { buildImage, type BuiltImage } from '../support/image.ts'
import { fillForWalk, walkPages } from '../support/page-walk.ts'
import { peerTest, sayOnce } from '../support/peers.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Building includes a base system, the first time on a machine. */
const buildTimeout = 900_000
const needed = ['buildah', 'debootstrap'] as const
/** A user that no file of the image knows, as OpenShift gives to containers. */
const foreign = 12_345

let built: Promise<BuiltImage> | undefined
afterAll(async () => (await built)?.[Symbol.asyncDispose](), buildTimeout)

/** Registers a test with the image, which the first of them builds. */
function imageTest(name: string, run: (image: BuiltImage) => Promise<void>): void {
  if (process.getuid?.() !== 0) {
    sayOnce(
      'skipped: tests of the container image (they mount and change the root: run them as root, on Linux)',
    )
    test.skipIf(true)(name, () => undefined)
    return
  }
  peerTest(needed, name, async (paths) => run(await (built ??= buildImage(paths))), buildTimeout)
}

/** A folder of this machine that belongs to a user. */
async function folderOf(parent: string, name: string, uid: number): Promise<string> {
  const path = join(parent, name)
  await chmod(parent, 0o755)
  await mkdir(path)
  await chown(path, uid, uid)
  return path
}

describe('the image', () => {
  imageTest('is configured like ChartMuseum’s, with a health check', async ({ config }) => {
    expect(config.User).toBe('1000:1000')
    expect(config.Entrypoint).toEqual(['/chartroom'])
    expect(config.Cmd ?? []).toEqual([])
    expect(config.Volumes ?? {}).toEqual({})
    expect(config.Env).toContain('STORAGE=local')
    expect(config.Env).toContain('STORAGE_LOCAL_ROOTDIR=/charts')
    expect(config.Env).toContain('LISTEN_HOST=0.0.0.0')
    expect(config.ExposedPorts).toEqual({ '8080/tcp': {} })
    expect(config.Healthcheck?.Test).toEqual(['CMD', '/chartroom', 'health'])
    expect(config.Labels?.['org.opencontainers.image.revision']).toBe('abc1234')
  })

  imageTest('contains the program, its licences and no shell', async ({ root }) => {
    const size = Number((await $`du -s --block-size=1M ${root}`.text()).split('\t')[0])
    console.log(
      `The image has ${size} MiB, of them ${Math.round((await stat(join(root, 'chartroom'))).size / 2 ** 20)} the program`,
    )
    expect(size).toBeLessThan(160)
    const libraries = '*.so*'
    const programs =
      await $`find ${root} -path ${root}/etc -prune -o -type f -perm /111 ! -name ${libraries} -printf %P`.text()
    expect(programs).toBe('chartroom')
    expect((await lstat(join(root, 'chartmuseum'))).isSymbolicLink()).toBe(true)
    expect(await Bun.file(join(root, 'licenses/LICENSE')).text()).toContain('Apache License')
    expect(await Bun.file(join(root, 'licenses/THIRD-PARTY.md')).text()).toContain('## elysia')
    for (const folder of ['charts', 'tls']) expect((await stat(join(root, folder))).mode & 0o777).toBe(0o777)
  })

  imageTest('says its version under both names', async (image) => {
    for (const name of ['/chartroom', '/chartmuseum']) {
      const { code, output } = await runInImage(image, [name, '--version'], { uid: foreign })
      expect(output).toBe(`Chartroom version ${program.version} (build abc1234)\n`)
      expect(code).toBe(0)
    }
  })
})

describe('a container', () => {
  for (const [who, uid] of [
    ['its own user', 1000],
    ['a user it does not know', foreign],
  ] as const) {
    imageTest(`serves as ${who} from a root that cannot be written, without /tmp`, async (image) => {
      await using folder = await tempFolder()
      const charts = await folderOf(folder.path, 'charts', uid)
      await using container = await startContainer(image, { uid, charts, env: { DEBUG: '1' } })
      const url = `http://127.0.0.1:${container.port}`
      const archive = new Uint8Array(await chart('mychart', '1.0.0').tgz())
      expect((await fetch(`${url}/api/charts`, { method: 'POST', body: archive })).status).toBe(201)
      expect(await (await fetch(`${url}/index.yaml`)).text()).toContain('charts/mychart-1.0.0.tgz')
      const served = await fetch(`${url}/charts/mychart-1.0.0.tgz`)
      expect(new Uint8Array(await served.arrayBuffer())).toEqual(archive)
      await fillForWalk(url)
      expect((await walkPages(url)).get('public-sans.woff2')).toBe('font/woff2')
      expect((await stat(join(charts, 'mychart-1.0.0.tgz'))).uid).toBe(uid)
      const { code, output } = await container.stop()
      expect(output).toContain('Request served')
      expect(code).toBe(0)
    })
  }

  imageTest('takes a multipart upload larger than memory’s share without /tmp', async (image) => {
    await using folder = await tempFolder()
    const charts = await folderOf(folder.path, 'charts', foreign)
    await using container = await startContainer(image, { uid: foreign, charts })
    // Above what one upload may keep in memory, so that it must be put down somewhere.
    const large = chart('large', '1.0.0').sized(3_000_000)
    const form = new FormData()
    form.set('chart', new Blob([new Uint8Array(await large.tgz())]), 'large-1.0.0.tgz')
    const response = await fetch(`http://127.0.0.1:${container.port}/api/charts`, {
      method: 'POST',
      body: form,
    })
    expect(await response.json()).toEqual({ saved: true })
  })

  imageTest('tells its health by the variables it runs with: TLS, port and context path', async (image) => {
    await using folder = await tempFolder()
    const charts = await folderOf(folder.path, 'charts', foreign)
    const tls = await folderOf(folder.path, 'tls', foreign)
    const env = { TLS_SELF_SIGNED: 'true', CONTEXT_PATH: '/ctx' }
    const options = { uid: foreign, charts, volumes: { '/tls': tls }, env }
    await using container = await startContainer(image, options)
    const asked = { ...options, env: { ...env, PORT: String(container.port) } }
    const check = image.config.Healthcheck?.Test.slice(1) ?? []
    expect((await runInImage(image, check, asked)).code).toBe(0)
    expect(await Bun.file(join(tls, 'cert.pem')).text()).toContain('BEGIN CERTIFICATE')
    expect((await container.stop()).code).toBe(0)
    expect((await runInImage(image, check, asked)).code).toBe(1)
  })

  imageTest('keeps no certificate where nothing can be written, and says so', async (image) => {
    const options = { uid: foreign, env: { TLS_SELF_SIGNED: 'true' } }
    const { code, output } = await runInImage(image, image.config.Entrypoint, options)
    expect(output).toMatch(/^Cannot keep a certificate in "\/tls"[^\n]*\n$/)
    expect(code).toBe(1)
  })

  imageTest(
    'says in one sentence which folder its user cannot write, and serves what is there',
    async (image) => {
      await using folder = await tempFolder()
      const charts = await folderOf(folder.path, 'charts', 0)
      await Bun.write(join(charts, 'mychart-1.0.0.tgz'), await chart('mychart', '1.0.0').tgz())
      await using container = await startContainer(image, { uid: foreign, charts })
      const index = await fetch(`http://127.0.0.1:${container.port}/index.yaml`)
      expect(await index.text()).toContain('mychart-1.0.0.tgz')
      const said = (await container.stop()).output.split('\n').filter((line) => line.includes('12345'))
      expect(said).toHaveLength(1)
      expect(said[0]).toContain('/charts')
    },
  )
})
