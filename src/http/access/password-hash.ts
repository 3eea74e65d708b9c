/** A hash that passwords can be checked against. */
export interface PasswordHash {
  readonly kind: 'bcrypt' | 'argon2id'
  /** As it stands in the file: bcrypt's own form, or a PHC string. A secret all the same: never shown. */
  readonly text: string
}

/** What a check may cost. Each step of bcrypt's cost doubles it; 10 takes 78 ms of one core (measured, Bun 1.4.5). */
const bcryptCost = { least: 4, most: 15 }
/** KiB of memory, passes over it, lanes. Two checks run at a time, so that they take 256 MiB together at most. */
const argon2 = {
  mostMemory: 128 * 1024,
  mostPasses: 16,
  mostLanes: 16,
  leastSalt: 8,
  leastHash: 16,
  most: 64,
}
/** bcrypt reads no more of a password, in bytes. */
const bcryptBytes = 72

const expected = 'expected bcrypt ($2y$, $2a$ or $2b$, as "htpasswd -B" makes it) or argon2id ($argon2id$)'

/** The salt's last character carries two bits and the hash's last one four: others are no hash that anybody made. */
const bcryptForm = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/
const argon2Form =
  /^\$argon2id\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** Kinds that are refused, by how they begin. */
const refused: readonly (readonly [RegExp, string])[] = [
  [/^\{SHA\}/i, 'a SHA-1 hash ({SHA})'],
  [/^\$apr1\$/, 'an MD5 hash ($apr1$)'],
  [/^\$1\$/, 'an MD5 hash ($1$)'],
  [/^\$5\$/, 'a SHA-256 hash ($5$)'],
  [/^\$6\$/, 'a SHA-512 hash ($6$)'],
  [/^\$argon2[id]\$/, 'an argon2 hash of another variant'],
  [/^\$2x?\$/, 'a bcrypt hash of a faulty variant'],
  [/^\$y\$/, 'a yescrypt hash ($y$)'],
  [/^$/, 'no hash'],
]

/** A hash as it stands in a file of users, or what is wrong with it as the end of a sentence, which shows none of it. */
export function parsePasswordHash(text: string): PasswordHash | string {
  if (/^\$2[aby]\$/.test(text)) return parseBcrypt(text)
  if (text.startsWith('$argon2id$')) return parseArgon2(text)
  const kind = refused.find(([form]) => form.test(text))?.[1]
  return `${kind ?? 'a hash of an unknown kind, or a password that is not hashed'}: ${expected}`
}

function parseBcrypt(text: string): PasswordHash | string {
  const cost = bcryptForm.exec(text)?.[1]
  if (cost === undefined) return 'a bcrypt hash that is not whole: expected 60 characters, $2y$05$ and so on'
  const { least, most } = bcryptCost
  if (Number(cost) >= least && Number(cost) <= most) return { kind: 'bcrypt', text }
  return `a bcrypt hash of cost ${Number(cost)}: expected a cost from ${least} to ${most}; one more makes every check twice as slow`
}

function parseArgon2(text: string): PasswordHash | string {
  const [, memory, passes, lanes, salt = '', hash = ''] = argon2Form.exec(text) ?? []
  if (memory === undefined || !isBase64(salt) || !isBase64(hash)) {
    return 'an argon2id hash that is not whole: expected $argon2id$v=19$m=…,t=…,p=…$salt$hash'
  }
  const [m, t, p] = [Number(memory), Number(passes), Number(lanes)]
  const { mostMemory, mostPasses, mostLanes, leastSalt, leastHash, most } = argon2
  const isBounded = m <= mostMemory && t <= mostPasses && p <= mostLanes
  // RFC 9106, 3.1: eight blocks of 1 KiB for each lane.
  if (!isBounded || t < 1 || p < 1 || m < 8 * p) {
    return `an argon2id hash with m=${m},t=${t},p=${p}: expected m from 8 for each p to ${mostMemory} (KiB), t from 1 to ${mostPasses} and p from 1 to ${mostLanes}`
  }
  const [saltBytes, hashBytes] = [bytesOf(salt), bytesOf(hash)]
  if (saltBytes >= leastSalt && saltBytes <= most && hashBytes >= leastHash && hashBytes <= most) {
    return { kind: 'argon2id', text }
  }
  return `an argon2id hash with a salt of ${saltBytes} and a hash of ${hashBytes} bytes: expected from ${leastSalt} and ${leastHash} to ${most} bytes`
}

/** Base64 without padding that says what its bytes say, and no bit more. */
function isBase64(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64').replace(/=+$/, '') === text
}

function bytesOf(text: string): number {
  return Buffer.from(text, 'base64').byteLength
}

/**
 * Whether this is the password, worked out beside the main thread.
 *
 * bcrypt reads 72 bytes; htpasswd, Apache, nginx and Go leave the rest away, where Bun would hash a longer password first.
 * A zero byte ends a password there and starts it over in bcrypt itself ("a" and "a␀a" are one), so that there is none
 * with it; nor is there an empty one.
 */
export async function isPassword(hash: PasswordHash, password: Uint8Array): Promise<boolean> {
  if (password.byteLength === 0 || password.includes(0)) return false
  const read = hash.kind === 'bcrypt' ? password.subarray(0, bcryptBytes) : password
  return Bun.password.verify(read, hash.text)
}
