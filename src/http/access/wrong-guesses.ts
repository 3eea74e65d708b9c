import { RecentMap } from './recent-map.ts'

/** How many wrong passwords an address may send at once, and how many milliseconds later it may send one more. */
export const guessLimits = { atOnce: 10, pauseMs: 2_000 }

/** Addresses that are remembered, those with wrong passwords and those with right ones. */
const mostAddresses = 20_000
/** An address from which somebody signed in is preferred for so long, milliseconds. */
const trustedMs = 60 * 60_000

/** How soon the passwords of an address are looked at: those from which somebody signed in lately, then those nobody
 * knows, then those that sent wrong ones. */
export type Standing = 'trusted' | 'unknown' | 'failing'

/**
 * The wrong passwords that came from each address. A check counts from when it begins, so that a hundred at once are not
 * ten; a right one is taken back.
 */
export interface Guesses {
  /** Whether one more may be checked now. */
  mayTry(address: string): boolean
  standing(address: string): Standing
  /** Counts a check that begins. */
  begin(address: string): void
  /** Tells how a check ended that was counted. */
  end(address: string, right: boolean): void
}

interface Tried {
  /** Wrong passwords as of `at`; each is forgotten after a pause. */
  wrong: number
  at: number
  running: number
}

/** Counts wrong passwords; `now` tells milliseconds. */
export function countGuesses(now: () => number): Guesses {
  const tried = new RecentMap<Tried>(mostAddresses)
  const trustedUntil = new RecentMap<number>(mostAddresses)

  function wrongOf(address: string): number {
    const found = tried.get(address)
    if (found === undefined) return 0
    return Math.max(0, found.wrong - (now() - found.at) / guessLimits.pauseMs)
  }

  function change(address: string, wrong: number, running: number): void {
    const before = tried.get(address)
    // Not below zero: it may have been forgotten meanwhile.
    const left = Math.max(0, (before?.running ?? 0) + running)
    const next = { wrong: wrongOf(address) + wrong, at: now(), running: left }
    if (next.wrong > 0 || next.running > 0) tried.set(address, next)
    else tried.delete(address)
  }

  return {
    mayTry: (address) => wrongOf(address) + (tried.get(address)?.running ?? 0) <= guessLimits.atOnce - 1,
    standing(address) {
      // The last one is forgotten after a pause.
      if (wrongOf(address) > 0) return 'failing'
      return now() < (trustedUntil.get(address) ?? 0) ? 'trusted' : 'unknown'
    },
    begin: (address) => change(address, 0, 1),
    end(address, right) {
      change(address, right ? 0 : 1, -1)
      if (right) trustedUntil.set(address, now() + trustedMs)
    },
  }
}

/**
 * What counts as one address: with IPv6 the first 64 bits, because whoever has one such address usually has all 2^64 of
 * its network (RFC 4291, 2.5.4; RFC 6177). Expects an address as the system writes it.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...right]
  return `${groups.slice(0, 4).join(':')}::/64`
}
