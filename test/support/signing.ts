import { createCleartextMessage, generateKey, sign } from 'openpgp'

/** A PGP key that signs charts the way `helm package --sign` does. */
export interface SigningKey {
  /** As helm prints it: "Chart Tester <tester@example.com>". */
  readonly user: string
  /** Hex, upper case. */
  readonly fingerprint: string
  /** The public key in binary form, as `helm --keyring` reads it. */
  readonly keyring: Uint8Array
  /** The provenance of an archive: its Chart.yaml and the archive's digest, clear-signed. */
  provenance(archive: SignedArchive): Promise<string>
}

/** What a provenance speaks of. */
export interface SignedArchive {
  /** "mychart-1.0.0.tgz" */
  readonly file: string
  /** The text of its Chart.yaml. */
  readonly chartYaml: string
  readonly bytes: Uint8Array
}

/** Makes a new key. RSA, because that is what every generation of Helm verifies. */
export async function signingKey(): Promise<SigningKey> {
  const name = 'Chart Tester'
  const email = 'tester@example.com'
  const { privateKey, publicKey } = await generateKey({
    type: 'rsa',
    rsaBits: 2048,
    userIDs: [{ name, email }],
    format: 'object',
  })
  return {
    user: `${name} <${email}>`,
    fingerprint: publicKey.getFingerprint().toUpperCase(),
    keyring: publicKey.write(),
    provenance: async (archive) =>
      sign({ message: await createCleartextMessage({ text: statement(archive) }), signingKeys: privateKey }),
  }
}

/** https://helm.sh/docs/topics/provenance/: two YAML documents, the metadata and the digests of the files. */
function statement({ file, chartYaml, bytes }: SignedArchive): string {
  const digest = new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
  return `${chartYaml.trimEnd()}\n\n...\nfiles:\n  ${file}: sha256:${digest}\n`
}
