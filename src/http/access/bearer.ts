import type { KeyObject } from 'node:crypto'
import type { JSONValue } from '@jmespath-community/jmespath'
import type { AccessQuery } from '../../access-query.ts'
import type { Log } from '../../log.ts'
import { anonymousCaller, type Access, type Action, type Caller } from './access.ts'
import { tokenCheck } from './tokens.ts'

export interface BearerOptions {
  /** Where tokens come from, as the challenge tells it: the address of the token server. */
  readonly realm: string
  /** What a token is for, as the challenge tells it: the name of this server. */
  readonly service: string
  /** RSA, of at least 2048 bits. */
  readonly key: KeyObject
  readonly query: AccessQuery
  /** Whoever has no token, or one that does not allow it, may still pull. */
  readonly anonymousGet: boolean
  /** Told why tokens are refused, at debug level. */
  readonly log: Log
  /** Milliseconds since 1970; the clock of the computer when it is not given. */
  readonly now?: () => number
}

/** Access by bearer tokens, whose key may change while the server runs. */
export interface BearerAccess extends Access {
  /** From now on tokens are checked with this key; what was accepted with another is forgotten. */
  useKey(key: KeyObject): void
}

/** ChartMuseum: the type of the entries in a token's access list, and of the scope in a challenge. */
const entryType = 'artifact-repository'

/**
 * Bearer tokens (JWT) of a token server, as ChartMuseum takes them: signed with RSA, current, with a list that names the
 * repository and the actions allowed on it. A token has no name, so that whoever comes with one that does not allow a
 * request is told to get another: 401, never 403.
 */
export function bearerAccess(options: BearerOptions): BearerAccess {
  const { realm, service, anonymousGet, log, now = Date.now } = options
  const anonymous = anonymousCaller(anonymousGet)
  const callerWith = (claims: JSONValue) => tokenCaller(claims, options)
  let check = tokenCheck({ key: options.key, anonymous, callerWith, log, now })
  const start = `Bearer realm=${quoted(realm)},service=${quoted(service)},scope=`
  return {
    open: false,
    callerOf: (authorization, address) =>
      authorization === null ? anonymous : check(authorization, address),
    challenge: (action, repository) =>
      start + quoted(`${entryType}:${namespaceOf(repository)}:${action === 'none' ? 'pull' : action}`),
    useKey(key) {
      check = tokenCheck({ key, anonymous, callerWith, log, now })
    },
  }
}

/** ChartMuseum: a repository without a name is "repo" to token servers. */
function namespaceOf(repository: string): string {
  return repository === '' ? 'repo' : repository
}

/** A quoted string (RFC 9110, 5.6.4); what cannot stand in a header becomes "?". */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`
}

/** What a token allows on one repository. */
type Allowed = Readonly<Record<Exclude<Action, 'none'>, boolean>>

const nothing: Allowed = { pull: false, push: false }
/** Repositories whose answer is kept for one token: those that a client asks for again. */
const keptNames = 128

/** Somebody with a token that is genuine and current: may do what its access list says. */
function tokenCaller(claims: JSONValue, { query, anonymousGet }: BearerOptions): Caller {
  const known = new Map<string, Allowed>()
  const allowedOn = (repository: string): Allowed => {
    const found = known.get(repository) ?? allowedBy(query, claims, repository)
    if (known.size >= keptNames && !known.has(repository)) known.clear()
    known.set(repository, found)
    return found
  }
  return {
    name: undefined,
    ...subjectOf(claims),
    may(action, repository) {
      if (action === 'none') return true
      return (anonymousGet && action === 'pull') || allowedOn(repository)[action]
    },
  }
}

/** Characters of a name that pages can show. */
const longestSubject = 256

function subjectOf(claims: JSONValue): Pick<Caller, 'subject'> {
  if (claims === null || typeof claims !== 'object' || Array.isArray(claims)) return {}
  const { sub } = claims
  return typeof sub === 'string' && sub !== '' && sub.length <= longestSubject ? { subject: sub } : {}
}

/** A list with the action in it allows; a missing list, a scalar or a query that fails over these claims does not. */
function allowedBy(query: AccessQuery, claims: JSONValue, repository: string): Allowed {
  try {
    const actions = query(claims, { namespace: namespaceOf(repository), type: entryType })
    if (!Array.isArray(actions)) return nothing
    return { pull: actions.includes('pull'), push: actions.includes('push') }
  } catch (error) {
    if (error instanceof Error) return nothing
    throw error
  }
}
