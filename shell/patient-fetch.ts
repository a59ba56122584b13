import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';

/** Statuses that have no body. */
const EMPTY = new Set([204, 205, 304]);

/**
 * `fetch` with the patience of a person. Node's own gives up on a body that is silent for five minutes: a push query may be
 * silent for as long as it likes. Of what `fetch` takes it takes what the client sends.
 */
export const patientFetch: typeof globalThis.fetch = (input, init = {}) =>
  new Promise((resolve, reject) => {
    const url = new URL(String(input));
    const { request } = url.protocol === 'https:' ? https : http;
    const { method = 'GET', body, signal } = init;
    const headers = init.headers as Record<string, string> | undefined;
    const sent = request(url, { method, ...(headers && { headers }), ...(signal && { signal }) });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const status = response.statusCode!;
      const stream = EMPTY.has(status) ? null : (Readable.toWeb(response) as unknown as ReadableStream);
      resolve(new Response(stream, { status }));
    });
    sent.end(body ?? undefined);
  });
