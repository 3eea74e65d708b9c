import { parsePasswordHash, type PasswordHash } from './password-hash.ts'

/** What a file of users may hold: 10,000 names with bcrypt hashes are 700 kB. */
export const htpasswdLimits = { bytes: 1024 * 1024, users: 10_000, nameCharacters: 255 }

/** A line of a file of users. */
export interface HashedUser {
  readonly name: string
  readonly hash: PasswordHash
}

/** What is wrong in a file of users: the line, from 1, and what was expected there. Shows neither names nor hashes. */
export interface HtpasswdMistake {
  readonly line: number
  readonly problem: string
}

/**
 * The users of an htpasswd file in their order: lines of `name:hash`, what follows a second colon is a remark as it is to
 * Apache and nginx; empty lines and those that begin with "#" do not count. All or nothing: with one mistake there are no
 * users. `taken` are names that somebody else has.
 */
export function parseHtpasswd(
  bytes: Uint8Array,
  taken: readonly string[] = [],
): { users: readonly HashedUser[]; mistakes: readonly HtpasswdMistake[] } {
  const users: HashedUser[] = []
  const mistakes: HtpasswdMistake[] = []
  const lines = new Map<string, number>()
  for (const [index, text] of linesOf(bytes).entries()) {
    const line = index + 1
    const user = text === undefined ? 'is not UTF-8: expected text in that encoding' : parseLine(text)
    if (user === undefined) continue
    const problem = typeof user === 'string' ? user : alreadyThere(user.name, lines, taken)
    if (problem !== undefined) mistakes.push({ line, problem })
    if (typeof user === 'string') continue
    lines.set(user.name, lines.get(user.name) ?? line)
    users.push(user)
    if (users.length > htpasswdLimits.users) {
      const most = htpasswdLimits.users.toLocaleString('en')
      return {
        users: [],
        mistakes: [{ line, problem: `is one user too many: expected at most ${most}` }, ...mistakes],
      }
    }
  }
  return { users: mistakes.length === 0 ? users : [], mistakes }
}

/** The lines without their ends; undefined for one that is no UTF-8. A byte order mark does not count. */
function linesOf(bytes: Uint8Array): (string | undefined)[] {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    return decoder.decode(bytes).split(/\r?\n/)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
  // The byte of a line end is part of no other character, so each line can be looked at alone.
  const whole = Buffer.from(bytes).toString('latin1').split('\n')
  return whole.map((line) => decoded(Buffer.from(line, 'latin1'), decoder)?.replace(/\r$/, ''))
}

function decoded(bytes: Uint8Array, decoder: TextDecoder): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** The user of a line, undefined for a line that does not count, or what is wrong with it. */
function parseLine(text: string): HashedUser | string | undefined {
  const line = text.trim()
  if (line === '' || line.startsWith('#')) return undefined
  const colon = line.indexOf(':')
  if (colon < 0) return 'has no colon: expected name:hash'
  const name = line.slice(0, colon)
  const wrong = nameProblem(name)
  if (wrong !== undefined) return wrong
  const [hashText = ''] = line.slice(colon + 1).split(':', 1)
  const hash = parsePasswordHash(hashText.trim())
  return typeof hash === 'string' ? `has ${hash}` : { name, hash }
}

function nameProblem(name: string): string | undefined {
  if (name === '') return 'has no name before the colon: expected name:hash'
  const most = htpasswdLimits.nameCharacters
  if (name.length > most) return `has a name of ${name.length} characters: expected at most ${most}`
  // RFC 7617, 2: no control characters.
  if (/\p{Cc}/u.test(name)) return 'has a control character in its name: expected a name without'
  return name.trim() === name ? undefined : 'has a space before its colon: expected name:hash'
}

function alreadyThere(
  name: string,
  lines: ReadonlyMap<string, number>,
  taken: readonly string[],
): string | undefined {
  const before = lines.get(name)
  if (before !== undefined) return `names the user of line ${before} again: expected one line for each user`
  return taken.includes(name)
    ? 'names the user of --basic-auth-user: expected this name in one place only'
    : undefined
}
