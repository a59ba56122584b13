import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Refusal } from './refusals.js';

/** Whether the page behind a request is of the server's own origin, as far as the request tells. */
function isOwn(origin: string, headers: IncomingHttpHeaders): boolean {
  if (headers['sec-fetch-site'] === 'same-origin') return true;
  if (!URL.canParse(origin)) return false; // 'null': a page without an origin
  const { host } = new URL(origin);
  // What a proxy in front was asked for counts as well.
  return [headers.host, headers[':authority'], headers['x-forwarded-host']].includes(host);
}

const isListed = (origin: string, allowed: readonly string[]): boolean =>
  allowed.includes('*') || allowed.includes(origin);

/**
 * Whether a request may come from where it comes from: a program (which sends no Origin), a page of the server's own, or
 * one whose origin is allowed. A browser lets any page open a WebSocket, and send a POST that it cannot read the answer
 * of: without this check a page somewhere could drop what a server on this machine holds.
 */
export function mayAsk({ headers }: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin } = headers;
  return origin === undefined || isOwn(origin, headers) || isListed(origin, allowed);
}

/** CORS (Fetch standard §3.2) for allowed origins; 403 for what others would change. */
export function originRules(app: FastifyInstance, allowed: readonly string[]): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    if (origin === undefined || isOwn(origin, request.headers)) return done();
    // On the raw response, as answers in a stream are written there.
    const answer = reply.raw;
    answer.setHeader('vary', 'Origin');
    if (isListed(origin, allowed)) {
      answer.setHeader('access-control-allow-origin', allowed.includes(origin) ? origin : '*');
      if (allowed.includes(origin)) answer.setHeader('access-control-allow-credentials', 'true');
      if (request.method === 'OPTIONS') {
        answer.setHeader('access-control-allow-methods', 'GET, POST, OPTIONS');
        answer.setHeader('access-control-allow-headers', 'Authorization, Content-Type, Accept, Last-Event-ID');
        answer.setHeader('access-control-max-age', '600');
      }
    } else if (request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS') {
      const message = `Pages of ${origin} may not use this server: see setting access.control.allow.origin.`;
      return done(new Refusal(403, message));
    }
    if (request.method === 'OPTIONS') return void reply.code(204).send();
    done();
  });
}
