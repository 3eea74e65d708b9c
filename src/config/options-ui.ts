import { duration, oneOf, text } from './option.ts'

/** What only the pages for browsers need. */
export const uiOptions = {
  'trash-ttl': duration(
    'trash.ttl',
    900_000,
    'How long a deleted chart can be brought back; 0 deletes for good at once',
    { shown: '15m' },
  ),
  'ui-secret': text(
    'ui.secret',
    'TEXT',
    'Secret that confirmations of deletions are signed with; without it one is derived from the passwords, or made at start (replicas with bearer tokens need it)',
    { secret: true },
  ),
  'ui-fonts': oneOf(
    'ui.fonts',
    ['own', 'system'],
    'own',
    'Fonts of the pages: own, served from here, or system, those of the reader',
  ),
  'ui-repo-alias': text(
    'ui.repoalias',
    'NAME',
    'Name of the repository in the commands that pages show; without it the last part of its path',
  ),
  'ui-ca-hint': text(
    'ui.cahint',
    'FILE',
    'File name that pages show as --ca-file in commands, where the certificate comes from a private authority',
    { shown: 'cert.pem with --tls-self-signed' },
  ),
  keyring: text(
    'keyring',
    'FILE',
    'OpenPGP public keys; provenance signed by one of them is shown as verified',
  ),
}
