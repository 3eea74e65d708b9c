import { themes } from '../../../views/page.ts'
import { languages } from '../../../views/words/language.ts'
import { RegistryError } from '../../errors.ts'
import { basePath } from '../public-url.ts'

/** What a reader may choose, by the name of the form field: the cookie that keeps it, and its values. */
const preferences = {
  theme: { cookie: 'cr_theme', values: themes },
  lang: { cookie: 'cr_lang', values: languages },
  keys: { cookie: 'cr_keys', values: ['on', 'off'] },
} as const satisfies Record<string, { cookie: string; values: readonly string[] }>

const year = 365 * 24 * 60 * 60

/**
 * The cookies that keep what was chosen; fields that are not there choose nothing. They name nobody, only our pages get
 * them, and only the server reads them. Throws RegistryError `invalid` for a value that there is not.
 */
export function preferenceCookies(fields: URLSearchParams, publicUrl: string): string[] {
  const attributes = [
    `Path=${basePath(publicUrl)}/`,
    `Max-Age=${year}`,
    'SameSite=Lax',
    'HttpOnly',
    ...(new URL(publicUrl).protocol === 'https:' ? ['Secure'] : []),
  ].join('; ')
  return Object.entries(preferences).flatMap(([field, { cookie, values }]) => {
    const value = fields.get(field)
    if (value === null) return []
    if (!(values as readonly string[]).includes(value)) {
      const message = `Cannot keep "${value}" for "${field}": choose one of ${values.join(', ')}`
      throw new RegistryError('invalid', 'request', message)
    }
    return [`${cookie}=${value}; ${attributes}`]
  })
}

/** The cookie for a language that the address of a page asks for (`?lang=`), so that the pages after it follow. */
export function askedLanguageCookie(query: URLSearchParams, publicUrl: string): string | undefined {
  const lang = query.get('lang')
  if (lang === null || !(languages as readonly string[]).includes(lang)) return undefined
  return preferenceCookies(new URLSearchParams({ lang }), publicUrl)[0]
}

/**
 * Where to go after a form, when it is an address of ours: below the context path, on this host. Anything else, however
 * it is written, is the home page: the value comes from an address that anybody can have made.
 */
export function safeNext(next: string | null, publicUrl: string): string {
  const root = `${basePath(publicUrl)}/`
  // Browsers read "\" as "/" and drop tabs and line breaks anywhere.
  // oxlint-disable-next-line no-control-regex
  if (next === null || !next.startsWith(root) || /[\\\u0000-\u001f\u007f]/.test(next)) return root
  const base = 'http://here.invalid'
  const url = URL.parse(next, base)
  // Dots may lead out again, or leave two slashes at the front: looked at as a browser will write it.
  if (url === null || url.origin !== base || !url.pathname.startsWith(root)) return root
  if (url.pathname.includes('//') || url.username !== '') return root
  return url.pathname + url.search + url.hash
}
