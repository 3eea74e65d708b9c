import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadSettings, SettingsError, type Loaded } from '../../src/config/load.ts'
import { commandFlags, commandOptionOf, commandTwinOf } from '../../src/config/options-commands.ts'
import { fileTwinOf, flags, optionOf, settingOf, variableOf } from '../../src/config/options.ts'
import { readTextFile, rememberingReader } from '../../src/config/text-file.ts'
import { tempFolder } from '../support/temp-folder.ts'

interface Given {
  argv?: string[]
  env?: Record<string, string>
  file?: string
}

let folder: Awaited<ReturnType<typeof tempFolder>>
const at = (name: string) => join(folder.path, name)

beforeAll(async () => {
  folder = await tempFolder()
  await Promise.all([
    writeFile(at('secret'), 'hunter2\n'),
    writeFile(at('other'), 'other'),
    writeFile(at('empty'), ''),
    writeFile(at('blank'), '\r\n'),
    writeFile(at('binary'), Buffer.from([0x61, 0x0a, 0xff, 0xfe])),
    writeFile(at('nul'), 'hunter2\0'),
    writeFile(at('marked'), '\uFEFFhunter2'),
    writeFile(at('full'), 'x'.repeat(65_536)),
    writeFile(at('large'), 'x'.repeat(65_537)),
    mkdir(at('folder')),
  ])
})
afterAll(() => folder[Symbol.asyncDispose]())

function load({ argv = [], env = {}, file }: Given): Loaded {
  const named = file === undefined ? {} : { CONFIG: 'c.yaml' }
  return loadSettings({
    argv,
    env: { ...named, ...env },
    readFile: (path, most) => (path === 'c.yaml' ? (file ?? '') : readTextFile(path, most)),
  })
}

function mistakesOf(given: Given): readonly string[] {
  try {
    load(given)
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes
    throw error
  }
  return []
}

const fromFiles = flags.filter((flag) => fileTwinOf(flag) !== undefined)

test('every secret can be read from a file, and the names that are handed out beside one', () => {
  expect(flags.filter((flag) => optionOf(flag).secret === true && !fromFiles.includes(flag))).toEqual([])
  for (const flag of [
    'basic-auth-user',
    'basic-auth-pass',
    'cache-redis-password',
    'ui-secret',
    'storage-minio-access-key',
    'storage-minio-secret-key',
  ] as const) {
    expect(fromFiles).toContain(flag)
  }
  expect(commandFlags.filter((flag) => commandTwinOf(flag) !== undefined)).toEqual(['from-user', 'from-pass'])
})

test('the names of the files are no names of other settings', () => {
  const twins = fromFiles.map((flag) => fileTwinOf(flag))
  const own = commandFlags.map((flag) => commandTwinOf(flag))
  const all = [
    ...flags.map((flag) => [flag, variableOf(flag), optionOf(flag).key]),
    ...commandFlags.map((flag) => [flag, commandOptionOf(flag).variable, undefined]),
    ...[...twins, ...own].map((twin) => [twin?.flag, twin?.variable, twin?.key]),
  ]
  for (const column of [0, 1, 2]) {
    const names = all.map((row) => row[column]).filter((name) => name !== undefined && name !== '')
    expect(new Set(names).size).toBe(names.length)
  }
  expect(fileTwinOf('basic-auth-pass')).toEqual({
    flag: 'basic-auth-pass-file',
    variable: 'BASIC_AUTH_PASS_FILE',
    key: 'basicauth.passfile',
  })
})

test.each(fromFiles.map((flag) => [flag]))(
  '--%s comes from the file that a flag, a variable or a key names',
  (flag) => {
    const twin = fileTwinOf(flag)
    const others: Record<string, string[]> = {
      'basic-auth-user': ['--basic-auth-pass=p'],
      'basic-auth-pass': ['--basic-auth-user=u'],
    }
    const argv = others[flag] ?? []
    const path = at('secret')
    const ways: [Given, string][] = [
      [{ argv: [...argv, `--${twin?.flag}=${path}`] }, `--${twin?.flag}`],
      [{ argv: [...argv, `-${twin?.flag}`, path] }, `--${twin?.flag}`],
      [{ argv, env: { [twin?.variable ?? '']: path } }, `${twin?.variable}`],
      [{ argv, file: `${twin?.key.toUpperCase()}: ${path}\n` }, 'c.yaml line 1'],
    ]
    for (const [given, place] of ways) {
      const { settings, places } = load(given)
      expect(settings[settingOf(flag)]).toBe('hunter2')
      expect(places[settingOf(flag)]).toBe(`${place}=${path}`)
    }
  },
)

test('the password of a repository comes from a file too', () => {
  const argv = ['import', 'https://a.example']
  expect(load({ argv: [...argv, '--from-pass-file', at('secret')] }).own.fromPass).toBe('hunter2')
  const env = { FROM_USER_FILE: at('other'), FROM_PASS_FILE: at('secret') }
  expect(load({ argv, env }).own).toMatchObject({ fromUser: 'other', fromPass: 'hunter2' })
  expect(mistakesOf({ argv, env: { FROM_PASS_FILE: at('none') } })).toEqual([
    `FROM_PASS_FILE: ${JSON.stringify(at('none'))}: there is no such file, expected a file with the value of --from-pass (FROM_PASS)`,
  ])
  expect(mistakesOf({ argv: ['serve', '--from-pass-file=x'], env: {} })[0]).toContain('a setting of import')
})

test.each([
  ['hunter2\n', 'hunter2'],
  ['hunter2\r\n', 'hunter2'],
  ['hunter2\n\n', 'hunter2\n'],
  [' hunter2 \t\n', ' hunter2 \t'],
  ['pass\nword\n', 'pass\nword'],
  ['пароль\n', 'пароль'],
])('of the file %j one line end is dropped and the rest is kept', async (text, value) => {
  await writeFile(at('text'), text)
  expect(load({ env: { UI_SECRET_FILE: at('text') } }).settings.uiSecret).toBe(value)
})

test('a value may fill 64 KiB', () => {
  expect(load({ env: { UI_SECRET_FILE: at('full') } }).settings.uiSecret).toHaveLength(65_536)
})

const about = '--basic-auth-pass (BASIC_AUTH_PASS, file key basicauth.pass)'

test.each([
  ['none', 'there is no such file'],
  ['secret/below', 'there is no such file, a part of its path is no folder'],
  ['empty', 'it is empty'],
  ['blank', 'it is empty'],
  ['binary', 'its line 2 is not UTF-8 text'],
  ['nul', 'its line 1 is not UTF-8 text'],
  ['marked', 'it begins with a byte order mark'],
  ['large', 'it is larger than 64 KiB'],
  ['folder', 'that is a folder, not a file'],
  ['/dev/zero', 'that is not a file'],
])('the file %s is refused: %s', (name, why) => {
  const path = name.startsWith('/') ? name : at(name)
  // One mistake only: nothing calls the password missing as well.
  expect(mistakesOf({ argv: ['--basic-auth-user=u'], env: { BASIC_AUTH_PASS_FILE: path } })).toEqual([
    `BASIC_AUTH_PASS_FILE: ${JSON.stringify(path)}: ${why}, expected a file with the value of ${about}`,
  ])
})

test('no mistake about a file holds what stands in it', () => {
  for (const name of ['nul', 'marked', 'binary', 'large']) {
    const [mistake = ''] = mistakesOf({ env: { BASIC_AUTH_USER: 'u', BASIC_AUTH_PASS_FILE: at(name) } })
    expect(mistake).not.toMatch(/hunter2|xxxx/)
  }
})

test('an empty path is a mistake, because nothing would be protected', () => {
  expect(mistakesOf({ env: { BASIC_AUTH_USER: 'u', BASIC_AUTH_PASS_FILE: '' } })).toEqual([
    `BASIC_AUTH_PASS_FILE: the path is empty, expected a file with the value of ${about}`,
  ])
})

test.each<[string, () => Given, string]>([
  [
    'on the command line',
    () => ({ argv: ['--ui-secret=a', `--ui-secret-file=${at('secret')}`] }),
    '--ui-secret and --ui-secret-file are both given: keep one of them',
  ],
  [
    'in variables',
    () => ({ env: { UI_SECRET: '', UI_SECRET_FILE: at('secret') } }),
    'UI_SECRET and UI_SECRET_FILE are both given: keep one of them',
  ],
  [
    'in the config file',
    () => ({ file: `ui:\n  secret: a\n  secretfile: ${at('secret')}\n` }),
    'c.yaml line 2 and c.yaml line 3 are both given: keep one of them',
  ],
])('a value and a file beside each other %s are a mistake', (_, given, mistake) => {
  expect(mistakesOf(given())).toEqual([mistake])
})

test('flags win over variables and variables over the config file, whichever gives a value and whichever a file', () => {
  const file = 'ui.secret: in-config\n'
  const env = { UI_SECRET_FILE: at('secret') }
  const secretOf = (given: Given) => load(given).settings.uiSecret
  expect(secretOf({ env, file })).toBe('hunter2')
  expect(secretOf({ argv: ['--ui-secret=on-line'], env, file })).toBe('on-line')
  expect(secretOf({ argv: [`--ui-secret-file=${at('other')}`], env: { UI_SECRET: 'v' }, file })).toBe('other')
  expect(secretOf({ env: { UI_SECRET: 'v' }, file: `ui.secretfile: ${at('secret')}\n` })).toBe('v')
})

test('a pipe is read once, for whoever reads the settings twice', () => {
  const texts = ['hunter2', '']
  const read = rememberingReader(() => texts.shift() ?? '')
  const input = { argv: [], env: { UI_SECRET_FILE: '/dev/fd/63' }, readFile: read }
  expect(loadSettings(input).settings.uiSecret).toBe('hunter2')
  expect(loadSettings(input).settings.uiSecret).toBe('hunter2')
})

test('keys that the libraries of clouds take from variables come from files as well', () => {
  const env = {
    AWS_SECRET_ACCESS_KEY_FILE: at('secret'),
    AZURE_STORAGE_ACCESS_KEY: 'k',
    // No key of ours to read: the library of that cloud does.
    AWS_WEB_IDENTITY_TOKEN_FILE: at('none'),
  }
  expect(load({ env }).credentials).toEqual({
    AWS_SECRET_ACCESS_KEY: 'hunter2',
    AWS_SECRET_ACCESS_KEY_FILE: undefined,
  })
  expect(mistakesOf({ env: { ...env, AZURE_STORAGE_ACCESS_KEY_FILE: at('secret') } })).toEqual([
    'AZURE_STORAGE_ACCESS_KEY and AZURE_STORAGE_ACCESS_KEY_FILE are both given: keep one of them',
  ])
  expect(mistakesOf({ env: { TENCENT_CLOUD_COS_SECRET_KEY_FILE: at('empty') } })).toEqual([
    `TENCENT_CLOUD_COS_SECRET_KEY_FILE: ${JSON.stringify(at('empty'))}: it is empty, expected a file with the value of TENCENT_CLOUD_COS_SECRET_KEY`,
  ])
})

test('passwords in addresses stay out of mistakes, and so does a very long text', () => {
  const [mistake = ''] = mistakesOf({ argv: ['--public-url=https://ann:hun/t@er2@charts.example.com'] })
  expect(mistake).toContain('"https://***@charts.example.com" is not an http:// or https:// address')
  expect(mistakesOf({ argv: [`--port=${'9'.repeat(5000)}`] })[0]?.length).toBeLessThan(400)
})
