import { h } from 'preact'
import { SignedOut, WhoAmI, type Rights } from '../../../views/account.tsx'
import { Shortcuts } from '../../../views/shortcuts.tsx'
import { basicChallenge, basicRealm } from '../access/basic.ts'
import { json } from '../headers.ts'
import type { Ask } from '../route.ts'
import { unauthorized } from '../sign-in.ts'
import { readFields } from './form.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts, WebSettings } from './parts.ts'
import { preferenceCookies, safeNext } from './preferences.ts'
import { seeOther } from './see-other.ts'

/**
 * Answers `/?signin&next=…`: a challenge, and once it is met the page that was asked for. At the root of our addresses,
 * because browsers send credentials by themselves only to the folder that asked for them and below (RFC 7617, 2.2).
 */
export function sendSignIn({ query, caller, publicUrl }: Ask, { settings }: WebParts): Response {
  if (settings.authentication === 'basic' && caller.name === undefined) {
    throw unauthorized(basicChallenge())
  }
  return seeOther(safeNext(query.get('next'), publicUrl))
}

/** Repositories whose rights the page lists. */
const mostListed = 200

/** Answers `/-/whoami`: a page, or JSON for a program that asks for it. */
export async function sendWhoAmI(ask: Ask, parts: WebParts): Promise<Response> {
  const { request, caller } = ask
  const { registry, settings, rules } = parts
  const { depth, dynamic } = settings
  const rightsIn = (repository: string): Rights => {
    const upload = settings.readOnly !== true && caller.may('push', repository)
    return { repository, read: caller.may('pull', repository), upload, remove: upload && rules.deletes }
  }
  const single = depth === 0 && !dynamic
  const names = single ? [''] : await registry.names({ depth, dynamic })
  const known = names.map(rightsIn).filter(({ read }) => read)
  if (wantsJson(request)) return whoAmIJson(known, ask, settings)
  const page = await pageOf(ask, parts, { inRepository: single })
  const props = {
    page,
    rights: known.slice(0, mostListed),
    elsewhere: single ? undefined : { ...rightsIn(''), repository: '*' },
    more: Math.max(0, known.length - mostListed),
    lacks: known.some(({ upload }) => upload) ? undefined : page.uploadNeeds,
    deletes: rules.deletes,
    realm: realmOf(settings),
  }
  return sendPage(request, h(WhoAmI, props))
}

function whoAmIJson(rights: readonly Rights[], { caller }: Ask, settings: WebSettings): Response {
  const { authentication } = settings
  const response = json({
    user: caller.name ?? null,
    authentication,
    ...(authentication !== 'none' && { realm: realmOf(settings) }),
    repositories: rights.map(({ repository, read, upload, remove }) => ({
      name: repository,
      pull: read,
      push: upload,
      delete: remove,
    })),
  })
  response.headers.set('cache-control', 'no-store')
  response.headers.set('vary', 'Accept')
  return response
}

function realmOf({ realm = basicRealm }: WebSettings): string {
  return realm
}

function wantsJson(request: Request): boolean {
  const accept = request.headers.get('accept') ?? ''
  return accept.includes('application/json') && !accept.includes('text/html')
}

/** Answers `/-/shortcuts`; from other pages its dialog is taken out of it. */
export async function sendShortcuts(ask: Ask, parts: WebParts): Promise<Response> {
  const page = await serverPageOf(ask, parts)
  return sendPage(ask.request, h(Shortcuts, { page }))
}

/** Receives what a reader prefers, keeps it in cookies, and goes back to the page. */
export async function receivePrefs({ request, publicUrl }: Ask): Promise<Response> {
  const fields = await readFields(request)
  const next = new URL(safeNext(fields.get('next'), publicUrl), 'http://here.invalid')
  // What is chosen now counts more than what the address asked for.
  if (fields.has('lang')) next.searchParams.delete('lang')
  const response = seeOther(next.pathname + next.search + next.hash)
  for (const cookie of preferenceCookies(fields, publicUrl)) response.headers.append('set-cookie', cookie)
  return response
}

/**
 * Answers a sign-out with 401 in our realm, which makes a browser forget the credentials that it sent, whoever they are
 * of (measured in Chromium); a token is not the browser's to forget. `Clear-Site-Data` would do it too, and sign people out of whatever else runs on this domain.
 */
export async function receiveSignOut(ask: Ask, parts: WebParts): Promise<Response> {
  const page = await serverPageOf(ask, parts)
  if (parts.settings.authentication !== 'basic') return seeOther(`${page.contextPath}/-/signed-out`)
  const headers = { 'www-authenticate': `${basicChallenge()}, charset="UTF-8"` }
  return sendPage(ask.request, h(SignedOut, { page: { ...page, user: undefined, uploadNeeds: undefined } }), {
    status: 401,
    headers,
  })
}

/** Answers `/-/signed-out`, where the script goes when the browser has forgotten. */
export async function sendSignedOut(ask: Ask, parts: WebParts): Promise<Response> {
  return sendPage(ask.request, h(SignedOut, { page: await serverPageOf(ask, parts) }))
}

function serverPageOf(ask: Ask, parts: WebParts) {
  const { depth, dynamic } = parts.settings
  return pageOf(ask, parts, { inRepository: depth === 0 && !dynamic })
}
