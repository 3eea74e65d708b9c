import { expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfigFile } from '../../src/config/config-file.ts'
import { loadSettings, SettingsError } from '../../src/config/load.ts'
import { tempFolder } from '../support/temp-folder.ts'

const read = (text: string) => readConfigFile(text, 'c.yaml')
const textOf = (text: string, flag: string) =>
  [...read(text).given].find(([name]) => name === flag)?.[1].texts

/** The mistakes that loading with the arguments leads to, over real files. */
function mistakesOf(argv: string[]): readonly string[] {
  try {
    loadSettings({ argv, env: {}, readFile: (path) => readFileSync(path, 'utf8') })
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

test('unknown keys are ignored with a warning that names file, line and what was meant', () => {
  expect(read('port: 1\n\nmax-upload-size: 5\n').warnings).toEqual([
    'c.yaml line 3: "max-upload-size" is no setting and is ignored, did you mean "maxuploadsize"?',
  ])
  expect(read('something:\n  else: 1\n').warnings).toEqual([
    'c.yaml line 1: "something" is no setting and is ignored',
  ])
})

test.each([
  ['port: 1\nport: 2\n', 'c.yaml line 2, column 1: not valid YAML: Map keys must be unique'],
  ['port: 1\nPort: 2\n', 'c.yaml line 2: "port" stands in the file twice'],
  ['tls.cert: a\ntls:\n  cert: b\n', 'c.yaml line 3: "tls.cert" stands in the file twice'],
  ['- a\n', 'c.yaml line 1: expected lines of "key: value"'],
  ['just text\n', 'c.yaml line 1: expected lines of "key: value"'],
  ['port: [1]\n', 'c.yaml line 1: "port" is not a whole number from 0 to 65535'],
  ['tls:\n  <<: {cert: a}\n', 'c.yaml line 2: merge keys (<<) are not understood here'],
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
      readFile: (path) => readFileSync(path, 'utf8'),
    }).settings.port
  expect([portOf('c.yml'), portOf('c.yaml'), portOf('c')]).toEqual([1, 2, 4])
  expect(mistakesOf(['-c', join(folder.path, 'c.json')])[0]).toContain('expected a file that ends in .yaml')
})

test('a file that cannot be read is named with the reason', async () => {
  await using folder = await tempFolder()
  const missing = join(folder.path, 'none.yaml')
  expect(mistakesOf(['-c', missing])).toEqual([`--config "${missing}" (CONFIG): there is no such file`])
  expect(mistakesOf(['-c', folder.path])[0]).toEndWith('that is a folder, not a file')
})
