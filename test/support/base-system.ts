import { $ } from 'bun'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where peers are kept from one clone to the next: built programs, and the base system for images. */
export const peerCache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chartroom-peers')

/** Two file trees of the distribution this machine runs, as tar archives. */
export interface BaseSystem {
  /** With a shell and a package manager: stands in for the image that the Dockerfile builds in. */
  readonly whole: string
  /** The C library, certificates and time zones; no program at all: stands in for the image that it ships. */
  readonly libraries: string
  /** Made now, not found. */
  readonly fresh: boolean
}

/** The packages that distroless' base images without OpenSSL consist of. */
const libraryPackages = ['base-files', 'netbase', 'tzdata', 'libc6']
/** Made by the installation of packages, so that no package lists them. */
const libraryExtras = [
  '/bin',
  '/lib',
  '/lib64',
  '/etc/passwd',
  '/etc/group',
  '/etc/ssl/certs/ca-certificates.crt',
]

/**
 * The base system, made by debootstrap from this machine's own package mirror when it is not in the cache (about a
 * minute). Needs root. Throws with what debootstrap said.
 */
export async function baseSystem(debootstrap: string): Promise<BaseSystem> {
  const codename = codenameOf(readFileSync('/etc/os-release', 'utf8'))
  const folder = join(peerCache, `base-${codename}`)
  const [whole, libraries] = [join(folder, 'whole.tar'), join(folder, 'libraries.tar')]
  if (existsSync(folder)) return { whole, libraries, fresh: false }
  const work = `${folder}.${process.pid}`
  const tree = join(work, 'tree')
  try {
    await mkdir(tree, { recursive: true })
    const made =
      await $`${debootstrap} --variant=minbase --include=ca-certificates,netbase,tzdata ${codename} ${tree} ${await mirror(codename)}`
        .quiet()
        .nothrow()
    if (made.exitCode !== 0)
      throw new Error(`debootstrap ${codename}: ${lastLines(`${made.stdout}${made.stderr}`)}`)
    const listed = await $`chroot ${tree} dpkg -L ${libraryPackages}`.text()
    const files = [...new Set([...listed.split('\n').map(merged), ...libraryExtras])].filter(
      (file) => file.startsWith('/') && file !== '/.' && existsSync(join(tree, file)),
    )
    const list = files
      .sort()
      .map((file) => `.${file}`)
      .join('\n')
    await $`tar -C ${tree} --no-recursion -cf ${join(work, 'libraries.tar')} -T - < ${Buffer.from(list)}`.quiet()
    await $`tar -C ${tree} ${excluded} -cf ${join(work, 'whole.tar')} .`.quiet()
    await rm(tree, { recursive: true })
    await rename(work, folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return { whole, libraries, fresh: true }
}

/** Debian 12 lists files below /lib that are kept below /usr/lib, where /lib leads. */
function merged(file: string): string {
  return file.replace(/^\/(?=(?:bin|lib|lib64|sbin)\/)/, '/usr/')
}

/** Device files, which a container gets anew, and packages already unpacked. */
const excluded = ['--exclude=./dev/*', '--exclude=./var/cache/apt/*', '--exclude=./var/lib/apt/lists/*']

function codenameOf(release: string): string {
  const codename = /^VERSION_CODENAME="?(\w+)/m.exec(release)?.[1]
  if (!codename) throw new Error('Cannot make a base system: /etc/os-release names no release')
  return codename
}

/** The first mirror that apt is set up with for this release. */
async function mirror(codename: string): Promise<string> {
  const format = '$(REPO_URI) $(CODENAME)'
  const targets = await $`apt-get indextargets --format ${format} ${'Created-By: Packages'}`.text()
  const line = targets.split('\n').find((target) => target.endsWith(` ${codename}`))
  if (!line) throw new Error(`Cannot make a base system: apt knows no mirror for "${codename}"`)
  return line.split(' ')[0] ?? ''
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-4).join(' | ')
}
