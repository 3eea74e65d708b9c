import type { Language } from './words/language.ts'

/** Auto follows the system. */
export const themes = ['auto', 'day', 'night'] as const
export type Theme = (typeof themes)[number]

/** How people say who they are: not at all, by name and password, or by a token, which browsers do not send by themselves. */
export type Authentication = 'none' | 'basic' | 'bearer'

/** Addresses of the files that pages load. */
export interface PageAssets {
  readonly stylesheet: string
  readonly icon: string
  readonly sprite: string
  readonly htmx: string
  readonly script: string
  /** The text face, loaded early; undefined where the reader's own fonts are used. */
  readonly font: string | undefined
}

/** What every page knows of the request that it answers. Made once per request; views decide nothing. */
export interface Page {
  /** "" or "/ctx": every address of ours begins with it. */
  readonly contextPath: string
  /** The repository that the page belongs to; "" at the root, and on pages of no repository. */
  readonly repo: string
  /** The page belongs to one repository: there are charts to search and to upload to. */
  readonly inRepository: boolean
  /** Address of the repository without a slash at its end: "/ctx/org1". */
  readonly repository: string
  /** Address of the list of its charts, as a rule the same with a slash: "/ctx/org1/". */
  readonly list: string
  /** Repositories that the reader may choose from, the first of them; none where there is only one. */
  readonly repositories: readonly string[]
  /** There are more of them. */
  readonly moreRepositories: boolean
  readonly language: Language
  readonly theme: Theme
  /** Single keys do something. */
  readonly shortcuts: boolean
  /** Undefined: nobody signed in. */
  readonly user: string | undefined
  /** Whether anybody has to sign in at all, and for what. */
  readonly access: 'open' | 'read-open' | 'closed'
  readonly authentication: Authentication
  /** Whether the reader may read in the repository of the page; where it belongs to none, the pages of the server. */
  readonly canRead: boolean
  readonly canUpload: boolean
  readonly canDelete: boolean
  /** What a reader who may not upload lacks: a sign-in, a token that allows it, or the right. Undefined: nothing, or more. */
  readonly uploadNeeds: 'sign-in' | 'token' | 'right' | undefined
  /** Address of the server: "https://charts.example.com/ctx". */
  readonly publicUrl: string
  /** What `helm repo add` gets. */
  readonly repositoryUrl: string
  /** What `helm repo add` should call the repository. */
  readonly alias: string
  readonly version: string
  readonly assets: PageAssets
  /** Path and query as they were asked for. */
  readonly address: string
  /** Milliseconds since 1970. */
  readonly now: number
  /** The storage does not answer since this moment, and the page shows what was known then; undefined: it does. */
  readonly staleSince?: number | undefined
}

/** The address of a page of the repository: `inside(page, 'upload')` is "/ctx/org1/-/upload". */
export function inside(page: Pick<Page, 'repository'>, path: string): string {
  return `${page.repository}/-/${path}`
}

/** The address of a page of the server: `atRoot(page, 'api')` is "/ctx/-/api". */
export function atRoot(page: Pick<Page, 'contextPath'>, path: string): string {
  return `${page.contextPath}/-/${path}`
}

/** Where to sign in, and go on to the page that was asked for, or to another. */
export function signInAddress({ contextPath, address }: Page, next = address): string {
  const asked = new URLSearchParams(address.split('?', 2)[1])
  // On the page that asks for the password the address is that of the sign-in already.
  const wanted = asked.has('signin') ? asked.get('next') : next
  return `${contextPath}/?signin${wanted === null ? '' : `&next=${encodeURIComponent(wanted)}`}`
}

/** The pages of one version. */
export type ChartTab = 'values' | 'schema' | 'templates' | 'files' | 'dependencies'

/** The address of a chart, of one of its versions, or of a page of that version. */
export function chartPath(
  page: Pick<Page, 'repository'>,
  name: string,
  version?: string,
  part?: ChartTab | 'icon' | 'delete' | 'readme' | 'values/key',
): string {
  const parts = ['chart', name, version].filter((each) => each !== undefined).map(encodeURIComponent)
  return inside(page, [...parts, ...(part === undefined ? [] : [part])].join('/'))
}

/** The address of a page of a chart that belongs to no version. */
export function chartPage(
  page: Pick<Page, 'repository'>,
  name: string,
  part: 'versions' | 'icon' | 'delete' | 'compare',
): string {
  return inside(page, `chart/${encodeURIComponent(name)}/${part}`)
}

/** The address of a comparison, older version first. */
export function comparePath(page: Pick<Page, 'repository'>, name: string, from: string, to: string): string {
  return `${chartPage(page, name, 'compare')}/${encodeURIComponent(`${from}...${to}`)}`
}

/** The address of a file of a version: its page, or its bytes. */
export function filePath(
  page: Pick<Page, 'repository'>,
  name: string,
  version: string,
  kind: 'templates' | 'files' | 'raw',
  path: string,
): string {
  const file = path.split('/').map(encodeURIComponent).join('/')
  return inside(page, `chart/${encodeURIComponent(name)}/${encodeURIComponent(version)}/${kind}/${file}`)
}

/** The address of an archive, or of its provenance, as helm asks for it. */
export function archivePath(page: Pick<Page, 'repository'>, file: string): string {
  return `${page.repository}/charts/${encodeURIComponent(file)}`
}
