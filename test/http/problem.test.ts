import { expect, test } from 'bun:test'
import { assetUrl } from '../../src/http/web/assets.ts'
import { problemPage } from '../../src/http/web/problem.ts'

test('problemPage() is a whole page with the sentence, its links below the context path', async () => {
  const html = await problemPage(
    { contextPath: '/ctx', version: '0.1.0' },
    { status: 404, sentence: 'not <found>', hint: 'Look at the address.', requestId: 'r-1' },
  )
  expect(html).toStartWith('<!doctype html><html lang="en">')
  expect(html).toContain('<h1>Not &lt;found></h1>')
  expect(html).toContain(`href="${await assetUrl('/ctx', 'chartroom.css')}"`)
  expect(html).toContain('href="/ctx/"')
})
