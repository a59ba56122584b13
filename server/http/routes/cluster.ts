import type { FastifyInstance } from 'fastify';
import { RE2JS } from 're2js';
import { isKnownSetting, messageOf, WeirError } from '../../../engine/index.js';
import type { StoreLags } from '../../cluster.js';
import { addressOf } from '../../http-peers.js';
import type { RouteContext } from '../app.js';

/** What ksqlDB tells of the service as a whole: commands' statuses, metadata, the nodes; and its end. */
export function clusterRoutes(app: FastifyInstance, { engine, config, clock, cluster }: RouteContext): void {
  app.get('/status', () => ({
    commandStatuses: Object.fromEntries([...engine.commandStatuses()].map(([id, s]) => [id, s.status])),
  }));

  app.get<{ Params: { type: string; entity: string; action: string } }>(
    '/status/:type/:entity/:action',
    ({ params }) => {
      const entity = params.entity.replace(/^`([\s\S]*)`$/, '$1');
      const status = engine.commandStatuses().get(`${params.type}/\`${entity}\`/${params.action}`);
      if (status === undefined) throw new WeirError('NOT_FOUND', 'Command not found');
      return status;
    },
  );

  app.get<{ Params: { name: string } }>('/is_valid_property/:name', ({ params }, reply) => {
    if (!isKnownSetting(params.name)) throw new WeirError('BAD_REQUEST', `Invalid property: ${params.name}`);
    return reply.type('application/json').send('true');
  });

  const clusterId = () => ({
    scope: { path: [], clusters: { 'kafka-cluster': engine.clusterId, 'ksql-cluster': engine.serviceId } },
    id: '',
  });
  app.get('/v1/metadata', () => ({ version: config.ksqlVersion, clusterId: clusterId() }));
  app.get('/v1/metadata/id', clusterId);

  app.get('/clusterStatus', (request) => cluster?.status() ?? aloneStatus(request.host));
  const aloneStatus = (host: string) => ({
    clusterStatus: {
      [host]: {
        hostAlive: true,
        lastStatusUpdateMs: clock.now(),
        activeStandbyPerQuery: Object.fromEntries(
          engine
            .queryStats()
            .map((q) => [
              q.queryId,
              { activeStores: [], activePartitions: [], standByStores: [], standByPartitions: [] },
            ]),
        ),
        hostStoreLags: { stateStoreLags: {}, updateTimeMs: clock.now() },
      },
    },
  });
  app.post('/heartbeat', (request) => {
    const { hostInfo } = (request.body ?? {}) as { readonly hostInfo?: unknown };
    cluster?.heartbeat(addressIn(hostInfo, 'hostInfo'));
    return { ok: true };
  });
  app.post('/lag', (request) => {
    const { ksqlHost, hostStoreLags } = (request.body ?? {}) as {
      readonly ksqlHost?: unknown;
      readonly hostStoreLags?: unknown;
    };
    cluster?.reportLags(addressIn(ksqlHost, 'ksqlHost'), hostStoreLags as StoreLags);
    return { ok: true };
  });

  app.post('/ksql/terminate', async (request, reply) => {
    const patterns = readPatterns(request.body);
    const entities = await engine.terminateCluster((topic) => patterns.some((p) => p.matches(topic)));
    return reply.type('application/json').send(JSON.stringify(entities));
  });
}

/** `{host, port}` of a node. */
function addressIn(body: unknown, member: string): string {
  const { host, port } = (body ?? {}) as { readonly host?: unknown; readonly port?: unknown };
  if (typeof host === 'string' && Number.isInteger(port)) return addressOf(host, port as number);
  throw new WeirError('BAD_REQUEST', `Member '${member}' of the request must have a host and a port.`);
}

/** `{"deleteTopicList": [names or patterns]}`; RE2 patterns, which cannot be made to run for ever. */
function readPatterns(body: unknown): RE2JS[] {
  const list = (body as { deleteTopicList?: unknown } | null | undefined)?.deleteTopicList ?? [];
  if (!Array.isArray(list) || list.some((p) => typeof p !== 'string')) {
    throw new WeirError('BAD_REQUEST', "Member 'deleteTopicList' must be a list of names or patterns.");
  }
  return (list as string[]).map((pattern) => {
    try {
      return RE2JS.compile(pattern);
    } catch (e) {
      throw new WeirError('BAD_REQUEST', `Invalid pattern: ${pattern}: ${messageOf(e)}`);
    }
  });
}
