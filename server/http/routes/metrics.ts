import type { FastifyInstance } from 'fastify';
import type { RouteContext } from '../app.js';

/** `GET /metrics` for Prometheus. */
export function metricsRoutes(app: FastifyInstance, { metrics }: RouteContext): void {
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
}
