import { open } from 'node:fs/promises'
import type { Log } from '../../log.ts'
import { StartError } from '../../start-error.ts'
import { watchFiles } from '../../watched-file.ts'
import type { Caller } from './access.ts'
import { htpasswdLimits, parseHtpasswd, type HtpasswdMistake } from './htpasswd.ts'
import type { PasswordHash } from './password-hash.ts'
import { unreadableBecause } from '../../unreadable.ts'

/** A user of a file, and the hash of the password. */
export interface FileUser {
  readonly hash: PasswordHash
  readonly caller: Caller
}

/** The users of a file as they are since it was read last. Never changed in place. */
export interface Users {
  readonly byName: ReadonlyMap<string, FileUser>
  /** The same in the order of the file. */
  readonly all: readonly FileUser[]
}

/** A file of users under watch. */
export interface UsersFile {
  /** The users now. */
  users(): Users
  /** Ends the watch. */
  close(): void
}

export interface UsersFileOptions {
  readonly file: string
  /** Users who may read and not write. */
  readonly readOnly: readonly string[]
  /** Names that may not stand in the file. */
  readonly taken: readonly string[]
  readonly log: Log
}

/**
 * Reads the file of users, and again whenever it changes. A file that cannot be used then leaves the users that were there
 * and writes one line to the log.
 *
 * @throws StartError when it cannot be used the first time: the file, the line and what was expected.
 */
export async function openUsersFile(options: UsersFileOptions): Promise<UsersFile> {
  const { file, log } = options
  const state: { users: Users } = { users: { byName: new Map(), all: [] } }
  const watch = watchFiles([file], async () => {
    try {
      state.users = await readUsers(options)
      log.info('Users read again', { file, users: state.users.all.length })
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      log.error('The new file of users cannot be used: the users from before stay', { error: error.message })
    }
  })
  try {
    state.users = await readUsers(options)
  } catch (error) {
    watch.close()
    throw error
  }
  return { users: () => state.users, close: () => watch.close() }
}

async function readUsers({ file, readOnly, taken, log }: UsersFileOptions): Promise<Users> {
  const { users, mistakes } = parseHtpasswd(await readBounded(file), taken)
  if (mistakes.length > 0) throw new StartError(`${named(file)}${sentence(mistakes)}`)
  if (users.length === 0) log.warn('The file of users is empty: nobody can sign in with it', { file })
  const names = new Set(users.map(({ name }) => name))
  for (const name of readOnly.filter((one) => !names.has(one))) {
    log.warn('--read-only-users names somebody who is not in the file of users', { user: name, file })
  }
  const limited = new Set(readOnly)
  const byName = new Map(
    users.map(({ name, hash }) => [name, { hash, caller: callerFor(name, hash, limited.has(name)) }]),
  )
  return { byName, all: [...byName.values()] }
}

function callerFor(name: string, { text }: PasswordHash, readOnly: boolean): Caller {
  // The salt makes it unguessable, and it is another one with each new password.
  const ticketKey = new Bun.CryptoHasher('sha256').update(`chartroom ticket key\0${text}`).digest('hex')
  return { name, ticketKey, may: readOnly ? (action) => action === 'pull' : () => true }
}

/** The first mistake, and where the others are. */
function sentence([first, ...others]: readonly HtpasswdMistake[]): string {
  const shown = others.slice(0, 10).map(({ line }) => line)
  const more = others.length > shown.length ? ' and more' : ''
  const also = shown.length === 0 ? '' : ` (so it is with line ${shown.join(', ')}${more})`
  return `, line ${first?.line} ${first?.problem}${others.length === 0 ? '' : also}`
}

function named(file: string): string {
  return `--basic-auth-htpasswd "${file}"`
}

/** The bytes of a file of ordinary size. */
async function readBounded(file: string): Promise<Uint8Array> {
  const most = htpasswdLimits.bytes
  try {
    // A pipe that nobody writes to would never open.
    const stats = await Bun.file(file).stat()
    if (!stats.isFile()) throw new StartError(`${named(file)}: expected an ordinary file`)
    await using handle = await open(file, 'r')
    const buffer = new Uint8Array(Math.min(stats.size, most) + 1)
    let length = 0
    while (length < buffer.byteLength) {
      const { bytesRead } = await handle.read(buffer, length, buffer.byteLength - length)
      if (bytesRead === 0) return buffer.subarray(0, length)
      length += bytesRead
    }
    throw new StartError(
      `${named(file)}: it is too large or still growing, expected at most ${most.toLocaleString('en')} bytes`,
    )
  } catch (error) {
    if (error instanceof StartError) throw error
    throw new StartError(`${named(file)}: ${unreadableBecause(error)}`, { cause: error })
  }
}
