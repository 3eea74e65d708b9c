import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { OperationDoc } from '../../src/http/operation-doc.ts'
import { compile } from '../../src/http/paths.ts'
import { get, post, remove, type Row } from '../../src/http/route.ts'

const doc: OperationDoc = { id: 'x', tag: 'Charts', summary: '', responses: {} }
const answer = () => new Response()
const rows: Row[] = [
  get('/health', 'none', answer, doc),
  get('/:repo/index.yaml', 'pull', answer, doc),
  get('/:repo/charts/:filename', 'pull', answer, doc),
  get('/:repo/artifacthub-repo.yml', 'pull', answer, doc),
  get('/api/:repo/charts', 'pull', answer, doc),
  get('/api/:repo/charts/:name', 'pull', answer, doc),
  get('/api/:repo/charts/:name/:version', 'pull', answer, doc),
  get('/api/:repo/charts/:name/:version/templates', 'pull', answer, doc),
  get('/api/:repo/charts/:name/:version/values', 'pull', answer, doc),
  post('/api/:repo/charts', 'push', answer, doc),
  post('/api/:repo/prov', 'push', answer, doc),
  remove('/api/:repo/charts/:name', 'push', answer, doc),
  remove('/api/:repo/charts/:name/:version', 'push', answer, doc),
]

const matchers = {
  0: compile(rows, { contextPath: '', depth: 0, dynamic: false }),
  1: compile(rows, { contextPath: '', depth: 1, dynamic: false }),
  2: compile(rows, { contextPath: '', depth: 2, dynamic: false }),
  dynamic: compile(rows, { contextPath: '', depth: 0, dynamic: true }),
}
type Depth = 0 | 1 | 2 | 'dynamic'
const depths: Depth[] = [0, 1, 2, 'dynamic']

/** What a path is, in short: "index org1", "chart org1 mychart", "404". */
function seen(matcher: ReturnType<typeof compile>, path: string, method = 'GET'): string {
  const found = matcher.match(method, path)
  if (!found) return '404'
  const { row, repo, params } = found
  const short = row.path.replace(/^(\/api)?\/:repo\//, '').replaceAll(/:\w+/g, '*')
  const values = [params.name, params.version, params.filename].filter((value) => value !== '')
  return [short, `<${repo}>`, ...values].join(' ')
}
const at = (depth: Depth, path: string, method?: string) => seen(matchers[depth], path, method)

/** Path, then what it is at depth 0, 1, 2 and with --depth-dynamic. */
const table: [string, string, string, string, string][] = [
  // Fixed routes, `/` and `/health` among them, are not this matcher's. ChartMuseum serves its welcome page
  // for every path of N segments at depth N, and health and info below repositories; here those are 404.
  ['/', '404', '404', '404', '404'],
  ['/org1', '404', '404', '404', '404'],
  ['/org1/', '404', '404', '404', '404'],
  ['/org1/r', '404', '404', '404', '404'],
  ['/org1/r/', '404', '404', '404', '404'],
  ['/org1/health', '404', '404', '404', '404'],
  ['/org1/info', '404', '404', '404', '404'],
  ['/favicon.ico', '404', '404', '404', '404'],
  ['/INDEX.yaml', '404', '404', '404', '404'],
  ['/charts', '404', '404', '404', '404'],
  ['/api', '404', '404', '404', '404'],
  ['/metrics', '404', '404', '404', '404'],
  ['/api/', '404', '404', '404', '404'],
  // ChartMuseum: 500 "unsupported file extension" at depth 0.
  ['/charts/', '404', '404', '404', '404'],
  ['/index.yaml', 'index.yaml <>', '404', '404', 'index.yaml <>'],
  ['/index.yaml/', '404', '404', '404', '404'],
  ['/org1/index.yaml', '404', 'index.yaml <org1>', '404', 'index.yaml <org1>'],
  ['/org1/r/index.yaml', '404', '404', 'index.yaml <org1/r>', 'index.yaml <org1/r>'],
  ['/a/b/c/index.yaml', '404', '404', '404', 'index.yaml <a/b/c>'],
  ['/api/charts', 'charts <>', '404', '404', 'charts <>'],
  ['/api/org1/charts', '404', 'charts <org1>', '404', 'charts <org1>'],
  ['/api/org1/r/charts', '404', '404', 'charts <org1/r>', 'charts <org1/r>'],
  ['/api/charts/', 'charts/* <>', '404', '404', '404'],
  ['/api/org1/charts/', '404', 'charts/* <org1>', '404', '404'],
  ['/api/charts/charts', 'charts/* <> charts', 'charts <charts>', '404', 'charts <charts>'],
  ['/api/charts/mychart', 'charts/* <> mychart', '404', '404', 'charts/* <> mychart'],
  ['/api/charts/mychart/', 'charts/*/* <> mychart', '404', '404', '404'],
  ['/api/org1/charts/mychart/', '404', 'charts/*/* <org1> mychart', '404', '404'],
  ['/api/charts/mychart/1.0.0', 'charts/*/* <> mychart 1.0.0', '404', '404', 'charts/*/* <> mychart 1.0.0'],
  ['/api/charts/m/1/values', 'charts/*/*/values <> m 1', '404', '404', 'charts/*/*/values <> m 1'],
  [
    '/api/o/charts/m/1/templates',
    '404',
    'charts/*/*/templates <o> m 1',
    '404',
    'charts/*/*/templates <o> m 1',
  ],
  ['/api/index.yaml', '404', 'index.yaml <api>', '404', 'index.yaml <api>'],
  [
    '/api/charts/foo-1.tgz',
    'charts/* <> foo-1.tgz',
    'charts/* <api> foo-1.tgz',
    '404',
    'charts/* <api> foo-1.tgz',
  ],
  ['/charts/foo-1.tgz', 'charts/* <> foo-1.tgz', '404', '404', 'charts/* <> foo-1.tgz'],
  ['/o/charts/foo-1.tgz.prov', '404', 'charts/* <o> foo-1.tgz.prov', '404', 'charts/* <o> foo-1.tgz.prov'],
  // Repositories that are called like parts of paths.
  ['/charts/index.yaml', 'charts/* <> index.yaml', 'index.yaml <charts>', '404', 'index.yaml <charts>'],
  ['/health/index.yaml', '404', 'index.yaml <health>', '404', 'index.yaml <health>'],
  ['/index.yaml/index.yaml', '404', 'index.yaml <index.yaml>', '404', 'index.yaml <index.yaml>'],
  ['/charts/charts/a-1.tgz', '404', 'charts/* <charts> a-1.tgz', '404', 'charts/* <charts> a-1.tgz'],
  ['/api/api/charts', '404', 'charts <api>', '404', 'charts <api>'],
  // ChartMuseum leaves artifacthub-repo.yml unreachable in dynamic mode.
  ['/artifacthub-repo.yml', 'artifacthub-repo.yml <>', '404', '404', 'artifacthub-repo.yml <>'],
  ['/o/artifacthub-repo.yml', '404', 'artifacthub-repo.yml <o>', '404', 'artifacthub-repo.yml <o>'],
  // The other spelling, which ChartMuseum does not have.
  ['/o/api/charts', '404', 'charts <o>', '404', 'charts <o>'],
  ['/o/api/charts/m', '404', 'charts/* <o> m', 'charts/* <o/api> m', 'charts/* <o> m'],
  ['/o/api/charts/m/1.0.0', '404', 'charts/*/* <o> m 1.0.0', '404', 'charts/*/* <o> m 1.0.0'],
  ['/a/b/api/charts/m', '404', '404', 'charts/* <a/b> m', 'charts/* <a/b> m'],
  ['/api/x/api/charts', '404', '404', 'charts <x/api>', 'charts <x/api>'],
]

describe('match()', () => {
  for (const [path, ...expected] of table) {
    test(`GET ${path} is ${expected.join(' | ')} at depth 0 | 1 | 2 | dynamic`, () => {
      expect(depths.map((depth) => at(depth, path))).toEqual(expected)
    })
  }

  test('takes the row of the method, and the GET row for HEAD', () => {
    expect(matchers[0].match('HEAD', '/api/charts/m')?.row.method).toBe('GET')
    expect(matchers[0].match('DELETE', '/api/charts/m')?.row.method).toBe('DELETE')
    expect(matchers[0].match('POST', '/api/charts')?.row.method).toBe('POST')
    expect(matchers[0].match('PUT', '/api/charts')).toBeUndefined()
  })

  test('reads a chart called "prov" and posts to prov of a repository called "charts" in dynamic mode', () => {
    expect(at('dynamic', '/api/charts/prov')).toBe('charts/* <> prov')
    expect(at('dynamic', '/api/charts/prov', 'POST')).toBe('prov <charts>')
    expect(at('dynamic', '/api/prov', 'POST')).toBe('prov <>')
    expect(at(1, '/o/api/prov', 'POST')).toBe('prov <o>')
  })

  test('takes an empty version for reads only, so that no DELETE can mean the newest one', () => {
    expect(at(0, '/api/charts/m/', 'DELETE')).toBe('404')
    expect(at(0, '/api/charts/', 'DELETE')).toBe('404')
    expect(at(0, '/api/charts//1.0.0')).toBe('404')
  })

  test('decodes each part once and leaves a plus alone', () => {
    expect(at(0, '/charts/m-1.0.0+b.5.tgz')).toBe('charts/* <> m-1.0.0+b.5.tgz')
    expect(at(0, '/charts/m-1.0.0%2Bb.5.tgz')).toBe('charts/* <> m-1.0.0+b.5.tgz')
    expect(at(0, '/charts/with%20space-1.tgz')).toBe('charts/* <> with space-1.tgz')
    expect(at(0, '/charts/%E6%B5%B7-1.tgz')).toBe('charts/* <> 海-1.tgz')
    expect(at(0, '/charts/100%25-1.tgz')).toBe('charts/* <> 100%-1.tgz')
    expect(at(0, '/index%2Eyaml')).toBe('index.yaml <>')
    expect(at(1, '/o%72g/index.yaml')).toBe('index.yaml <org>')
  })

  const bad = [
    '%2F',
    '%2f',
    '%5C',
    '%00',
    '%0a',
    '%1f',
    '%7f',
    '%C2%85',
    '%',
    '%zz',
    '%C3%28',
    '%ED%A0%80',
    '%FF',
  ]
  const twice = ['%252F', '%252f', '%255c', '%2500', '%25252F', '%252500', '%257f']
  for (const code of [...bad, ...twice]) {
    test(`never matches ${code} in any place where a name can stand`, () => {
      const paths = (name: string) => [
        `/charts/${name}`,
        `/${name}/index.yaml`,
        `/o/${name}/index.yaml`,
        `/api/${name}/charts`,
        `/api/charts/${name}`,
        `/api/charts/m/${name}`,
        `/api/charts/${name}/1.0.0/values`,
        `/${name}/api/charts/m`,
      ]
      for (const name of [code, `a${code}b`, `..${code}..${code}etc`]) {
        for (const path of paths(name)) {
          for (const depth of depths) expect(`${path} ${at(depth, path)}`).toBe(`${path} 404`)
        }
      }
    })
  }

  test('never matches dots for a name, encoded twice or not, nor an empty, hidden or "-" repository', () => {
    for (const repo of [
      '.',
      '..',
      '...',
      '%252e%252e',
      '%25252e',
      '',
      '-',
      '.chartroom',
      '.oci',
      'a b',
      'ä',
      'a:b',
      'a@b',
    ]) {
      for (const depth of depths) {
        expect(at(depth, `/${repo}/index.yaml`)).toBe('404')
        expect(at(depth, `/api/${repo}/charts`)).toBe('404')
      }
    }
    expect(at('dynamic', '/a/-/index.yaml')).toBe('404')
    expect(at('dynamic', '/a//index.yaml')).toBe('404')
    expect(at(2, '/a/../index.yaml')).toBe('404')
    for (const name of ['-', '%252e%252e']) expect(at(0, `/api/charts/${name}`)).toBe('404')
  })

  test('never matches what no file system and no bucket could hold', () => {
    expect(at(0, `/charts/${'a'.repeat(251)}.tgz`)).not.toBe('404')
    expect(at(0, `/charts/${'a'.repeat(252)}.tgz`)).toBe('404')
    expect(at('dynamic', `${'/a'.repeat(2000)}/index.yaml`)).toBe('404')
  })

  test('answers a version that ends like a file where the path can be nothing else', () => {
    expect(at('dynamic', '/api/charts/m/1.0.0-a.tgz')).toBe('charts/*/* <> m 1.0.0-a.tgz')
    expect(at(1, '/api/o/charts/m/1.0.0-a.yaml')).toBe('charts/*/* <o> m 1.0.0-a.yaml')
  })
})

describe('context path', () => {
  const below = compile(rows, { contextPath: '/x', depth: 0, dynamic: false })

  test('is taken off the front, whole segments only', () => {
    expect(seen(below, '/x/index.yaml')).toBe('index.yaml <>')
    expect(seen(below, '/x/api/charts')).toBe('charts <>')
    expect(seen(below, '/index.yaml')).toBe('404')
    // ChartMuseum serves these two as /index.yaml.
    expect(seen(below, '/xyz/index.yaml')).toBe('404')
    expect(seen(below, '/xyindex.yaml')).toBe('404')
    expect(seen(below, '/x/x/index.yaml')).toBe('404')
    expect(seen(below, '/x')).toBe('404')
  })

  test('may have several segments and be a repository name below itself', () => {
    const matcher = compile(rows, { contextPath: '/a/b', depth: 1, dynamic: false })
    expect(seen(matcher, '/a/b/a/index.yaml')).toBe('index.yaml <a>')
    expect(seen(matcher, '/a/b/api/charts/m-1.tgz')).toBe('charts/* <api> m-1.tgz')
  })
})

describe('methods()', () => {
  test('names every method that a path has', () => {
    expect(matchers[0].methods('/api/charts')).toEqual(['GET', 'HEAD', 'POST'])
    expect(matchers[0].methods('/api/charts/m/1.0.0')).toEqual(['GET', 'HEAD', 'DELETE'])
    expect(matchers[0].methods('/api/prov')).toEqual(['POST'])
    expect(matchers[0].methods('/nothing')).toEqual([])
  })
})

test('every legal repository, name and version is found again, at its depth and dynamically', () => {
  const word = fc.stringMatching(/^[a-z0-9][a-z0-9._]{0,8}$/)
  const free = fc
    .string({ minLength: 1, maxLength: 12 })
    .filter((text) => !/[/\\\p{Cc}%]|^\.+$|^-$/u.test(text))
  fc.assert(
    fc.property(fc.array(word, { maxLength: 3 }), free, free, (parts, name, version) => {
      fc.pre(!parts.includes('charts') && !parts.includes('api') && name !== 'charts' && version !== 'charts')
      const repo = parts.join('/')
      const path = `/api${repo && `/${repo}`}/charts/${encodeURIComponent(name)}/${encodeURIComponent(version)}`
      const fixed = compile(rows, { contextPath: '', depth: parts.length, dynamic: false })
      for (const matcher of [fixed, matchers.dynamic]) {
        expect(matcher.match('GET', path)).toMatchObject({ repo, params: { name, version } })
      }
    }),
  )
})
