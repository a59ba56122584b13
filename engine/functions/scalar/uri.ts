import { EvaluationError } from '../../values/evaluation-error.js';

/** The parts of a URI as java.net.URI has them, with their escapes. */
export interface Uri {
  readonly scheme: string | null;
  readonly host: string | null;
  readonly port: number | null;
  /** Null for an opaque one, `mailto:a@b`. */
  readonly path: string | null;
  readonly query: string | null;
  readonly fragment: string | null;
}

/** Scheme and what follows it, up to the fragment. */
const PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?([^#]*)(?:#(.*))?$/s;
const HIERARCHICAL = /^(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/s;

/** Letters, digits, marks, escapes, and what is not ASCII, neither a control nor a space. */
const UNRESERVED = "A-Za-z0-9\\-_.!~*'()";
const OTHER = '[^\\u0000-\\u007f\\p{Cc}\\p{Z}]';
const of = (chars: string): RegExp => new RegExp(`^(?:[${UNRESERVED}${chars}]|%[0-9A-Fa-f]{2}|${OTHER})*$`, 'u');

const URIC = of(';/?:@&=+$,\\[\\]');
const PATH = of('/;:@&=+$,');
const USER_INFO = of(';:&=+$,');
const REGISTRY_NAME = of('$,;:@&=+');

const SERVER = /^(?:([^@]*)@)?(\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.-]+)?\]|[^:[\]]*)(?::(\d*))?$/s;
const IPV4 = /^(?:\d{1,3}\.){3}\d{1,3}$/;
/** Labels of letters, digits and inner dashes; the last of several begins with a letter. */
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?$/;
const ONE_LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?$/;

const isHost = (host: string): boolean =>
  host.startsWith('[')
    ? host.includes(':')
    : IPV4.test(host)
      ? host.split('.').every((n) => Number(n) <= 255)
      : HOST.test(host) || ONE_LABEL.test(host);

/** Java's URI, and so ksqlDB, gives no host and no port where they are not those of a server: `my_host:80`, a port beyond INT. */
function server(authority: string): { readonly host: string; readonly port: number | null } | undefined {
  const m = SERVER.exec(authority);
  if (m === null || !USER_INFO.test(m[1] ?? '') || !isHost(m[2]!)) return undefined;
  const port = m[3] ? Number(m[3]) : null;
  return port !== null && port > 2147483647 ? undefined : { host: m[2]!, port };
}

/** Throws an EvaluationError where java.net.URI throws. */
export function parseUri(text: string): Uri {
  const fail = (): never => {
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    throw new EvaluationError(`URL input has invalid syntax: ${shown}`);
  };
  const m = PARTS.exec(text)!;
  const scheme = m[1] ?? null;
  const rest = m[2]!;
  const fragment = m[3] ?? null;
  if (fragment !== null && !URIC.test(fragment)) fail();
  // A colon before any slash or question mark ends a scheme, and behind a scheme something has to follow.
  if (scheme === null ? /^[^/?]*:/.test(rest) : rest === '') fail();
  if (scheme !== null && !rest.startsWith('/')) {
    if (!URIC.test(rest)) fail();
    return { scheme, host: null, port: null, path: null, query: null, fragment };
  }
  const [, authority, path, query] = HIERARCHICAL.exec(rest)!;
  if (authority === '' && path === '' && query === undefined && fragment === null) fail();
  if (!PATH.test(path!) || (query !== undefined && !URIC.test(query))) fail();
  const at = authority === undefined || authority === '' ? undefined : server(authority);
  if (authority !== undefined && at === undefined && !REGISTRY_NAME.test(authority)) fail();
  return { scheme, host: at?.host ?? null, port: at?.port ?? null, path: path!, query: query ?? null, fragment };
}

/** Percent-escapes of UTF-8; malformed bytes become U+FFFD. */
export function unescapePercent<T extends string | null>(text: T): T {
  if (text === null || !text.includes('%')) return text;
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  ) as T;
}
