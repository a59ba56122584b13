import { PassThrough, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify';
import { messageOf, WeirError } from '../../engine/index.js';
import { notUtf8 } from './line-reader.js';
import { Refusal } from './refusals.js';

/** Content-Encoding of a request, by what takes it off again. */
const DECODERS: Readonly<Record<string, () => Transform & { readonly bytesWritten: number }>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * How bodies are read: as JSON in UTF-8 whatever their type says (clients send vnd types, the delimited type, or none), with
 * a Content-Encoding taken off. What does not come within `timeoutMs` is refused: a connection that sends a byte now and
 * then would hold its memory for ever.
 */
export function bodyRules(app: FastifyInstance, timeoutMs: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => {
    try {
      done(null, parseJson(bytes as Buffer));
    } catch (e) {
      done(e as Error);
    }
  });
  app.addHook('onRequest', (request, _reply, done) => {
    // Over HTTP/2 a body may come without its type or length, and fastify would not read it. Nor would it read one whose
    // type is no media type.
    if (request.method === 'POST') request.headers['content-type'] = 'application/json';
    done();
  });
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (request.method !== 'POST') return done(null, payload);
    const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    if (encoding !== 'identity' && DECODERS[encoding] === undefined) {
      reply.header('accept-encoding', 'gzip, deflate, br');
      return done(new Refusal(415, `Bodies in Content-Encoding ${encoding} are not read: gzip, deflate and br are.`));
    }
    const body = encoding === 'identity' ? payload : decoded(payload, encoding);
    if (request.routeOptions.config.endlessBody !== true) inTime(request, body, timeoutMs);
    done(null, body);
  });
  app.addHook('preValidation', (request, _reply, done) => {
    deadlines.get(request)?.();
    done();
  });
}

/** The bodies of a scope's routes are read by these themselves, as they come. */
export function rawBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
}

/** Calls off what waits for a body. */
const deadlines = new WeakMap<FastifyRequest, () => void>();

function inTime(request: FastifyRequest, body: RequestPayload, timeoutMs: number): void {
  // Fastify answers with the error, and closes the connection.
  const timer = setTimeout(
    () => body.emit('error', new Refusal(408, `The body did not come within ${timeoutMs} ms.`)),
    timeoutMs,
  );
  const callOff = () => clearTimeout(timer);
  deadlines.set(request, callOff);
  request.raw.once('close', callOff);
}

/** The bytes of a body without their encoding; fastify bounds both what came and what came of it. */
function decoded(payload: RequestPayload, encoding: string): RequestPayload {
  const decoder = DECODERS[encoding]!();
  const out = new PassThrough();
  decoder.on('error', (e) => {
    out.destroy(new WeirError('BAD_REQUEST', `The body is no ${encoding}: ${messageOf(e)}`));
    payload.resume(); // the answer is read when the request is sent
  });
  payload.once('close', () => {
    if (payload.readableEnded) return;
    decoder.destroy();
    out.destroy(); // the client has gone
  });
  payload.pipe(decoder).pipe(out);
  return Object.defineProperty(out, 'receivedEncodedLength', { get: () => decoder.bytesWritten });
}

/** Refuses what is no UTF-8. Leaves out a byte order mark. */
function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (e) {
    throw notUtf8(e);
  }
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `Invalid JSON: ${messageOf(e)}`, undefined, { cause: e });
  }
}
