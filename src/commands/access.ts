import type { Settings } from '../config/options.ts'
import { openAccess, type Access } from '../http/access/access.ts'
import { basicAccess } from '../http/access/basic.ts'
import { openUsersFile } from '../http/access/users-file.ts'
import type { Log } from '../log.ts'

/**
 * How callers are recognised, as ChartMuseum chooses: bearer tokens before basic auth before nobody being asked.
 *
 * @throws StartError when a file that the settings name cannot be used.
 */
export async function chooseAccess(settings: Settings, log: Log): Promise<Access> {
  if (settings.bearerAuth) {
    // Its libraries take 17 ms to load, which no other start should pay (measured).
    const { bearerFromFile } = await import('./bearer.ts')
    return bearerFromFile(settings, log)
  }
  return basicOrOpen(settings, log)
}

/** Basic auth with the user of the settings, those of a file, or both; nobody is asked where there is neither. */
async function basicOrOpen(settings: Settings, log: Log): Promise<Access> {
  const { basicAuthUser: user, basicAuthPass: password, authAnonymousGet: anonymousGet } = settings
  const { basicAuthHtpasswd: file, readOnlyUsers: readOnly } = settings
  const options = { user, password, anonymousGet, log }
  if (file === '') return user === '' || password === '' ? openAccess() : basicAccess(options)
  const taken = user === '' ? [] : [user]
  return basicAccess({ ...options, file: await openUsersFile({ file, readOnly, taken, log }) })
}
