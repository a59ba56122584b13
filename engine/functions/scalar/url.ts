import { EvaluationError } from '../../values/evaluation-error.js';
import { type Example, type ScalarFunction, scalar } from '../function.js';
import { parseUri, type Uri, unescapePercent } from './uri.js';

const CATEGORY = 'URL';
const MALFORMED = 'A text that is no URL gives NULL and an entry in the processing log.';

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
    description: `${description} ${MALFORMED}`,
    category: CATEGORY,
    overloads: [
      {
        signature: `${name}(url STRING) -> ${type}`,
        nulls: 'propagate',
        make: () => (text: string) => get(parseUri(text)),
      },
    ],
    examples,
  });
}

const parameter = scalar({
  name: 'URL_EXTRACT_PARAMETER',
  description: `The value of a query parameter, decoded but for +, which stays; empty where the parameter has none (ksqlDB's documentation says NULL, but it runs so), NULL where it is missing. ${MALFORMED}`,
  category: CATEGORY,
  overloads: [
    {
      signature: 'URL_EXTRACT_PARAMETER(url STRING, paramName STRING) -> STRING',
      nulls: 'propagate',
      make: () => (text: string, name: string) => {
        const query = unescapePercent(parseUri(text).query);
        if (query === null) return null;
        for (const pair of query.split('&')) {
          const at = pair.indexOf('=');
          if ((at < 0 ? pair : pair.slice(0, at)) === name) return at < 0 ? '' : pair.slice(at + 1);
        }
        return null;
      },
    },
  ],
  examples: [
    { sql: "URL_EXTRACT_PARAMETER('http://test.com?a%20b=c%20d', 'a b')", result: "'c d'" },
    { sql: "URL_EXTRACT_PARAMETER('http://test.com?a=foo&b=bar', 'b')", result: "'bar'" },
    { sql: "URL_EXTRACT_PARAMETER('http://test.com?a&b=', 'a')", result: "''" },
    { sql: "URL_EXTRACT_PARAMETER('http://test.com?a&b=', 'b')", result: "''" },
    { sql: "URL_EXTRACT_PARAMETER('http://test.com?a&b=', 'c')", result: 'CAST(NULL AS STRING)' },
  ],
});

const encodeParam = scalar({
  name: 'URL_ENCODE_PARAM',
  description:
    "Escapes a value so that it can stand in the query of a URL. A blank becomes +: ksqlDB's documentation shows %20, but it runs so.",
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
  part(
    'URL_EXTRACT_HOST',
    'The name of the host; NULL for a name that no host can have, such as one with an underscore.',
    'STRING',
    (u) => u.host,
    {
      sql: "URL_EXTRACT_HOST('http://test.com:8080/path')",
      result: "'test.com'",
    },
  ),
  part(
    'URL_EXTRACT_PATH',
    "The decoded path, with the slash that it begins with (ksqlDB's documentation shows none, but it runs so); empty where there is none, NULL for an address without slashes such as mailto:a@b.",
    'STRING',
    (u) => unescapePercent(u.path),
    {
      sql: "URL_EXTRACT_PATH('http://test.com/path/to#a')",
      result: "'/path/to'",
    },
  ),
  part(
    'URL_EXTRACT_PORT',
    "The port, where one is given, as a number (ksqlDB's documentation shows a text, but it runs so); NULL for one beyond INT.",
    'INT',
    (u) => u.port,
    {
      sql: "URL_EXTRACT_PORT('http://localhost:8080/path')",
      result: '8080',
    },
  ),
  part('URL_EXTRACT_PROTOCOL', 'The protocol.', 'STRING', (u) => u.scheme, {
    sql: "URL_EXTRACT_PROTOCOL('http://test.com?a=foo&b=bar')",
    result: "'http'",
  }),
  part('URL_EXTRACT_QUERY', 'The decoded part behind the question mark.', 'STRING', (u) => unescapePercent(u.query), {
    sql: "URL_EXTRACT_QUERY('http://test.com?a=foo%20bar&b=baz')",
    result: "'a=foo bar&b=baz'",
  }),
];
