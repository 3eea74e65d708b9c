import { RegistryError } from '../errors.ts'
import type { Document } from '../registry/document.ts'
import type { Ready } from '../ready.ts'
import { whenReady } from '../ready.ts'
import type { Registry } from '../registry/registry.ts'
import { withBodyBytes } from './body-bytes.ts'
import { sendObject } from './conditional.ts'
import { artifactHubDoc, fileDoc, indexDoc, serverIdDoc } from './docs/helm.ts'
import { negotiateEncoding } from './encoding.ts'
import { headersFor } from './headers.ts'
import type { Ask, Row } from './route.ts'
import { get } from './route.ts'

export interface HelmParts {
  readonly registry: Registry
  readonly indexFormat: 'auto' | 'yaml' | 'json'
  /** Artifact Hub repository ids by repository name. */
  readonly artifactHubIds: ReadonlyMap<string, string>
}

/** What `helm repo`, `helm pull` and `helm install` ask. */
export function helmRows(parts: HelmParts): Row[] {
  return [
    get('/:repo/index.yaml', 'pull', (ask) => sendIndex(ask, parts), indexDoc),
    get('/:repo/charts/:filename', 'pull', (ask) => sendFile(ask, parts.registry), fileDoc),
    get('/:repo/artifacthub-repo.yml', 'pull', (ask) => sendArtifactHub(ask, parts), artifactHubDoc),
  ]
}

/**
 * The id of the whole server at its own address, where repositories have a path.
 * ChartMuseum: serves it at depth 2 and below; at depth 1 its welcome page stands in the way.
 */
export function serverIdRows(
  { artifactHubIds }: Pick<HelmParts, 'artifactHubIds'>,
  { depth, dynamic }: { readonly depth: number; readonly dynamic: boolean },
): Row[] {
  const id = depth > 0 && !dynamic ? artifactHubIds.get('') : undefined
  return id === undefined
    ? []
    : [get('/artifacthub-repo.yml', 'pull', () => artifactHubFile(id), serverIdDoc)]
}

function sendIndex({ request, repo }: Ask, { registry, indexFormat }: HelmParts): Ready<Response> {
  const kind = indexFormat === 'auto' ? fastestFormat(request.headers.get('user-agent')) : indexFormat
  // The fixed formats do not vary by client, for people with a caching proxy in front.
  const varies = indexFormat === 'auto' ? 'User-Agent, ' : ''
  return whenReady(registry.repository(repo).document(kind), (document) =>
    sendDocument(request, document, 'application/x-yaml', varies),
  )
}

/** Sends a document, compressed when the client asked for that. */
export function sendDocument(
  request: Request,
  document: Document,
  type: string,
  varies = '',
): Ready<Response> {
  const encoding = negotiateEncoding(request.headers.get('accept-encoding'))
  const { etag, modified } = document
  const vary = `${varies}Accept-Encoding`
  if (encoding === undefined) {
    const { body } = document
    return sendObject({ request, body, size: body.size, etag, modified, type, headers: { vary } })
  }
  return document.encoded(encoding).then((body) => {
    const headers = { vary, 'content-encoding': encoding }
    return sendObject({
      request,
      body,
      size: body.size,
      etag: `${etag}-${encoding}`,
      modified,
      type,
      headers,
    })
  })
}

/**
 * JSON text for the clients that parse it several times faster: Helm from 3.13 on (its loader tries JSON first) and
 * Flux, which uses that loader. Older ones parse JSON by the slow strict YAML path; everybody else may be a person.
 * Helm built by `go install` says "Helm/3.20", releases say "Helm/3.20.2".
 */
export function fastestFormat(userAgent: string | null): 'yaml' | 'json' {
  if (userAgent === null) return 'yaml'
  const helm = /^Helm\/v?(\d+)\.(\d+)/.exec(userAgent)
  if (helm === null) return /^(source-controller|flux)\b/i.test(userAgent) ? 'json' : 'yaml'
  const major = Number(helm[1])
  return major > 3 || (major === 3 && Number(helm[2]) >= 13) ? 'json' : 'yaml'
}

const fileTypes = { archive: 'application/x-tar', provenance: 'application/pgp-signature' } as const

function sendFile({ request, repo, params }: Ask, registry: Registry): Ready<Response> {
  return whenReady(
    registry.repository(repo).file(params.filename),
    ({ kind, body, size, etag, modified }) => {
      const type = fileTypes[kind]
      if (body instanceof Blob) return sendObject({ request, body, size, etag, modified, type })
      return withBodyBytes(new Response(body, { headers: headersFor('protocol', type) }), size)
    },
  )
}

function sendArtifactHub({ repo }: Ask, { artifactHubIds }: HelmParts): Response {
  const id = artifactHubIds.get(repo)
  if (id === undefined)
    throw new RegistryError('not_found', 'repository', 'Artifact Hub repository ID not found')
  return artifactHubFile(id)
}

function artifactHubFile(id: string): Response {
  const headers = headersFor('protocol', 'application/x-yaml')
  return new Response(`repositoryID: ${id}\n`, { headers })
}
