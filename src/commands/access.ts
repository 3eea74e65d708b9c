import type { Settings } from '../config/options.ts'
import { openAccess, type Access } from '../http/access/access.ts'
import { basicAccess } from '../http/access/basic.ts'
import type { Log } from '../log.ts'
import { StartError } from '../start-error.ts'

/**
 * How callers are recognised, as ChartMuseum chooses: bearer tokens before basic auth before nobody being asked.
 *
 * @throws StartError when a file that the settings name cannot be used.
 */
export async function chooseAccess(settings: Settings, _log: Log): Promise<Access> {
  if (settings.bearerAuth) throw new StartError('--bearer-auth: bearer tokens are not checked yet')
  const { basicAuthUser: user, basicAuthPass: password, authAnonymousGet: anonymousGet } = settings
  return user === '' || password === '' ? openAccess() : basicAccess({ user, password, anonymousGet })
}
