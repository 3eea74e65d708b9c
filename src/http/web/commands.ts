import type { Page } from '../../../views/page.ts'

/** What people type into a shell or a Chart.yaml to use a version of a chart; every word of it safe to paste. */
export interface Commands {
  readonly add: string
  readonly install: string
  readonly upgrade: string
  readonly pull: string
  readonly values: string
  /** A block for the Chart.yaml of another chart. */
  readonly dependency: string
}

type Place = Pick<Page, 'alias' | 'repositoryUrl' | 'user'>

/** `helm repo add`, with the name of the user where one is signed in; never with a password. */
export function repoAddCommand({ alias, repositoryUrl, user }: Place, caFile: string): string {
  const words = ['helm', 'repo', 'add', alias, repositoryUrl]
  if (user !== undefined) words.push('--username', user)
  if (caFile !== '' && repositoryUrl.startsWith('https:')) words.push('--ca-file', caFile)
  return shell(words)
}

/** Who types a command, and what the server wants to know of them. */
type Typist = Pick<Page, 'user'> & Partial<Pick<Page, 'authentication'>>

/** How curl uploads an archive to a repository: without a password, which curl then asks for, and without the token. */
export function uploadCommand(
  { publicUrl, repo, ...typist }: Pick<Page, 'publicUrl' | 'repo'> & Typist,
  file = 'mychart-0.1.0.tgz',
): string {
  const credentials = credentialsOf(typist, '--user', ['--header', 'Authorization: Bearer TOKEN'])
  const address = `${publicUrl}/api${repo === '' ? '' : `/${repo}`}/charts`
  return shell(['curl', ...credentials, '--fail-with-body', '--data-binary', `@${file}`, address])
}

/** The same with the plugin cm-push, which asks the address for its index and finds the way to the API by itself. */
export function pushCommand(
  { repositoryUrl, ...typist }: Pick<Page, 'repositoryUrl'> & Typist,
  file = 'mychart-0.1.0.tgz',
): string {
  const credentials = credentialsOf(typist, '--username', ['--access-token', 'TOKEN'])
  return shell(['helm', 'cm-push', ...credentials, file, repositoryUrl])
}

function credentialsOf({ user, authentication }: Typist, flag: string, token: readonly string[]) {
  if (authentication === 'bearer') return token
  return user === undefined ? [] : [flag, user]
}

/** Commands with the version pinned, so that they mean the same tomorrow. `caFile`: "" for none. */
export function commandsFor(
  place: Place,
  chart: { readonly name: string; readonly version: string },
  caFile: string,
): Commands {
  const release = releaseName(chart.name)
  const what = `${place.alias}/${chart.name}`
  const version = ['--version', chart.version]
  return {
    add: repoAddCommand(place, caFile),
    install: shell(['helm', 'install', release, what, ...version]),
    upgrade: shell(['helm', 'upgrade', release, what, ...version]),
    pull: shell(['helm', 'pull', what, ...version]),
    values: shell(['helm', 'show', 'values', what, ...version]),
    dependency: [
      'dependencies:',
      `  - name: ${yaml(chart.name)}`,
      `    version: ${yaml(chart.version)}`,
      `    repository: ${yaml(place.repositoryUrl)}`,
    ].join('\n'),
  }
}

/** Names of charts are chosen by strangers: what a shell would read otherwise than it looks is quoted (POSIX 2.2.2). */
function shell(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ')
}

/** A text as YAML reads it back: quoted where it could be a number, a boolean or syntax. */
function yaml(text: string): string {
  const plain = /^[A-Za-z][\w./:-]*$/.test(text) && !/^(?:true|false|yes|no|on|off|null|y|n)$|:$/i.test(text)
  return plain || /^\d+\.\d+\.\d+(?:[-+][\w.+-]*)?$/.test(text) ? text : JSON.stringify(text)
}

/** Helm takes names of DNS labels, at most 53 characters. */
function releaseName(chart: string): string {
  const name = `my-${chart.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.slice(0, 53).replace(/-+$/, '')
  return name === 'my' ? 'my-release' : name
}
