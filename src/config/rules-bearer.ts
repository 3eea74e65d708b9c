import { namesOf, needed } from './names.ts'
import { settingOf, type Flag, type Settings } from './options.ts'

/** What bearer tokens cannot do without, and what they cannot use. Nothing while they are off. */
export function bearerRules(settings: Settings): string[] {
  if (!settings.bearerAuth) return []
  const { authRealm, authService, authActionsSearchPath: query } = settings
  return [
    ...needed(settings, '--bearer-auth', {
      'auth-realm': 'the address where clients get tokens',
      'auth-service': 'the name of this service for the token server',
      'auth-cert-path': "the token server's public key",
    }),
    ...headerRule('auth-realm', authRealm),
    ...headerRule('auth-service', authService),
    ...(query === '' ? [] : queryRule(query)),
  ]
}

/** Both stand in a header of every 401. */
function headerRule(flag: Flag, value: string): string[] {
  return /^[\x20-\x7e]*$/.test(value)
    ? []
    : [`${namesOf(flag)} is ${JSON.stringify(value)}: expected letters, digits and signs of ASCII`]
}

function queryRule(query: string): string[] {
  // Loaded only when it is set: the library behind it takes 4 ms, which every start would pay (measured).
  const { parseAccessQuery } = require('../access-query.ts') as typeof import('../access-query.ts')
  try {
    parseAccessQuery(query)
    return []
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return [
      `${namesOf('auth-actions-search-path')} is ${JSON.stringify(query)}, which is no JMESPath: ${error.message}`,
    ]
  }
}

/** What only one of two ways to sign in reads, and the other is on. */
export function bearerWarnings(settings: Settings): string[] {
  const { bearerAuth, basicAuthUser, basicAuthHtpasswd } = settings
  const theirs: readonly Flag[] = ['auth-realm', 'auth-service', 'auth-cert-path', 'auth-actions-search-path']
  if (!bearerAuth) {
    const unused = theirs.filter((flag) => settings[settingOf(flag)] !== '')
    return unused.map((flag) => `${namesOf(flag)} has no effect without ${namesOf('bearer-auth')}`)
  }
  if (basicAuthUser === '' && basicAuthHtpasswd === '') return []
  return [`${namesOf('bearer-auth')} is set: basic auth is off, only bearer tokens are accepted`]
}
