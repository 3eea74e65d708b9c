import { expect, test } from 'bun:test'
import { loadSettings, SettingsError } from '../../src/config/load.ts'

function mistakesOf(...flags: string[]): string {
  const argv = ['--storage', 'local', '--storage-local-rootdir', '/charts', ...flags]
  try {
    loadSettings({ argv, env: {}, readFile: () => '' })
    return ''
  } catch (error) {
    if (error instanceof SettingsError) return error.message
    throw error
  }
}

const pair = ['--basic-auth-user', 'pilot', '--basic-auth-pass', 'secret']
const file = ['--basic-auth-htpasswd', 'users']

test('readers are users of a file, and not the user who may write', () => {
  expect(mistakesOf(...file, '--read-only-users', 'bob, dora')).toBe('')
  expect(mistakesOf(...file, ...pair, '--read-only-users', 'bob,Pilot')).toBe('')
  const alone = mistakesOf(...pair, '--read-only-users', 'bob')
  expect(alone).toMatch(/--read-only-users \(READ_ONLY_USERS, .*--basic-auth-htpasswd \(BASIC_AUTH_HTPASSWD/)
  const both = mistakesOf(...pair, '--read-only-users', 'bob,pilot')
  expect(both).toMatch(/--basic-auth-htpasswd[\s\S]*--read-only-users.*names the user of --basic-auth-user/)
})
