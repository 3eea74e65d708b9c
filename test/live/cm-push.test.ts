import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../support/chart-builder.ts'
import { cmDownload, cmPush } from '../support/cm-push.ts'
import { sha256, site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const archive = await chart('mychart', '1.0.0').tgz()
const other = await chart('mychart', '1.0.0').with('NOTES.txt', 'other bytes').tgz()

/** Where a repository can stand, seen from the plugin. */
const places: { title: string; flags: string[]; path: string; context?: string; store: string }[] = [
  { title: 'at depth 0', flags: [], path: '', store: '' },
  { title: 'at depth 0, with a slash behind the URL', flags: [], path: '/', store: '' },
  { title: 'at depth 1', flags: ['--depth', '1'], path: '/org1', store: 'org1/' },
  { title: 'at depth 2', flags: ['--depth', '2'], path: '/org1/repo1', store: 'org1/repo1/' },
  { title: 'at any depth', flags: ['--depth-dynamic'], path: '/a/b/c', store: 'a/b/c/' },
  {
    title: 'below a context path',
    flags: ['--context-path', '/x/y'],
    path: '/x/y',
    context: '/x/y',
    store: '',
  },
  {
    title: 'at depth 1 below a context path',
    flags: ['--depth=1', '--context-path=/x'],
    path: '/x/org1',
    context: '/x',
    store: 'org1/',
  },
]

describe('helm cm-push', () => {
  for (const { title, flags, path, context, store } of places) {
    test(`finds the context path, pushes and downloads ${title}`, async () => {
      await using server = await startServer({ flags })
      const repository = server.url + path
      const ours = site(server, { repo: path.replace(context ?? '', '').replace(/^\/|\/$/g, ''), context })
      expect(await cmPush(repository, archive)).toMatchObject({ printed: 'Done.', response: { status: 201 } })
      expect(await server.charts()).toEqual([`${store}mychart-1.0.0.tgz`])
      const index = await ours.index()
      expect(index.serverInfo).toEqual(context === undefined ? {} : { contextPath: context })
      expect(index.entries.mychart).toMatchObject([
        { version: '1.0.0', urls: ['charts/mychart-1.0.0.tgz'], digest: sha256(archive) },
      ])
      const downloaded = await cmDownload(repository, 'charts/mychart-1.0.0.tgz')
      expect(downloaded.headers.get('content-encoding')).toBeNull()
      expect(Buffer.from(downloaded.body)).toEqual(Buffer.from(archive))
    })
  }

  test('takes a context path that is given instead of asking for it', async () => {
    await using server = await startServer({ flags: ['--context-path', '/x'] })
    const pushed = await cmPush(`${server.url}/x`, archive, { contextPath: '/x' })
    expect(pushed.printed).toBe('Done.')
  })

  test('prints the reason when the version is there, and replaces it with --force', async () => {
    await using server = await startServer()
    await cmPush(server.url, archive)
    const again = await cmPush(server.url, other)
    expect(again.printed).toBe('Error: 409: chart already exists')
    expect((await site(server).index()).entries.mychart?.[0]?.digest).toBe(sha256(archive))
    expect((await cmPush(server.url, other, { force: true })).printed).toBe('Done.')
    expect((await site(server).index()).entries.mychart).toMatchObject([{ digest: sha256(other) }])
  })

  test('prints the reason when the server disallows --force', async () => {
    await using server = await startServer({ flags: ['--disable-force-overwrite'] })
    await cmPush(server.url, archive)
    expect((await cmPush(server.url, other, { force: true })).printed).toBe(
      'Error: 409: chart already exists',
    )
  })

  test('prints the reason when the archive is none or too large', async () => {
    await using server = await startServer({ flags: ['--max-upload-size', '100000'] })
    const broken = await cmPush(server.url, Buffer.from('this is no archive'))
    expect(broken.printed).toStartWith('Error: 400: ')
    const large = await cmPush(server.url, await chart('large', '1.0.0').sized(200_000).tgz())
    expect(large.response.status).toBe(413)
    expect(large.printed).toContain('413')
    expect(await server.charts()).toEqual([])
  })

  test('pushes with user and password, and is refused without, before it sends the archive', async () => {
    const credentials = { user: 'pilot', password: 's3cret' }
    await using server = await startServer({
      flags: ['--basic-auth-user', 'pilot', '--basic-auth-pass', 's3cret', '--auth-anonymous-get'],
    })
    for (const wrong of [{}, { credentials: { user: 'pilot', password: 'no' } }, { token: 'abc' }]) {
      const refused = await cmPush(server.url, archive, wrong)
      expect(refused.printed).toBe('Error: 401: unauthorized')
      expect(refused.response.headers.get('www-authenticate')).toBe('Basic realm="ChartMuseum"')
    }
    expect(await server.charts()).toEqual([])
    expect((await cmPush(server.url, archive, { credentials })).printed).toBe('Done.')
  })

  test('is let in with a token in whatever header when the server asks for no credentials', async () => {
    await using server = await startServer()
    expect((await cmPush(server.url, archive, { token: 'abc' })).printed).toBe('Done.')
    const pushed = await cmPush(server.url, other, { token: 'abc', authHeader: 'X-Token', force: true })
    expect(pushed.printed).toBe('Done.')
  })
})
