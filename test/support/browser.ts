import { expect } from 'bun:test'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { peer } from './peers.ts'

/**
 * A Chromium, or undefined where there is none (then the tests that need it are skipped, each with its reason). Which
 * authorities it trusts is kept in its home.
 */
export async function startBrowser(home?: string): Promise<Browser | undefined> {
  const executablePath = peer('chromium')
  if (executablePath === undefined) return undefined
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync']
  return chromium.launch({
    executablePath,
    ...(home !== undefined && { env: { ...process.env, HOME: home } }),
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', ...quiet],
  })
}

/** A page in a browser that writes down what it asks and complains about. */
export interface Visit extends AsyncDisposable {
  readonly page: Page
  /** Goes to another address of the same server. */
  go(path: string): Promise<void>
  /** Fails when the page asked another host, broke its policy, or logged an error that no answer explains. */
  expectClean(): void
}

/** Opens an address of a server, in a browser context of its own. Certificates are not checked. */
export async function visit(
  browser: Browser | undefined,
  server: { readonly url: string },
  path: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  if (browser === undefined) throw new Error('Chromium was not started')
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  const foreign: string[] = []
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${server.url}/`) && !url.startsWith('data:') && !url.startsWith('blob:'))
      foreign.push(url)
  })
  // A page that is left while it fades in says that the fading was skipped.
  page.on('pageerror', ({ message }) => {
    if (!/^Transition was (aborted|skipped)/.test(message)) complaints.push(message)
  })
  // The browser logs every answer of 400 and more; those that a test provokes are looked at there.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  await context.exposeBinding('tellViolation', (_, rule: string) => complaints.push(rule))
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', (event) => tellViolation(event.violatedDirective + ' ' + event.blockedURI))`,
  )
  await page.goto(server.url + path)
  return {
    page,
    go: async (to) => void (await page.goto(server.url + to)),
    expectClean: () => expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] }),
    [Symbol.asyncDispose]: () => context.close(),
  }
}
