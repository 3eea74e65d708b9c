const text = { type: 'string' }
const yes = { type: 'boolean' }
const count = { type: 'integer', minimum: 0 }

function described(description: string): object {
  return { type: 'string', description }
}

function object(properties: Readonly<Record<string, object>>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((key) => !optional.includes(key))
  return { type: 'object', required, properties }
}

function list(items: object, description?: string): object {
  return { type: 'array', items, ...(description !== undefined && { description }) }
}

const truncated = { type: 'boolean', description: 'True when something was left out because it is too much.' }

export const readmeSchema = object({
  markdown: described('The file as it is written.'),
  html: described('Safe HTML, without an element around it.'),
  toc: list(
    object({
      id: described('The id of the heading in `html`.'),
      text,
      level: { ...count, minimum: 1, maximum: 6 },
    }),
    'The headings, with the levels that the author gave them.',
  ),
  form: {
    type: 'string',
    enum: ['rendered', 'plain'],
    description: '`plain`: it is too large or too deep to be rendered, and `html` shows it as it is written.',
  },
  truncated,
})

export const schemaSchema = object(
  {
    title: text,
    rows: list(
      object(
        {
          path: described('"" is the root, `[]` an item of a list, `*` any other key.'),
          level: count,
          type: described('The types, separated by ", "; "" when the schema does not say.'),
          required: yes,
          default: described('As JSON text.'),
          enum: list(text, 'The values that are allowed, as JSON text.'),
          limits: {
            type: 'object',
            description: 'Limits by their keyword: `minimum`, `pattern`, `format` …',
            additionalProperties: {},
          },
          description: text,
          group: described('Where it is one of several: `oneOf 2`.'),
          reference: described('A `$ref` that is not followed.'),
          deprecated: yes,
        },
        ['default', 'description', 'group', 'reference'],
      ),
    ),
    truncated,
    problem: described('Why there are no rows.'),
  },
  ['title', 'problem'],
)

export const valueKeysSchema = object({
  keys: list(
    object(
      {
        path: described('As `--set` takes it.'),
        line: { ...count, minimum: 1 },
        type: {
          type: 'string',
          enum: ['string', 'number', 'boolean', 'null', 'object', 'array', 'alias'],
        },
        default: described('As it is written, shortened; not there where the keys below say it.'),
        description: text,
        example: described('YAML that is commented out beside the key.'),
        set: described('With the default as the value; not there where the keys below are what is set.'),
        yaml: described(
          'With the default as the value; not there for items of lists, and where it would be long.',
        ),
      },
      ['default', 'description', 'example', 'set', 'yaml'],
    ),
  ),
  truncated,
})

const entry = {
  name: described('As seen from the chart.'),
  size: { ...count, description: 'Bytes.' },
  kind: { type: 'string', enum: ['text', 'binary'] },
  language: described('Of texts: `yaml`, `go-template`, `json`, `markdown` … `text`.'),
}

const subChart = object(
  {
    name: text,
    version: text,
    path: text,
    form: { type: 'string', enum: ['folder', 'archive'] },
  },
  ['version'],
)

export const filesSchema = object({ files: list(object(entry, ['language'])), subCharts: list(subChart) })

export const fileSchema = object(
  { ...entry, text, data: { type: 'string', format: 'byte', description: 'Base64.' } },
  ['language', 'text', 'data'],
)

export const dependenciesSchema = object({
  needs: list(
    object(
      {
        name: text,
        version: described('A version or a range.'),
        repository: text,
        alias: text,
        condition: text,
        tags: list(text),
        vendored: subChart,
        resolved: {
          ...object({ repository: described('Its name; "" at the root.'), version: text }),
          description:
            'The version on this server that it gets: the newest in the range when `repository` is a repository here, ' +
            'or the very version that the archive brings along.',
        },
      },
      ['version', 'alias', 'condition', 'vendored', 'resolved'],
    ),
  ),
  undeclared: list(subChart, 'Charts below `charts/` that Chart.yaml does not name.'),
})

const change = (name: string) => object({ [name]: text, from: text, to: text }, ['from', 'to'])

export const comparisonSchema = object(
  {
    from: described('The version.'),
    to: described('The other version.'),
    facts: list(change('name'), 'What differs in Chart.yaml.'),
    dependencies: list(change('name'), 'Dependencies by name or alias, with the versions asked for.'),
    values: object({
      added: list(change('path')),
      removed: list(change('path')),
      changed: list(change('path')),
      truncated,
    }),
    files: list(
      object(
        {
          name: text,
          area: { type: 'string', enum: ['values', 'chart', 'templates', 'crds', 'charts', 'other'] },
          change: { type: 'string', enum: ['added', 'removed', 'changed'] },
          lines: object({ added: count, removed: count }),
          hunks: list(
            object({ from: count, to: count, lines: list(text, 'Each begins with " ", "+" or "-".') }),
          ),
        },
        ['lines', 'hunks'],
      ),
    ),
    attention: list(
      { type: 'string', enum: ['kubeVersion', 'values', 'crds'] },
      'What can break an upgrade.',
    ),
    truncated,
  },
  ['values'],
)
