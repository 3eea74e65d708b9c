import { describe, expect, test } from 'bun:test'
import type { Need } from '../../src/reader/dependencies.ts'
import { resolveNeed } from '../../src/reader/resolve-needs.ts'
import type { Here } from '../../src/reader/resolve-needs.ts'

const stored: Readonly<Record<string, readonly string[]>> = {
  'org/stable/common': ['3.0.0-rc.1', '2.9.0', '2.8.0', '1.0.0', 'odd'],
  'org/stable/local': ['1.2.3'],
  'team/stable/common': ['2.5.0'],
  'team/edge/common': ['9.0.0'],
  '/common': ['0.1.0'],
}

const here: Here = {
  publicUrls: ['https://charts.example.com/ctx'],
  own: 'org/stable',
  repositories: ['', 'org/stable', 'team/stable', 'team/edge'],
  aliasOf: (name) => name.split('/').at(-1) || 'chartroom',
  versions: async (repository, chart) =>
    (stored[`${repository}/${chart}`] ?? []).map((version) => ({ version })),
}

function need(repository: string, version: string | undefined = '2.x.x', more: Partial<Need> = {}): Need {
  return {
    name: 'common',
    version,
    repository,
    alias: undefined,
    condition: undefined,
    tags: [],
    vendored: undefined,
    ...more,
  }
}

async function found(one: Need, place: Partial<Here> = {}): Promise<string | undefined> {
  const target = await resolveNeed(one, { ...here, ...place })
  return target && `${target.repository}@${target.version}`
}

const copy = { name: 'local', version: '1.2.3', path: 'charts/local', form: 'folder' } as const

describe('resolveNeed()', () => {
  test.each([
    ['https://charts.example.com/ctx/org/stable', 'org/stable@2.9.0'],
    ['https://charts.example.com/ctx/org/stable/', 'org/stable@2.9.0'],
    ['http://charts.example.com/ctx/org/stable', 'org/stable@2.9.0'],
    ['HTTPS://Charts.Example.com:443/ctx/team/stable', 'team/stable@2.5.0'],
    ['https://reader:secret@charts.example.com/ctx/team/stable', 'team/stable@2.5.0'],
    ['@edge', undefined],
    ['@stable', 'org/stable@2.9.0'],
    ['alias:stable', 'org/stable@2.9.0'],
    ['https://charts.example.com/org/stable', undefined],
    ['https://charts.example.com/ctxx/org/stable', undefined],
    ['https://charts.example.com/ctx/org', undefined],
    ['https://charts.example.com/ctx/org/stable/charts', undefined],
    ['https://charts.example.com:8443/ctx/org/stable', undefined],
    ['https://elsewhere.example.com/ctx/org/stable', undefined],
    ['oci://charts.example.com/ctx/org/stable', undefined],
    ['ftp://charts.example.com/ctx/org/stable', undefined],
    ['charts.example.com/ctx/org/stable', undefined],
    ['@', undefined],
    ['alias:', undefined],
  ])('finds for the repository %p: %p', async (repository, expected) => {
    expect(await found(need(repository))).toBe(expected)
  })

  test.each([
    ['2.x.x', '2.9.0'],
    ['~2.8', '2.8.0'],
    ['>=1, <2', '1.0.0'],
    ['2.8.0', '2.8.0'],
    ['*', '2.9.0'],
    ['>=3.0.0-0', '3.0.0-rc.1'],
    ['^7', undefined],
    ['no range', undefined],
    ['', undefined],
    ['x'.repeat(5000), undefined],
  ])('takes the newest version in the range %p, as Helm does', async (range, version) => {
    const target = await found(need('@stable', range))
    expect(target).toBe(version && `org/stable@${version}`)
  })

  test('takes the root of the server for the repository at the root', async () => {
    expect(await found(need('https://charts.example.com/ctx/', '*'))).toBe('@0.1.0')
    expect(await found(need('@chartroom', '*'))).toBe('@0.1.0')
  })

  test('guesses nothing when two repositories have the name, and none is its own', async () => {
    expect(await found(need('@stable'), { own: 'team/edge' })).toBeUndefined()
  })

  test('says nothing of a repository that the reader may not see', async () => {
    const repositories = here.repositories.filter((name) => name !== 'team/stable')
    expect(await found(need('https://charts.example.com/ctx/team/stable'), { repositories })).toBeUndefined()
  })

  test.each(['', 'file://../local', 'FILE:///local'])(
    'finds the very version that the archive brings along for %p',
    async (repository) => {
      const one = need(repository, '^1', { name: 'local', vendored: copy })
      expect(await found(one)).toBe('org/stable@1.2.3')
      expect(await found({ ...one, vendored: undefined })).toBeUndefined()
      expect(await found({ ...one, vendored: { ...copy, version: '1.2.4' } })).toBeUndefined()
      expect(await found({ ...one, vendored: { ...copy, version: undefined } })).toBeUndefined()
    },
  )

  test('has nothing when the chart asks for no version', async () => {
    const { version: _, ...without } = need('@stable')
    expect(await found({ ...without, version: undefined })).toBeUndefined()
  })
})
