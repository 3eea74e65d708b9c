import { failure, json } from './answers.ts'
import type { OperationDoc } from '../operation-doc.ts'

/** GET /health */
export const healthDoc: OperationDoc = {
  id: 'readHealth',
  tag: 'Service',
  summary: 'The server is up',
  responses: { 200: { description: 'It is.', content: json('Healthy', { healthy: true }) } },
}

/** GET /livez */
export const livezDoc: OperationDoc = {
  id: 'readLiveness',
  tag: 'Service',
  summary: 'The process is alive',
  description: 'For a liveness probe: asks nothing of the storage.',
  responses: { 200: { description: 'It is.', content: json('Healthy', { healthy: true }) } },
}

/** GET /readyz */
export const readyzDoc: OperationDoc = {
  id: 'readReadiness',
  tag: 'Service',
  summary: 'The server can serve charts',
  description:
    'For a readiness probe: the storage answers and the server is not stopping. While the storage does not answer but ' +
    'reads still are, from what was last known, `status` says `degraded`.',
  responses: {
    200: { description: 'It can.', content: json('Readiness', { healthy: true }) },
    503: failure('It cannot now: the sentence says why.', 'the server is stopping'),
  },
}

/** GET /info */
export const infoDoc: OperationDoc = {
  id: 'readInfo',
  tag: 'Service',
  summary: 'The version of the server and what its storage can do',
  description:
    'Where `conditionalWrites` is false the storage cannot refuse to replace an object, and two servers that publish one ' +
    'version at the same moment would overwrite each other.',
  responses: {
    200: {
      description: 'The version.',
      content: json('Info', { version: '0.1.0', conditionalWrites: true }),
    },
  },
}
