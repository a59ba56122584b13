import type { FastifyInstance } from 'fastify';
import type { RouteContext } from '../app.js';
import { KSQL_MEMBERS, readBody } from '../request.js';

/** `POST /ksql`: statements that are no queries; answers a list of entities. */
export function ksqlRoutes(app: FastifyInstance, { engine }: RouteContext): void {
  app.post('/ksql', async (request, reply) => {
    const body = readBody(request.body, KSQL_MEMBERS);
    const entities = await engine.execute(body.sql, body.context);
    return reply.type('application/json').send(JSON.stringify(entities));
  });
}
