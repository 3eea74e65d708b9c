import { readFile } from 'node:fs/promises'
import type { PublicKey } from 'openpgp'
import { StartError } from '../start-error.ts'

/** Whose signatures count. */
export interface Keyring {
  /** Changes with the keys: what was checked with other keys is not what these say. */
  readonly tag: string
  /** How many keys there are. */
  readonly size: number
  check(clearSigned: string): Promise<Checked>
}

/** What a signature is worth. */
export type Checked =
  | {
      readonly outcome: 'good'
      /** What was signed, and nothing else. */
      readonly text: string
      /** Hex, upper case. */
      readonly fingerprint: string
      /** "Chart Tester <tester@example.com>". */
      readonly user: string | undefined
    }
  | { readonly outcome: 'wrong' }
  /** No key of the keyring made it. */
  | { readonly outcome: 'unknown' }

/** Bytes; that of a Linux distribution with a thousand maintainers has 10 MB. */
const largest = 32 * 1024 * 1024

/**
 * Reads the public keys that `helm verify --keyring` takes: binary, or armoured as `gpg --export --armor` writes them.
 * Throws StartError with a sentence for the operator.
 */
export async function openKeyring(path: string): Promise<Keyring> {
  const bytes = await bytesOf(path)
  const text = bytes.subarray(0, 100_000).toString('latin1')
  if (text.slice(8, 12) === 'KBXf') {
    throw refused(
      path,
      'it is a keybox of GnuPG, which Helm cannot read either; "gpg --export > FILE" makes a keyring',
    )
  }
  const openpgp = await import('openpgp')
  try {
    const keys = isArmoured(text)
      ? (
          await Promise.all(
            blocksIn(bytes.toString('latin1')).map((block) => openpgp.readKeys({ armoredKeys: block })),
          )
        ).flat()
      : await openpgp.readKeys({ binaryKeys: bytes })
    if (keys.length === 0) throw new Error('it holds no key')
    return keyringOf(
      openpgp,
      keys.map((key) => key.toPublic()),
    )
  } catch (error) {
    throw refused(path, reasonOf(error), error)
  }
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    const bytes = await readFile(path)
    if (bytes.byteLength <= largest) return bytes
  } catch (error) {
    throw refused(path, reasonOf(error), error)
  }
  throw refused(path, `it is larger than ${largest / 1024 / 1024} MiB`)
}

function isArmoured(text: string): boolean {
  return text.includes('-----BEGIN PGP ')
}

/** Each block of keys: `cat a.asc b.asc` is a keyring, too. */
function blocksIn(text: string): string[] {
  return (
    text.match(/-----BEGIN PGP (PUBLIC|PRIVATE) KEY BLOCK-----[^]*?-----END PGP \1 KEY BLOCK-----/g) ?? []
  )
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'it may not be read'
  if (code === 'EISDIR') return 'it is a folder'
  return error instanceof Error && error.message === 'it holds no key'
    ? error.message
    : 'it is no OpenPGP keyring'
}

function refused(path: string, reason: string, cause?: unknown): StartError {
  return new StartError(`Cannot read the keyring "${path}": ${reason}.`, { cause })
}

function keyringOf(openpgp: typeof import('openpgp'), keys: readonly PublicKey[]): Keyring {
  const prints = keys.map((key) => key.getFingerprint()).sort()
  return {
    tag: new Bun.CryptoHasher('sha256').update(prints.join()).digest('hex').slice(0, 16),
    size: keys.length,
    async check(clearSigned) {
      const message = await openpgp.readCleartextMessage({ cleartextMessage: clearSigned })
      const { data, signatures } = await openpgp.verify({ message, verificationKeys: [...keys] })
      let known = false
      for (const { keyID, verified } of signatures) {
        const key = keys.find((each) => each.getKeys(keyID).length > 0)
        if (key === undefined) {
          // Its promise is rejected, too, and nobody else would look at it.
          await verified.catch(() => false)
          continue
        }
        known = true
        if (await verified.catch(() => false)) return good(data, key)
      }
      return { outcome: known ? 'wrong' : 'unknown' }
    },
  }
}

async function good(text: string, key: PublicKey): Promise<Checked> {
  const { user } = await key.getPrimaryUser()
  return {
    outcome: 'good',
    text,
    fingerprint: key.getFingerprint().toUpperCase(),
    user: user.userID?.userID,
  }
}
