import { gunzipSync } from 'node:zlib'
import { basic } from './site.ts'
import type { Credentials, IndexFile } from './site.ts'
import { rawRequest } from './raw-http.ts'
import type { RawResponse } from './raw-http.ts'

/** How one `helm cm-push` is called. */
export interface PushOptions {
  /** `--force`. */
  readonly force?: boolean
  /** `--context-path`; without it, the plugin finds out by reading the index. */
  readonly contextPath?: string
  readonly credentials?: Credentials
  /** `--access-token`; sent instead of credentials. */
  readonly token?: string
  /** `HELM_REPO_AUTH_HEADER`: the header that carries the bare token. */
  readonly authHeader?: string
}

/** What the plugin prints, and the answer behind it. */
export interface Pushed {
  readonly printed: string
  readonly response: RawResponse
}

/** Go's own client, as the plugin uses it. */
const client = { 'User-Agent': 'Go-http-client/1.1', 'Accept-Encoding': 'gzip' }

/**
 * Sends exactly what `helm cm-push CHART REPOSITORY` sends (chartmuseum/helm-push, pkg/chartmuseum/upload.go): the
 * index first when no context path is given, then one multipart field "chart" whose file name is a path, in chunks
 * and without a Content-Length.
 */
export async function cmPush(
  repository: string,
  archive: Uint8Array,
  options: PushOptions = {},
): Promise<Pushed> {
  const { port, pathname } = new URL(repository)
  const contextPath = options.contextPath ?? (await discoverContextPath(repository, options))
  const repo = pathname.startsWith(contextPath) ? pathname.slice(contextPath.length) : pathname
  const target = joined(contextPath, 'api', repo, 'charts') + (options.force ? '?force' : '')
  const boundary = Bun.randomUUIDv7().replaceAll('-', '').repeat(2).slice(0, 60)
  const response = await rawRequest(Number(port), {
    method: 'POST',
    target,
    headers: {
      ...client,
      ...authorization(options),
      'Content-Type': `multipart/form-data; boundary=${boundary}`,
    },
    body: form(boundary, archive),
    chunked: true,
  })
  return { response, printed: printed(response) }
}

/** What `helm fetch cm://…` asks for: the index or a chart file below the repository. */
export async function cmDownload(
  repository: string,
  file: string,
  options: PushOptions = {},
): Promise<RawResponse> {
  const { port, pathname } = new URL(repository)
  return rawRequest(Number(port), {
    target: joined(pathname, file),
    headers: { ...client, ...authorization(options) },
  })
}

async function discoverContextPath(repository: string, options: PushOptions): Promise<string> {
  const response = await cmDownload(repository, 'index.yaml', options)
  if (response.status !== 200) throw new Error(`index.yaml: ${response.status} ${response.text()}`)
  const packed = response.headers.get('content-encoding') === 'gzip'
  const text = new TextDecoder().decode(packed ? gunzipSync(response.body) : response.body)
  const { apiVersion, serverInfo } = Bun.YAML.parse(text) as IndexFile
  if (!apiVersion) throw new Error('the plugin crashes on an index without apiVersion')
  return serverInfo?.contextPath ?? ''
}

/** A token goes first, unless both user and password are there. */
function authorization({ credentials, token, authHeader }: PushOptions): Record<string, string> {
  if (credentials) return { Authorization: basic(credentials).authorization }
  if (token === undefined) return {}
  return authHeader ? { [authHeader]: token } : { Authorization: `Bearer ${token}` }
}

function form(boundary: string, archive: Uint8Array): Uint8Array {
  const file = '/tmp/helm-push-1189998819/mychart-1.0.0.tgz'
  const part = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="chart"; filename="${file}"`,
    'Content-Type: application/octet-stream',
    '\r\n',
  ].join('\r\n')
  return Buffer.concat([Buffer.from(part), archive, Buffer.from(`\r\n--${boundary}--\r\n`)])
}

/** Go's path.Join: no empty parts, one slash between two. */
function joined(...parts: string[]): string {
  return `/${parts
    .flatMap((part) => part.split('/'))
    .filter((part) => part !== '')
    .join('/')}`
}

function printed(response: RawResponse): string {
  if (response.status === 201 || response.status === 202) return 'Done.'
  const error = errorOf(response.text())
  return error === undefined
    ? `Error: ${response.status}: could not properly parse response JSON: ${response.text()}`
    : `Error: ${response.status}: ${error}`
}

function errorOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { error?: string }).error
  } catch {
    return undefined // the plugin, too, shows the bare body then
  }
}
