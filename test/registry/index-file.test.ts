import { describe, expect, test } from 'bun:test'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { Catalog } from '../../src/registry/catalog.ts'
import { createIndexFiles } from '../../src/registry/index-file.ts'
import { openScratch } from '../../src/storage/scratch.ts'
import { tempFolder } from '../support/temp-folder.ts'

function add(catalog: Catalog, name: string, version: string, description = 'text'): void {
  const file = `${name}-${version}.tgz`
  const entry = JSON.stringify({
    name,
    version,
    description,
    urls: [`charts/${file}`],
    created: '2026-01-01T00:00:00Z',
  })
  const facts = { size: 1, modified: 0, etag: 'e', digest: 'd', created: '', signed: false, hasSchema: false }
  catalog.put({ name, version, file, ...facts, entry })
}

describe('the index file', () => {
  test('says the same as YAML text, as JSON text and as the list', async () => {
    const catalog = new Catalog()
    for (const [name, version] of [
      ['b', '1.0.0'],
      ['a', '1.0.0'],
      ['a', '2.0.0'],
      ['true', '1.0.0'],
      ['007', '1.0.0'],
    ] as const) {
      add(catalog, name, version, 'two\nlines: "quoted" \u{1F6A2}')
    }
    const files = createIndexFiles(catalog, { contextPath: '/ctx', scratch: undefined })
    const json: { entries: unknown } = await (await files.get('json')).body.json()
    expect(parse(await (await files.get('yaml')).body.text())).toEqual(json)
    expect(await (await files.get('list')).body.json()).toEqual(json.entries)
    expect(json).toMatchObject({ apiVersion: 'v1', serverInfo: { contextPath: '/ctx' } })
    expect(json).toHaveProperty('entries.a.0.version', '2.0.0')
  })

  test('of an empty repository is what ChartMuseum writes', async () => {
    const files = createIndexFiles(new Catalog(), { contextPath: '', scratch: undefined })
    const text = await (await files.get('yaml')).body.text()
    expect(text).toMatch(/^apiVersion: v1\nentries: \{\}\ngenerated: "[\d-]+T[\d:]+Z"\nserverInfo: \{\}\n$/)
    expect(await (await files.get('list')).body.text()).toBe('{}')
  })

  test('is joined once per change, however many read it', async () => {
    const catalog = new Catalog()
    add(catalog, 'a', '1.0.0')
    const files = createIndexFiles(catalog, { contextPath: '', scratch: undefined })
    const documents = await Promise.all(Array.from({ length: 50 }, () => files.get('json')))
    expect(new Set(documents).size).toBe(1)
    expect(await files.get('json')).toBe(documents[0] ?? (await files.get('yaml')))
    add(catalog, 'a', '2.0.0')
    expect((await files.get('json')).etag).not.toBe(documents[0]?.etag ?? '')
  })

  test('has every change that was made before it was asked for, while another is being joined', async () => {
    await using folder = await tempFolder()
    const scratch = openScratch(folder.path)
    const catalog = new Catalog()
    for (let at = 0; at < 3000; at++) add(catalog, `chart${at % 100}`, `1.0.${at}`, 'x'.repeat(500))
    const files = createIndexFiles(catalog, { contextPath: '', scratch })
    const early = files.get('json')
    add(catalog, 'late', '1.0.0')
    const late = await files.get('json')
    expect(await late.body.text()).toContain('"late"')
    expect(await (await early).body.text()).toStartWith('{"apiVersion"')
    await scratch?.close()
  })

  test('keeps a large one in a file, the same bytes as in memory', async () => {
    await using folder = await tempFolder()
    const catalog = new Catalog()
    for (let at = 0; at < 2000; at++) add(catalog, 'a', `1.0.${at}`, 'ü'.repeat(200))
    const scratch = openScratch(folder.path)
    const [onDisk, inMemory] = await Promise.all(
      [scratch, undefined].map((place) =>
        createIndexFiles(catalog, { contextPath: '', scratch: place }).get('json'),
      ),
    )
    expect(onDisk?.etag).toBe(inMemory?.etag ?? 'none')
    expect(await onDisk?.body.text()).toBe((await inMemory?.body.text()) ?? 'none')
    expect((await folder.files()).length).toBe(1)
    for (const encoding of ['gzip', 'zstd'] as const) {
      const bytes = (await onDisk?.encoded(encoding)) ?? new Blob()
      const plain =
        encoding === 'gzip'
          ? Bun.gunzipSync(await bytes.bytes())
          : Bun.zstdDecompressSync(await bytes.bytes())
      expect(Buffer.from(plain).equals((await onDisk?.body.bytes()) ?? new Uint8Array())).toBe(true)
      expect(bytes.size).toBeLessThan(plain.length / 5)
      expect(await onDisk?.encoded(encoding)).toBe(bytes)
    }
    await scratch?.close()
    expect(await folder.files()).toEqual([])
  })
})

describe('the YAML index that is copied from the one before', () => {
  test.each(['in memory', 'in a file'])('%s is the same as one that is written anew', async (where) => {
    await using folder = await tempFolder()
    const scratch = where === 'in a file' ? openScratch(folder.path) : undefined
    const catalog = new Catalog()
    const files = createIndexFiles(catalog, { contextPath: '/ctx', scratch })
    const random = numbers(7)
    for (let round = 0; round < 12; round++) {
      for (let change = 0; change < (round === 0 ? 900 : 15); change++) {
        const [name, version] = [`chart${random(40)}`, `1.${random(30)}.0`]
        if (round > 0 && random(3) === 0) catalog.drop(`${name}-${version}.tgz`)
        else add(catalog, name, version, `ü${'x'.repeat(random(900))}`)
      }
      const text = await (await files.get('yaml')).body.text()
      expect(text).toBe([...files.text('yaml')].join(''))
    }
    // Somebody cleared the temporary folder.
    for (const file of await folder.files()) await unlink(join(folder.path, file))
    add(catalog, 'late', '1.0.0')
    expect(await (await files.get('yaml')).body.text()).toBe([...files.text('yaml')].join(''))
    await scratch?.close()
  })

  test('has an ETag that depends on its bytes alone', async () => {
    await using folder = await tempFolder()
    const scratch = openScratch(folder.path)
    const catalog = new Catalog()
    for (let at = 0; at < 1000; at++) add(catalog, `chart${at % 30}`, `1.0.${at}`, 'ü'.repeat(300))
    const files = createIndexFiles(catalog, { contextPath: '', scratch })
    await files.get('yaml')
    add(catalog, 'late', '1.0.0')
    const [copied, anew] = [files, createIndexFiles(catalog, { contextPath: '', scratch: undefined })]
    expect((await copied.get('yaml')).etag).toBe((await anew.get('yaml')).etag)
    await scratch?.close()
  })
})

/** Whole numbers below a bound, the same in every run. */
function numbers(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

describe('the scratch folder', () => {
  test('is removed when the process that made it is gone', async () => {
    await using folder = await tempFolder()
    const left = openScratch(folder.path)?.folder ?? ''
    const gone = left.replace(`-${process.pid}-`, '-4194304-')
    await Bun.write(`${gone}/document-1`, 'left behind')
    const scratch = openScratch(folder.path)
    expect(await folder.files()).toEqual([])
    await scratch?.close()
  })

  test('is done without where nothing can be written', () => {
    expect(openScratch('/proc/nowhere')).toBeUndefined()
  })
})
