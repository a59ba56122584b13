import type { FastifyInstance } from 'fastify';
import { WeirError } from '../../../engine/index.js';
import type { RouteContext } from '../app.js';

const DISK_FULL = 'The disk of weir.data.dir is full: queries wait, and go on by themselves when there is room.';

/** `/info`, health, probes, `/close-query`, `/is_valid_property`, `/status`. */
export function adminRoutes(app: FastifyInstance, { engine, config, version }: RouteContext): void {
  app.get('/', (_request, reply) => reply.redirect('/info', 307));

  app.get('/info', () => ({
    KsqlServerInfo: {
      version: config.ksqlVersion,
      kafkaClusterId: engine.clusterId,
      ksqlServiceId: engine.serviceId,
      serverStatus: engine.status().ready ? 'RUNNING' : 'STARTING',
      weirVersion: version,
    },
  }));

  app.get('/healthcheck', () => {
    const s = engine.status();
    return {
      isHealthy: s.ready && s.kafkaHealthy && s.commandRunnerHealthy,
      details: {
        metastore: { isHealthy: true },
        kafka: { isHealthy: s.kafkaHealthy },
        commandRunner: { isHealthy: s.commandRunnerHealthy },
        ...(s.diskFull === true ? { disk: { isHealthy: false, message: DISK_FULL } } : {}),
      },
      serverState: s.ready ? 'READY' : 'INITIALIZING',
    };
  });

  // Live: the event loop answers. Ready: statements and queries are taken, and the persistent queries run.
  app.get('/livez', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const s = engine.status();
    const ready = s.ready && s.queriesStarted;
    return reply.code(ready && s.kafkaHealthy ? 200 : 503).send({ ready, kafka: s.kafkaHealthy });
  });
  app.get('/chc/live', () => ({}));
  app.get('/chc/ready', (_request, reply) => reply.code(engine.status().ready ? 200 : 503).send({}));

  app.post('/close-query', async (request, reply) => {
    const id = (request.body as { queryId?: unknown } | undefined)?.queryId;
    if (typeof id !== 'string') throw new WeirError('BAD_REQUEST', "Member 'queryId' of the request is missing.");
    if (!(await engine.closeQuery(id))) throw new WeirError('BAD_REQUEST', `No query with id ${id}`);
    return reply.code(200).send();
  });
}
