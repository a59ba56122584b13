import { WeirError } from '../../../engine/index.js';
import { flag, map, named, object, oneOf, text } from '../../wire/json-schema.js';
import { type Endpoint, endpoint } from '../endpoint.js';

const DISK_FULL = 'The disk of weir.data.dir is full: queries wait, and go on by themselves when there is room.';

const SERVER_INFO = named(
  'ServerInfo',
  object({
    KsqlServerInfo: object({
      version: text,
      kafkaClusterId: text,
      ksqlServiceId: text,
      serverStatus: oneOf('RUNNING', 'STARTING'),
      weirVersion: text,
    }),
  }),
);
const HEALTH = named(
  'Health',
  object({
    isHealthy: flag,
    details: map(object({ isHealthy: flag, message: text }, ['message']), 'By the name of the part.'),
    serverState: oneOf('READY', 'INITIALIZING'),
  }),
);
const ALIVE = named('Alive', object({ status: oneOf('ok') }));
const READY = named('Ready', object({ ready: flag, kafka: flag }));
const NOTHING = named('Nothing', object({}));
const CLOSE_QUERY = named('CloseQueryRequest', object({ queryId: text }));

/** `/info`, health and probes, `/close-query`. */
export const ADMIN: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/',
    summary: 'Leads to /info, or to the page where the server has pages (weir.pages.dirs).',
    answers: { 307: null },
    handler:
      ({ config }) =>
      (_request, reply) =>
        reply.redirect(config.pages.some((p) => p.prefix === '/') ? '/index.html' : '/info', 307),
  }),
  endpoint({
    method: 'GET',
    path: '/info',
    summary: 'Version, service id and state of the server.',
    answers: { 200: SERVER_INFO },
    handler:
      ({ engine, config, version }) =>
      () => ({
        KsqlServerInfo: {
          version: config.ksqlVersion,
          kafkaClusterId: engine.clusterId,
          ksqlServiceId: engine.serviceId,
          serverStatus: engine.status().ready ? 'RUNNING' : 'STARTING',
          weirVersion: version,
        },
      }),
  }),
  endpoint({
    method: 'GET',
    path: '/healthcheck',
    summary: 'Health of the parts; 200 also when one is unhealthy.',
    open: true,
    answers: { 200: HEALTH },
    handler:
      ({ engine }) =>
      () => {
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
      },
  }),
  endpoint({
    method: 'GET',
    path: '/livez',
    summary: 'Alive: the process answers.',
    open: true,
    answers: { 200: ALIVE },
    handler: () => () => ({ status: 'ok' }),
  }),
  // Statements and queries are taken, and the persistent queries run.
  endpoint({
    method: 'GET',
    path: '/readyz',
    summary: 'Ready for statements and queries, else 503.',
    open: true,
    answers: { 200: READY, 503: READY },
    handler:
      ({ engine }) =>
      (_request, reply) => {
        const s = engine.status();
        const ready = s.ready && s.queriesStarted;
        return reply.code(ready && s.kafkaHealthy ? 200 : 503).send({ ready, kafka: s.kafkaHealthy });
      },
  }),
  endpoint({
    method: 'GET',
    path: '/chc/live',
    summary: 'Alive, in the words of ksqlDB.',
    open: true,
    answers: { 200: NOTHING },
    handler: () => () => ({}),
  }),
  endpoint({
    method: 'GET',
    path: '/chc/ready',
    summary: 'Ready, in the words of ksqlDB.',
    open: true,
    answers: { 200: NOTHING, 503: NOTHING },
    handler:
      ({ engine }) =>
      (_request, reply) =>
        reply.code(engine.status().ready ? 200 : 503).send({}),
  }),
  endpoint<{ Body: { readonly queryId: string } }>({
    method: 'POST',
    path: '/close-query',
    summary: 'Ends a running query.',
    body: CLOSE_QUERY,
    answers: { 200: null },
    handler:
      ({ engine }) =>
      async ({ body }, reply) => {
        if (!(await engine.closeQuery(body.queryId)))
          throw new WeirError('BAD_REQUEST', `No query with id ${body.queryId}`);
        return reply.code(200).send();
      },
  }),
];
