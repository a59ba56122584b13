import { EvaluationError } from '../../types/evaluation-error.js';
import { type Example, type ScalarFunction, scalar } from '../function.js';

const CATEGORY = 'URL';

interface Uri {
  readonly scheme: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly path: string;
  readonly query: string | null;
  readonly fragment: string | null;
}

/** The five parts of RFC 3986, appendix B; an authority may hold user information and a port. */
const PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
const AUTHORITY = /^(?:[^@]*@)?(\[[^\]]*\]|[^:]*)(?::(\d*))?$/;
/** What no URI may hold unescaped: Java's URI refuses it. */
const ILLEGAL = /[\s"<>\\^`{|}]|%(?![0-9A-Fa-f]{2})/;

/** Null for what is no URI. */
function parse(text: string): Uri | null {
  if (ILLEGAL.test(text)) return null;
  const m = PARTS.exec(text);
  if (m === null) return null;
  const authority = m[2] === undefined || m[2] === '' ? null : AUTHORITY.exec(m[2]);
  if (m[2] !== undefined && m[2] !== '' && authority === null) return null;
  return {
    scheme: m[1] ?? null,
    host: authority?.[1] || null,
    port: authority?.[2] ? Number(authority[2]) : null,
    path: m[3] ?? '',
    query: m[4] ?? null,
    fragment: m[5] ?? null,
  };
}

/** Percent-escapes of UTF-8; malformed bytes become U+FFFD. */
function unescapePercent(text: string | null): string | null {
  if (text === null || !text.includes('%')) return text;
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

/** application/x-www-form-urlencoded, as Java's URLEncoder: all but letters, digits and .-*_ is escaped, a space is +. */
const encodeForm = (s: string): string =>
  encodeURIComponent(s)
    .replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');

function decodeForm(s: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(s)) throw new EvaluationError('Illegal hex characters in escape (%) pattern');
  return unescapePercent(s.replaceAll('+', ' '))!;
}

function part(
  name: string,
  description: string,
  type: 'STRING' | 'INT',
  get: (uri: Uri) => string | number | null,
  ...examples: Example[]
): ScalarFunction {
  return scalar({
    name,
    description,
    category: CATEGORY,
    overloads: [
      {
        signature: `${name}(url STRING) -> ${type}`,
        nulls: 'propagate',
        make: () => (text: string) => {
          const uri = parse(text);
          return uri === null ? null : get(uri);
        },
      },
    ],
    examples,
  });
}

const parameter = scalar({
  name: 'URL_EXTRACT_PARAMETER',
  description: 'The decoded value of a query parameter; NULL where it is missing or has no value.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'URL_EXTRACT_PARAMETER(url STRING, paramName STRING) -> STRING',
      nulls: 'propagate',
      make: () => (text: string, name: string) => {
        const query = parse(text)?.query;
        if (query === null || query === undefined) return null;
        for (const pair of query.split('&')) {
          const at = pair.indexOf('=');
          if (at > 0 && decodeForm(pair.slice(0, at)) === name) return decodeForm(pair.slice(at + 1));
        }
        return null;
      },
    },
  ],
  examples: [
    { sql: "URL_EXTRACT_PARAMETER('http://test.com?a%20b=c%20d', 'a b')", result: "'c d'" },
    { sql: "URL_EXTRACT_PARAMETER('http://test.com?a=foo&b=bar', 'b')", result: "'bar'" },
  ],
});

const encodeParam = scalar({
  name: 'URL_ENCODE_PARAM',
  description: 'Escapes a value so that it can stand in the query of a URL.',
  category: CATEGORY,
  overloads: [{ signature: 'URL_ENCODE_PARAM(value STRING) -> STRING', nulls: 'propagate', make: () => encodeForm }],
  examples: [{ sql: "URL_ENCODE_PARAM('?foo $bar')", result: "'%3Ffoo+%24bar'" }],
});

const decodeParam = scalar({
  name: 'URL_DECODE_PARAM',
  description: 'The opposite of URL_ENCODE_PARAM.',
  category: CATEGORY,
  overloads: [{ signature: 'URL_DECODE_PARAM(value STRING) -> STRING', nulls: 'propagate', make: () => decodeForm }],
  examples: [{ sql: "URL_DECODE_PARAM('url%20encoded')", result: "'url encoded'" }],
});

export const URL_FUNCTIONS = [
  encodeParam,
  decodeParam,
  parameter,
  part('URL_EXTRACT_FRAGMENT', 'The decoded part behind #.', 'STRING', (u) => unescapePercent(u.fragment), {
    sql: "URL_EXTRACT_FRAGMENT('http://test.com#frag%20space')",
    result: "'frag space'",
  }),
  part('URL_EXTRACT_HOST', 'The name of the host.', 'STRING', (u) => u.host, {
    sql: "URL_EXTRACT_HOST('http://test.com:8080/path')",
    result: "'test.com'",
  }),
  part('URL_EXTRACT_PATH', 'The decoded path; empty where there is none.', 'STRING', (u) => unescapePercent(u.path), {
    sql: "URL_EXTRACT_PATH('http://test.com/path/to#a')",
    result: "'/path/to'",
  }),
  part('URL_EXTRACT_PORT', 'The port, where one is given.', 'INT', (u) => u.port, {
    sql: "URL_EXTRACT_PORT('http://localhost:8080/path')",
    result: '8080',
  }),
  part('URL_EXTRACT_PROTOCOL', 'The protocol.', 'STRING', (u) => u.scheme, {
    sql: "URL_EXTRACT_PROTOCOL('http://test.com?a=foo&b=bar')",
    result: "'http'",
  }),
  part('URL_EXTRACT_QUERY', 'The decoded part behind the question mark.', 'STRING', (u) => unescapePercent(u.query), {
    sql: "URL_EXTRACT_QUERY('http://test.com?a=foo%20bar&b=baz')",
    result: "'a=foo bar&b=baz'",
  }),
];
