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
  description: 'For a readiness probe: the storage answers and the server is not stopping.',
  responses: {
    200: { description: 'It can.', content: json('Healthy', { healthy: true }) },
    503: failure('It cannot now: the sentence says why.', 'the server is stopping'),
  },
}

/** GET /info */
export const infoDoc: OperationDoc = {
  id: 'readInfo',
  tag: 'Service',
  summary: 'The version of the server',
  responses: { 200: { description: 'The version.', content: json('Info', { version: '0.1.0' }) } },
}
