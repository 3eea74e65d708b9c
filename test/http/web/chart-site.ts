import { expect } from 'bun:test'
import type { ChartBuilder } from '../../support/chart-builder.ts'
import { startServer } from '../../support/start-server.ts'
import type { RunningServer } from '../../support/start-server.ts'

/** An answer of a page, read. */
export interface Answered {
  readonly status: number
  readonly html: string
  readonly headers: Headers
}

/** The program with charts in it, asked as a browser asks. */
export interface ChartSite extends AsyncDisposable {
  readonly server: RunningServer
  /** Publishes an archive, with its provenance when there is one. */
  publish(built: ChartBuilder, options?: { repo?: string; provenance?: string }): Promise<void>
  /** GET by default; redirects are not followed. */
  ask(path: string, init?: RequestInit): Promise<Answered>
}

export interface ChartSiteOptions {
  readonly flags?: readonly string[]
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  readonly contextPath?: string
}

export async function chartSite(options: ChartSiteOptions = {}): Promise<ChartSite> {
  const { flags = [], headers = {}, contextPath = '' } = options
  const server = await startServer({ flags })
  return {
    server,
    async publish(built, { repo = '', provenance } = {}) {
      const body = new FormData()
      body.append('chart', new Blob([new Uint8Array(await built.tgz())]), built.file)
      if (provenance !== undefined) body.append('prov', new Blob([provenance]), `${built.file}.prov`)
      const api = `${server.url}${contextPath}/api${repo === '' ? '' : `/${repo}`}/charts`
      const response = await fetch(api, { method: 'POST', body, headers })
      expect([response.status, await response.text()]).toEqual([201, '{"saved":true}'])
    },
    async ask(path, init = {}) {
      const accept = { accept: 'text/html,*/*;q=0.8', ...headers, ...(init.headers as object | undefined) }
      const response = await fetch(server.url + contextPath + path, {
        redirect: 'manual',
        ...init,
        headers: accept,
      })
      return { status: response.status, html: await response.text(), headers: response.headers }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** The text of a page as a person reads it, blanks as one. */
export function textOf(html: string): string {
  return html
    .replace(/<(script|style)\b[^]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
}

/** Every address that a page leads to or loads. */
export function addressesIn(html: string): string[] {
  return [...html.matchAll(/\s(?:href|src|action|formaction|hx-get)="([^"]*)"/gi)].map(([, address = '']) =>
    address.replaceAll('&amp;', '&'),
  )
}

const markup = `<hx-x hx-post='/' hx-trigger=load><script>alert(1)</script><img src=x onerror=alert(1)>"' onload="x`

/** What must never act: markup, attributes, bidi marks and terminal codes. */
export const hostile = `${markup} \u202eevil\u202c \u001b[31mred {{ .x }} javascript:alert(1)`

/** Fails when something of a chart's text could act in a page, or hides what it is. */
export function expectInert(html: string): void {
  expect(html).not.toContain('<hx-')
  // oxlint-disable-next-line no-control-regex
  expect(html).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/)
  // Quoted values may say what they want: they end at their quotes.
  const tags = html.replace(/="[^"]*"/g, '=""')
  expect(tags).not.toMatch(/<[a-z][^<>]*\s(?:hx-(?:post|put|patch|delete|on)|on\w+=|style=|src=[^"])/i)
  expect(tags).not.toMatch(/<script(?! (?:type="" )?src="")|<script[^>]*>[^<]/i)
  for (const address of addressesIn(html)) {
    expect(address).toMatch(/^(?:\/(?!\/)|https?:\/\/|mailto:|#|\?|$)/)
  }
}
