import { expect, test } from 'bun:test'
import { loadSettings } from '../../src/config/load.ts'
import { flags, groups, optionOf, settingOf, variableOf } from '../../src/config/options.ts'

/** A text that the setting's reader takes. */
function example(flag: (typeof flags)[number]): string {
  const { reader } = optionOf(flag)
  const tries = ['true', '1', '5m', 'local', 'redis', 'v1', 'auto', 'https://charts.example.com', 'a']
  return tries.find((text) => reader.read(text) !== undefined) ?? ''
}

test('variables are the flags in upper case, with one exception of ChartMuseum', () => {
  expect(variableOf('storage-local-rootdir')).toBe('STORAGE_LOCAL_ROOTDIR')
  // ChartMuseum: the flag has no dash between "allow" and "origin", the variable has.
  expect(variableOf('cors-alloworigin')).toBe('CORS_ALLOW_ORIGIN')
  expect(new Set(flags.map(variableOf)).size).toBe(flags.length)
})

test('no two settings share a file key, and no key is the beginning of another', () => {
  const keys = flags.map((flag) => optionOf(flag).key).filter((key) => key !== '')
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys.filter((key) => keys.some((other) => other.startsWith(`${key}.`)))).toEqual([])
  expect(keys.filter((key) => key !== key.toLowerCase())).toEqual([])
})

test('every setting stands in exactly one group', () => {
  const grouped = Object.values(groups).flatMap((group) => Object.keys(group))
  expect(grouped.sort()).toEqual([...flags].sort())
})

test.each(flags.map((flag) => [flag]))('--%s can be given by flag, variable and file', (flag) => {
  const { reader, key } = optionOf(flag)
  const text = example(flag)
  const expected = reader.read(text)
  const base = ['--storage=local', '--storage-local-rootdir=/charts']
  const needs: Record<string, string[]> = {
    'tls-cert': ['--tls-key=k'],
    'tls-key': ['--tls-cert=c'],
    'tls-ca-cert': ['--tls-cert=c', '--tls-key=k'],
    'bearer-auth': ['--auth-realm=https://a.example', '--auth-service=s', '--auth-cert-path=k.pem'],
    'read-only-users': ['--basic-auth-htpasswd=f'],
    'basic-auth-user': ['--basic-auth-pass=p'],
    'basic-auth-pass': ['--basic-auth-user=u'],
  }
  const file = flag === 'config' ? '' : `${key}: ${JSON.stringify(text)}\n`
  const ways: [string[], Record<string, string>][] = [
    [[...base, ...(needs[flag] ?? []), `--${flag}=${text}`], {}],
    [[...base, ...(needs[flag] ?? []), `-${flag}=${text}`], {}],
    [
      [...base.filter((given) => !given.startsWith(`--${flag}=`)), ...(needs[flag] ?? [])],
      { [variableOf(flag)]: text },
    ],
    [
      [...base.filter((given) => !given.startsWith(`--${flag}=`)), ...(needs[flag] ?? [])],
      { CONFIG: 'f.yaml' },
    ],
  ]
  for (const [argv, env] of flag === 'config' ? ways.slice(0, 3) : ways) {
    const load = () => loadSettings({ argv, env, readFile: () => file })
    if (flag === 'storage-local-rootdir') expect(load().settings[settingOf(flag)]).toEndWith(text)
    else if (flag === 'tls-self-signed-dir') expect(load().settings[settingOf(flag)]).toEndWith(text)
    else expect(load().settings[settingOf(flag)]).toEqual(expected as string)
  }
})
