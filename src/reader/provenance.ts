import { parseYaml, YamlError } from '../registry/yaml.ts'
import type { YamlValue } from '../registry/yaml.ts'
import { readClearSigned } from './clear-signed.ts'
import type { Signer } from './clear-signed.ts'
import type { Keyring } from './keyring.ts'

/** How far the provenance of an archive can be believed. */
export type ProvenanceState =
  | { readonly state: 'none' }
  /** It fits the archive; nobody here can say whether the signature is right. */
  | { readonly state: 'signed'; readonly signer: Signer }
  /** A key of the keyring signed it, and it fits the archive. */
  | { readonly state: 'verified'; readonly signer: Signer; readonly user: string | undefined }
  | { readonly state: 'failed'; readonly reason: Failure; readonly signer: Signer | undefined }

/**
 * `unreadable`: it is no provenance. `signature`: it was changed since it was signed, or a key signed that may not.
 * `digest`: it speaks of other bytes. `file`: it does not speak of this file. `key`: no key of the keyring signed it.
 */
export type Failure = 'unreadable' | 'signature' | 'digest' | 'file' | 'key'

/** What a provenance has to speak of. */
export interface SignedFile {
  /** "mychart-1.0.0.tgz" */
  readonly file: string
  /** SHA-256, hex. */
  readonly digest: string
}

/** Characters; a real one has some 1,500. */
const longest = 1024 * 1024

/**
 * Judges a provenance as `helm verify` does (pkg/provenance/sign.go): first the signature, when there is a keyring,
 * then the digest that the signed text names for the archive's file.
 */
export async function judgeProvenance(
  text: string,
  archive: SignedFile,
  keyring: Keyring | undefined,
): Promise<ProvenanceState> {
  const read = text.length > longest ? undefined : readClearSigned(text)
  const [signer] = read?.signers ?? []
  const failed = (reason: Failure): ProvenanceState => ({ state: 'failed', reason, signer })
  if (read === undefined || signer === undefined) return failed('unreadable')
  if (keyring === undefined) {
    const reason = mismatch(read.text, archive)
    return reason === undefined ? { state: 'signed', signer } : failed(reason)
  }
  const checked = await check(keyring, text)
  if (checked === undefined) return failed('unreadable')
  if (checked.outcome === 'wrong') return failed('signature')
  // What does not fit is wrong whoever signed it.
  const reason = mismatch(checked.outcome === 'good' ? checked.text : read.text, archive)
  if (reason !== undefined) return failed(reason)
  if (checked.outcome === 'unknown') return failed('key')
  const { fingerprint, user } = checked
  return { state: 'verified', signer: { ...signer, fingerprint }, user }
}

/** Undefined when the package cannot read it: who wrote it decides what errors there are. */
async function check(keyring: Keyring, text: string) {
  try {
    return await keyring.check(text)
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

/** What the signed text has against the archive. Its second part lists the digests of files: `name: sha256:…`. */
function mismatch(text: string, { file, digest }: SignedFile): Failure | undefined {
  const [, second] = text.replaceAll('\r\n', '\n').split('\n...\n')
  if (second === undefined) return 'unreadable'
  const files = field(parsed(second), 'files')
  if (files === undefined) return 'unreadable'
  const named = field(files, file)
  if (named === undefined) return 'file'
  return named === `sha256:${digest}` ? undefined : 'digest'
}

function parsed(yaml: string): YamlValue | undefined {
  try {
    return parseYaml(yaml)
  } catch (error) {
    if (error instanceof YamlError) return undefined
    throw error
  }
}

function field(value: YamlValue | undefined, key: string): YamlValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, key) ? value[key] : undefined
}
