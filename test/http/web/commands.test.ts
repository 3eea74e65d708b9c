import { describe, expect, test } from 'bun:test'
import { commandsFor, repoAddCommand } from '../../../src/http/web/commands.ts'

const place = { alias: 'stable', repositoryUrl: 'https://charts.example.com/org/stable', user: undefined }
const redis = { name: 'redis', version: '21.2.4' }

describe('commandsFor()', () => {
  test('names the repository, the chart and the very version', () => {
    expect(commandsFor(place, redis, '')).toEqual({
      add: 'helm repo add stable https://charts.example.com/org/stable',
      install: 'helm install my-redis stable/redis --version 21.2.4',
      upgrade: 'helm upgrade my-redis stable/redis --version 21.2.4',
      pull: 'helm pull stable/redis --version 21.2.4',
      values: 'helm show values stable/redis --version 21.2.4',
      dependency:
        'dependencies:\n  - name: redis\n    version: 21.2.4\n    repository: https://charts.example.com/org/stable',
    })
  })

  test('names the user and, over HTTPS, the authority, and never a password', () => {
    expect(repoAddCommand({ ...place, user: 'alice' }, 'company-ca.pem')).toBe(
      'helm repo add stable https://charts.example.com/org/stable --username alice --ca-file company-ca.pem',
    )
    const plain = { ...place, repositoryUrl: 'http://localhost:8080' }
    expect(repoAddCommand(plain, 'company-ca.pem')).toBe('helm repo add stable http://localhost:8080')
  })

  test.each([
    ['$(rm -rf ~)', `helm pull 'stable/$(rm -rf ~)' --version 21.2.4`],
    ["it's", `helm pull 'stable/it'\\''s' --version 21.2.4`],
    ['a; b', `helm pull 'stable/a; b' --version 21.2.4`],
    ['图表', `helm pull 'stable/图表' --version 21.2.4`],
  ])('quotes the name %p, so that a shell reads it as it looks', async (name, command) => {
    const { pull, install } = commandsFor(place, { ...redis, name }, '')
    expect(pull).toBe(command)
    const words = await new Response(
      Bun.spawn(['sh', '-c', `printf '%s\\n' ${install.slice('helm install '.length)}`]).stdout,
    ).text()
    expect(words.split('\n')[1]).toBe(`stable/${name}`)
    expect(words.split('\n')[0]).toMatch(/^my-[a-z0-9-]*[a-z0-9]$/)
  })

  test.each([
    ['redis', '1.0.0', 'redis', '1.0.0'],
    ['true', '1.2', 'true', '1.2'],
    ['12', '1.0.0-rc.1+b', '12', '1.0.0-rc.1+b'],
    ['a: b # c', '2024-01-31', 'a: b # c', '2024-01-31'],
    ['"\n', 'v1', '"\n', 'v1'],
  ])('writes YAML that reads back as %j %j', (name, version, readName, readVersion) => {
    const { dependency } = commandsFor(place, { name, version }, '')
    expect(Bun.YAML.parse(dependency)).toEqual({
      dependencies: [{ name: readName, version: readVersion, repository: place.repositoryUrl }],
    })
  })

  test('makes a release name that Helm takes of any chart name', () => {
    for (const name of ['UPPER_case', '---', 'x'.repeat(200), '1.2', 'é']) {
      const [, release = ''] =
        /^helm install (\S+)/.exec(commandsFor(place, { ...redis, name }, '').install) ?? []
      expect(release).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,51}[a-z0-9])?$/)
    }
  })
})
