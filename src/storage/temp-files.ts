import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { LogFields } from '../log.ts'
import { isMissing, systemCode } from './file-calls.ts'

/** Where unfinished writes lie, below the root: on the same file system, so that a link or rename can place them. */
export const tempFolder = '.chartroom/tmp'

/** A file of a process that is not known to be dead is left alone for this long. */
const abandonedAfterMs = 60 * 60 * 1000

/** Names a new unfinished file: host, process namespace, process, random. Several processes may share the folder. */
export function tempName(): string {
  return [...ownMarks(), process.pid, crypto.randomUUID().slice(0, 18)].join('~')
}

/** Removes what killed processes left in the folder for unfinished files. Never a file that may still be written. */
export function clearAbandoned(folder: string, warn: (message: string, fields: LogFields) => void): void {
  try {
    clear(folder, Date.now())
  } catch (error) {
    warn('Cannot clear the folder of unfinished files', { file: folder, reason: systemCode(error) })
  }
}

function clear(folder: string, now: number): void {
  for (const name of existing(() => fs.readdirSync(folder)) ?? []) {
    const path = join(folder, name)
    const stats = existing(() => fs.lstatSync(path))
    if (!stats?.isFile()) continue
    if (now - stats.mtimeMs > abandonedAfterMs || writerIsDead(name)) existing(() => fs.unlinkSync(path))
  }
}

/**
 * True only when the writer ran on this host, in this process namespace, and no longer runs. Containers that share a
 * host name (host networking) have process numbers of their own; the namespace keeps them apart.
 */
function writerIsDead(name: string): boolean {
  const [host, namespace, pid] = name.split('~')
  const [ownHost, ownNamespace] = ownMarks()
  if (host !== ownHost || namespace !== ownNamespace || !/^[1-9]\d*$/.test(pid ?? '')) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return true
    return false // EPERM: it runs, as another user.
  }
}

function ownMarks(): [host: string, namespace: string] {
  return (marks ??= [
    hostname()
      .replace(/[^\w.-]/g, '_')
      .slice(0, 64),
    processNamespace(),
  ])
}

let marks: [string, string] | undefined

function processNamespace(): string {
  return (existing(() => fs.readlinkSync('/proc/self/ns/pid')) ?? '').replace(/\D/g, '') || '0'
}

/** The result, or undefined when the file is not there (any more): another process may clear the same folder. */
function existing<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
