import fastify, { type FastifyInstance, LogController } from 'fastify';
import { WeirError } from '../../engine/index.js';
import { SilenceWatch } from '../push/silence.js';
import { webSockets } from '../ws/sockets.js';
import { maySignIn } from './auth.js';
import { bodyRules } from './bodies.js';
import type { AppOptions, RouteContext } from './context.js';
import { addEndpoints, type Endpoint } from './endpoint.js';
import { type DualListener, dualListener } from './listener.js';
import { openApi } from './openapi.js';
import { originRules } from './origins.js';
import { ownRoutes } from './own-routes.js';
import { addPages } from './pages.js';
import { noRoute, refuseMalformed, sendError } from './refusals.js';
import { ENDPOINTS } from './routes/index.js';
import { SCHEMA_COMPILERS } from './validation.js';

/** How often silent queries are looked at. */
const SILENCE_TICK_MS = 500;

const UNAUTHORIZED = new WeirError('UNAUTHORIZED', 'Unauthorized', 'Sign in as one of weir.auth.users.');

/** Characters of a name in a path: a topic's has up to 249, quotes of a source's and escapes come on top. */
const MAX_NAME = 1000;

/** The whole HTTP and WebSocket API on one port. `listen` on the result; `close` ends streams and connections. */
export function createApp(
  parts: AppOptions,
  given: readonly Endpoint[] = ENDPOINTS,
): FastifyInstance & { urls(): readonly string[] } {
  const { config, engine, logger, clock } = parts;
  const endpoints = [...given, ...ownRoutes(config.routesFile)];
  const silences = new SilenceWatch(clock, config.limits.noticeAfterMs, (e) =>
    logger.error({ err: e }, 'a query cannot say how far it is'),
  );
  let document: Promise<object> | undefined;
  const describe = () =>
    openApi(endpoints, context).catch((e: unknown) => {
      document = undefined;
      throw e;
    });
  const context: RouteContext = { ...parts, silences, openApi: () => (document ??= describe()) };
  /** One; two where `localhost` is two addresses: fastify binds both. */
  const made: DualListener[] = [];
  const sockets = webSockets(context);
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: config.limits.maxBody,
    schemaController: SCHEMA_COMPILERS,
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
    if (request.routeOptions.config.open === true || maySignIn(request.headers.authorization, config.users))
      return done();
    reply.header('www-authenticate', 'Basic realm="weir"');
    done(UNAUTHORIZED);
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
  app.setNotFoundHandler(noRoute(endpoints));
  addEndpoints(app, endpoints, context);
  addPages(app, config.pages);
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
