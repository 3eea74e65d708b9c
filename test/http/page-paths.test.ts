import { describe, expect, test } from 'bun:test'
import { compile } from '../../src/http/paths.ts'
import { get, post, type Answer, type Row } from '../../src/http/route.ts'

const nothing: Answer = () => new Response()
const page = (path: string): Row => get(path, 'pull', nothing)

const rows: readonly Row[] = [
  page('/:repo/'),
  page('/:repo/-/chart/:name'),
  page('/:repo/-/chart/:name/:version'),
  page('/:repo/-/chart/:name/versions'),
  page('/:repo/-/chart/:name/:version/files'),
  page('/:repo/-/chart/:name/:version/files/:path'),
  page('/:repo/-/upload'),
  post('/:repo/-/upload', 'push', nothing),
  page('/:repo/index.yaml'),
  page('/:repo/charts/:filename'),
  page('/api/:repo/charts'),
]

function matcher(depth: number, dynamic = false, contextPath = '') {
  const { match } = compile(rows, { contextPath, depth, dynamic })
  return (path: string, method = 'GET') => {
    const found = match(method, path)
    if (found === undefined) return undefined
    const params = Object.entries(found.params).filter(([, value]) => value !== '')
    return [found.row.path, found.repo, ...params.map(([, value]) => value)]
  }
}

describe('addresses of pages', () => {
  test('the repository is what stands before the dash, as deep as the server has them', () => {
    expect(matcher(0)('/-/chart/redis')).toEqual(['/:repo/-/chart/:name', '', 'redis'])
    expect(matcher(1)('/org1/-/chart/redis')).toEqual(['/:repo/-/chart/:name', 'org1', 'redis'])
    expect(matcher(2)('/org1/team/-/chart/redis')).toEqual(['/:repo/-/chart/:name', 'org1/team', 'redis'])
    expect(matcher(0)('/org1/-/chart/redis')).toBeUndefined()
    expect(matcher(1)('/-/chart/redis')).toBeUndefined()
    expect(matcher(2)('/org1/-/chart/redis')).toBeUndefined()
    for (const path of ['/-/upload', '/a/-/upload', '/a/b/c/-/upload']) {
      expect(matcher(0, true)(path)?.[0]).toBe('/:repo/-/upload')
    }
  })

  test('a word wins over a version', () => {
    expect(matcher(0)('/-/chart/redis/versions')).toEqual(['/:repo/-/chart/:name/versions', '', 'redis'])
    expect(matcher(0)('/-/chart/redis/1.0.0')).toEqual([
      '/:repo/-/chart/:name/:version',
      '',
      'redis',
      '1.0.0',
    ])
  })

  test('names and versions are decoded once', () => {
    expect(matcher(0)('/-/chart/a%20b/1.0.0%2Bbuild.5')?.slice(2)).toEqual(['a b', '1.0.0+build.5'])
    expect(matcher(0)('/-/chart/a%252fb')).toBeUndefined()
    expect(matcher(0)('/-/chart/a%2fb')).toBeUndefined()
    expect(matcher(0)('/-/chart/-')).toBeUndefined()
    expect(matcher(0)('/-/chart/')).toBeUndefined()
  })

  test('the rest of an address is a path with any number of parts', () => {
    const match = matcher(0)
    expect(match('/-/chart/redis/1.0.0/files')?.[0]).toBe('/:repo/-/chart/:name/:version/files')
    expect(match('/-/chart/redis/1.0.0/files/docs/a%20b.md')).toEqual([
      '/:repo/-/chart/:name/:version/files/:path',
      '',
      'redis',
      '1.0.0',
      'docs/a b.md',
    ])
    for (const path of ['..%2f..%2fetc', '%2e%2e%2f%2e%2e/passwd', 'a%00b', 'a%5cb', '']) {
      expect(match(`/-/chart/redis/1.0.0/files/${path}`)).toBeUndefined()
    }
  })

  test('the method counts', () => {
    expect(matcher(0)('/-/upload', 'POST')?.[0]).toBe('/:repo/-/upload')
    expect(matcher(0)('/-/chart/redis', 'POST')).toBeUndefined()
    expect(matcher(0)('/-/chart/redis', 'HEAD')?.[0]).toBe('/:repo/-/chart/:name')
  })

  test('a repository has its page at its own address with a slash, and so have those above it', () => {
    expect(matcher(1)('/org1/')).toEqual(['/:repo/', 'org1'])
    expect(matcher(2)('/org1/')).toEqual(['/:repo/', 'org1'])
    expect(matcher(2)('/org1/team/')).toEqual(['/:repo/', 'org1/team'])
    expect(matcher(0)('/org1/')).toBeUndefined()
    expect(matcher(1)('/org1/team/')).toBeUndefined()
    expect(matcher(1)('/org1')).toBeUndefined()
    expect(matcher(1)('/org1/', 'POST')).toBeUndefined()
    expect(matcher(0, true)('/a/b/c/')).toEqual(['/:repo/', 'a/b/c'])
    expect(matcher(1, false, '/ctx')('/ctx/org1/')).toEqual(['/:repo/', 'org1'])
    expect(matcher(1)('/.chartroom/')).toBeUndefined()
    expect(matcher(1)('//')).toBeUndefined()
  })

  test('what helm and the API ask for wins over pages', () => {
    expect(matcher(1)('/org1/index.yaml')?.[0]).toBe('/:repo/index.yaml')
    expect(matcher(0)('/charts/redis-1.0.0.tgz')?.[0]).toBe('/:repo/charts/:filename')
    expect(matcher(1)('/api/org1/charts')?.[0]).toBe('/api/:repo/charts')
    expect(matcher(1)('/info/index.yaml')?.slice(0, 2)).toEqual(['/:repo/index.yaml', 'info'])
  })
})
