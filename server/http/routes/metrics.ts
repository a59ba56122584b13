import { LINES } from '../answers.js';
import { type Endpoint, endpoint } from '../endpoint.js';

export const METRICS: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus.',
    answers: { 200: { types: { 'text/plain': LINES } } },
    handler:
      ({ metrics }) =>
      async (_request, reply) =>
        reply.type(metrics.contentType).send(await metrics.metrics()),
  }),
];
