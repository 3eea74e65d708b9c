import { isRegistryError } from '../errors.ts'
import type { RegistryError } from '../errors.ts'
import {
  askMissing,
  askUnchanged,
  first,
  onlyWhenAbsent,
  readBack,
  readSome,
  removeAll,
  replaceUnchanged,
  unconditional,
} from './check-up-trials.ts'
import type { Verdict } from './check-up-trials.ts'
import type { Storage } from './storage.ts'

/** What one trial of a store found. */
export interface Finding {
  /** What was tried, in a few words: "list", "write". */
  readonly what: string
  readonly state: 'ok' | 'warning' | 'fails' | 'not tried'
  /** Milliseconds of one round trip. */
  readonly ms?: number | undefined
  /** What was found, or why it failed. */
  readonly told?: string | undefined
  /** What to do about it. */
  readonly fix?: string | undefined
}

/** What has to be allowed in a store, by what it is for: as the store's own administration calls it. */
export type Permission = 'list' | 'read' | 'write' | 'delete'

/** What a check-up found of a store. */
export interface CheckUp {
  /** The store refuses to replace when it is told to; undefined: it could not be tried. */
  readonly conditionalWrites: boolean | undefined
}

export interface CheckUpOptions {
  /** How each permission is granted. */
  readonly grants: Readonly<Record<Permission, string>>
  readonly tell: (finding: Finding) => void
  readonly now?: () => number
}

/** S3 refuses what is signed 15 minutes off; a clock that is off so much at all will get there, milliseconds. */
const mostSkewMs = 30_000

/**
 * Tries everything that Chartroom needs of a store, on objects of its own below `.chartroom/doctor/`, which it removes
 * again. Once the store turns out not to answer, the rest is not tried.
 */
export async function checkUp(storage: Storage, options: CheckUpOptions): Promise<CheckUp> {
  const { grants, tell, now = Date.now } = options
  const start = `.chartroom/doctor/${crypto.randomUUID()}`
  const [key, raced, missing] = [`${start}-a`, `${start}-b`, `${start}-missing`]
  const bytes = new TextEncoder().encode('written by "chartroom doctor", which removes it again\n')
  let away = false
  let written = false
  let conditionalWrites: boolean | undefined

  async function attempt(what: string, needs: Permission, run: () => Promise<Verdict>): Promise<boolean> {
    if (away) {
      tell({ what, state: 'not tried' })
      return false
    }
    const begun = performance.now()
    try {
      const verdict = await run()
      const ms = performance.now() - begun
      tell({ what, state: 'ok', ms, ...verdict })
      return verdict?.state !== 'fails'
    } catch (error) {
      if (!isRegistryError(error)) throw error
      const refused = isRefusal(error)
      away = !refused && !written
      const fix = mendOf(error) ?? (refused ? grants[needs] : undefined)
      tell({ what, state: 'fails', ms: performance.now() - begun, told: toldOf(error), fix })
      return false
    }
  }

  try {
    let some: string | undefined
    await attempt('list', 'list', async () => {
      some = (await first(storage.list('')))?.key
      return undefined
    })
    const begun = now()
    written = await attempt('write', 'write', async () => void (await storage.put(key, bytes)))
    const skew = written ? await clockSkew(storage, key, (begun + now()) / 2) : undefined
    if (!written && !away) {
      await attempt('read', 'read', () => readSome(storage, some ?? missing))
      tell({
        what: 'the rest',
        state: 'not tried',
        told: 'nothing can be written, so nothing of it can be tried',
      })
    } else {
      const readable = await attempt('read', 'read', () => readBack(storage, key, bytes))
      await attempt('missing', 'list', () => askMissing(storage, missing))
      await attempt('unchanged', 'read', () => askUnchanged(storage, key))
      await attempt('write absent', 'write', async () => {
        conditionalWrites = await onlyWhenAbsent(storage, key, raced, bytes)
        return conditionalWrites ? undefined : unconditional
      })
      await attempt('replace', 'write', () => replaceUnchanged(storage, key, bytes))
      // Drivers look whether something is there before they delete it.
      await attempt('delete', readable ? 'delete' : 'read', () => removeAll(storage, [key, raced]))
    }
    if (skew !== undefined && Math.abs(skew) > mostSkewMs) tell(skewed(skew))
  } finally {
    await clean(storage, [key, raced], tell, written)
  }
  return { conditionalWrites }
}

async function clockSkew(storage: Storage, key: string, writtenAt: number): Promise<number | undefined> {
  try {
    const info = await storage.info(key)
    return info && info.modified.getTime() - writtenAt
  } catch (error) {
    // Told by the trial of reading.
    if (isRegistryError(error)) return undefined
    throw error
  }
}

function skewed(skew: number): Finding {
  const seconds = Math.round(Math.abs(skew) / 1000)
  return {
    what: 'clock',
    state: 'warning',
    told: `the clock of the store is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} the one of this computer`,
    fix: 'let both keep their time by NTP: stores refuse requests that are signed minutes off',
  }
}

async function clean(
  storage: Storage,
  keys: readonly string[],
  tell: (finding: Finding) => void,
  written: boolean,
): Promise<void> {
  if (!written) return
  const left: string[] = []
  for (const key of keys) {
    const there = await storage.delete(key).then(
      () => false,
      () => true,
    )
    if (there) left.push(key)
  }
  if (left.length > 0) {
    tell({ what: 'clean up', state: 'warning', told: `could not be removed again: ${left.join(', ')}` })
  }
}

/** A store that cannot even be opened. */
export function failedOpening(error: RegistryError, ms: number): Finding {
  return { what: 'open', state: 'fails', ms, told: error.message, fix: mendOf(error) }
}

/** What is wrong as a whole, by the words of the stores and of the network, and what to do about it. */
const mends: readonly (readonly [RegExp, string])[] = [
  [
    /NoSuchBucket|ContainerNotFound|bucket.*not exist/i,
    'make it in the store, or correct its name in the settings',
  ],
  [
    /InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|ExpiredToken|AuthenticationFailed|invalid_grant|NoKeys/,
    'the keys are wrong, unknown there or out of date: correct them in the settings',
  ],
  [/RequestTimeTooSkewed|AuthFailure.*time/i, 'set the clock of this computer (NTP)'],
  [
    /BadCertificate|certificate|SELF_SIGNED/i,
    'name the authority of its certificate in the settings of this storage',
  ],
  [
    /Unreachable|Stalled|ConnectionRefused|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|cannot be reached|does not answer/,
    'check the address in the settings, that the store runs, and that a firewall lets this computer through',
  ],
  [/PermanentRedirect|AuthorizationHeaderMalformed/, 'correct the region or the endpoint in the settings'],
  [/BadAnswer|NoGateway/, 'what answers at the address is something else: correct it in the settings'],
]

function mendOf(error: RegistryError): string | undefined {
  const words = [error.message, ...causesOf(error)].join(' ')
  return mends.find(([sign]) => sign.test(words))?.[1]
}

/** A refusal is about one permission; others may still be granted. What is wrong as a whole is none. */
function isRefusal(error: RegistryError): boolean {
  if (mendOf(error) !== undefined) return false
  const words = [error.message, ...causesOf(error)].join(' ')
  return /AccessDenied|AuthorizationPermissionMismatch|AllAccessDisabled|\b40[13]\b|denied|SignIn|Forbidden/i.test(
    words,
  )
}

/** What the store itself said; without that, our own sentence. */
function toldOf(error: RegistryError): string {
  return causesOf(error).join(': ') || error.message
}

function causesOf({ cause }: Error): string[] {
  const texts: string[] = []
  for (let one = cause; one instanceof Error && texts.length < 3; one = one.cause) {
    const code = 'code' in one ? String(one.code) : ''
    const text = one.message.includes(code) ? one.message : `${code} ${one.message}`
    if (text.trim() !== '') texts.push(text.trim().slice(0, 300))
  }
  return texts
}
