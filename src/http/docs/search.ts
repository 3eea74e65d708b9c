import { searchSorts } from '../../registry/search.ts'
import type { OperationDoc, QueryDoc, ResponseDoc } from '../operation-doc.ts'
import { failure, notFound, unavailable } from './answers.ts'

const choice = (name: string, description: string): QueryDoc => ({
  name,
  description: `${description} Several may be given; a chart needs one of them.`,
  schema: { type: 'array', items: { type: 'string' } },
})

const flag = (name: string, what: string): QueryDoc => ({
  name,
  description: `\`false\` leaves ${what} out, \`true\` leaves out all others.`,
  schema: { type: 'string', enum: ['true', 'false'] },
})

/** What narrows and orders the charts that `q` finds. */
const narrowing: readonly QueryDoc[] = [
  choice('type', '`application` or `library`.'),
  choice('keyword', 'A keyword of the chart.'),
  choice('maintainer', 'The name of a maintainer.'),
  flag('deprecated', 'deprecated charts'),
  flag('prerelease', 'charts that have nothing but pre-releases'),
  flag('signed', 'charts whose newest stable version has a provenance'),
  flag('schema', 'charts whose newest stable version has a schema for its values'),
  {
    name: 'sort',
    description:
      'By how well the words fit, by name, by when the newest version was published, by how many versions there are, or ' +
      'by the size of the newest stable archive: the most first, except for names.',
    schema: { type: 'string', enum: [...searchSorts] },
  },
]

const words =
  'At most 200 characters and 8 words, all of which must be found in the name, the keywords, the description, the ' +
  'maintainers, the version of the application, the home page or the category. The beginning of a word is enough, ' +
  'case and accents do not count, and in words of four letters or more one may be wrong.'

/** Query parameters of the list of charts that make it a search. */
export const searchQuery: readonly QueryDoc[] = [
  {
    name: 'q',
    description: `Only the charts that these words find, best first. ${words} Empty: every chart.`,
    schema: { type: 'string', maxLength: 200 },
    allowEmptyValue: true,
  },
  ...narrowing.map((each) => ({ ...each, description: `With \`q\`: ${each.description}` })),
]

/** What the list of charts does with them. */
export const searchDescription =
  'With `q` it is a search: the keys stand in the order of the results, at most 100 charts without `limit`. ' +
  '`X-Total-Count` is the number of all that were found, and `Link` has the addresses of the previous and the next ' +
  'part (RFC 8288).'

/** Sentences of a search that cannot be understood. */
export const searchComplaints = [
  'Cannot search: the text is too long, it has 9 words, at most 8 are searched for',
  'Cannot search: the text is too long, it has 201 characters, at most 200 are searched for',
  'sort is none of relevance, name, newest, versions, size',
  'deprecated is none of true, false',
  'prerelease is none of true, false',
  'signed is none of true, false',
  'schema is none of true, false',
] as const

const text = { type: 'string' }
const texts = { type: 'array', items: text }
const links = { type: 'object', required: ['self'], properties: { self: text } }

const latest = {
  type: 'object',
  required: ['data', 'links'],
  properties: {
    data: {
      type: 'object',
      required: ['version', 'app_version', 'created', 'digest', 'urls'],
      properties: {
        version: { type: 'string', description: 'The newest that is no pre-release, else the newest.' },
        app_version: text,
        created: { type: 'string', format: 'date-time' },
        digest: text,
        urls: texts,
      },
    },
    links,
  },
}

const attributes = {
  type: 'object',
  required: ['name', 'repo', 'description', 'home', 'keywords', 'maintainers', 'sources', 'icon'],
  properties: {
    name: text,
    repo: { type: 'object', required: ['name', 'url'], properties: { name: text, url: text } },
    description: text,
    home: text,
    keywords: texts,
    maintainers: { type: 'array', items: { $ref: '#/components/schemas/Maintainer' } },
    sources: texts,
    icon: text,
  },
}

const hubSchema = {
  type: 'object',
  required: ['data'],
  properties: {
    data: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'type', 'artifactHub', 'attributes', 'links', 'relationships'],
        properties: {
          id: text,
          type: { type: 'string', enum: ['chart'] },
          artifactHub: {
            type: 'object',
            required: ['packageUrl'],
            properties: {
              packageUrl: { type: 'string', description: 'What helm shows: the page of the chart.' },
            },
          },
          attributes,
          links,
          relationships: {
            type: 'object',
            required: ['latestChartVersion'],
            properties: { latestChartVersion: latest },
          },
        },
      },
    },
  },
}

const hubAnswers: Readonly<Record<number, ResponseDoc>> = {
  200: {
    description: 'The charts in Monocular’s form, best first; at most 1000 without `limit`.',
    headers: {
      'X-Total-Count': {
        description: 'How many were found in all.',
        schema: { type: 'integer', example: 1 },
      },
    },
    content: { 'application/json': { schema: hubSchema, example: { data: [] } } },
  },
  400: failure(
    'The search cannot be understood.',
    ...searchComplaints,
    'offset is not a valid non-negative integer',
    'limit is not a valid positive integer',
  ),
  404: notFound,
  503: unavailable,
}

const hubQuery: readonly QueryDoc[] = [
  { name: 'q', description: words, schema: { type: 'string', maxLength: 200 }, allowEmptyValue: true },
  ...narrowing,
  { name: 'offset', description: 'Charts to leave out.', schema: { type: 'integer', minimum: 0 } },
  { name: 'limit', description: 'How many charts at most.', schema: { type: 'integer', minimum: 1 } },
]

/** GET /api/:repo/chartsvc/v1/charts/search */
export const hubDoc: OperationDoc = {
  id: 'searchHub',
  tag: 'Helm repository',
  summary: 'Search one repository for `helm search hub`',
  description: 'For `helm search hub --endpoint <address of the repository>`.',
  query: hubQuery,
  responses: hubAnswers,
}

/** GET /api/chartsvc/v1/charts/search, and the same below `/-` */
export function hubAllDoc(id: string): OperationDoc {
  return {
    id,
    tag: 'Helm repository',
    summary: 'Search all repositories for `helm search hub`',
    description:
      'For `helm search hub --endpoint <address of the server>`. Where a repository can be called `chartsvc/v1` (names ' +
      'of two parts or of any number) that address belongs to it; `--endpoint <address of the server>/-` is free always.',
    query: hubQuery,
    responses: hubAnswers,
  }
}
