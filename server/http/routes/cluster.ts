import { RE2JS } from 're2js';
import { isKnownSetting, messageOf, WeirError } from '../../../engine/index.js';
import type { StoreLags } from '../../cluster.js';
import { addressOf } from '../../http-peers.js';
import {
  anything,
  flag,
  integer,
  list,
  map,
  named,
  object,
  oneOf,
  optional,
  orNull,
  text,
} from '../../wire/json-schema.js';
import type { RouteContext } from '../context.js';
import { type Endpoint, endpoint } from '../endpoint.js';
import { ENTITIES } from './ksql.js';

const COMMAND_STATUSES = named('CommandStatuses', object({ commandStatuses: map(text) }));
const COMMAND_STATUS = named('CommandStatus', object({ status: text, message: text, queryId: orNull(text) }));
const TRUE = named('True', oneOf(true));
const CLUSTER_ID = named('ClusterId', object({ scope: object({ path: list(text), clusters: map(text) }), id: text }));
const METADATA = named('Metadata', object({ version: text, clusterId: CLUSTER_ID }));
const CLUSTER_STATUS = named(
  'ClusterStatus',
  object({
    clusterStatus: map(
      object({
        hostAlive: flag,
        lastStatusUpdateMs: integer,
        activeStandbyPerQuery: map(
          object({
            activeStores: list(text),
            activePartitions: list(anything),
            standByStores: list(text),
            standByPartitions: list(anything),
          }),
        ),
        hostStoreLags: object({ stateStoreLags: map(anything), updateTimeMs: integer }),
      }),
      'By host:port.',
    ),
  }),
);
const OK = named('Ok', object({ ok: flag }));

const HOST_INFO = named('HostInfo', object({ host: text, port: integer }));
// A node that is alone takes these and has no use for them: they may say nothing.
const HEARTBEAT = named('HeartbeatRequest', orNull(optional({ hostInfo: HOST_INFO })));
const LAG = named('LagRequest', orNull(optional({ ksqlHost: HOST_INFO, hostStoreLags: map(anything) })));
const TERMINATE = named(
  'TerminateRequest',
  orNull(optional({ deleteTopicList: orNull(list({ title: 'pattern', ...text })) })),
);

interface Host {
  readonly host: string;
  readonly port: number;
}

interface Command {
  readonly Params: { readonly type: string; readonly entity: string; readonly action: string };
}

/** What ksqlDB tells of the service as a whole: commands' statuses, metadata, the nodes; and its end. */
export const CLUSTER: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/status',
    summary: 'What became of the last commands, by their id.',
    answers: { 200: COMMAND_STATUSES },
    handler:
      ({ engine }) =>
      () => ({
        commandStatuses: Object.fromEntries([...engine.commandStatuses()].map(([id, s]) => [id, s.status])),
      }),
  }),
  endpoint<Command>({
    method: 'GET',
    path: '/status/:type/:entity/:action',
    summary: 'What became of one command.',
    answers: { 200: COMMAND_STATUS },
    handler:
      ({ engine }) =>
      ({ params }) => {
        const entity = params.entity.replace(/^`([\s\S]*)`$/, '$1');
        const status = engine.commandStatuses().get(`${params.type}/\`${entity}\`/${params.action}`);
        if (status === undefined) throw new WeirError('NOT_FOUND', 'Command not found');
        return status;
      },
  }),
  endpoint<{ Params: { readonly name: string } }>({
    method: 'GET',
    path: '/is_valid_property/:name',
    summary: 'True for a property that SET may name, else 400.',
    answers: { 200: TRUE },
    handler:
      () =>
      ({ params }, reply) => {
        if (!isKnownSetting(params.name)) throw new WeirError('BAD_REQUEST', `Invalid property: ${params.name}`);
        return reply.type('application/json').send('true');
      },
  }),
  endpoint({
    method: 'GET',
    path: '/v1/metadata',
    summary: 'Version and cluster of the server.',
    answers: { 200: METADATA },
    handler: (context) => () => ({ version: context.config.ksqlVersion, clusterId: clusterId(context) }),
  }),
  endpoint({
    method: 'GET',
    path: '/v1/metadata/id',
    summary: 'Cluster of the server.',
    answers: { 200: CLUSTER_ID },
    handler: (context) => () => clusterId(context),
  }),
  endpoint({
    method: 'GET',
    path: '/clusterStatus',
    summary: 'The nodes and their queries.',
    answers: { 200: CLUSTER_STATUS },
    handler: (context) => (request) => context.cluster?.status() ?? aloneStatus(context, request.host),
  }),
  endpoint<{ Body: { readonly hostInfo?: Host } | null | undefined }>({
    method: 'POST',
    path: '/heartbeat',
    summary: 'From another node: it is alive.',
    body: HEARTBEAT,
    answers: { 200: OK },
    handler:
      ({ cluster }) =>
      ({ body }) => {
        cluster?.heartbeat(addressIn(body?.hostInfo, 'hostInfo'));
        return { ok: true };
      },
  }),
  endpoint<{ Body: { readonly ksqlHost?: Host; readonly hostStoreLags?: StoreLags } | null | undefined }>({
    method: 'POST',
    path: '/lag',
    summary: 'From another node: how far its copies of state are behind.',
    body: LAG,
    answers: { 200: OK },
    handler:
      ({ cluster }) =>
      ({ body }) => {
        cluster?.reportLags(addressIn(body?.ksqlHost, 'ksqlHost'), body?.hostStoreLags as StoreLags);
        return { ok: true };
      },
  }),
  endpoint<{ Body: { readonly deleteTopicList?: readonly string[] | null } | null | undefined }>({
    method: 'POST',
    path: '/ksql/terminate',
    summary: "Ends every query, drops all sources and types, deletes sinks' topics that a pattern matches.",
    body: TERMINATE,
    answers: { 200: ENTITIES },
    handler:
      ({ engine }) =>
      async ({ body }, reply) => {
        const patterns = (body?.deleteTopicList ?? []).map(patternOf);
        const entities = await engine.terminateCluster((topic) => patterns.some((p) => p.matches(topic)));
        return reply.type('application/json').send(JSON.stringify(entities));
      },
  }),
];

const clusterId = ({ engine }: RouteContext) => ({
  scope: { path: [], clusters: { 'kafka-cluster': engine.clusterId, 'ksql-cluster': engine.serviceId } },
  id: '',
});

const aloneStatus = ({ engine, clock }: RouteContext, host: string) => ({
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

function addressIn(node: Host | undefined, member: string): string {
  if (node === undefined) throw new WeirError('BAD_REQUEST', `Member '${member}' of the request is missing.`);
  return addressOf(node.host, node.port);
}

/** RE2 patterns, which cannot be made to run for ever. */
function patternOf(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `Invalid pattern: ${pattern}: ${messageOf(e)}`);
  }
}
