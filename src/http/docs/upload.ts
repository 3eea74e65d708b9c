import { binary, errors, failure, json, notFound, unavailable } from './answers.ts'
import type { OperationDoc, QueryDoc, ResponseDoc } from '../operation-doc.ts'

const force: QueryDoc = {
  name: 'force',
  description:
    'Replace what is stored under the same name and version. Its presence counts; `false` and `0` mean no. ' +
    'Not obeyed with `--disable-force-overwrite`.',
  schema: { type: 'string' },
  allowEmptyValue: true,
}

const saved: ResponseDoc = {
  description: 'Stored durably; every read shows it from now on.',
  content: json('Saved', { saved: true }),
}

const digest = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'

/** What any upload can be answered. */
const refusals: Record<number, ResponseDoc> = {
  404: notFound,
  408: failure(
    'The body did not arrive in time.',
    'Cannot receive the upload: it took longer than 300 seconds.',
  ),
  413: {
    ...failure(
      'The body is over the limit (`--max-upload-size`). Nothing is stored. Far over it, the refusal has no body.',
      'request too large: the limit is 20971520 bytes',
    ),
    headers: {
      Connection: {
        description: 'The connection is closed without reading the rest.',
        schema: { type: 'string', example: 'close' },
      },
    },
  },
  503: unavailable,
  507: failure('The repository or the disk is full.', 'repo has reached storage limit'),
}

/** POST /api/:repo/charts */
export const publishDoc: OperationDoc = {
  id: 'publishChart',
  tag: 'Charts',
  summary: 'Upload an archive',
  description:
    'Either the archive itself as the body, whatever its content type (`curl --data-binary @mychart-0.1.0.tgz`), or ' +
    '`multipart/form-data` with a file in the field `chart`, in `prov`, or in both. Name and version come from the ' +
    'Chart.yaml inside, never from a file name. Nothing is stored unless everything is.',
  query: [force],
  request: {
    description: 'The archive, or a form with the archive and its provenance.',
    content: {
      'application/octet-stream': { schema: binary },
      'application/gzip': { schema: binary },
      'multipart/form-data': {
        schema: {
          type: 'object',
          properties: {
            chart: { ...binary, description: 'The archive.' },
            prov: { ...binary, description: 'Its provenance.' },
          },
        },
        encoding: {
          chart: { contentType: 'application/gzip, application/octet-stream' },
          prov: { contentType: 'application/pgp-signature, application/octet-stream' },
        },
      },
    },
  },
  responses: {
    201: saved,
    400: failure(
      'Not an archive that Helm would read, or a form without a file. Nothing is stored.',
      'EOF',
      'gzip: invalid header',
      'Chart.yaml file is missing',
      'validation: chart.metadata.version "abc" is invalid',
      'no package or provenance file found in form fields chart and prov',
    ),
    409: {
      description: 'This version is stored already. `identical` tells whether with the same bytes.',
      content: errors(
        'Conflict',
        { error: 'file already exists', identical: true, digest },
        { error: 'chart already exists', identical: false, digest },
      ),
    },
    ...refusals,
  },
}

const provenanceText = [
  '-----BEGIN PGP SIGNED MESSAGE-----',
  'Hash: SHA512',
  '',
  'apiVersion: v2',
  'name: mychart',
  'version: 0.1.0',
  '',
  '...',
  'files:',
  `  mychart-0.1.0.tgz: sha256:${digest}`,
  '-----BEGIN PGP SIGNATURE-----',
  '',
  'wsBcBAEBCgAQBQJnQG0ACRCEO7+YH8GHYgAA',
  '-----END PGP SIGNATURE-----',
  '',
].join('\n')

/** POST /api/:repo/prov */
export const provenanceDoc: OperationDoc = {
  id: 'attachProvenance',
  tag: 'Charts',
  summary: 'Upload a provenance file',
  description:
    'The body is the `.prov` file, whatever its content type. The name and version it signs say where it belongs; ' +
    'the signature is not checked here, `helm pull --verify` does that.',
  query: [force],
  request: {
    description: 'The provenance file.',
    content: {
      'application/octet-stream': { schema: binary },
      'text/plain': { schema: { type: 'string' }, example: provenanceText },
    },
  },
  responses: {
    201: saved,
    400: failure('Not a provenance file that names a chart and a version.', 'invalid provenance file'),
    409: {
      description: 'This version has a provenance file already.',
      content: errors('Conflict', { error: 'file already exists' }),
    },
    ...refusals,
  },
}
