import type { Page } from '../../../views/page.ts'
import type { Caller } from '../access/access.ts'
import type { WebParts, WebSettings } from './parts.ts'

type Rights = Pick<Page, 'user' | 'canRead' | 'canUpload' | 'canDelete' | 'uploadNeeds'>

/** What the caller may do in a repository: asked once for each page, whose parts take it from here. */
export function rightsOf(
  caller: Caller,
  repo: string,
  { authentication, readOnly = false }: Pick<WebSettings, 'authentication' | 'readOnly'>,
  { deletes }: Pick<WebParts['rules'], 'deletes'> = { deletes: false },
): Rights {
  const canRead = caller.may('pull', repo)
  const canUpload = !readOnly && caller.may('push', repo)
  // Whoever may not even read is told at the door what they need.
  const lacks = canRead && !canUpload && !readOnly
  return {
    user: caller.name,
    canRead,
    canUpload,
    canDelete: canUpload && deletes,
    uploadNeeds: lacks ? lacking(caller, authentication) : undefined,
  }
}

function lacking({ name }: Caller, authentication: WebSettings['authentication']): Page['uploadNeeds'] {
  if (authentication === 'bearer') return 'token'
  return name === undefined ? 'sign-in' : 'right'
}
