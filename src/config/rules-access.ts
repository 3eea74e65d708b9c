import { namesOf } from './names.ts'
import type { Settings } from './options.ts'

/** Half a key pair or half a credential would leave the registry less protected than its owner believes. */
export function securityRules(settings: Settings): string[] {
  const found: string[] = []
  const { tlsCert, tlsKey, tlsCaCert, tlsSelfSigned, basicAuthUser, basicAuthPass } = settings
  if (tlsCert !== '' && tlsKey === '')
    found.push(`${namesOf('tls-cert')} needs ${namesOf('tls-key')} beside it`)
  if (tlsCert === '' && tlsKey !== '')
    found.push(`${namesOf('tls-key')} needs ${namesOf('tls-cert')} beside it`)
  if (tlsSelfSigned && (tlsCert !== '' || tlsKey !== '')) {
    found.push(`${namesOf('tls-self-signed')} and ${namesOf('tls-cert')} exclude each other: keep one`)
  }
  // Without HTTPS nobody would be asked for a certificate, and everybody let in.
  if (tlsCaCert !== '' && tlsCert === '' && tlsKey === '' && !tlsSelfSigned) {
    const pair = `${namesOf('tls-cert')} and ${namesOf('tls-key')}`
    found.push(`${namesOf('tls-ca-cert')} needs HTTPS: set ${pair}, or ${namesOf('tls-self-signed')}`)
  }
  if (basicAuthUser !== '' && basicAuthPass === '') {
    found.push(`${namesOf('basic-auth-user')} needs ${namesOf('basic-auth-pass')} beside it`)
  }
  if (basicAuthUser === '' && basicAuthPass !== '') {
    found.push(`${namesOf('basic-auth-pass')} needs ${namesOf('basic-auth-user')} beside it`)
  }
  return [...found, ...readOnlyRules(settings)]
}

/** Who is to be limited and is not would be able to write. */
function readOnlyRules({ readOnlyUsers, basicAuthHtpasswd, basicAuthUser }: Settings): string[] {
  if (readOnlyUsers.length === 0) return []
  const named = namesOf('read-only-users')
  const found: string[] = []
  if (basicAuthHtpasswd === '') {
    found.push(`${named} limits users of a file: it needs ${namesOf('basic-auth-htpasswd')} beside it`)
  }
  if (basicAuthUser !== '' && readOnlyUsers.includes(basicAuthUser)) {
    found.push(
      `${named} names the user of ${namesOf('basic-auth-user')}, who may write: put that user into the file of users`,
    )
  }
  return found
}
