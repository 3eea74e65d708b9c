import { isHostName, list, text, toggle } from './option.ts'

/** Who may do what. */
export const accessOptions = {
  'basic-auth-user': text('basicauth.user', 'NAME', 'User name for basic auth', { inFile: true }),
  'basic-auth-pass': text('basicauth.pass', 'PASSWORD', 'Password for basic auth', { secret: true }),
  'auth-anonymous-get': toggle('authanonymousget', 'Reading needs no credentials, writing does'),
  'basic-auth-htpasswd': text(
    'basicauth.htpasswd',
    'FILE',
    'File of users (htpasswd, bcrypt or argon2id) for basic auth; read again when it changes',
  ),
  'read-only-users': list(
    'readonlyusers',
    { takes: 'LIST', expected: 'a list of user names', valid: (name) => !name.includes(':') },
    'Users of that file who may read but not write, separated by commas',
  ),
  'bearer-auth': toggle('bearerauth', 'Sign-in by bearer tokens (JWT); basic auth is off then'),
  'auth-realm': text('authrealm', 'URL', 'Bearer tokens: address of the token server'),
  'auth-service': text('authservice', 'NAME', 'Bearer tokens: name of this service'),
  'auth-cert-path': text('authcertpath', 'FILE', 'Bearer tokens: public key of the token server'),
  'auth-actions-search-path': text(
    'authactionssearchpath',
    'QUERY',
    'Bearer tokens: JMESPath of the access list',
  ),
}

/** HTTPS. */
export const tlsOptions = {
  'tls-cert': text(
    'tls.cert',
    'FILE',
    'Certificate chain (PEM); with --tls-key it makes the server speak HTTPS',
  ),
  'tls-key': text('tls.key', 'FILE', 'Private key of the certificate (PEM)'),
  'tls-ca-cert': text(
    'tls.cacert',
    'FILE',
    'Certificate authority (PEM) that client certificates must come from; without one nobody gets in',
  ),
  'tls-self-signed': toggle('tls.selfsigned', 'Speak HTTPS with a certificate that Chartroom makes itself'),
  'tls-self-signed-names': list(
    'tls.selfsignednames',
    { takes: 'LIST', expected: 'a list of host names or IP addresses', valid: isHostName },
    'More host names and addresses for that certificate, separated by commas; localhost is always in it',
  ),
  'tls-self-signed-dir': text(
    'tls.selfsigneddir',
    'FOLDER',
    'Folder in which that certificate and its key are kept',
    { fallback: './data/tls' },
  ),
}
