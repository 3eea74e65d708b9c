import {
  binary,
  failure,
  ifNoneMatch,
  notFound,
  notModified,
  range,
  ranged,
  unavailable,
  validators,
} from './answers.ts'
import type { OperationDoc, ResponseDoc } from '../operation-doc.ts'

/** GET /:repo/index.yaml */
export const indexDoc: OperationDoc = {
  id: 'readIndex',
  tag: 'Helm repository',
  summary: 'The index of the repository',
  description:
    'What `helm repo add` and `helm repo update` read. The text is YAML; clients known to read JSON faster (Helm 3.13 ' +
    'and later, Flux) get the same document as JSON text, which is YAML too, unless `--index-format` fixes one. ' +
    'A repository without charts answers an index without entries.',
  headers: [ifNoneMatch, range],
  responses: {
    200: {
      description: 'The index. Compressed only when `Accept-Encoding` asks for it.',
      headers: {
        ...validators,
        Vary: {
          description: 'The request headers that choose between forms of the answer.',
          schema: { type: 'string', example: 'Accept-Encoding, User-Agent' },
        },
      },
      content: indexContent(),
    },
    ...ranged(indexContent()),
    304: notModified,
    404: notFound,
    503: unavailable,
  },
}

/** GET /:repo/charts/:filename */
export const fileDoc: OperationDoc = {
  id: 'readFile',
  tag: 'Helm repository',
  summary: 'An archive, or its provenance',
  description:
    'What `helm pull` reads, with `--verify` the `.prov` file too. The bytes are those that were uploaded.',
  headers: [ifNoneMatch, range],
  responses: {
    200: {
      description: 'The file.',
      headers: validators,
      content: fileContent(),
    },
    ...ranged(fileContent()),
    304: notModified,
    400: failure('The name ends in neither `.tgz` nor `.tgz.prov`.', 'unsupported file extension'),
    404: failure('No such file, or no such address.', 'object not found', 'not found'),
    503: unavailable,
  },
}

/** GET /:repo/artifacthub-repo.yml */
const repositoryId: ResponseDoc = {
  description: 'The id of the repository.',
  content: {
    'application/x-yaml': {
      schema: { type: 'string' },
      example: 'repositoryID: 9f3b1f0e-5c5b-4c0a-9f5b-1d1b0c6f7a10\n',
    },
  },
}

export const artifactHubDoc: OperationDoc = {
  id: 'readArtifactHubMetadata',
  tag: 'Helm repository',
  summary: 'The metadata that Artifact Hub reads',
  description: 'There when an Artifact Hub id is configured for the repository (`--artifact-hub-repo-id`).',
  responses: {
    200: repositoryId,
    404: failure(
      'No id is configured for this repository.',
      'Artifact Hub repository ID not found',
      'not found',
    ),
  },
}

function fileContent() {
  return {
    'application/x-tar': { schema: binary },
    'application/pgp-signature': { schema: binary },
  }
}

function indexContent() {
  return { 'application/x-yaml': { schema: { type: 'string' }, example: indexExample() } }
}

function indexExample(): string {
  return [
    'apiVersion: v1',
    'entries:',
    '  mychart:',
    '  - apiVersion: v2',
    '    created: "2026-11-22T11:00:00.000Z"',
    '    digest: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    '    name: mychart',
    '    urls:',
    '    - charts/mychart-0.1.0.tgz',
    '    version: 0.1.0',
    'generated: "2026-11-22T11:00:00Z"',
    'serverInfo: {}',
    '',
  ].join('\n')
}

/** The same for the server itself, where repositories have a path. */
export const serverIdDoc: OperationDoc = {
  ...artifactHubDoc,
  id: 'readArtifactHubMetadataOfServer',
  summary: 'The metadata that Artifact Hub reads, for the whole server',
  description: 'There when an id without a repository is configured (`--artifact-hub-repo-id`).',
  responses: { 200: repositoryId },
}
