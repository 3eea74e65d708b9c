import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../../support/chart-builder.ts'
import { hostileText } from '../../support/hostile-chart.ts'
import { lintPage } from '../../support/page-lint.ts'
import { filledServer } from '../../support/pages.ts'
import { exact } from '../../support/site.ts'
import type { RunningServer } from '../../support/start-server.ts'

setDefaultTimeout(60_000)

/** A name that a form can carry: of the attempt, what fits on one line. */
const attempt = hostileText.split('\u202E')[0] ?? ''

let server: RunningServer
beforeAll(async () => {
  server = await filledServer('hostile')
})
afterAll(() => server[Symbol.asyncDispose]())

const headers = (language: string) => ({ accept: 'text/html', 'accept-language': language })

/** The action ticket that a page gives to its form. */
async function ticketOf(path: string): Promise<string> {
  const html = await (await fetch(server.url + path, { headers: headers('en') })).text()
  return /name="t" value="([^"]+)"/.exec(html)?.[1] ?? ''
}

interface Sent {
  readonly what: string
  readonly path: string
  readonly body: () => Promise<FormData | URLSearchParams>
}

const fields = (values: Record<string, string>) => async () => new URLSearchParams(values)

const sent: readonly Sent[] = [
  {
    what: 'an upload of files with such names',
    path: '/-/upload',
    async body() {
      const form = new FormData()
      form.set('t', await ticketOf('/-/upload'))
      const broken = await chart('broken', '1.0.0')
        .chartYaml({ name: attempt, version: attempt, description: attempt })
        .tgz()
      const wrong = await chart('broken', '1.0.0')
        .chartYaml(`name: broken\nversion: 1.0.0\n${attempt}: [`)
        .tgz()
      for (const [index, bytes] of [broken, wrong, new TextEncoder().encode(attempt)].entries()) {
        form.append('chart', new File([exact(bytes)], `${index}${attempt}.tgz`))
        form.append('chart', new File([attempt], `${index}${attempt}.tgz.prov`))
      }
      return form
    },
  },
  {
    what: 'a deletion of many',
    path: '/-/delete',
    body: async () =>
      new URLSearchParams([
        ['chart', 'hostile'],
        ['version', '1.1.0'],
        ['version', attempt],
        ['t', attempt],
      ]),
  },
  {
    what: 'a deletion of many of another chart',
    path: '/-/delete',
    body: fields({ chart: attempt, version: '1.1.0' }),
  },
  {
    what: 'a deletion with another name',
    path: '/-/chart/hostile/delete',
    body: async () => new URLSearchParams({ name: attempt, t: await ticketOf('/-/chart/hostile/delete') }),
  },
  {
    what: 'a deletion with another ticket',
    path: '/-/chart/hostile/1.1.0/delete',
    body: fields({ t: attempt }),
  },
  {
    what: 'a restoration',
    path: `/-/trash/${encodeURIComponent(attempt)}/restore`,
    body: fields({ t: attempt }),
  },
  { what: 'preferences', path: '/-/prefs', body: fields({ theme: attempt, next: attempt }) },
  { what: 'a sign-out', path: '/-/signout', body: fields({ next: attempt }) },
]

describe('what a form is answered', () => {
  for (const { what, path, body } of sent) {
    test.each(['en', 'zh-CN'])(`${what}: holds nothing that acts, in %s`, async (language) => {
      const response = await fetch(server.url + path, {
        method: 'POST',
        body: await body(),
        headers: headers(language),
        redirect: 'manual',
      })
      const html = await response.text()
      expect(response.status).toBeLessThan(500)
      if (response.status !== 303) expect(lintPage(html).faults).toEqual([])
      expect(response.headers.get('location') ?? '/').toMatch(/^\/(?!\/)/)
      expect(await server.charts()).toEqual([
        'hostile-1.0.0.tgz',
        'hostile-1.1.0.tgz',
        'hostile-1.1.0.tgz.prov',
      ])
    })
  }
})
