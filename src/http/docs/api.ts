import {
  failure,
  ifNoneMatch,
  json,
  notFound,
  notModified,
  range,
  ranged,
  unavailable,
  validators,
} from './answers.ts'
import type { OperationDoc } from '../operation-doc.ts'
import { searchComplaints, searchDescription, searchQuery } from './search.ts'

/** One version, as every example of this document shows it. */
const chartVersion = {
  name: 'mychart',
  version: '0.1.0',
  description: 'A first chart',
  apiVersion: 'v2',
  appVersion: '1.16.0',
  type: 'application',
  urls: ['charts/mychart-0.1.0.tgz'],
  created: '2026-11-22T11:00:00.000Z',
  digest: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
}

const undo =
  'As long as `--trash-ttl` says (15 minutes unless set) it can be brought back on the page `/-/trash`.'

const noVersion = failure(
  'No such chart, no such version, or the version is neither a version nor a range.',
  'no chart name found',
  'no chart version found for mychart-9.9.9',
  'improper constraint: not-a-range',
  'not found',
)

const unreadable = failure(
  'The archive in the storage is no longer one that can be read.',
  'gzip: invalid header',
)

/** GET /api/:repo/charts */
export const listDoc: OperationDoc = {
  id: 'listCharts',
  tag: 'Charts',
  summary: 'All charts with their versions',
  description:
    'By name, each with its versions, newest first. `offset` and `limit` count charts in the order of names. ' +
    searchDescription,
  headers: [ifNoneMatch, range],
  query: [
    {
      name: 'offset',
      description: 'How many charts to leave out at the front.',
      schema: { type: 'integer', minimum: 0 },
    },
    { name: 'limit', description: 'How many charts at most.', schema: { type: 'integer', minimum: 1 } },
    ...searchQuery,
  ],
  responses: {
    200: {
      description:
        'The charts; `{}` when there are none. With `offset`, `limit` or `q` without ETag, date and parts.',
      headers: validators,
      content: json('ChartList', { mychart: [chartVersion] }),
    },
    ...ranged(json('ChartList', {})),
    304: notModified,
    400: failure(
      '`offset` or `limit` is not a number that counts, or the search cannot be understood.',
      'offset is not a valid non-negative integer',
      'limit is not a valid positive integer',
      ...searchComplaints,
    ),
    404: notFound,
    503: unavailable,
  },
}

/** GET /api/:repo/charts/:name */
export const chartDoc: OperationDoc = {
  id: 'readChart',
  tag: 'Charts',
  summary: 'The versions of one chart',
  headers: [ifNoneMatch, range],
  responses: {
    200: {
      description: 'The versions, newest first.',
      headers: validators,
      content: json('ChartVersions', [chartVersion]),
    },
    ...ranged(json('ChartVersions', [])),
    304: notModified,
    404: failure('No such chart.', 'chart not found', 'not found'),
    503: unavailable,
  },
}

/** DELETE /api/:repo/charts/:name */
export const deleteChartDoc: OperationDoc = {
  id: 'deleteChart',
  tag: 'Charts',
  summary: 'Delete a chart with all its versions',
  description: undo,
  responses: {
    200: {
      description: 'The chart is gone: no read shows it from now on.',
      content: json('DeletedChart', { deleted: true, versions: 3 }),
    },
    404: failure('No such chart.', 'Cannot delete "mychart": there is no such chart', 'not found'),
    503: unavailable,
  },
}

/** GET /api/:repo/charts/:name/:version */
export const versionDoc: OperationDoc = {
  id: 'readVersion',
  tag: 'Charts',
  summary: 'One version of a chart',
  description: 'An exact version, `latest`, or the newest version of a range.',
  responses: {
    200: {
      description: 'The version.',
      content: json('ChartVersion', chartVersion),
    },
    404: noVersion,
    503: unavailable,
  },
}

/** DELETE /api/:repo/charts/:name/:version */
export const deleteVersionDoc: OperationDoc = {
  id: 'deleteVersion',
  tag: 'Charts',
  summary: 'Delete one version of a chart',
  description: `The exact version only, together with its provenance. ${undo}`,
  responses: {
    200: {
      description: 'The version is gone: no read shows it from now on.',
      content: json('Deleted', { deleted: true }),
    },
    404: failure(
      'No such version.',
      'Cannot delete "mychart-9.9.9": there is no such chart version',
      'not found',
    ),
    503: unavailable,
  },
}

/** GET /api/:repo/charts/:name/:version/templates */
export const templatesDoc: OperationDoc = {
  id: 'readTemplates',
  tag: 'Charts',
  summary: 'The templates and default values of a version',
  responses: {
    200: {
      description: 'The files below `templates/` of the chart itself, and its values.',
      content: json('Templates', {
        templates: [{ name: 'templates/configmap.yaml', data: 'a2luZDogQ29uZmlnTWFwCg==' }],
        values: { replicaCount: 1 },
      }),
    },
    400: unreadable,
    404: { ...noVersion, description: `${noVersion.description} Or the archive is no longer there.` },
    503: unavailable,
  },
}

/** GET /api/:repo/charts/:name/:version/values */
export const valuesDoc: OperationDoc = {
  id: 'readValues',
  tag: 'Charts',
  summary: 'The values.yaml of a version',
  responses: {
    200: {
      description: 'The file as it stands in the archive, without a byte order mark.',
      content: { 'application/yaml': { schema: { type: 'string' }, example: 'replicaCount: 1\n' } },
    },
    400: unreadable,
    404: failure(
      'No such version, or the archive has no values.yaml.',
      'values.yaml not found',
      'no chart name found',
      'no chart version found for mychart-9.9.9',
      'not found',
    ),
    503: unavailable,
  },
}
