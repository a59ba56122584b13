import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A page cannot set headers of a WebSocket: it offers its credentials among the subprotocols, as base64url. */
const SUBPROTOCOL = 'weir.basic.';

/** What an upgrade signs in with, as an Authorization header would have it. */
export function authorizationOf(headers: IncomingHttpHeaders): string | undefined {
  if (headers.authorization !== undefined) return headers.authorization;
  const offered = headers['sec-websocket-protocol']?.split(',').map((p) => p.trim());
  const credentials = offered?.find((p) => p.startsWith(SUBPROTOCOL))?.slice(SUBPROTOCOL.length);
  return credentials && `Basic ${credentials.replaceAll('-', '+').replaceAll('_', '/')}`;
}

/** The subprotocol that an upgrade is answered with: the first that is none of these credentials. */
export function subprotocolOf(offered: ReadonlySet<string>): string | false {
  return [...offered].find((p) => !p.startsWith(SUBPROTOCOL)) ?? false;
}

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

/** Whether an Authorization header names one of the users (RFC 7617); everyone may where there are none. */
export function maySignIn(header: string | undefined, users: ReadonlyMap<string, string>): boolean {
  if (users.size === 0) return true;
  const encoded = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(header ?? '');
  if (encoded === null) return false;
  const [user = '', ...rest] = Buffer.from(encoded[1]!, 'base64').toString('utf8').split(':');
  const expected = users.get(user);
  // Digests have one length. So the time of a comparison says nothing of the password's length, nor of which users there
  // are.
  const same = timingSafeEqual(digest(rest.join(':')), digest(expected ?? ''));
  return expected !== undefined && same;
}
