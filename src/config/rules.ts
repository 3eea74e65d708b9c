import { namesOf } from './names.ts'
import { flags, optionOf, settingOf, type Flag, type Settings } from './options.ts'
import { securityRules } from './rules-access.ts'
import { bearerRules, bearerWarnings } from './rules-bearer.ts'
import { storageRules } from './rules-storage.ts'

/** What is wrong with settings that are each fine, and what to say about the others. */
export interface Verdict {
  readonly mistakes: readonly string[]
  readonly warnings: readonly string[]
}

/** Judges settings against each other. `isGiven` tells whether one has been set. */
export function checkTogether(settings: Settings, isGiven: (flag: Flag) => boolean): Verdict {
  return {
    mistakes: [
      ...storageRules(settings, isGiven),
      ...securityRules(settings),
      ...bearerRules(settings),
      ...indexRules(settings),
    ],
    warnings: [...withoutEffect(settings, isGiven), ...bearerWarnings(settings)],
  }
}

/** One line for each setting that is accepted and does nothing. */
function withoutEffect(settings: Settings, isGiven: (flag: Flag) => boolean): string[] {
  const used = flags.filter((flag) => isGiven(flag) && settings[settingOf(flag)] !== optionOf(flag).default)
  const redis = used.filter((flag) => flag.startsWith('cache-redis-'))
  const spoken = used.includes('cache') || redis.length === 0 ? used : [...used, 'cache' as const]
  return spoken.flatMap((flag) => {
    const { deprecated, noEffect } = optionOf(flag)
    // ChartMuseum: its words, for whoever looks for them in a log.
    if (deprecated !== undefined)
      return [`The configuration option ${flag} has been deprecated: ${deprecated}`]
    return noEffect === undefined ? [] : [`The configuration option --${flag} has no effect: ${noEffect}`]
  })
}

function indexRules({ jsonIndex, indexFormat }: Settings): string[] {
  if (!jsonIndex || indexFormat !== 'yaml') return []
  return [`${namesOf('json-index')} and ${namesOf('index-format')} yaml contradict each other: keep one`]
}
