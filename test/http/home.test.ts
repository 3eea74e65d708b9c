import { describe, expect, test } from 'bun:test'
import { serveWeb } from './web-fixture.ts'

describe('the home page', () => {
  test('is text/html without a charset, as the page of ChartMuseum is, with the charset inside', async () => {
    await using server = serveWeb()
    const response = await fetch(`${server.url}/`)
    expect(response.status).toBe(200)
    // ChartMuseum: clients and probes compare the type.
    expect(response.headers.get('content-type')).toBe('text/html')
    const html = await response.text()
    expect(html).toStartWith('<!doctype html><html lang="en"><head><meta charset="utf-8"')
    expect(html).toContain('<body>')
  })

  test('says how to add the repository and how to upload, with the address it was asked at', async () => {
    await using server = serveWeb({}, { charts: 1312 })
    const html = await (await fetch(`${server.url}/`)).text()
    expect(commands(html)).toEqual([
      `helm repo add chartroom ${server.url}`,
      'helm repo update && helm search repo chartroom',
      'helm install my-release chartroom/mychart',
      'helm package mychart',
      `curl --fail-with-body --data-binary @mychart-0.1.0.tgz ${server.url}/api/charts`,
    ])
    expect(html).toContain('1,312 charts')
    expect(html).toContain('href="/-/api"')
  })

  test('names the user where credentials are asked for', async () => {
    await using server = serveWeb({ authenticated: true }, { user: 'alice' })
    const html = await (await fetch(`${server.url}/`)).text()
    expect(commands(html)[0]).toBe(`helm repo add chartroom ${server.url} --username alice`)
    expect(commands(html).at(-1)).toStartWith('curl --user alice ')
  })

  test('explains the form of addresses where repositories have a path', async () => {
    await using server = serveWeb({ contextPath: '/ctx', depth: 2 })
    const html = await (await fetch(`${server.url}/ctx/`)).text()
    expect(html).toContain('a path of 2 parts')
    expect(html).not.toContain('No charts yet')
    expect(commands(html)[0]).toBe(`helm repo add org1-team1 ${server.url}/ctx/org1/team1`)
    expect(commands(html).at(-1)).toEndWith(`${server.url}/ctx/api/org1/team1/charts`)
  })

  test('keeps all of its links below the context path', async () => {
    await using server = serveWeb({ contextPath: '/ctx' })
    for (const page of ['/ctx/', '/ctx/-/api']) {
      const html = await (await fetch(server.url + page)).text()
      const links = [...html.matchAll(/(?:href|src|data-document)="([^"#][^"]*)"/g)].map(([, link]) => link)
      expect(links.length).toBeGreaterThan(4)
      expect(links.filter((link) => !link?.startsWith('/ctx/'))).toEqual([])
    }
  })

  test('is not sent again to who has it', async () => {
    await using server = serveWeb()
    const first = await fetch(`${server.url}/`)
    const etag = first.headers.get('etag') ?? ''
    expect(first.headers.get('cache-control')).toBe('private, no-cache')
    const second = await fetch(`${server.url}/`, { headers: { 'if-none-match': etag } })
    expect(second.status).toBe(304)
    expect(await second.text()).toBe('')
  })

  test('answers HEAD with its headers', async () => {
    await using server = serveWeb()
    const head = await fetch(`${server.url}/`, { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(head.headers.get('content-type')).toBe('text/html')
    expect(await head.text()).toBe('')
  })

  test('allows nothing but our own files', async () => {
    await using server = serveWeb()
    const policy = (await fetch(`${server.url}/`)).headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(policy).not.toContain('data:')
  })
})

/** The commands that a page shows, as they would be copied. */
function commands(html: string): string[] {
  return [...html.matchAll(/<pre class="cmd"><code>(.*?)<\/code>/g)].map(([, text]) =>
    (text ?? '').replaceAll(/<[^>]+>/g, '').replaceAll('&amp;', '&'),
  )
}
