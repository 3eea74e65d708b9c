import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** One helm binary with caches, settings and data of its own, so that no test sees another's repositories. */
export interface HelmHome {
  /** Where it keeps downloaded index files: "<name>-index.yaml". */
  readonly repositoryCache: string
  /** A folder for charts and downloads: helm runs in it. */
  readonly work: string
  /** Runs helm; gives whatever came of it. */
  run(...args: string[]): Promise<Ran>
  /** Runs helm and expects success; gives stdout. Throws with everything it wrote. */
  ok(...args: string[]): Promise<string>
  /** Runs helm and expects it to refuse; gives stderr. */
  refused(...args: string[]): Promise<string>
}

/** Makes the home in a folder. The kubeconfig is for `install` and its kin. */
export async function helmHome(helm: string, folder: string, kubeconfig?: string): Promise<HelmHome> {
  const work = join(folder, 'work')
  await mkdir(work, { recursive: true })
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: folder,
    TMPDIR: work,
    HELM_CACHE_HOME: join(folder, 'cache'),
    HELM_CONFIG_HOME: join(folder, 'config'),
    HELM_DATA_HOME: join(folder, 'data'),
    KUBECONFIG: kubeconfig ?? join(folder, 'no-kubeconfig'),
  }
  const run = async (...args: string[]): Promise<Ran> => {
    const child = Bun.spawn([helm, ...args], {
      cwd: work,
      env,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    return { code, stdout, stderr }
  }
  const expecting = async (success: boolean, args: string[]): Promise<Ran> => {
    const ran = await run(...args)
    if ((ran.code === 0) === success) return ran
    throw new Error(
      `helm ${args.join(' ')}: exit code ${ran.code}\nstdout: ${ran.stdout}\nstderr: ${ran.stderr}`,
    )
  }
  return {
    repositoryCache: join(folder, 'cache', 'repository'),
    work,
    run,
    ok: async (...args) => (await expecting(true, args)).stdout,
    refused: async (...args) => (await expecting(false, args)).stderr,
  }
}
