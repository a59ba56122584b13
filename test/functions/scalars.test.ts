import { describe, expect, test } from 'vitest';
import { parseJson, parseJsonPath, printJson } from '../../engine/functions/scalar/json-text.js';
import { javaMapOrder } from '../../engine/values/java-map-order.js';
import { evaluate } from './support.js';

/** Edges that examples do not show. */
describe('NULL in, NULL out', () => {
  test.each([
    "SUBSTRING('abc', CAST(NULL AS INT))",
    "REPLACE(CAST(NULL AS STRING), 'a', 'b')",
    "LPAD('a', -1, 'b')",
    "RPAD('a', 3, '')",
    "SPLIT_TO_MAP('a:b', '', ':')",
    "REGEXP_EXTRACT('x', 'abc')",
    "REGEXP_EXTRACT('a', 'a', 7)",
    "URL_EXTRACT_PORT('http://a.b')",
    "URL_EXTRACT_PROTOCOL('www.confluent.io')",
    "URL_EXTRACT_HOST('http://my_host/')",
    "URL_EXTRACT_PORT('http://host:99999999999/')",
    "URL_EXTRACT_PATH('mailto:a@b')",
    "JSON_KEYS('[]')",
    "JSON_CONCAT('1', '', '2')",
    'SLICE(ARRAY[1, 2], 0, 1)',
    'ARRAY_MAX(ARRAY[CAST(NULL AS INT)])',
    "ARRAY_SORT(ARRAY[1], 'sideways')",
    'CHR(-1)',
    "CHR('75')",
    "ELT(3, 'a')",
    "CONCAT_WS(CAST(NULL AS STRING), 'a')",
  ])('%s', (sql) => expect(evaluate(sql)).toBeNull());
});

describe('errors', () => {
  test.each([
    ["JSON_ARRAY_LENGTH('abc')", 'Invalid JSON'],
    ["ENCODE('zz', 'hex', 'utf8')", 'hexadecimal'],
    ["TO_BYTES('a', 'latin7')", 'encoding'],
    ["REGEXP_EXTRACT('(', 'a')", 'Invalid regular expression'],
    ["REGEXP_REPLACE('aa', '(a)\\1', 'b')", 'no back-reference \\1'],
    ['GENERATE_SERIES(1, 5, 0)', 'step cannot be zero'],
    ['GENERATE_SERIES(1, 5, -1)', 'wrong sign'],
    ['GENERATE_SERIES(1, 10000000)', 'more than'],
    ['GEO_DISTANCE(91, 0, 0, 0)', 'latitude'],
    ["PARSE_TIMESTAMP('x', 'yyyy')", 'could not be parsed'],
    ["MASK_LEFT('a', -1)", 'negative'],
    ["LPAD('a', 100000000, 'b')", 'limit'],
    ...[
      'http://a b',
      'http://h/%zz',
      'http://h/#a#b',
      'http://',
      'mailto:',
      '1a:b',
      'http://h/a[0]',
      'http://h?q={x}',
    ].map((url) => [`URL_EXTRACT_HOST('${url}')`, 'invalid syntax']),
    ["INT_FROM_BYTES(TO_BYTES('00', 'hex'))", '4 bytes'],
    ["INT_FROM_BYTES(TO_BYTES('00000000', 'hex'), 'MIDDLE')", 'byte order'],
    ["ENCODE('a', 'utf8', 'UTF8')", 'changes nothing'],
    ["ENCODE('YQ=', 'base64', 'utf8')", 'base64'],
    ["ENCODE('Y', 'base64', 'utf8')", 'base64'],
    ["MASK('aB1', 'XY', 'x', 'n', '-')", 'one character'],
    ["MASK_LEFT('aB1', 2, '', 'x', 'n', '-')", 'one character'],
    ["GEO_DISTANCE(0E0, 0E0, 0E0, 1E0, 'minutes')", 'no unit'],
    ['GENERATE_SERIES(-9223372036854775807, 9223372036854775807)', 'more than'],
  ] as [string, string][])('%s', (sql, message) => expect(() => evaluate(sql)).toThrow(message));
});

test('numbers in JSON text stay as they were written', () => {
  expect(evaluate(`EXTRACTJSONFIELD('{"a": [1.23450, 12345678901234567890]}', '$.a[0]')`)).toBe('1.23450');
  expect(evaluate(`EXTRACTJSONFIELD('{"a": [1.23450, 12345678901234567890]}', '$.a')`)).toBe(
    '[1.23450,12345678901234567890]',
  );
  expect(evaluate(`EXTRACTJSONFIELD('{"@type": "VAL"}}', '$.@type')`)).toBe('VAL');
  expect(evaluate(`EXTRACTJSONFIELD('{"a b": {"c.d": 1}}', '$[''a b''][''c.d'']')`)).toBe('1');
});

test('JSON is strict and bounded', () => {
  for (const bad of ['', '{', '[1,]', '{"a"}', '01', 'tru', '"\u0001"', `${'['.repeat(10_000)}${']'.repeat(10_000)}`]) {
    expect(parseJson(bad), bad.slice(0, 10)).toBeUndefined();
  }
  expect(printJson(parseJson(' { "a" : [ 1 , "\\u00e9\\n" , null ] } ')!)).toBe('{"a":[1,"é\\n",null]}');
  expect(parseJsonPath('a.b')).toBeUndefined();
  expect(parseJsonPath("$.a['b'][-1]")).toEqual(['a', 'b', '-1']);
});

test('no regular expression holds up the engine', () => {
  const text = `'${'a'.repeat(5000)}!'`;
  const started = performance.now();
  expect(evaluate(`REGEXP_EXTRACT('^(a+)+$', ${text})`)).toBeNull();
  expect(performance.now() - started).toBeLessThan(2000);
});

test('replacement text is taken as it is', () => {
  expect(evaluate("REPLACE('a.b', '.', '$&')")).toBe('a$&b');
  expect(evaluate("REGEXP_REPLACE('ab', '(a)(b)', '$2$1')")).toBe('ba');
});

test('maps are reduced in the order of a Java HashMap', () => {
  expect(javaMapOrder(['yes, thanks', 'nope', 'sure, yeah'])).toEqual(['yes, thanks', 'sure, yeah', 'nope']);
  expect(javaMapOrder([])).toEqual([]);
});

test('ASCII stands in for what it does not have', () => {
  expect(evaluate("ENCODE('Ελλάδα', 'ascii', 'hex')")).toBe('3f3f3f3f3f3f');
  expect(evaluate("ENCODE('c39c6265', 'hex', 'ascii')")).toBe('\ufffd\ufffdbe');
  expect(evaluate("ENCODE('X''4578''', 'hex', 'utf8')")).toBe('Ex');
});

test('URLs with user, port and query', () => {
  const url = "'http://test@confluent.io:8080/nested/path?query&jobs#frag'";
  expect(
    ['HOST', 'PORT', 'PATH', 'QUERY', 'FRAGMENT', 'PROTOCOL'].map((p) => evaluate(`URL_EXTRACT_${p}(${url})`)),
  ).toEqual(['confluent.io', 8080, '/nested/path', 'query&jobs', 'frag', 'http']);
  expect(evaluate("URL_EXTRACT_PARAMETER('http://a/?one=a&two=b&three', 'three')")).toBe('');
  expect(evaluate("URL_EXTRACT_PARAMETER('http://a/?q=1+2%263', 'q')")).toBe('1+2');
});

test('calendar arithmetic', () => {
  expect(evaluate("DATEADD(MONTHS, 1, CAST('2020-01-31' AS DATE)) = CAST('2020-02-29' AS DATE)")).toBe(true);
  expect(
    evaluate("TIMESTAMPSUB(YEARS, 1, CAST('2020-02-29T12:00' AS TIMESTAMP)) = CAST('2019-02-28T12:00' AS TIMESTAMP)"),
  ).toBe(true);
  expect(evaluate("DATEADD(HOURS, 25, CAST('2020-01-01' AS DATE)) = CAST('2020-01-02' AS DATE)")).toBe(true);
});
