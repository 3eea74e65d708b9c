import { afterEach, describe, expect, test } from 'bun:test'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openUsersFile, type UsersFile } from '../../src/http/access/users-file.ts'
import { StartError } from '../../src/start-error.ts'
import { keptLog } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

const bcrypt = '$2y$04$U9VR9q1gZEeIRICUQX7xdO5UCJbFW0Ay4C4/P.7Uhlm2VAON6.REG'
const open: UsersFile[] = []

afterEach(() => {
  for (const file of open.splice(0)) file.close()
})

async function users(file: string, readOnly: string[] = [], taken: string[] = []): Promise<UsersFile> {
  const opened = await openUsersFile({ file, readOnly, taken, log: keptLog() })
  open.push(opened)
  return opened
}

describe('openUsersFile()', () => {
  const wrong: readonly (readonly [what: string, make: (path: string) => Promise<unknown>, says: RegExp])[] =
    [
      ['is not there', async () => undefined, /": there is no such file$/],
      ['is a folder', (path) => mkdir(path), /": expected an ordinary file$/],
      ['is a pipe', (path) => Bun.$`mkfifo ${path}`, /": expected an ordinary file$/],
      ['is large', (path) => writeFile(path, '#'.repeat(1024 * 1024 + 1)), /too large.* 1,048,576 bytes$/],
      ['has a wrong line', (path) => writeFile(path, `a:${bcrypt}\nx\n`), /", line 2 has no colon/],
      [
        'has a dozen',
        (path) => writeFile(path, 'x\n'.repeat(12)),
        /line 1 .* \(so it is with line 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and more\)$/,
      ],
      ['names a taken user', (path) => writeFile(path, `pilot:${bcrypt}`), /", line 1 names the user of/],
    ]
  test.each(wrong)('refuses a file that %s', async (_, make, says) => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'htpasswd')
    await make(path)
    const error = await users(path, [], ['pilot']).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StartError)
    expect(String(error)).toContain(`--basic-auth-htpasswd "${path}"`)
    expect((error as Error).message).toMatch(says)
  })

  test('refuses a file that cannot be reached', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'htpasswd')
    await writeFile(path, `a:${bcrypt}`)
    expect(users(join(path, 'users'))).rejects.toThrow('a part of its path is no folder')
  })

  test('takes a file as large as it may be', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'htpasswd')
    const start = `a:${bcrypt}\n`
    await writeFile(path, start + '#'.repeat(1024 * 1024 - start.length))
    expect((await users(path)).users().all).toHaveLength(1)
  })

  test('lets users write, but those who are named may only read; names are compared exactly', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'htpasswd')
    const names = ['alice', 'bob', 'Bob', 'bobby', '__proto__', 'constructor']
    await writeFile(path, names.map((name) => `${name}:${bcrypt}\n`).join(''))
    const { byName } = (await users(path, ['bob', '__proto__'])).users()
    for (const name of names) {
      const caller = byName.get(name)?.caller
      expect(caller?.name).toBe(name)
      for (const repository of ['', 'org', 'org/team']) {
        expect(caller?.may('pull', repository), name).toBe(true)
        expect(caller?.may('push', repository), name).toBe(!['bob', '__proto__'].includes(name))
      }
    }
    expect(byName.get('toString')).toBeUndefined()
  })
})
