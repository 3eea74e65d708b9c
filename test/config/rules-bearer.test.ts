import { expect, test } from 'bun:test'
import { loadSettings, SettingsError } from '../../src/config/load.ts'

const complete = {
  'bearer-auth': 'true',
  'auth-realm': 'https://auth.example.com/token',
  'auth-service': 'charts',
  'auth-cert-path': '/etc/key.pem',
}

function load(given: Record<string, string>) {
  const argv = Object.entries(given).map(([flag, value]) => `--${flag}=${value}`)
  return loadSettings({ argv, env: {}, readFile: () => '' })
}

function mistakesOf(given: Record<string, string>): readonly string[] {
  try {
    load(given)
    return []
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    return error.mistakes
  }
}

test('bearer tokens need realm, service and key, and all that is missing is told together', () => {
  expect(mistakesOf(complete)).toEqual([])
  const mistakes = mistakesOf({ 'bearer-auth': 'true' })
  expect(mistakes.map((mistake) => /--auth-[a-z-]+ \([A-Z_]+/.exec(mistake)?.[0])).toEqual([
    '--auth-realm (AUTH_REALM',
    '--auth-service (AUTH_SERVICE',
    '--auth-cert-path (AUTH_CERT_PATH',
  ])
})

test.each(['ü', 'a\r\nSet-Cookie: x', '\u0000'])('what cannot stand in a header is a mistake: %j', (odd) => {
  for (const flag of ['auth-realm', 'auth-service']) {
    const mistakes = mistakesOf({ ...complete, [flag]: `a${odd}` })
    expect(mistakes).toHaveLength(1)
    expect(mistakes[0]).toContain(`--${flag} `)
  }
})

test.each([
  ["access[?name=='$NAMESPACE'].actions[]", 0],
  ['grants."$NAMESPACE"', 0],
  ['', 0],
  ['access[', 1],
  ["'open", 1],
  ['unheard_of(@)', 1],
])('a query that cannot be read is a mistake: %s', (query, wrong) => {
  const mistakes = mistakesOf({ ...complete, 'auth-actions-search-path': query })
  expect(mistakes).toHaveLength(wrong)
  for (const mistake of mistakes) expect(mistake).toStartWith('--auth-actions-search-path (')
})

test('none of it counts while bearer tokens are off, and a line says so', () => {
  const { 'bearer-auth': _, ...rest } = complete
  const { warnings } = load({ ...rest, 'auth-actions-search-path': 'access[' })
  expect(warnings).toHaveLength(4)
  for (const warning of warnings) expect(warning).toContain('has no effect without --bearer-auth')
})

test('basic auth beside it is off, and a line says so', () => {
  const { warnings } = load({ ...complete, 'basic-auth-user': 'alice', 'basic-auth-pass': 'hunter2' })
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain('basic auth is off')
  expect(load(complete).warnings).toEqual([])
})
