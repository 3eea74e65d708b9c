import type { Ready } from '../../ready.ts'

/** What a route asks of the caller. 'none' is for what is never authenticated: health, info, public assets. */
export type Action = 'none' | 'pull' | 'push'

/** Who asks, and what they may do. The only place that decides; made once per request. */
export interface Caller {
  /** The user's name, or undefined for whoever has to say more: anonymous, or with a token that does not allow it. */
  readonly name: string | undefined
  /** Who a caller without a name is, as far as that is known: the subject of a token. Gives no rights. */
  readonly subject?: string
  /** A secret that this user shares with every server that has the same users: what makes tickets for them theirs. */
  readonly ticketKey?: string
  /** Where there was no time to look at what the caller brings: seconds after which to come again. */
  readonly retryAfter?: number
  may(action: Action, repository: string): boolean
}

/** How a server recognises its callers: one maker per kind of credentials. */
export interface Access {
  /** True where nobody is asked for credentials. */
  readonly open: boolean
  /**
   * Who asks, from the Authorization header; `address` tells the client's address, for those who count failures. At once
   * for credentials that are known already. Never throws: whoever cannot be recognised is the anonymous caller. `gone`
   * tells when the client has gone away, so that nobody waits for an answer.
   */
  callerOf(authorization: string | null, address: () => string, gone?: () => AbortSignal): Ready<Caller>
  /** What a 401 answers in `WWW-Authenticate`: how to ask again for this action on this repository. */
  challenge(action: Action, repository: string): string | undefined
  /** Ends what it watches. */
  close?(): void
}

/** Whether this caller may do what a row asks for. 'none' is never asked. */
export function permits(caller: Caller, action: Action, repository: string): boolean {
  return action === 'none' || caller.may(action, repository)
}

/** Everybody may do everything: a server without credentials. */
export function openAccess(): Access {
  const anyone: Caller = { name: undefined, may: () => true }
  return { open: true, callerOf: () => anyone, challenge: () => undefined }
}

/** Whoever has not said who they are, where credentials are asked for: they may read, or nothing. */
export function anonymousCaller(anonymousGet: boolean): Caller {
  return { name: undefined, may: (action) => anonymousGet && action === 'pull' }
}
