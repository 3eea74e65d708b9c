import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { createCleartextMessage, generateKey, readKey, sign } from 'openpgp'
import { readClearSigned } from '../../src/reader/clear-signed.ts'
import { openKeyring } from '../../src/reader/keyring.ts'
import type { Keyring } from '../../src/reader/keyring.ts'
import { judgeProvenance } from '../../src/reader/provenance.ts'
import { StartError } from '../../src/start-error.ts'
import { signingKey } from '../support/signing.ts'
import type { SigningKey } from '../support/signing.ts'
import { tempFolder } from '../support/temp-folder.ts'

const bytes = Buffer.from('the bytes of an archive')
const digest = new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
const archive = { file: 'alpha-1.0.0.tgz', digest }
const chartYaml = 'apiVersion: v2\nname: alpha\nversion: 1.0.0\ndescription: "- dashes"\n'

let folder: Awaited<ReturnType<typeof tempFolder>>
let known: SigningKey
let stranger: SigningKey
let keyring: Keyring
let good: string

beforeAll(async () => {
  folder = await tempFolder()
  known = await signingKey()
  stranger = await signingKey()
  keyring = await ringOf('ring.gpg', known.keyring)
  good = await known.provenance({ file: archive.file, chartYaml, bytes })
}, 30_000)
afterAll(() => folder[Symbol.asyncDispose]())

async function ringOf(name: string, content: string | Uint8Array): Promise<Keyring> {
  return openKeyring(await fileOf(name, content))
}

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder.path, name)
  await Bun.write(path, content)
  return path
}

async function armoured(key: SigningKey): Promise<string> {
  return (await readKey({ binaryKey: key.keyring })).armor()
}

/** A clear-signed text of our own making. */
async function signedText(text: string): Promise<string> {
  const { privateKey } = await generateKey({ userIDs: [{ name: 'x' }], format: 'object' })
  return sign({ message: await createCleartextMessage({ text }), signingKeys: privateKey })
}

describe('judgeProvenance() without a keyring', () => {
  test('says who signed, and when, as the signature has it', async () => {
    const state = await judgeProvenance(good, archive, undefined)
    expect(state).toMatchObject({
      state: 'signed',
      signer: { fingerprint: known.fingerprint, keyId: known.fingerprint.slice(-16) },
    })
    const signed = state.state === 'signed' ? (state.signer.signed ?? 0) : 0
    expect(Math.abs(Date.now() - signed)).toBeLessThan(60_000)
  })

  test('reads it with the line ends of other systems, and with text in front', async () => {
    for (const text of [good.replaceAll('\n', '\r\n'), `From a mail\n\n${good}`]) {
      expect((await judgeProvenance(text, archive, undefined)).state).toBe('signed')
    }
  })

  test.each([
    ['another digest', 'digest', { ...archive, digest: '0'.repeat(64) }],
    ['another file', 'file', { ...archive, file: 'alpha-1.0.1.tgz' }],
    ['a file that every object has', 'file', { ...archive, file: 'constructor' }],
  ])('says that it speaks of %s', async (_what, reason, other) => {
    expect(await judgeProvenance(good, other, undefined)).toMatchObject({ state: 'failed', reason })
  })

  test.each([
    '',
    'name: alpha\n',
    '-----BEGIN PGP SIGNED MESSAGE-----',
    '-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n',
  ])('cannot read %j', async (text) => {
    const state = await judgeProvenance(text, archive, undefined)
    expect(state).toEqual({ state: 'failed', reason: 'unreadable', signer: undefined })
  })

  test.each([
    ['no second part', 'name: alpha\n'],
    ['no files', 'name: alpha\n\n...\nother: 1\n'],
    ['broken YAML', 'name: alpha\n\n...\nfiles: [\n'],
  ])('cannot read a signed text with %s', async (_what, text) => {
    const state = await judgeProvenance(await signedText(text), archive, undefined)
    expect(state).toMatchObject({ state: 'failed', reason: 'unreadable' })
  })

  test('reads keys of another kind than RSA', async () => {
    const text = await signedText(`${chartYaml}\n...\nfiles:\n  ${archive.file}: sha256:${digest}\n`)
    expect(await judgeProvenance(text, archive, undefined)).toMatchObject({ state: 'signed' })
  })

  test('survives a signature cut anywhere', async () => {
    const from = good.indexOf('-----BEGIN PGP SIGNATURE')
    for (let at = from; at < good.length; at += 37) {
      for (const text of [good.slice(0, at), good.slice(0, at) + good.slice(at + 11)]) {
        const { state } = await judgeProvenance(text, archive, undefined)
        expect(['signed', 'failed']).toContain(state)
      }
    }
    expect(readClearSigned(good.slice(0, from))).toBeUndefined()
  })
})

describe('judgeProvenance() with a keyring', () => {
  test('verifies what a key of it signed', async () => {
    expect(await judgeProvenance(good, archive, keyring)).toMatchObject({
      state: 'verified',
      user: known.user,
      signer: { fingerprint: known.fingerprint },
    })
  })

  test('says that it does not know the key of a stranger', async () => {
    const text = await stranger.provenance({ file: archive.file, chartYaml, bytes })
    expect(await judgeProvenance(text, archive, keyring)).toMatchObject({
      state: 'failed',
      reason: 'key',
      signer: { fingerprint: stranger.fingerprint },
    })
  })

  test.each([
    ['its text was changed', (text: string) => text.replace('version: 1.0.0', 'version: 1.0.1')],
    ['its digest was changed', (text: string) => text.replace(digest, '0'.repeat(64))],
    ['a line was added', (text: string) => text.replace('\nfiles:', '\nmore: 1\nfiles:')],
  ])('fails when %s', async (_what, change) => {
    const state = await judgeProvenance(change(good), archive, keyring)
    expect(state).toMatchObject({ state: 'failed', reason: 'signature' })
  })

  test('fails when a good signature stands under other bytes or another name', async () => {
    for (const [reason, other] of [
      ['digest', { ...archive, digest: 'f'.repeat(64) }],
      ['file', { ...archive, file: 'beta-1.0.0.tgz' }],
    ] as const) {
      expect(await judgeProvenance(good, other, keyring)).toMatchObject({ state: 'failed', reason })
    }
  })

  test('takes the digest from what was signed, not from a text in front of it', async () => {
    const fake = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nname: x\n\n...\nfiles:\n  ${archive.file}: sha256:${'a'.repeat(64)}\n`
    const state = await judgeProvenance(fake + good, { ...archive, digest: 'a'.repeat(64) }, keyring)
    expect(state.state).toBe('failed')
  })

  test.each([
    ['is cut', (text: string) => text.slice(0, -200)],
    ['is no base64', (text: string) => text.replace(/\n\n(w[^]*)\n=/, '\n\n!!!!\n=')],
  ])('cannot read one whose signature %s', async (_what, change) => {
    expect((await judgeProvenance(change(good), archive, keyring)).state).toBe('failed')
  })
})

describe('openKeyring()', () => {
  test('reads binary, armoured and several armoured keys', async () => {
    const both = `${await armoured(stranger)}\n${await armoured(known)}`
    const rings = [
      await ringOf('one.asc', await armoured(known)),
      await ringOf('two.asc', both),
      await ringOf('two.gpg', Buffer.concat([stranger.keyring, known.keyring])),
    ]
    expect(rings.map(({ size }) => size)).toEqual([1, 2, 2])
    expect(rings[0]?.tag).toBe(keyring.tag)
    expect(rings[1]?.tag).toBe(rings[2]?.tag as string)
    for (const ring of rings) expect((await judgeProvenance(good, archive, ring)).state).toBe('verified')
  })

  test.each([
    ['no file', undefined, 'there is no such file'],
    ['an empty one', '', 'it is no OpenPGP keyring'],
    ['a text', 'hello', 'it is no OpenPGP keyring'],
    [
      'armour around nothing',
      '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n',
      'it is no OpenPGP keyring',
    ],
    [
      'another kind of armour',
      '-----BEGIN PGP MESSAGE-----\n\nabcd\n-----END PGP MESSAGE-----\n',
      'it holds no key',
    ],
    ['a keybox', `\0\0\0 \u0001\u0001\0\u0002KBXf\0\0\0\0`, '"gpg --export > FILE" makes a keyring'],
  ])('tells the operator about %s', async (_what, content, sentence) => {
    const path = join(folder.path, 'missing.gpg')
    const tried = openKeyring(content === undefined ? path : await fileOf('wrong.gpg', content))
    const error = await tried.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StartError)
    expect((error as Error).message).toContain(sentence)
    expect((error as Error).message).toStartWith('Cannot read the keyring "/')
  })

  test('tells the operator about a folder', async () => {
    const error = await openKeyring(folder.path).catch((reason: unknown) => reason)
    expect((error as Error).message).toEndWith('it is a folder.')
  })
})
