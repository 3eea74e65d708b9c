import { expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readConfigFile } from '../../src/config/config-file.ts'
import { loadSettings, SettingsError } from '../../src/config/load.ts'
import { readTextFile } from '../../src/config/text-file.ts'
import { tempFolder } from '../support/temp-folder.ts'

const read = (text: string) => readConfigFile(text, 'c.yaml')
const textOf = (text: string, flag: string) =>
  [...read(text).given].find(([name]) => name === flag)?.[1].texts

/** The mistakes that loading with the arguments leads to, over real files. */
function mistakesOf(argv: string[]): readonly string[] {
  try {
    loadSettings({ argv, env: {}, readFile: readTextFile })
    return []
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes
    throw error
  }
}

test('keys may be dotted or nested, in any case', () => {
  expect(textOf('storage.local.rootdir: /a', 'storage-local-rootdir')).toEqual(['/a'])
  expect(textOf('storage:\n  local:\n    rootdir: /a', 'storage-local-rootdir')).toEqual(['/a'])
  expect(textOf('Storage:\n  local.RootDir: /a', 'storage-local-rootdir')).toEqual(['/a'])
  expect(textOf('Per-Chart-Limit: 5', 'per-chart-limit')).toEqual(['5'])
})

test('scalars stay as they are written, quotes and escapes resolved', () => {
  expect(textOf('basicauth.pass: 0123', 'basic-auth-pass')).toEqual(['0123'])
  expect(textOf('basicauth.pass: 1e3', 'basic-auth-pass')).toEqual(['1e3'])
  expect(textOf('basicauth.pass: "a\\tb"', 'basic-auth-pass')).toEqual(['a\tb'])
  expect(textOf("basicauth.pass: 'it''s'", 'basic-auth-pass')).toEqual(["it's"])
  expect(textOf('basicauth.pass: yes', 'basic-auth-pass')).toEqual(['yes'])
  expect(textOf('port: 0x1F90', 'port')).toEqual(['0x1F90'])
})

test('a key without a value counts as not given', () => {
  expect(read('port:\ncharturl: ~\n').given.size).toBe(0)
  expect(read('').given.size).toBe(0)
  expect(read('# nothing\n').mistakes).toEqual([])
})

test('ids of Artifact Hub come as a map whose repositories keep their case, or as a list', () => {
  expect(textOf('artifact-hub-repo-id:\n  Org/a: x\n  "": root\n', 'artifact-hub-repo-id')).toEqual([
    'Org/a=x',
    '=root',
  ])
  expect(textOf('artifact-hub-repo-id: [root, a=x]', 'artifact-hub-repo-id')).toEqual(['root', 'a=x'])
  expect(textOf('artifact-hub-repo-id: root', 'artifact-hub-repo-id')).toEqual(['root'])
  const file = 'artifact-hub-repo-id:\n  Org/a: x\n  "": root\n'
  const { settings } = loadSettings({ argv: ['-c', 'c.yaml'], env: {}, readFile: () => file })
  expect([...settings.artifactHubRepoId]).toEqual([
    ['Org/a', 'x'],
    ['', 'root'],
  ])
})

test('anchors and aliases work, an alias to nothing is a mistake', () => {
  expect(textOf('charturl: &u https://a.example\nauthrealm: *u\n', 'auth-realm')).toEqual([
    'https://a.example',
  ])
  expect(read('basicauth: *nothing\n').mistakes).toEqual([
    'c.yaml line 1: the alias of "basicauth" names no anchor',
  ])
})

test('an unknown key is a mistake that names file, line and what was meant', () => {
  expect(read('port: 1\n\nmax-upload-size: 5\n').mistakes).toEqual([
    'c.yaml line 3: "max-upload-size" is no setting, did you mean "maxuploadsize"?',
  ])
  expect(read('something:\n  else: 1\n').mistakes).toEqual(['c.yaml line 1: "something" is no setting'])
  expect(read('tls:\n  cert: a\n  kye: b\n').mistakes).toEqual([
    'c.yaml line 3: "tls.kye" is no setting, did you mean "tls.key"?',
  ])
})

test.each([
  ['port: 1\nport: 2\n', 'c.yaml line 2, column 1: not valid YAML: Map keys must be unique'],
  ['port: 1\nPort: 2\n', 'c.yaml line 2: "port" stands in the file twice'],
  ['tls.cert: a\ntls:\n  cert: b\n', 'c.yaml line 3: "tls.cert" stands in the file twice'],
  ['- a\n', 'c.yaml line 1: expected lines of "key: value"'],
  ['just text\n', 'c.yaml line 1: expected lines of "key: value"'],
  ['port: [1]\n', 'c.yaml line 1: "port" is a list, expected a whole number from 0 to 65535 (--port, PORT)'],
  ['charturl: {a: b}\n', 'c.yaml line 1: "charturl" is a map, expected text (--chart-url, CHART_URL)'],
  ['tls: yes\n', 'c.yaml line 1: "tls" is a single value, expected keys below it'],
  ['tls: [a]\n', 'c.yaml line 1: "tls" is a list, expected keys below it'],
  [
    'trustedproxies: [[a]]\n',
    'c.yaml line 1: "trustedproxies" holds a list or a map, expected a list of IP addresses or networks such as 10.0.0.0/8 (--trusted-proxies, TRUSTED_PROXIES)',
  ],
  ['tls:\n  <<: a\n', 'c.yaml line 2: << expects a map, or a list of maps'],
  ['port: 1\n---\nport: 2\n', 'c.yaml line 2, column 1: a second document begins, expected one'],
  ['port: !secret 1\n', 'c.yaml line 1, column 7: not valid YAML: Unresolved tag'],
  ['? [a]\n: b\n', 'c.yaml line 1: "" is no setting'],
  ['port:\n\t1\n', 'c.yaml line 2, column 1: not valid YAML: Tabs are not allowed as indentation'],
])('the file %j is met with its line and what was expected', (text, mistake) => {
  expect(read(text).mistakes).toContain(mistake)
})

test.each([
  'basicauth:\n  pass: "hunter2\n',
  'basicauth:\n  pass: *hunter2\n',
  'basicauth:\n  pass: a: hunter2\n',
  'basicauth:\n  pass: "\\hunter2"\n',
  'basicauth:\n  pass: [hunter2\n',
  'basicauth:\n  pass: {hunter2: hunter2}\n',
  'basicauth:\n  pass: |hunter2\n',
  'basicauth:\n  pass: !hunter2!x y\n',
  'basicauth:\n  pass: hunter2\nport: %hunter2\n',
])('mistakes in %j do not repeat the password', (text) => {
  const { mistakes } = read(text)
  expect(mistakes.length).toBeGreaterThan(0)
  expect(mistakes.join()).not.toContain('hunter2')
})

test('merge keys bring what a map does not say itself, as for ChartMuseum', () => {
  const text = [
    'x-tls: &tls',
    '  cert: a',
    '  key: b',
    'x-more: &more { selfsignednames: c, key: d }',
    'tls:',
    '  <<: [*tls, *more]',
    '  cert: own',
    '',
  ].join('\n')
  expect(read(text).mistakes).toEqual([])
  expect(textOf(text, 'tls-cert')).toEqual(['own'])
  expect(textOf(text, 'tls-key')).toEqual(['b'])
  expect(textOf(text, 'tls-self-signed-names')).toEqual(['c'])
  expect(textOf('x: &a\n  debug: true\n<<: *a\n', 'debug')).toEqual(['true'])
  expect(read('x-a: &a\n  prot: 1\n<<: *a\n').mistakes).toEqual([
    'c.yaml line 2: "prot" is no setting, did you mean "port"?',
  ])
})

test('maps that merge themselves or each other again and again end', () => {
  expect(read('<<: &a\n  port: 1\n  <<: *a\n').mistakes).toEqual([])
  const lines = Array.from({ length: 60 }, (_, i) => `x-${i + 1}: &n${i + 1} { <<: [*n${i}, *n${i}] }`)
  const { mistakes, given } = read(`x-0: &n0 { port: 7 }\n${lines.join('\n')}\n<<: *n60\n`)
  expect(mistakes).toEqual([])
  expect(given.size).toBe(1)
})

test('keys that begin with x- are a place for anchors, at the top only', () => {
  expect(read('x-anything: { a: [1], b: ~ }\nX-More: 1\nport: 1\n').mistakes).toEqual([])
  expect(read('tls:\n  x-note: 1\n').mistakes).toEqual(['c.yaml line 2: "tls.x-note" is no setting'])
})

test('a group whose keys are all commented out is nothing', () => {
  expect(read('tls:\n  # cert: a\nstorage:\n  local: {}\n')).toMatchObject({ mistakes: [] })
})

test('line ends of Windows and a byte order mark make no difference', () => {
  const text = '\uFEFFport: 1\r\nbasicauth:\r\n  pass: "a b"\r\n'
  expect(read(text).mistakes).toEqual([])
  expect(textOf(text, 'port')).toEqual(['1'])
  expect(textOf(text, 'basic-auth-pass')).toEqual(['a b'])
  expect(read('\r\n\r\nprot: 1\r\n').mistakes).toEqual([
    'c.yaml line 3: "prot" is no setting, did you mean "port"?',
  ])
})

test('a file of something else is told in few lines', () => {
  const { mistakes } = read(Array.from({ length: 500 }, (_, i) => `some-key-${i}: 1\n`).join(''))
  expect(mistakes).toHaveLength(21)
  expect(mistakes.at(-1)).toBe('c.yaml: and 480 more mistakes')
  expect(read(`${'a'.repeat(900)}: 1\n`).mistakes[0]).toHaveLength(
    'c.yaml line 1: "…" is no setting'.length + 60,
  )
  expect(read('['.repeat(20_000)).mistakes).toEqual([
    'c.yaml: it is nested too deeply, expected lines of "key: value"',
  ])
})

test('the named file is read and no other beside it', async () => {
  await using folder = await tempFolder()
  await writeFile(join(folder.path, 'c.yml'), 'port: 1')
  await writeFile(join(folder.path, 'c.yaml'), 'port: 2')
  await writeFile(join(folder.path, 'c.json'), '{"port": 3}')
  await writeFile(join(folder.path, 'c'), 'port: 4')
  const portOf = (name: string) =>
    loadSettings({
      argv: ['--config', join(folder.path, name)],
      env: {},
      readFile: readTextFile,
    }).settings.port
  expect([portOf('c.yml'), portOf('c.yaml'), portOf('c')]).toEqual([1, 2, 4])
  expect(mistakesOf(['-c', join(folder.path, 'c.json')])[0]).toContain('expected a file that ends in .yaml')
})

test('a file that cannot be read is named with the reason', async () => {
  await using folder = await tempFolder()
  const missing = join(folder.path, 'none.yaml')
  expect(mistakesOf(['-c', missing])).toEqual([`--config "${missing}" (CONFIG): there is no such file`])
  expect(mistakesOf(['-c', folder.path])[0]).toEndWith('that is a folder, not a file')
  for (const [content, why] of [
    [Buffer.from([0x70, 0x0a, 0x0a, 0xc3, 0x28]), 'its line 3 is not UTF-8 text'],
    [Buffer.from('\uFEFFport: 1\n', 'utf16le'), 'its line 1 is not UTF-8 text'],
    [Buffer.from('port: 1\0'), 'its line 1 is not UTF-8 text'],
    [Buffer.alloc(1024 * 1024 + 1, '#'), 'it is larger than 1 MiB'],
  ] as const) {
    const path = join(folder.path, 'c.yaml')
    await writeFile(path, content)
    expect(mistakesOf(['-c', path])).toEqual([`--config "${path}" (CONFIG): ${why}`])
  }
})
