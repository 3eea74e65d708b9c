import { expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { makeDocument } from '../../src/registry/document.ts'
import { openScratch } from '../../src/storage/scratch.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Far more than what stays in memory, in parts. */
const parts = Array.from({ length: 40 }, (_, i) => `${i} ${'x'.repeat(30_000)}\n`)

test('a large document is made and compressed in memory where the disk takes no file, and is the same document', async () => {
  await using folder = await tempFolder()
  const scratch = openScratch(folder.path)
  const onDisk = await makeDocument(parts, new Date(0), scratch)
  expect(onDisk.path).toBeDefined()
  await rm(scratch?.folder ?? '', { recursive: true })
  const inMemory = await makeDocument(parts, new Date(0), scratch)
  expect(inMemory.path).toBeUndefined()
  expect(inMemory.etag).toBe(onDisk.etag)
  expect(await inMemory.body.text()).toBe(parts.join(''))
  const unzipped = Bun.gunzipSync(await (await inMemory.encoded('gzip')).bytes())
  expect(new TextDecoder().decode(unzipped)).toBe(parts.join(''))
  await scratch?.close()
})

test('a large document whose compressed form has no room on the disk is compressed in memory', async () => {
  await using folder = await tempFolder()
  const scratch = openScratch(folder.path)
  if (scratch === undefined) throw new Error('there is no scratch folder')
  // A file whose folder is missing cannot be made.
  const broken = {
    ...scratch,
    newPath: (purpose: string) => scratch.newPath(purpose.replace('-gzip', '/gone')),
  }
  const document = await makeDocument(parts, new Date(0), broken)
  expect(document.path).toBeDefined()
  const unzipped = Bun.gunzipSync(await (await document.encoded('gzip')).bytes())
  expect(new TextDecoder().decode(unzipped)).toBe(parts.join(''))
  await scratch.close()
})
