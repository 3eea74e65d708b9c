/** The parts of the document that operations refer to. */
export interface Components {
  readonly schemas: Readonly<Record<string, object>>
  readonly securitySchemes?: Readonly<Record<string, object>>
}

export const tags = [
  { name: 'Helm repository', description: 'What `helm repo add`, `helm repo update` and `helm pull` ask.' },
  { name: 'Charts', description: 'List, read, upload and delete charts.' },
  {
    name: 'Service',
    description: 'Is the server alive, ready, and which version is it? Never authenticated.',
  },
  { name: 'Pages', description: 'What a browser asks.' },
  { name: 'HEAD', description: 'Every GET above, asked for its headers only.' },
]

const text = { type: 'string' }
const texts = { type: 'array', items: text }

const maintainer = { type: 'object', properties: { name: text, email: text, url: text } }

const dependency = {
  type: 'object',
  required: ['name', 'repository'],
  properties: {
    name: text,
    version: { type: 'string', description: 'A version or a range.' },
    repository: {
      type: 'string',
      description: 'The address of the repository, or an alias such as `@stable`.',
    },
    condition: { type: 'string', description: 'Paths in the values that switch the dependency on and off.' },
    tags: texts,
    enabled: { type: 'boolean' },
    'import-values': { type: 'array', items: {} },
    alias: text,
  },
}

const chartVersion = {
  type: 'object',
  description: 'One version of a chart, as it stands in the index. Keys without a value are left out.',
  required: ['name', 'version', 'urls', 'created', 'digest'],
  properties: {
    name: text,
    home: text,
    sources: texts,
    version: text,
    description: text,
    keywords: texts,
    maintainers: { type: 'array', items: { $ref: '#/components/schemas/Maintainer' } },
    icon: text,
    apiVersion: text,
    condition: text,
    tags: text,
    appVersion: text,
    deprecated: { type: 'boolean' },
    annotations: { type: 'object', additionalProperties: text },
    kubeVersion: text,
    dependencies: { type: 'array', items: { $ref: '#/components/schemas/Dependency' } },
    type: { type: 'string', enum: ['application', 'library'] },
    urls: {
      type: 'array',
      items: text,
      minItems: 1,
      maxItems: 1,
      description: 'Where the archive is: relative to the repository, or a full address with `--chart-url`.',
    },
    created: { type: 'string', format: 'date-time' },
    digest: { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'The SHA-256 of the archive.' },
  },
}

const failure = {
  type: 'object',
  required: ['error'],
  properties: { error: { type: 'string', description: 'What was wrong, in one sentence.' } },
}

const conflict = {
  type: 'object',
  required: ['error'],
  properties: {
    error: text,
    identical: { type: 'boolean', description: 'True when the bytes sent are those that are stored.' },
    digest: { type: 'string', description: 'The SHA-256 of what is stored, as hex.' },
  },
}

const templates = {
  type: 'object',
  required: ['templates', 'values'],
  properties: {
    templates: {
      type: 'array',
      nullable: true,
      description: 'The files below `templates/`, in the order of the archive; null when there are none.',
      items: {
        type: 'object',
        required: ['name', 'data'],
        properties: { name: text, data: { type: 'string', format: 'byte', description: 'Base64.' } },
      },
    },
    values: {
      type: 'object',
      nullable: true,
      additionalProperties: true,
      description: 'The parsed values.yaml; null when there is none.',
    },
  },
}

const yes = (key: string) => ({
  type: 'object',
  required: [key],
  properties: { [key]: { type: 'boolean', enum: [true] } },
})

const schemas = {
  ChartVersion: chartVersion,
  ChartVersions: {
    type: 'array',
    description: 'The versions of one chart, newest first.',
    items: { $ref: '#/components/schemas/ChartVersion' },
  },
  ChartList: {
    type: 'object',
    description: 'The versions of each chart, by name.',
    additionalProperties: { $ref: '#/components/schemas/ChartVersions' },
  },
  Maintainer: maintainer,
  Dependency: dependency,
  Templates: templates,
  Saved: yes('saved'),
  Deleted: yes('deleted'),
  DeletedChart: {
    type: 'object',
    required: ['deleted', 'versions'],
    properties: {
      deleted: { type: 'boolean', enum: [true] },
      versions: { type: 'integer', minimum: 1, description: 'How many versions the chart had.' },
    },
  },
  Healthy: yes('healthy'),
  Readiness: {
    type: 'object',
    required: ['healthy'],
    properties: {
      healthy: { type: 'boolean', enum: [true] },
      status: { type: 'string', enum: ['degraded'] },
      since: { type: 'string', format: 'date-time' },
      reason: text,
    },
  },
  Info: {
    type: 'object',
    required: ['version'],
    properties: { version: text, conditionalWrites: { type: 'boolean' } },
  },
  Error: failure,
  Conflict: conflict,
}

/** What operations refer to, without the ways to say who one is, which follow from the settings. */
export const components: Components = { schemas }
