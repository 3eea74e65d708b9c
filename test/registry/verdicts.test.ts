import { describe, expect, test } from 'bun:test'
import { isRegistryError, type Verdict } from '../../src/errors.ts'
import { errorResponse } from '../../src/http/errors.ts'
import { openArchive } from '../../src/registry/archive.ts'
import { chartWarnings } from '../../src/registry/chart-warnings.ts'
import { signedDigest } from '../../src/registry/provenance.ts'
import { chart } from '../support/chart-builder.ts'
import { hostileArchives } from '../support/hostile-archives.ts'

async function verdictOn(archive: Uint8Array): Promise<Verdict | undefined> {
  try {
    await openArchive(archive)
  } catch (error) {
    if (isRegistryError(error, 'invalid')) return error.verdict
    throw error
  }
  throw new Error('the archive was accepted')
}

async function onChartYaml(text: string): Promise<Verdict | undefined> {
  return verdictOn(await chart('a', '1.0.0').chartYaml(text).tgz())
}

describe('the verdict on an archive', () => {
  const start = 'apiVersion: v2\nname: a\n'
  const cases: readonly (readonly [string, string, Verdict])[] = [
    [
      'a name with a slash',
      'apiVersion: v2\n# the name\nname: a/b\nversion: 1.0.0\n',
      { reason: 'bad_name', file: 'Chart.yaml', key: 'name', line: 3, text: 'a/b' },
    ],
    [
      'the name that counts: of equal keys the last, not one in other letters',
      'name: a\nversion: 1.0.0\n"name": ..\nNAME: b\n',
      { reason: 'bad_name', file: 'Chart.yaml', key: 'name', line: 3, text: '..' },
    ],
    ['no name', 'version: 1.0.0\n', { reason: 'bad_name', key: 'name' }],
    [
      'a name that no address can carry',
      'name: "-"\nversion: 1.0.0\n',
      { reason: 'bad_name', file: 'Chart.yaml', key: 'name', line: 1, text: '-' },
    ],
    [
      'a version with a backslash, between Windows line ends',
      'name: a\r\nversion: "1.0.0-\\\\"\r\n',
      { reason: 'bad_version', file: 'Chart.yaml', key: 'version', line: 2, text: '1.0.0-\\\\' },
    ],
    [
      'a version in words',
      `${start}version: one.two\n`,
      { reason: 'bad_version', file: 'Chart.yaml', key: 'version', line: 3, text: 'one.two' },
    ],
    ['a flow mapping', '{name: a, version: one}', { reason: 'bad_version', key: 'version', text: 'one' }],
    [
      'a list where a text is wanted',
      `${start}description:\n- x\nversion: 1.0.0\n`,
      {
        reason: 'bad_yaml',
        file: 'Chart.yaml',
        key: 'description',
        line: 3,
        text: '"description" is a list, but a text is wanted',
      },
    ],
    [
      'a wrong key deep inside a list, by the line of the list',
      `${start}version: 1.0.0\nmaintainers:\n- name: [x]\n`,
      {
        reason: 'bad_yaml',
        file: 'Chart.yaml',
        key: 'maintainers',
        line: 4,
        text: '"name" is a list, but a text is wanted',
      },
    ],
    [
      'a type that does not exist',
      `${start}version: 1.0.0\ntype: plugin\n`,
      { reason: 'bad_chart', file: 'Chart.yaml', key: 'type', line: 4, text: 'plugin' },
    ],
  ]
  for (const [what, text, verdict] of cases)
    test(`names the line of ${what}`, async () => expect(await onChartYaml(text)).toEqual(verdict))

  test('has the line at which the parser stopped, and what it said', async () => {
    const verdict = await onChartYaml(`${start}version: 1.0.0\nkeywords: [a\nhome: b\n`)
    expect(verdict).toMatchObject({ reason: 'bad_yaml', file: 'Chart.yaml', line: 5 })
    expect(verdict?.text).not.toMatch(/^line/)
    const values = await verdictOn(await chart('a', '1.0.0').with('values.yaml', 'a: 1\nb: [\nc: d').tgz())
    expect(values).toMatchObject({ reason: 'bad_yaml', file: 'values.yaml', line: 3 })
  })

  test('says of hostile archives what kind they are', async () => {
    const wanted: Record<string, Verdict['reason']> = {
      'nothing at all': 'not_gzip',
      'a text': 'not_gzip',
      'a tar without gzip': 'not_gzip',
      'a gzip cut in the middle': 'damaged',
      'a gzip with a wrong checksum': 'damaged',
      'a tar cut in a file': 'damaged',
      'an empty tar': 'no_chart_yaml',
      'no Chart.yaml': 'no_chart_yaml',
      'Chart.yaml one folder too deep': 'no_chart_yaml',
      'a path to the parent': 'unsafe_path',
      'an absolute path': 'unsafe_path',
      'a drive letter': 'unsafe_path',
      '200 MB of zeros in one file': 'bomb',
      'a file one byte over 5 MiB': 'bomb',
      '21,000 entries': 'bomb',
    }
    const found: Record<string, Verdict['reason'] | undefined> = {}
    for (const { what, bytes } of hostileArchives) {
      if (what in wanted) found[what] = (await verdictOn(await bytes()))?.reason
    }
    expect(found).toEqual(wanted)
  })

  test('is not in the answers of the API', async () => {
    const error: unknown = await openArchive(
      await chart('a', '1.0.0').chartYaml('name: a/b\nversion: 1.0.0\n').tgz(),
    ).catch((reason: unknown) => reason)
    expect(await errorResponse(error).json()).toEqual({
      error: 'validation: chart.metadata.name "a/b" is invalid',
    })
  })
})

describe('the warnings on a chart', () => {
  test('tell what may not be meant', async () => {
    const archive = await chart('a', 'v1.2')
      .folder('b')
      .without('README.md')
      .chartYaml({ deprecated: true })
      .tgz()
    expect(chartWarnings(await openArchive(archive))).toEqual([
      'other_folder',
      'short_version',
      'leading_v',
      'no_readme',
      'no_icon',
      'no_maintainers',
      'deprecated',
    ])
  })

  test('are none on a chart that has everything', async () => {
    const archive = await chart('a', '1.2.3-rc.1')
      .chartYaml({ icon: 'icon.svg', maintainers: [{ name: 'Ada' }] })
      .without('README.md')
      .with('ReadMe.md', '# a')
      .tgz()
    expect(chartWarnings(await openArchive(archive))).toEqual([])
  })
})

test('signedDigest() reads the digest of exactly one archive', () => {
  const hex = 'a'.repeat(64)
  const text = `name: a\n\n...\nfiles:\n  b-1.0.0.tgz: sha256:${'b'.repeat(64)}\n  a-1.0.0+x.tgz: sha256:${hex}\n`
  const bytes = new TextEncoder().encode(text)
  expect(signedDigest(bytes, 'a-1.0.0+x.tgz')).toBe(hex)
  expect(signedDigest(bytes, 'a-1.0.00x.tgz')).toBeUndefined()
})
