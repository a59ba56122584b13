import { request } from 'node:https';
import type { ConnectionOptions } from 'node:tls';

/** More than any schema has. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * `fetch` as far as the registry's client uses it (text bodies, plain headers, a signal), over TLS with authorities and
 * certificates of one's own, which the global one cannot be given. A plain `http:` URL goes to `plain`.
 */
export function tlsFetch(
  tls: ConnectionOptions,
  plain: (url: string, init: RequestInit) => Promise<Response> = globalThis.fetch,
): (url: string, init: RequestInit) => Promise<Response> {
  return (url, init) => {
    if (!url.startsWith('https:')) return plain(url, init);
    return new Promise((resolve, reject) => {
      const options = {
        ...tls,
        method: init.method ?? 'GET',
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(init.signal == null ? {} : { signal: init.signal }),
      };
      const sent = request(url, options, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_BYTES) sent.destroy(new Error(`more than ${MAX_BYTES} bytes`));
          chunks.push(chunk);
        });
        response.once('error', reject);
        response.once('end', () => {
          const status = response.statusCode!;
          const headers = new Headers();
          for (const [name, value] of Object.entries(response.headers)) headers.set(name, String(value));
          const body = status === 204 || status === 304 ? null : Buffer.concat(chunks);
          resolve(new Response(body, { status, headers }));
        });
      });
      sent.once('error', reject);
      sent.end(typeof init.body === 'string' ? init.body : undefined);
    });
  };
}
