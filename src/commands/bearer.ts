import type { KeyObject } from 'node:crypto'
import { defaultAccessQuery, parseAccessQuery } from '../access-query.ts'
import type { Settings } from '../config/options.ts'
import type { Access } from '../http/access/access.ts'
import { bearerAccess, type BearerAccess } from '../http/access/bearer.ts'
import { readBearerKey } from '../http/access/bearer-key.ts'
import type { Log } from '../log.ts'
import { StartError } from '../start-error.ts'
import { watchFiles } from '../watched-file.ts'

/**
 * Access by bearer tokens. When the file of the key changes it is read again; one that cannot be used leaves the old key
 * in place.
 *
 * @throws StartError when the key cannot be used.
 */
export async function bearerFromFile(settings: Settings, log: Log): Promise<Access> {
  const { authRealm: realm, authService: service, authAnonymousGet: anonymousGet } = settings
  const file = settings.authCertPath
  const query = parseAccessQuery(settings.authActionsSearchPath || defaultAccessQuery)
  const state: { key?: KeyObject; access?: BearerAccess; failed: boolean } = { failed: false }
  const watch = watchFiles([file], async () => {
    try {
      const key = await readBearerKey(file)
      const isNew = state.key?.equals(key) !== true
      if (!isNew && !state.failed) return
      Object.assign(state, { key, failed: false })
      if (isNew) state.access?.useKey(key)
      log.info('Bearer tokens are checked with the key in this file', { file })
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      state.failed = true
      log.error('The key for bearer tokens cannot be used, the old one stays', { file, error: error.message })
    }
  })
  try {
    const key = await readBearerKey(file)
    const access = bearerAccess({ realm, service, key, query, anonymousGet, log })
    Object.assign(state, { key, access })
    return { ...access, close: () => watch.close() }
  } catch (error) {
    watch.close()
    throw error
  }
}
