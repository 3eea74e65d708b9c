import { describe, expect, test } from 'bun:test'
import { basicCredentials } from '../../src/http/access/credentials.ts'
import { htpasswdLimits, parseHtpasswd } from '../../src/http/access/htpasswd.ts'
import { isPassword, parsePasswordHash } from '../../src/http/access/password-hash.ts'

// Made by the programs that people use, once, with a low cost.
const horse = 'correct horse'
const hashes: readonly (readonly [by: string, password: string, hash: string])[] = [
  ['htpasswd -B of Apache 2.4.71', horse, '$2y$04$U9VR9q1gZEeIRICUQX7xdO5UCJbFW0Ay4C4/P.7Uhlm2VAON6.REG'],
  ['htpasswd -B, not ASCII', 'pässwörd€', '$2y$04$m5c2PKVi2zxOVLGY5asWx.j49gkheU7citTW8BGLc/OgQROua1iIi'],
  [
    'htpasswd -B, 80 bytes',
    '0123456789'.repeat(8),
    '$2y$04$PkE848r0EjG.B3e5ccjgoeZ.Dve0N0x1KKBV0YmfeO3O2m6/zC8RC',
  ],
  ["Python's bcrypt, $2a$", horse, '$2a$04$bp2wB8qBQwsi8hmlL1nIX.aYC.lCZUHUTKFyX67nQgEhTb1Wfd3M6'],
  ["Python's bcrypt, $2b$", horse, '$2b$04$Hx9lfCOM48SEncm6caBD5uAiM9TQVhy5klZ3Fw9dPbtckacotIbMK'],
  ["Go's x/crypto", horse, '$2a$04$2aq267K5uk26PqeV.jPgt.GLVkFAQMCx6QWvkBJvajzu3mvOI9/Ma'],
  [
    'argon2 -id',
    horse,
    '$argon2id$v=19$m=64,t=1,p=1$c2l4dGVlbiBieXRlIHNsdA$WIcY5JYqDbrYXAoWCdKCvFtbo6Od0s9n4xtObxiX+5w',
  ],
  [
    'argon2-cffi, two lanes',
    horse,
    '$argon2id$v=19$m=64,t=1,p=2$RdAB+rFiwk9nUy6LsNpvNw$ga2U6gsG+mbxP919KTjcqph+pHuIDrL7kkvYr4G0XME',
  ],
]
const bcrypt = hashes[0]?.[2] ?? ''
const argon2 = hashes[6]?.[2] ?? ''
const long = '0123456789'.repeat(8)
const bytes = (text: string) => Buffer.from(text)

function hashOf(text: string) {
  const hash = parsePasswordHash(text)
  if (typeof hash === 'string') throw new Error(hash)
  return hash
}

describe('isPassword()', () => {
  test.each(hashes)('knows the password in a hash by %s', async (_, password, text) => {
    const hash = hashOf(text)
    expect(await isPassword(hash, bytes(password))).toBe(true)
    for (const wrong of [`${password.slice(0, -9)}`, `x${password}`, `y${password.slice(1)}`, 'secret'])
      expect(await isPassword(hash, bytes(wrong)), wrong).toBe(false)
  })

  test('reads 72 bytes with bcrypt, as htpasswd, Apache and Go do, and all of them with argon2id', async () => {
    const cut = hashOf(hashes[2]?.[2] ?? '')
    expect(await isPassword(cut, bytes(long.slice(0, 72)))).toBe(true)
    expect(await isPassword(cut, bytes(`${long.slice(0, 72)}anything`))).toBe(true)
    expect(await isPassword(cut, bytes(long.slice(0, 71)))).toBe(false)
    const whole = hashOf(
      await Bun.password.hash(long, { algorithm: 'argon2id', memoryCost: 64, timeCost: 1 }),
    )
    expect(await isPassword(whole, bytes(long))).toBe(true)
    expect(await isPassword(whole, bytes(long.slice(0, 72)))).toBe(false)
  })

  test('knows no password that is empty or has a zero byte', async () => {
    const empty = hashOf('$2y$04$Y4IjAKtZcL3pAKdK8.ymAumVOcqObMGyEWyNWoa/7al45qoqZHUKy')
    expect(await isPassword(empty, bytes(''))).toBe(false)
    expect(await isPassword(hashOf(bcrypt), bytes(`${horse}\0${horse}`))).toBe(false)
    expect(await isPassword(hashOf(bcrypt), bytes(`${horse}\0`))).toBe(false)
  })
})

describe('parsePasswordHash()', () => {
  const refused: readonly (readonly [what: string, hash: string, says: RegExp])[] = [
    ['SHA-1', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=', /SHA-1 hash.*expected bcrypt.*argon2id/],
    ['MD5', '$apr1$viu6lTGA$8R9aSWsXSDJpcedV1GmlZ1', /MD5 hash \(\$apr1\$\): expected bcrypt/],
    ['SHA-256', '$5$IktXvPd7Nr7oKAKg$eCX3OpS8xqIP.Mi9FQWFRBgzmYNQZc1S/Ml8W2d9Db2', /SHA-256 hash/],
    ['SHA-512', '$6$ozsyL500M9BQWLN7$HaPNA3N31YlbVlwz8nrwwt4s88gtmCtl3GHNP4jeC', /SHA-512 hash/],
    ['crypt', 'gvGV7ZnUCCHWg', /unknown kind, or a password that is not hashed: expected bcrypt/],
    ['a plain password', 'secret', /a password that is not hashed/],
    ['yescrypt', '$y$j9T$abc$def', /yescrypt/],
    ['nothing', '', /no hash: expected bcrypt/],
    ['argon2i', argon2.replace('argon2id', 'argon2i'), /argon2 hash of another variant/],
    ['argon2d', argon2.replace('argon2id', 'argon2d'), /argon2 hash of another variant/],
    ['an old argon2id', argon2.replace('v=19', 'v=16'), /not whole: expected \$argon2id\$v=19\$/],
    ['argon2id without a hash', argon2.replace(/[^$]+$/, ''), /not whole/],
    ['argon2id of broken base64', `${argon2}=`, /not whole/],
    ['argon2id with a short hash', argon2.replace(/[^$]+$/, 'ov1TdQ'), /a hash of 4 bytes/],
    ['argon2id with a short salt', argon2.replace('c2l4dGVlbiBieXRlIHNsdA', 'c2FsdA'), /a salt of 4/],
    ['argon2id with much memory', argon2.replace('m=64', 'm=131073'), /m=131073.*131072 \(KiB\)/],
    ['argon2id with many passes', argon2.replace('t=1', 't=17'), /t from 1 to 16/],
    ['argon2id with many lanes', argon2.replace('p=1', 'p=17'), /p from 1 to 16/],
    ['argon2id with no pass', argon2.replace('t=1', 't=0'), /t from 1/],
    ['argon2id with too little memory', argon2.replace('m=64,t=1,p=1', 'm=8,t=1,p=2'), /8 for each p/],
    ['bcrypt of cost 3', bcrypt.replace('$04$', '$03$'), /cost 3: expected a cost from 4 to 15/],
    ['bcrypt of cost 16', bcrypt.replace('$04$', '$16$'), /cost 16: expected a cost from 4 to 15/],
    ['bcrypt cut short', bcrypt.slice(0, -1), /not whole: expected 60 characters/],
    ['bcrypt that goes on', `${bcrypt}x`, /not whole/],
    ['bcrypt with a salt nobody makes', bcrypt.replace('7xdO5', '7xdP5'), /not whole/],
    ['bcrypt $2x$', bcrypt.replace('$2y$', '$2x$'), /faulty variant/],
    ['bcrypt $2$', bcrypt.replace('$2y$', '$2$'), /faulty variant/],
  ]
  test.each(refused)('refuses %s, and shows none of it', (_, hash, says) => {
    const problem = parsePasswordHash(hash)
    expect(problem).toMatch(says)
    const secret = hash.split('$').at(-1) ?? ''
    if (secret.length > 5) expect(problem).not.toContain(secret)
  })

  test('takes every cost in its bounds', () => {
    for (const cost of ['04', '05', '10', '12', '15'])
      expect(hashOf(bcrypt.replace('$04$', `$${cost}$`)).kind).toBe('bcrypt')
    expect(hashOf(argon2.replace('m=64,t=1,p=1', 'm=131072,t=16,p=16')).kind).toBe('argon2id')
  })
})

describe('parseHtpasswd()', () => {
  const names = (text: string | Uint8Array) =>
    parseHtpasswd(typeof text === 'string' ? bytes(text) : text).users.map(({ name }) => name)
  const mistakes = (text: string | Uint8Array, taken: string[] = []) =>
    parseHtpasswd(typeof text === 'string' ? bytes(text) : text, taken).mistakes

  test('reads names and hashes, passing over remarks, empty lines and what other systems add', () => {
    const file = `\uFEFF# users\r\n\r\nalice:${bcrypt}\r\n  bob:${argon2}  \n\t\n#carol:x\nüßer näme:${bcrypt}:a remark`
    expect(names(file)).toEqual(['alice', 'bob', 'üßer näme'])
    expect(mistakes(file)).toEqual([])
    expect(names('')).toEqual([])
    expect(names('# nobody\n')).toEqual([])
  })

  const wrong: readonly (readonly [what: string, line: string | Uint8Array, says: RegExp])[] = [
    ['a line without a colon', 'hunter2', /^has no colon: expected name:hash$/],
    ['a line without a name', `:${bcrypt}`, /^has no name before the colon/],
    ['a name with a space at its end', `bob :${bcrypt}`, /^has a space before its colon/],
    ['a name with a control character', `b\u0007b:${bcrypt}`, /^has a control character/],
    ['a name of 256 characters', `${'b'.repeat(256)}:${bcrypt}`, /^has a name of 256 characters/],
    ['a plain password', 'bob:hunter2', /^has a hash of an unknown kind, or a password that is not hashed/],
    ['a user without a hash', 'bob:', /^has no hash/],
    ['a user who is there already', `alice:${bcrypt}`, /^names the user of line 1 again/],
    ['the user of the settings', `pilot:${bcrypt}`, /^names the user of --basic-auth-user/],
    [
      'bytes that are not UTF-8',
      Buffer.concat([Buffer.from([0x62, 0xf6, 0x62]), bytes(`:${bcrypt}`)]),
      /^is not UTF-8/,
    ],
  ]
  test.each(wrong)('refuses %s with its line, and all users with it', (_, line, says) => {
    const file = Buffer.concat([bytes(`alice:${bcrypt}\r\n#\r\n`), bytes(''), Buffer.from(line), bytes('\n')])
    const found = parseHtpasswd(file, ['pilot'])
    expect(found.users).toEqual([])
    expect(found.mistakes.map(({ line }) => line)).toEqual([3])
    expect(found.mistakes[0]?.problem).toMatch(says)
    expect(found.mistakes[0]?.problem).not.toMatch(/hunter2|U9VR9q1gZ|alice|bob/)
  })

  test('tells every mistake', () => {
    expect(mistakes(`a\nb:${bcrypt}\nc:d\n:\n`).map(({ line }) => line)).toEqual([1, 3, 4])
  })

  test('takes as many users as it may, and no more', () => {
    const lines = Array.from({ length: htpasswdLimits.users + 1 }, (_, index) => `user-${index}:${bcrypt}`)
    expect(names(lines.slice(1).join('\n'))).toHaveLength(htpasswdLimits.users)
    expect(mistakes(lines.join('\n'))).toEqual([
      { line: 10_001, problem: 'is one user too many: expected at most 10,000' },
    ])
  })
})

describe('basicCredentials()', () => {
  const token = (text: string | Uint8Array) => Buffer.from(text).toString('base64')

  test('reads name and password, which may have colons', () => {
    const found = basicCredentials(token('üser:p:ä'))
    expect(found?.name).toBe('üser')
    expect(Buffer.from(found?.password ?? []).toString()).toBe('p:ä')
  })

  const nobody: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['no base64', '!!!!'],
    ['base64 without padding', token('ab:c').replace('=', '')],
    ['base64 for addresses', token('a:??>>').replaceAll('/', '_')],
    ['base64 with something behind it', `${token('a:bc')} x`],
    ['base64 with bits that say nothing', 'YTpiYx=='],
    ['no colon', token('alice')],
    ['no name', token(':secret')],
    ['no password', token('alice:')],
    ['a name that is not UTF-8', token(Uint8Array.of(0xff, 0x3a, 0x62))],
    ['10 kB', token(`alice:${'x'.repeat(10_000)}`)],
  ]
  test.each(nobody)('takes %s for nobody', (_, text) => {
    expect(basicCredentials(text)).toBeUndefined()
  })
})
