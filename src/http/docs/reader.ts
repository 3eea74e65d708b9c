import { failure } from './answers.ts'
import { json, noVersion, reading } from './reading.ts'
import { comparisonSchema, dependenciesSchema, fileSchema, filesSchema } from './reader-schemas.ts'
import { readmeSchema, schemaSchema, valueKeysSchema } from './reader-schemas.ts'

const path = {
  name: 'path',
  description: 'The file, as the list of files names it. Must be there.',
  schema: { type: 'string', minLength: 1 },
  example: 'templates/configmap.yaml',
  required: true,
}

const badPath = failure(
  'No `path`, or the archive in the storage is no longer one that can be read.',
  'path is missing: name a file of the archive',
  'gzip: invalid header',
)

const noFile = failure(
  'No such version, or the archive has no file of that name.',
  'Cannot read "templates/nothing.yaml": the archive has no file of that name',
  ...noVersion,
)

/** GET /api/:repo/charts/:name/:version/readme */
export const readmeDoc = reading(
  {
    id: 'readReadme',
    summary: 'The README of a version',
    description:
      'As it is written, and as HTML that is safe to embed: a fixed list of elements and attributes, no scripts, no ' +
      'styles, nothing loaded from elsewhere. Links to files of the archive lead to `raw`, relative to this address.',
  },
  {
    description: 'The README.',
    content: json(readmeSchema, {
      markdown: '# mychart\n\n## Install\n\nSee [the notes](docs/notes.md).\n',
      html:
        '<h4 id="readme-install">Install</h4>\n' +
        '<p>See <a href="raw?path=docs/notes.md">the notes</a>.</p>',
      toc: [{ id: 'readme-install', text: 'Install', level: 2 }],
      form: 'rendered',
      truncated: false,
    }),
  },
  { 404: failure('No such version, or the archive has no README.md.', 'README.md not found', ...noVersion) },
)

/** GET /api/:repo/charts/:name/:version/schema */
export const schemaDoc = reading(
  {
    id: 'readSchema',
    summary: 'The schema of the values of a version, as rows',
    description:
      'What values.schema.json says of each key. References inside the file are followed, others are shown; nothing is ' +
      'fetched. The file itself is `raw?path=values.schema.json`.',
  },
  {
    description: 'The rows, in the order of the file.',
    content: json(schemaSchema, {
      title: 'Values of mychart',
      rows: [
        {
          path: 'replicas',
          level: 1,
          type: 'integer',
          required: true,
          default: '1',
          enum: [],
          limits: { minimum: 1 },
          description: 'How many pods.',
          deprecated: false,
        },
      ],
      truncated: false,
    }),
  },
  {
    404: failure(
      'No such version, or the archive has no values.schema.json.',
      'values.schema.json not found',
      ...noVersion,
    ),
  },
)

/** GET /api/:repo/charts/:name/:version/values/keys */
export const valueKeysDoc = reading(
  {
    id: 'listValueKeys',
    summary: 'The keys of the values of a version, and how to set them',
    description:
      'The keys of values.yaml in the order of the file, each with its line, its default, what the comments say of it, ' +
      'and two ways to set it: an argument for `helm install`, and the smallest values file.',
  },
  {
    description: 'The keys.',
    content: json(valueKeysSchema, {
      keys: [
        {
          path: 'auth.enabled',
          line: 12,
          type: 'boolean',
          default: 'true',
          description: 'Ask for a password',
          set: '--set auth.enabled=true',
          yaml: 'auth:\n  enabled: true\n',
        },
      ],
      truncated: false,
    }),
  },
  {
    404: failure(
      'No such version, or the archive has no values.yaml.',
      'values.yaml not found',
      ...noVersion,
    ),
  },
)

const template = { name: 'templates/configmap.yaml', size: 20, kind: 'text', language: 'go-template' }

/** GET /api/:repo/charts/:name/:version/files */
export const filesDoc = reading(
  {
    id: 'listFiles',
    summary: 'The files in the archive of a version',
    description: 'By name, as seen from the chart, with the charts that it brings along.',
  },
  {
    description: 'The files.',
    content: json(filesSchema, {
      files: [{ name: 'Chart.yaml', size: 112, kind: 'text', language: 'yaml' }, template],
      subCharts: [{ name: 'common', version: '2.31.10', path: 'charts/common-2.31.10.tgz', form: 'archive' }],
    }),
  },
  {},
)

/** GET /api/:repo/charts/:name/:version/file */
export const fileDoc = reading(
  {
    id: 'readOneFile',
    summary: 'One file of a version, as JSON',
    description: 'A text in `text`, everything else in `data`, in base64.',
    query: [path],
  },
  { description: 'The file.', content: json(fileSchema, { ...template, text: 'kind: ConfigMap\n' }) },
  { 400: badPath, 404: noFile },
)

const binary = { schema: { type: 'string', format: 'binary' } }
const pictures = ['png', 'jpeg', 'gif', 'webp', 'svg+xml'].map((kind) => [`image/${kind}`, binary])

/** GET /api/:repo/charts/:name/:version/raw */
export const rawDoc = reading(
  {
    id: 'readRawFile',
    summary: 'One file of a version, as it is',
    description:
      'Its bytes, without a UTF-8 byte order mark. Pictures (PNG, JPEG, GIF, WebP, SVG) and texts are told by their bytes; ' +
      'everything else is `application/octet-stream`.',
    query: [path],
  },
  {
    description: 'The file.',
    content: {
      'text/plain': { schema: { type: 'string' }, example: 'kind: ConfigMap\n' },
      'application/octet-stream': binary,
      ...Object.fromEntries(pictures),
    },
  },
  { 400: badPath, 404: noFile },
)

/** GET /api/:repo/charts/:name/:version/dependencies */
export const dependenciesDoc = reading(
  {
    id: 'readDependencies',
    summary: 'What a version needs',
    description:
      'The dependencies of Chart.yaml, with the copies that the archive brings along, and what they are on this server.',
  },
  {
    description: 'The dependencies, in the order of Chart.yaml.',
    content: json(dependenciesSchema, {
      needs: [
        {
          name: 'common',
          version: '2.x.x',
          repository: 'https://charts.example.com',
          tags: ['infrastructure'],
          vendored: { name: 'common', version: '2.31.10', path: 'charts/common', form: 'folder' },
          resolved: { repository: '', version: '2.31.10' },
        },
      ],
      undeclared: [],
    }),
  },
  {},
)

/** GET /api/:repo/charts/:name/:version/compare */
export const compareDoc = reading(
  {
    id: 'compareVersions',
    summary: 'What changed from this version to another',
    description:
      'Facts of Chart.yaml, dependencies, default values by key, and files with their lines. Lines are compared up to ' +
      '512 KiB and 1,500 changed lines of a file and 5,000 in all; beyond, a file is only named.',
    query: [
      {
        name: 'to',
        description: 'The other version, or a range; without it the newest that is not a pre-release.',
        schema: { type: 'string' },
        example: 'latest',
      },
    ],
  },
  {
    description: 'The differences; empty lists when there are none.',
    content: json(comparisonSchema, {
      from: '0.1.0',
      to: '0.2.0',
      facts: [{ name: 'appVersion', from: '1.16.0', to: '1.17.0' }],
      dependencies: [],
      values: {
        added: [{ path: 'auth.enabled', to: 'false' }],
        removed: [],
        changed: [{ path: 'replicas', from: '1', to: '2' }],
        truncated: false,
      },
      files: [
        {
          name: 'values.yaml',
          area: 'values',
          change: 'changed',
          lines: { added: 1, removed: 1 },
          hunks: [{ from: 1, to: 1, lines: ['-replicas: 1', '+replicas: 2'] }],
        },
      ],
      attention: [],
      truncated: false,
    }),
  },
  {},
)
