import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { watchCertificates } from '../../src/http/certificate-watch.ts'
import type { TlsTexts } from '../../src/http/listener.ts'
import { selfSigned, selfSignedFiles } from '../../src/http/self-signed.ts'
import type { FileWatch } from '../../src/watched-file.ts'
import { eventually } from '../support/eventually.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

let folder: TempFolder
let watch: FileWatch
const pair = (name: string) => selfSignedFiles(join(folder.path, name))
const textOf = (file: string) => readFile(file, 'utf8')
const files = () => ({ ...pair('served'), caFile: join(folder.path, 'ca.pem') })

beforeAll(async () => {
  folder = await tempFolder()
  for (const name of ['one', 'two', 'served'])
    await selfSigned({ folder: join(folder.path, name), names: [] })
})
afterAll(() => folder[Symbol.asyncDispose]())

/** What was served in turn, and what the log was told. */
let changes: TlsTexts[]
let lines: { level: string; message: string }[]
/** What Bun says of the next texts. */
let refusal: Error | undefined

async function put(name: string): Promise<void> {
  await copyFile(pair(name).certFile, files().certFile)
  await copyFile(pair(name).keyFile, files().keyFile)
}

beforeEach(async () => {
  watch?.close()
  await put('one')
  await copyFile(pair('one').certFile, files().caFile)
  changes = []
  lines = []
  refusal = undefined
  const write = (level: string) => (message: string) => void lines.push({ level, message })
  watch = watchCertificates(
    {
      files: files(),
      texts: {
        cert: await textOf(files().certFile),
        key: await textOf(files().keyFile),
        ca: await textOf(files().caFile),
      },
      change: async (texts) => {
        if (refusal !== undefined) throw refusal
        changes.push(texts)
      },
      log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    },
    { everyMs: 10, settleMs: 100 },
  )
})
afterAll(() => watch.close())

const errors = () => lines.filter(({ level }) => level === 'error').map(({ message }) => message)

const bad: readonly [what: string, spoil: () => Promise<void>, words: string][] = [
  ['a certificate that is cut', () => cut(files().certFile), '-----BEGIN CERTIFICATE-----'],
  [
    'a chain that is cut',
    async () => writeFile(files().certFile, (await textOf(pair('two').certFile)).repeat(2).slice(0, -40)),
    'number 2: expected whole ones',
  ],
  ['a key that is cut', () => cut(files().keyFile), 'is not a private key'],
  ['an empty key', () => writeFile(files().keyFile, ''), 'is not a private key'],
  ['no certificate', () => rm(files().certFile), 'there is no such file'],
  [
    'the key of another certificate',
    () => copyFile(pair('two').keyFile, files().keyFile),
    'does not belong to the certificate',
  ],
  ['an authority that is cut', () => cut(files().caFile), '--tls-ca-cert'],
]

async function cut(file: string): Promise<void> {
  await writeFile(file, (await textOf(file)).slice(0, -60))
}

test.each(bad)(
  '%s changes nothing, is logged once, and what is good afterwards is taken',
  async (_, spoil, words) => {
    await spoil()
    await eventually(() => errors().length, 1)
    expect(errors()[0]).toContain(words)
    expect(errors()[0]).toContain(folder.path)
    expect(errors()[0]).toEndWith('The certificate from before stays in use')
    // What is bad in the same way is no news.
    process.emit('SIGHUP')
    await Bun.sleep(150)
    expect(errors()).toHaveLength(1)
    expect(changes).toEqual([])

    await copyFile(pair('one').certFile, files().caFile)
    await put('two')
    await eventually(() => changes.map(({ cert }) => cert), [await textOf(pair('two').certFile)])
    expect(changes[0]?.key).toBe(await textOf(pair('two').keyFile))
    expect(errors()).toHaveLength(1)
    expect(lines.at(-1)?.message).toStartWith('New connections get the certificate')
  },
)

test('a certificate whose key comes a moment later is taken without a word of complaint', async () => {
  await rename(files().keyFile, `${files().keyFile}.old`)
  await copyFile(pair('two').certFile, files().certFile)
  await Bun.sleep(200)
  await copyFile(pair('two').keyFile, files().keyFile)
  await eventually(() => changes.length, 1)
  expect(errors()).toEqual([])
})

test('files that come back as they were are told to be good again, and nothing changes', async () => {
  await cut(files().certFile)
  await eventually(() => errors().length, 1)
  await put('one')
  await eventually(() => lines.at(-1)?.message.includes('can be used again'), true)
  expect(changes).toEqual([])
})

test('another authority alone is a change', async () => {
  await copyFile(pair('two').certFile, files().caFile)
  await eventually(() => changes.map(({ ca }) => ca), [await textOf(pair('two').certFile)])
})

test('what Bun refuses leaves the old pair and is logged', async () => {
  refusal = new Error('no shared cipher')
  await put('two')
  await eventually(() => errors().length, 1)
  expect(errors()[0]).toContain('cannot be served with: no shared cipher')
  expect(changes).toEqual([])
})

test('what changed between the start and the watch is seen', async () => {
  watch.close()
  const texts = { cert: 'read long ago', key: '', ca: undefined }
  const seen: TlsTexts[] = []
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  watch = watchCertificates({
    files: { ...pair('two'), caFile: '' },
    texts,
    change: async (next) => void seen.push(next),
    log: silent,
  })
  await eventually(() => seen.map(({ cert }) => cert), [await textOf(pair('two').certFile)])
})
