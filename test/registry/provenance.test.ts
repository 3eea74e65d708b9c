import { expect, test } from 'bun:test'
import { readProvenance } from '../../src/registry/provenance.ts'

const head = '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n'
const read = (text: string) => readProvenance(new TextEncoder().encode(text))
const refusal = (text: string) => {
  try {
    read(text)
  } catch (error) {
    return error
  }
  throw new Error('the provenance was accepted')
}

test('readProvenance() reads name and version at the start of a line, and the first of each', () => {
  const text = `${head}apiVersion: v2\nmaintainers:\n  - name: nobody\nname: mychart\nversion: 1.0.0\n...\nname: other\n`
  expect(read(text)).toEqual({ file: 'mychart-1.0.0.tgz.prov', name: 'mychart', version: '1.0.0' })
})

test('readProvenance() leaves off quotes and carriage returns, so that the file pairs with its archive', () => {
  const { file } = read(`${head}name: "mychart"\r\nversion: '1.2.0'\r\n`)
  expect(file).toBe('mychart-1.2.0.tgz.prov')
})

test('readProvenance() keeps build metadata and prereleases as they are', () => {
  expect(read(`${head}name: my-chart\nversion: 0.1.0-rc.1+build.5\n`).file).toBe(
    'my-chart-0.1.0-rc.1+build.5.tgz.prov',
  )
})

for (const [what, text] of Object.entries({
  nothing: '',
  'a text without the armour': 'name: mychart\nversion: 1.0.0\n',
  'a signature that names no chart': `${head}hello\n`,
  'a signature without a version': `${head}name: mychart\n`,
  'an empty name': `${head}name: ""\nversion: 1.0.0\n`,
  'a control character in the name': `${head}name: my\u001bchart\nversion: 1.0.0\n`,
  'a name of 300 characters': `${head}name: ${'a'.repeat(300)}\nversion: 1.0.0\n`,
  'more than 1 MiB': `${head}name: a\nversion: 1.0.0\n${'x'.repeat(1_048_576)}`,
})) {
  test(`readProvenance() refuses ${what}`, () => {
    const error = refusal(text)
    expect(error).toMatchObject({ code: 'invalid', about: 'provenance' })
    expect(String((error as Error).message)).toMatch(/^invalid provenance file(: .*)?$/)
  })
}

for (const name of ['../mychart', 'a/b', 'a\\b']) {
  test(`readProvenance() refuses the separator in ${name}`, () => {
    expect(refusal(`${head}name: ${name}\nversion: 1.0.0\n`)).toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/-1\.0\.0\.tgz\.prov is improperly formatted$/),
    })
  })
}
