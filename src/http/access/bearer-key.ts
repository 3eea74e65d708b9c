import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { StartError } from '../../start-error.ts'
import { unreadableBecause } from '../../unreadable.ts'

/** RFC 7518, 3.3 and 3.5: smaller keys must not be used, and the library refuses to check with them. */
const leastBits = 2048

/**
 * The public key that tokens are checked with: RSA, in PEM as a public key (PKIX or PKCS #1) or as the certificate that
 * holds it. Of several blocks in the file the first counts.
 *
 * @throws StartError naming the file and what was expected in it.
 */
export async function readBearerKey(file: string): Promise<KeyObject> {
  const named = `--auth-cert-path "${file}"`
  const label = /-----BEGIN ([^\n-]+)-----[\s\S]*?-----END \1-----/
  const [block, kind = ''] = label.exec(await readText(file, named)) ?? []
  if (block === undefined) throw new StartError(`${named} is no PEM file: ${expected}`)
  // From a private key the public one could be made, but whoever has it can make tokens.
  if (kind.includes('PRIVATE')) {
    throw new StartError(`${named} holds a private key, which only the token server may have: ${expected}`)
  }
  if (!kinds.has(kind)) throw new StartError(`${named} holds "${kind}": ${expected}`)
  const key = parsed(block)
  if (key === undefined) throw new StartError(`${named} holds a "${kind}" that cannot be read: ${expected}`)
  if (key.asymmetricKeyType !== 'rsa') {
    throw new StartError(`${named} holds a key of type ${key.asymmetricKeyType}: ${expected}`)
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < leastBits) {
    throw new StartError(`${named} holds an RSA key of ${bits} bits: expected at least ${leastBits}`)
  }
  return key
}

const kinds: ReadonlySet<string> = new Set(['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE'])
const expected =
  "expected the token server's RSA public key (-----BEGIN PUBLIC KEY-----) or its certificate (-----BEGIN CERTIFICATE-----)"

async function readText(file: string, named: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new StartError(`${named}: ${unreadableBecause(error)}`, { cause: error })
  }
}

function parsed(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem)
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
