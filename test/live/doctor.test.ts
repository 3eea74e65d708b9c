import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmod, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AssumeRoleProvider } from 'minio/dist/esm/AssumeRoleProvider.mjs'
import { minioKeys, startMinio } from '../support/minio.ts'
import type { Minio } from '../support/minio.ts'
import { factsOf, fillFolder, oldCharts } from '../support/old-museum.ts'
import { peerTest } from '../support/peers.ts'
import { freePort, runProgram } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(60_000)
const patience = { timeout: 50_000 }

const files = new Map((await oldCharts('mychart 1.0.0')).map(({ file, bytes }) => [`org/${file}`, bytes]))
const local = (folder: string) => ['--storage', 'local', '--storage-local-rootdir', folder]

interface Diagnosis {
  readonly healthy: boolean
  readonly conditionalWrites?: boolean
  readonly findings: readonly { what: string; state: string; told?: string; fix?: string; ms?: number }[]
}

async function examine(argv: readonly string[], options: Parameters<typeof runProgram>[1] = {}) {
  const { code, stdout, stderr } = await runProgram(['doctor', '--json', ...argv], {
    ...patience,
    ...options,
  })
  if (!stdout.startsWith('{')) throw new Error(`exit ${code}: ${stderr}`)
  const diagnosis = JSON.parse(stdout) as Diagnosis
  const failing = diagnosis.findings.filter(({ state }) => state === 'fails').map(({ what }) => what)
  return {
    code,
    stdout,
    ...diagnosis,
    failing,
    of: (what: string) => diagnosis.findings.find((one) => one.what === what),
  }
}

describe('doctor of a folder', () => {
  test('finds a good one good, and leaves nothing, not even a folder that was not there', async () => {
    await using folder = await tempFolder()
    await fillFolder(folder.path, files)
    const before = await factsOf(folder.path)
    const { code, healthy, conditionalWrites, findings } = await examine(local(folder.path))
    expect({ code, healthy, conditionalWrites }).toEqual({ code: 0, healthy: true, conditionalWrites: true })
    expect(findings.map(({ what }) => what)).toEqual([
      'folder',
      'list',
      'read',
      'write',
      'write absent',
      'replace',
      'sync',
      'delete',
      'repositories',
      'space',
      'watch',
    ])
    expect(await factsOf(folder.path)).toEqual(before)
    const missing = join(folder.path, 'not/there')
    expect(await examine(local(missing))).toMatchObject({ code: 0, healthy: true })
    expect(await factsOf(folder.path)).toEqual(before)
    const { stdout, code: shown } = await runProgram(['doctor', ...local(folder.path)], patience)
    expect(stdout).toStartWith(`Examining the folder ${folder.path}\n  ok         folder `)
    expect(stdout).toContain('conditionalWrites is true: ')
    expect(stdout).toEndWith('All is well.\n')
    expect(shown).toBe(0)
  })

  test.skipIf(process.getuid?.() !== 0)(
    'tells a user who may not write how to mend it, and the rest all the same',
    async () => {
      await using folder = await tempFolder()
      const charts = join(folder.path, 'charts')
      await fillFolder(charts, files)
      await chmod(folder.path, 0o755)
      const before = await factsOf(charts)
      const locked = await examine(local(charts), { uid: 65_534 })
      expect({ code: locked.code, failing: locked.failing }).toEqual({ code: 1, failing: ['write'] })
      expect(locked.of('write')).toMatchObject({
        told: expect.stringContaining('uid 65534 may not'),
        fix: `give the folder to uid 65534: chown -R 65534 "${charts}"`,
      })
      expect(locked.of('folder')).toMatchObject({
        told: 'belongs to uid 0, gid 0, mode 0755; this is uid 65534',
      })
      expect(await factsOf(charts)).toEqual(before)

      await chmod(charts, 0o777)
      await chmod(join(charts, 'org/mychart-1.0.0.tgz'), 0o600)
      const half = await examine(local(charts), { uid: 65_534 })
      expect(half.failing).toEqual(['read', 'repositories'])
      expect(half.of('read')?.told).toContain('mychart-1.0.0.tgz')
      expect(half.of('repositories')?.told).toContain(`${charts}/org`)
      expect(await readdir(charts)).toEqual(['org'])
    },
  )

  test('a file in the place of the folder is told', async () => {
    await using folder = await tempFolder()
    await Bun.write(join(folder.path, 'file'), '')
    const { code, failing, of } = await examine(local(join(folder.path, 'file')))
    expect({ code, failing }).toEqual({ code: 1, failing: ['folder'] })
    expect(of('folder')).toMatchObject({ told: 'a file stands there', fix: 'choose another folder' })
  })
})

describe('doctor of a bucket', () => {
  /** Keys that may do only this. */
  async function keysFor(minio: Minio, actions: readonly string[]): Promise<Record<string, string>> {
    const resources = ['arn:aws:s3:::charts', 'arn:aws:s3:::charts/*']
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: actions, Resource: resources }],
    })
    const provider = new AssumeRoleProvider({
      stsEndpoint: minio.url,
      ...minioKeys,
      action: 'AssumeRole',
      policy,
    })
    const { accessKey, secretKey, sessionToken = '' } = await provider.getCredentials()
    return { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: sessionToken }
  }

  peerTest(
    ['minio'],
    'names the action that keys lack, says what it means, and leaves nothing behind',
    async () => {
      await using minio = await startMinio()
      const bucket = join(minio.folder, 'charts')
      const amazon = [
        '--storage',
        'amazon',
        '--storage-amazon-bucket',
        'charts',
        '--storage-amazon-endpoint',
        minio.url,
        '--storage-amazon-prefix',
        'in',
      ]
      const all = ['s3:ListBucket', 's3:GetObject', 's3:PutObject', 's3:DeleteObject']
      const none = await examine(amazon, { env: await keysFor(minio, all) })
      expect(none.failing).toEqual(['list'])
      expect(none.of('list')).toMatchObject({
        told: expect.stringContaining('NoSuchBucket'),
        fix: expect.stringContaining('make it'),
      })
      await mkdir(bucket)

      const good = await examine(amazon, { env: await keysFor(minio, all) })
      expect(good).toMatchObject({ code: 0, healthy: true, conditionalWrites: true, failing: [] })
      expect(await readdir(bucket)).toEqual([])
      const objects = 'arn:aws:s3:::charts/in/*'
      const rounds = [
        ['s3:ListBucket', 'list', 'grant s3:ListBucket on arn:aws:s3:::charts'],
        ['s3:PutObject', 'write', `grant s3:PutObject on ${objects}`],
        ['s3:GetObject', 'read', `grant s3:GetObject on ${objects}`],
        ['s3:DeleteObject', 'delete', `grant s3:DeleteObject on ${objects}`],
      ] as const
      await Promise.all(
        rounds.map(async ([lacking, failing, fix]) => {
          const others = all.filter((one) => one !== lacking)
          const found = await examine(amazon, { env: await keysFor(minio, others) })
          expect({ lacking, code: found.code, failing: found.failing }).toMatchObject({
            code: 1,
            failing: expect.arrayContaining([failing]),
          })
          expect(found.of(failing)).toMatchObject({ told: expect.stringContaining('AccessDenied'), fix })
        }),
      )
      // The round without leave to delete had to leave its objects, and so had the one without leave to look for them.
      const left = await readdir(join(bucket, 'in/.chartroom/doctor'))
      expect(new Set(left.map((name) => name.slice(-2)))).toEqual(new Set(['-a', '-b']))

      const strangers = { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'hidden-key' }
      const { stdout, code } = await runProgram(['doctor', ...amazon], { ...patience, env: strangers })
      expect(stdout).toContain('InvalidAccessKeyId')
      expect(stdout).toContain('correct them in the settings')
      expect(stdout).not.toContain('hidden-key')
      expect(code).toBe(1)
    },
  )

  test('says what was tried when nobody is there', async () => {
    const port = freePort()
    const { code, findings, of } = await examine([
      '--storage',
      'minio',
      '--storage-minio-bucket',
      'charts',
      '--storage-minio-endpoint',
      `http://127.0.0.1:${port}`,
      '--storage-minio-access-key',
      'a',
      '--storage-minio-secret-key',
      'secret-b',
    ])
    expect(code).toBe(1)
    expect(of('list')).toMatchObject({
      state: 'fails',
      told: expect.stringContaining('Unreachable'),
      fix: expect.stringContaining('check the address'),
    })
    expect(findings.slice(1).every(({ state }) => state === 'not tried')).toBe(true)
  })
})
