import { h } from 'preact'
import { Problem } from '../../../views/problem.tsx'
import { isRegistryError } from '../../errors.ts'
import { sentenceOf, statusOf } from '../errors.ts'
import type { Problem as Asked } from '../front.ts'
import { renderPage, serverPage } from './page.ts'
import type { WebSettings } from './parts.ts'

/** Sentences that say no more than the page does in its own words. */
const nothingNew = new Set([
  'not found',
  'unauthorized',
  'internal server error',
  'cross-origin request refused',
])

/**
 * The HTML of the page for an answer that is an error, in the language and the theme of the reader; the caller makes the
 * response. Of what nobody foresaw, the page tells nothing but the request id, which stands in the log.
 */
export async function problemPage(settings: WebSettings, asked: Asked): Promise<string> {
  const { error, request, caller, repo, publicUrl, requestId } = asked
  const page = await serverPage(request, settings, publicUrl, { repo, caller })
  const known = isRegistryError(error) ? error : undefined
  const sentence = sentenceOf(error)
  const status = statusOf(error)
  return renderPage(
    h(Problem, {
      page,
      status,
      code: known?.code,
      about: known?.about,
      detail: known === undefined || nothingNew.has(sentence) ? undefined : asSentence(sentence),
      wanted: status === 404 ? lastPart(request.url) : undefined,
      requestId: status >= 500 ? requestId : undefined,
    }),
  )
}

/** The API's own texts begin small ("file already exists"). */
function asSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const likeAName = /^[\p{L}\p{N}][\p{L}\p{N}._-]{1,63}$/u

/** The last part of a path, where it may be the name of something. */
function lastPart(url: string): string | undefined {
  const last = new URL(url).pathname.split('/').findLast((part) => part !== '')
  try {
    const name = decodeURIComponent(last ?? '')
    return likeAName.test(name) ? name : undefined
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
