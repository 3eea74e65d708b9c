import type { RunningServer } from './start-server.ts'

/** One repository of a running server, as a client sees it. */
export interface Site {
  /** What `helm repo add` gets: no trailing slash. */
  readonly repository: string
  /** Where its API starts: "http://127.0.0.1:40123/ctx/api/org". */
  readonly api: string
  readonly credentials: Credentials | undefined
  /** Asks below the repository's URL, with the site's credentials, unless `anonymous`. */
  get(path: string, init?: AskOptions): Promise<Response>
  /** Asks below the API's URL: `call('POST', '/charts', { body })`. */
  call(method: string, path: string, init?: AskOptions): Promise<Response>
  /** Publishes an archive as `curl --data-binary` does. */
  publish(archive: Uint8Array, query?: string): Promise<Response>
  /** Publishes a provenance as `curl --data-binary` does. */
  attach(provenance: string, query?: string): Promise<Response>
  /** The index file, parsed. */
  index(): Promise<IndexFile>
}

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface AskOptions {
  readonly body?: BodyInit
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  /** Leaves the credentials out. */
  readonly anonymous?: boolean
}

/** An index file as clients read it. */
export interface IndexFile {
  readonly apiVersion: string
  readonly generated: string
  readonly entries: Readonly<Record<string, readonly IndexEntry[]>>
  readonly serverInfo?: { contextPath?: string }
}

/** One version in an index file or in an answer of the API. */
export interface IndexEntry {
  readonly name: string
  readonly version: string
  readonly urls: readonly string[]
  readonly created: string
  readonly digest: string
  readonly [field: string]: unknown
}

/** The repository `repo` ("" at depth 0) of a server, below its context path. */
export function site(
  server: Pick<RunningServer, 'url'>,
  where: { repo?: string; context?: string; credentials?: Credentials } = {},
): Site {
  const { repo = '', context = '', credentials } = where
  const root = server.url + context
  const below = repo === '' ? '' : `/${repo}`
  const ask = (url: string, { anonymous, headers, ...init }: AskOptions = {}) =>
    fetch(url, {
      ...init,
      headers: { ...(credentials && !anonymous ? basic(credentials) : {}), ...headers },
      tls: { rejectUnauthorized: false },
    })
  const curl = { 'content-type': 'application/x-www-form-urlencoded' }
  const repository = root + below
  const api = `${root}/api${below}`
  return {
    repository,
    api,
    credentials,
    get: (path, init) => ask(repository + path, init),
    call: (method, path, init) => ask(api + path, { ...init, method }),
    publish: (archive, query = '') =>
      ask(`${api}/charts${query}`, { method: 'POST', body: exact(archive), headers: curl }),
    attach: (provenance, query = '') =>
      ask(`${api}/prov${query}`, { method: 'POST', body: provenance, headers: curl }),
    async index() {
      const response = await ask(`${repository}/index.yaml`)
      if (response.status !== 200) throw new Error(`index.yaml: ${response.status} ${await response.text()}`)
      return Bun.YAML.parse(await response.text()) as IndexFile
    },
  }
}

/** The header of basic authentication. */
export function basic({ user, password }: Credentials): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

/** SHA-256 in hex, as `digest` has it. */
export function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
}

/** The bytes as fetch and FormData take them, typed over an ArrayBuffer. */
export function exact(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
