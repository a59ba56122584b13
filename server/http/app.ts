import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import { type Clock, type EngineApi, WeirError } from '../../engine/index.js';
import type { ClusterNode } from '../cluster.js';
import type { ServerConfig } from '../config.js';
import { SilenceWatch } from '../push/silence.js';
import { errorBody } from '../wire/errors.js';
import { webSockets } from '../ws/sockets.js';
import { isOpen, maySignIn } from './auth.js';
import { bodyRules } from './bodies.js';
import { type DualListener, dualListener } from './listener.js';
import { openApi, type Route } from './openapi.js';
import { originRules } from './origins.js';
import { noRoute, refuseMalformed, sendError } from './refusals.js';
import { adminRoutes } from './routes/admin.js';
import { clusterRoutes } from './routes/cluster.js';
import { deploymentRoutes } from './routes/deployments.js';
import { insertRoutes } from './routes/inserts.js';
import { ksqlRoutes } from './routes/ksql.js';
import { metricsRoutes } from './routes/metrics.js';
import { peerRoutes } from './routes/peers.js';
import { queryRoutes } from './routes/query.js';
import { sseRoutes } from './routes/sse.js';
import { topicRoutes } from './routes/topics.js';

export interface AppOptions {
  readonly engine: EngineApi;
  readonly clock: Clock;
  readonly config: ServerConfig;
  readonly logger: FastifyBaseLogger;
  readonly metrics: Registry;
  /** Weir's own version. */
  readonly version: string;
  /** This node among those of its service; left out: there are no others. */
  readonly cluster?: ClusterNode | undefined;
}

/** What routes are given. */
export interface RouteContext extends AppOptions {
  readonly silences: SilenceWatch;
}

/** How often silent queries are looked at. */
const SILENCE_TICK_MS = 500;

const UNAUTHORIZED = new WeirError('UNAUTHORIZED', 'Unauthorized', 'Sign in as one of weir.auth.users.');

/** Characters of a name in a path: a topic's has up to 249, quotes of a source's and escapes come on top. */
const MAX_NAME = 1000;

/** The whole HTTP and WebSocket API on one port. `listen` on the result; `close` ends streams and connections. */
export function createApp(parts: AppOptions): FastifyInstance & { urls(): readonly string[] } {
  const { config, engine, logger, clock } = parts;
  const silences = new SilenceWatch(clock, config.limits.noticeAfterMs, (e) =>
    logger.error({ err: e }, 'a query cannot say how far it is'),
  );
  const options: RouteContext = { ...parts, silences };
  /** One; two where `localhost` is two addresses: fastify binds both. */
  const made: DualListener[] = [];
  const sockets = webSockets(options);
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: config.limits.maxBody,
    forceCloseConnections: false,
    clientErrorHandler: refuseMalformed,
    frameworkErrors: (error, _request, reply) => sendError(error, reply),
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: MAX_NAME },
    serverFactory: (handler) => {
      const listeners = made.length === 0 ? config.listeners : config.listeners.slice(0, 1);
      const listener = dualListener(handler, sockets.upgrade, { ...config, listeners });
      made.push(listener);
      return listener.server;
    },
  });

  originRules(app, config.allowedOrigins);
  app.addHook('onRequest', (request, reply, done) => {
    if (isOpen(request.url) || maySignIn(request.headers.authorization, config.users)) return done();
    reply.code(401).header('www-authenticate', 'Basic realm="weir"').send(errorBody(UNAUTHORIZED));
  });
  // JSON has no charset (RFC 8259 §11), and some clients compare the type as text.
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.raw.httpVersionMajor >= 2) reply.removeHeader('connection'); // HTTP/2 has none
    const type = reply.getHeader('content-type');
    if (type === 'application/json; charset=utf-8') reply.header('content-type', 'application/json');
    return payload;
  });
  bodyRules(app, config.limits.requestTimeoutMs);
  app.setErrorHandler((error: Error, _request, reply) => sendError(error, reply));
  const routes: Route[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const m of [method].flat()) if (m !== 'HEAD') routes.push({ method: m, path: url });
  });
  app.setNotFoundHandler(noRoute(routes));
  app.get('/openapi.json', () => openApi(routes, options.version));
  adminRoutes(app, options);
  ksqlRoutes(app, options);
  queryRoutes(app, options);
  sseRoutes(app, options);
  topicRoutes(app, options);
  insertRoutes(app, options);
  clusterRoutes(app, options);
  peerRoutes(app, options);
  deploymentRoutes(app, options);
  metricsRoutes(app, options);
  const ticking = setInterval(
    () => silences.tick(),
    Math.min(SILENCE_TICK_MS, Math.max(1, config.limits.noticeAfterMs)),
  );
  ticking.unref();
  app.addHook('preClose', async () => {
    clearInterval(ticking);
    sockets.close();
    await engine.quiesce();
    await Promise.all(made.map((l) => l.drain(config.limits.stopGraceMs)));
  });
  return Object.assign(app, { urls: () => made[0]?.urls() ?? [] });
}
