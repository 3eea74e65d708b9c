import type { Loaded } from '../config/load.ts'
import { isRegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import { checkUp, failedOpening } from '../storage/check-up.ts'
import type { Finding, Permission } from '../storage/check-up.ts'
import { folderCheckUp } from '../storage/folder-check-up.ts'
import { openStorage } from '../storage/open.ts'
import type { StorageSettings } from '../storage/open.ts'
import type { Storage } from '../storage/storage.ts'
import { shownStore } from './other-store.ts'
import { printOut } from './print-out.ts'
import { printable } from './progress.ts'
import { storageSettings } from './storage-settings.ts'

/** What "chartroom doctor" found. */
interface Diagnosis {
  readonly healthy: boolean
  readonly store: string
  readonly conditionalWrites: boolean | undefined
  readonly findings: readonly Finding[]
}

/** Finished trials, told one by one while the others run. */
type Tell = (finding: Finding) => void

/**
 * `chartroom doctor`: tries everything that Chartroom needs of the chosen store and prints what it found. Gives the exit
 * code: 0 when nothing fails. A store that cannot be reached is a finding, not an error.
 */
export async function examineStore({ settings, own }: Loaded): Promise<number> {
  const store = storageSettings(settings)
  const findings: Finding[] = []
  if (!own.json) process.stdout.write(`Examining ${printable(shownStore(store))}\n`)
  const conditionalWrites = await examine(store, (finding) => {
    findings.push(finding)
    if (!own.json) process.stdout.write(findingText(finding))
  })
  const healthy = findings.every(({ state }) => state === 'ok' || state === 'warning')
  const diagnosis = { healthy, store: shownStore(store), conditionalWrites, findings }
  await printOut(own.json ? `${JSON.stringify(diagnosis, undefined, 2)}\n` : endingText(diagnosis))
  return healthy ? 0 : 1
}

async function examine(store: StorageSettings, tell: Tell): Promise<boolean | undefined> {
  if (store.backend === 'local') return folderCheckUp(store.rootdir, tell)
  const storage = await opened(store, tell)
  if (storage === undefined) return undefined
  try {
    return (await checkUp(storage, { grants: grantsOf(store), tell })).conditionalWrites
  } finally {
    await storage.close()
  }
}

async function opened(store: StorageSettings, tell: Tell): Promise<Storage | undefined> {
  const begun = performance.now()
  try {
    return await openStorage(store, silent, process.env, { probe: false })
  } catch (error) {
    if (!isRegistryError(error)) throw error
    tell(failedOpening(error, performance.now() - begun))
    return undefined
  }
}

/** What the drivers would log at a start, the doctor finds out by itself. */
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** How each permission is granted, in the words of the store's own administration. */
function grantsOf(store: StorageSettings): Readonly<Record<Permission, string>> {
  const own: Readonly<Record<string, (permission: Permission) => string>> = {
    google: (permission) =>
      `grant storage.objects.${googleVerbs[permission]}: the role "Storage Object User" has it`,
    microsoft: () =>
      'grant the role "Storage Blob Data Contributor", or a shared access signature with rcwdl',
    etcd: () =>
      'grant the user readwrite: etcdctl role grant-permission ROLE --prefix=true readwrite, for the prefix and for ".chartroom"',
  }
  const grant = own[store.backend] ?? ((permission: Permission) => amazonGrant(store, permission))
  return { list: grant('list'), read: grant('read'), write: grant('write'), delete: grant('delete') }
}

const googleVerbs: Readonly<Record<Permission, string>> = {
  list: 'list',
  read: 'get',
  write: 'create and storage.objects.delete',
  delete: 'delete',
}

function amazonGrant(store: StorageSettings, permission: Permission): string {
  const actions: Readonly<Record<Permission, string>> = {
    list: 's3:ListBucket',
    read: 's3:GetObject',
    write: 's3:PutObject',
    delete: 's3:DeleteObject',
  }
  const bucket = 'bucket' in store ? store.bucket : ''
  const prefix = 'prefix' in store ? store.prefix.replace(/^\/+|\/+$/g, '') : ''
  const objects = `arn:aws:s3:::${bucket}/${prefix === '' ? '' : `${prefix}/`}*`
  return `grant ${actions[permission]} on ${permission === 'list' ? `arn:aws:s3:::${bucket}` : objects}`
}

function findingText({ what, state, ms, told, fix }: Finding): string {
  const time = ms === undefined ? '' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  const line =
    `  ${state.padEnd(9)}  ${what.padEnd(13)}${time.padStart(9)}  ${printable(told ?? '')}`.trimEnd()
  return `${line}\n${fix === undefined || state === 'ok' ? '' : `${' '.repeat(37)}to mend it: ${printable(fix)}\n`}`
}

function endingText({ findings, conditionalWrites, healthy }: Diagnosis): string {
  const meaning =
    conditionalWrites === undefined
      ? 'unknown, because it could not be tried'
      : conditionalWrites
        ? 'true: of several servers that publish one version at once, one wins'
        : 'false: run one server only on this store'
  const failing = findings.filter(({ state }) => state === 'fails').length
  const warnings = findings.filter(({ state }) => state === 'warning').length
  const told = healthy
    ? `All is well${warnings === 0 ? '' : `, with ${warnings === 1 ? 'a warning' : `${warnings} warnings`}`}.`
    : `${failing === 1 ? 'One thing fails' : `${failing} things fail`}.`
  return `conditionalWrites is ${meaning}\n${told}\n`
}
