import type { OperationDoc } from '../operation-doc.ts'

/** GET /metrics */
export const metricsDoc: OperationDoc = {
  id: 'readMetrics',
  tag: 'Service',
  summary: 'What the server counted, for Prometheus',
  description: 'There with `--enable-metrics`. Reading it is not counted itself, and needs no credentials.',
  responses: {
    200: {
      description: 'Every metric in the text format of Prometheus, version 0.0.4.',
      content: {
        'text/plain': {
          schema: { type: 'string' },
          example:
            '# HELP chartmuseum_charts_served_total Current number of charts served\n' +
            '# TYPE chartmuseum_charts_served_total gauge\n' +
            'chartmuseum_charts_served_total{repo=""} 12\n',
        },
      },
    },
  },
}
