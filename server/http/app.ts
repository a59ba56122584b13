import { timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import { type EngineApi, WeirError } from '../../engine/index.js';
import type { ServerConfig } from '../config.js';
import { errorBody, statusOf } from '../wire/errors.js';
import { attachQuerySocket } from '../ws/query-socket.js';
import { type DualListener, dualListener } from './listener.js';
import { adminRoutes } from './routes/admin.js';
import { ksqlRoutes } from './routes/ksql.js';
import { metricsRoutes } from './routes/metrics.js';
import { queryRoutes } from './routes/query.js';
import { topicRoutes } from './routes/topics.js';

export interface AppOptions {
  readonly engine: EngineApi;
  readonly config: ServerConfig;
  readonly logger: FastifyBaseLogger;
  readonly metrics: Registry;
  /** Weir's own version. */
  readonly version: string;
}

/** What routes are given. */
export type RouteContext = AppOptions;

/** The whole HTTP and WebSocket API on one port. `listen` on the result; `close` ends streams and connections. */
export function createApp(options: AppOptions): FastifyInstance {
  let listener: DualListener | undefined;
  const app = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.config.limits.maxBody,
    forceCloseConnections: false,
    serverFactory: (handler) => {
      listener = dualListener(handler, options.config.limits);
      return listener.server;
    },
  });

  // Bodies are JSON whatever their type says: clients send vnd types, the delimited type, or none.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => {
    if (text === '') return done(null, undefined);
    try {
      done(null, JSON.parse(text as string));
    } catch (e) {
      done(new WeirError('BAD_REQUEST', `Invalid JSON: ${(e as Error).message}`));
    }
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (
      options.config.users.size === 0 ||
      isOpen(request.url) ||
      signedIn(request.headers.authorization, options.config)
    ) {
      return done();
    }
    reply
      .code(401)
      .header('www-authenticate', 'Basic realm="weir"')
      .send({ '@type': 'generic_error', error_code: 40100, message: 'Unauthorized', stackTrace: [] });
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error.statusCode !== undefined && error.statusCode < 500 && !(error instanceof WeirError)) {
      const message = error.statusCode === 413 ? 'The request body is larger than the server takes.' : error.message;
      return reply
        .code(error.statusCode)
        .send({ '@type': 'generic_error', error_code: error.statusCode * 100, message, stackTrace: [] });
    }
    const body = errorBody(error);
    if (statusOf(body) >= 500) request.log.error({ err: error }, 'request failed');
    return reply.code(statusOf(body)).send(body);
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      '@type': 'generic_error',
      error_code: 40400,
      message: `Path not found: ${request.method} ${request.url}`,
      stackTrace: [],
    }),
  );

  adminRoutes(app, options);
  ksqlRoutes(app, options);
  queryRoutes(app, options);
  topicRoutes(app, options);
  metricsRoutes(app, options);
  const sockets = attachQuerySocket(
    app,
    options,
    (header) => options.config.users.size === 0 || signedIn(header, options.config),
  );
  app.addHook('preClose', async () => {
    await sockets.close();
    listener?.closeConnections();
  });
  return app;
}

/** Probes work without signing in. */
const isOpen = (url: string) => /^\/(livez|readyz|healthcheck|chc\/live|chc\/ready)(\?|$)/.test(url);

function signedIn(header: string | undefined, config: ServerConfig): boolean {
  if (header === undefined || !header.startsWith('Basic ')) return false;
  const [user = '', ...rest] = Buffer.from(header.slice(6), 'base64').toString('utf8').split(':');
  const expected = config.users.get(user);
  if (expected === undefined) return false;
  const a = Buffer.from(rest.join(':'));
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
