import { Decimal } from '../../values/decimal.js';
import { EvaluationError } from '../../values/evaluation-error.js';
import { javaEntries } from '../../values/java-map-order.js';
import { doubleText } from '../../values/java-text.js';
import type { SqlType } from '../../values/sql-type.js';
import { dateText, timestampText, timeText } from '../../values/temporal.js';
import type { Value } from '../../values/value.js';
import { type ScalarOverload, scalar } from '../function.js';
import { encodeBytes } from './byte-strings.js';
import {
  followPath,
  type Json,
  parseJson,
  parseJsonPath,
  parseJsonPrefix,
  printJson,
  textOfJson,
} from './json-text.js';

const CATEGORY = 'JSON';

const extractJsonField = scalar({
  name: 'EXTRACTJSONFIELD',
  description:
    'The value at a JSONPath such as $.log.cloud, $.list[0].id or $[0] in JSON text; NULL where there is none.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'EXTRACTJSONFIELD(input STRING, path STRING) -> STRING',
      nulls: 'propagate',
      make: () => {
        let last: string | undefined;
        let steps: readonly string[] | undefined;
        return (text: string, path: string) => {
          if (path !== last) {
            last = path;
            steps = parseJsonPath(path);
          }
          if (steps === undefined) throw new EvaluationError(`Invalid JSON path: '${path}'`);
          const json = parseJsonPrefix(text);
          if (json === undefined) throw new EvaluationError('Invalid JSON format');
          const found = followPath(json, steps);
          return found === undefined || found.kind === 'null' ? null : textOfJson(found);
        };
      },
    },
  ],
  examples: [
    { sql: `EXTRACTJSONFIELD('{"log": {"cloud": "gcp"}}', '$.log.cloud')`, result: "'gcp'" },
    { sql: `EXTRACTJSONFIELD('{"a": [1.50, 2]}', '$.a[0]')`, result: "'1.50'" },
    { sql: `EXTRACTJSONFIELD('[{"b": [1, 2]}]', '$[0].b[1]')`, result: "'2'" },
    { sql: `EXTRACTJSONFIELD('{"a": [10, 11]}', '$.a.1')`, result: "'11'" },
    { sql: `EXTRACTJSONFIELD('{"0": "x"}', '$[0]')`, result: "'x'" },
    { sql: `EXTRACTJSONFIELD('{"a": 1}', '$.b')`, result: 'CAST(NULL AS STRING)' },
  ],
});

/** Whether a JSON value is equal to a SQL value of a primitive type; a number with a fraction or an exponent is no integer. */
function matches(json: Json, value: Value, integral: boolean): boolean {
  if (value === null) return json.kind === 'null';
  switch (json.kind) {
    case 'boolean':
      return json.value === value;
    case 'string':
      return json.value === value;
    case 'number': {
      if (json.integral !== integral) return false;
      if (value instanceof Decimal) return Decimal.parse(json.text)?.equals(value) === true;
      if (typeof value === 'bigint') return Decimal.parse(json.text)?.equals(Decimal.fromInteger(value)) === true;
      return typeof value === 'number' && Number(json.text) === value;
    }
    default:
      return false;
  }
}

const jsonArrayContains = scalar({
  name: 'JSON_ARRAY_CONTAINS',
  description: 'Whether a JSON array in a text contains a value; false where the text holds no array.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'JSON_ARRAY_CONTAINS(jsonArray STRING, value T) -> BOOLEAN',
      nulls: 'pass',
      make: ({ args }) => {
        const integral = args[1]!.kind === 'INTEGER' || args[1]!.kind === 'BIGINT';
        return (text: string | null, value: Value) => {
          const json = text === null ? undefined : parseJsonPrefix(text);
          return json?.kind === 'array' && json.items.some((item) => matches(item, value, integral));
        };
      },
    },
  ],
  examples: [
    { sql: "JSON_ARRAY_CONTAINS('[1, 2, 3]', 3)", result: 'true' },
    { sql: `JSON_ARRAY_CONTAINS('["a"]', 'b')`, result: 'false' },
    { sql: "JSON_ARRAY_CONTAINS('[1.0]', 1)", result: 'false' },
    { sql: "JSON_ARRAY_CONTAINS('[1e0]', 1)", result: 'false' },
    { sql: "JSON_ARRAY_CONTAINS('[1e0]', 1E0)", result: 'true' },
    { sql: "JSON_ARRAY_CONTAINS('[null]', CAST(NULL AS INT))", result: 'true' },
  ],
});

const isJsonString = scalar({
  name: 'IS_JSON_STRING',
  description: 'Whether a text is a JSON value.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'IS_JSON_STRING(input STRING) -> BOOLEAN',
      nulls: 'pass',
      make: () => (text: string | null) => text !== null && parseJson(text) !== undefined,
    },
  ],
  examples: [
    { sql: "IS_JSON_STRING('[1, 2, 3]')", result: 'true' },
    { sql: "IS_JSON_STRING('abc')", result: 'false' },
    { sql: 'IS_JSON_STRING(CAST(NULL AS STRING))', result: 'false' },
  ],
});

/** Throws where the text is no JSON; the empty text is none either, but gives NULL. */
function parsed(text: string): Json | undefined {
  if (text === '') return undefined;
  const json = parseJson(text);
  if (json === undefined) throw new EvaluationError('Invalid JSON format');
  return json;
}

const jsonArrayLength = scalar({
  name: 'JSON_ARRAY_LENGTH',
  description: 'The number of elements of a JSON array in a text; NULL where it holds no array.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'JSON_ARRAY_LENGTH(jsonArray STRING) -> INT',
      nulls: 'propagate',
      make: () => (text: string) => {
        const json = parsed(text);
        return json?.kind === 'array' ? json.items.length : null;
      },
    },
  ],
  examples: [
    { sql: "JSON_ARRAY_LENGTH('[1, [1, [2]], 3]')", result: '3' },
    { sql: "JSON_ARRAY_LENGTH('{}')", result: 'CAST(NULL AS INT)' },
  ],
});

const jsonKeys = scalar({
  name: 'JSON_KEYS',
  description: 'The names of the fields of a JSON object in a text; NULL where it holds no object.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'JSON_KEYS(jsonObject STRING) -> ARRAY<STRING>',
      nulls: 'propagate',
      make: () => (text: string) => {
        const json = parsed(text);
        return json?.kind === 'object' ? [...json.fields.keys()] : null;
      },
    },
  ],
  examples: [{ sql: `JSON_KEYS('{"a": "abc", "b": {"c": 1}}')`, result: "ARRAY['a', 'b']" }],
});

const jsonRecords = scalar({
  name: 'JSON_RECORDS',
  description: 'The fields of a JSON object in a text, their values as text; NULL where it holds no object.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'JSON_RECORDS(jsonObject STRING) -> MAP<STRING, STRING>',
      nulls: 'propagate',
      make: () => (text: string) => {
        const json = parsed(text);
        if (json?.kind !== 'object') return null;
        return new Map([...json.fields].map(([k, v]) => [k, textOfJson(v)]));
      },
    },
  ],
  examples: [{ sql: `JSON_RECORDS('{"a": "abc", "d": 1}')`, result: "MAP('a' := 'abc', 'd' := '1')" }],
});

const jsonItems = scalar({
  name: 'JSON_ITEMS',
  description: 'The elements of a JSON array in a text, each as JSON text; NULL where it holds no array.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'JSON_ITEMS(jsonItems STRING) -> ARRAY<STRING>',
      nulls: 'propagate',
      make: () => (text: string) => {
        const json = parsed(text);
        return json?.kind === 'array' ? json.items.map(printJson) : null;
      },
    },
  ],
  examples: [{ sql: `JSON_ITEMS('[{"a": 1}, 2]')`, result: `ARRAY['{"a":1}', '2']` }],
});

const items = (json: Json): readonly Json[] => (json.kind === 'array' ? json.items : [json]);

const jsonConcat = scalar({
  name: 'JSON_CONCAT',
  description:
    'Joins JSON values in texts: objects to one with the fields of all (the last wins), anything else to an array; NULL where one of them is NULL or no JSON. No blanks stand between the parts of the result: the documentation of ksqlDB shows some, but it runs so.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'JSON_CONCAT(first STRING, rest STRING...) -> STRING',
      nulls: 'propagate',
      make:
        () =>
        (...texts: string[]) => {
          const values: Json[] = [];
          for (const text of texts) {
            const json = parsed(text);
            if (json === undefined) return null;
            values.push(json);
          }
          if (values.every((v) => v.kind === 'object')) {
            return printJson({ kind: 'object', fields: new Map(values.flatMap((v) => [...v.fields])) });
          }
          return printJson({ kind: 'array', items: values.flatMap(items) });
        },
    },
  ],
  examples: [
    { sql: `JSON_CONCAT('{"a": 1}', '{"b": 2}')`, result: `'{"a":1,"b":2}'` },
    { sql: "JSON_CONCAT('[1, 2]', '3')", result: "'[1,2,3]'" },
  ],
});

/** The JSON text of a value: times as ISO-8601, bytes in base64, a map's keys as text. */
function jsonPrinter(type: SqlType): (v: Value) => string {
  const print = nonNull(type) as (v: Value) => string;
  return (v) => (v === null ? 'null' : print(v));
}

function nonNull(type: SqlType): (v: never) => string {
  switch (type.kind) {
    case 'STRING':
      return (v: string) => JSON.stringify(v);
    case 'DOUBLE':
      return (v: number) => (Number.isFinite(v) ? doubleText(v) : `"${doubleText(v)}"`);
    case 'DATE':
      return (v: number) => `"${dateText(v)}"`;
    case 'TIME':
      return (v: number) => `"${timeText(v)}"`;
    case 'TIMESTAMP':
      return (v: number) => `"${timestampText(v)}"`;
    case 'BYTES':
      return (v: Uint8Array) => `"${encodeBytes(v, 'base64')}"`;
    case 'ARRAY': {
      const element = jsonPrinter(type.element);
      return (v: Value[]) => `[${v.map(element).join(',')}]`;
    }
    case 'MAP': {
      const value = jsonPrinter(type.value);
      return (v: Map<Value, Value>) =>
        `{${javaEntries(v)
          .map(([k, x]) => `${JSON.stringify(String(k))}:${value(x)}`)
          .join(',')}}`;
    }
    case 'STRUCT': {
      const fields = type.fields.map((f) => ({ name: JSON.stringify(f.name), print: jsonPrinter(f.type) }));
      return (v: Value[]) => `{${fields.map((f, i) => `${f.name}:${f.print(v[i] ?? null)}`).join(',')}}`;
    }
    default:
      return (v: boolean | number | bigint | Decimal) => String(v);
  }
}

const toJsonString: ScalarOverload = {
  signature: 'TO_JSON_STRING(value T) -> STRING',
  nulls: 'pass',
  make: (types) => jsonPrinter(types.args[0]!),
};

const toJson = scalar({
  name: 'TO_JSON_STRING',
  description:
    "The JSON text of a value of any type, without blanks between its parts (ksqlDB's documentation shows some, but it runs so).",
  category: CATEGORY,
  overloads: [toJsonString],
  examples: [
    { sql: "TO_JSON_STRING('abc')", result: `'"abc"'` },
    { sql: 'TO_JSON_STRING(ARRAY[1, 2, 3])', result: "'[1,2,3]'" },
    { sql: "TO_JSON_STRING(STRUCT(id := 1, name := 'A'))", result: `'{"ID":1,"NAME":"A"}'` },
    { sql: 'TO_JSON_STRING(CAST(NULL AS INT))', result: "'null'" },
  ],
});

export const JSON_FUNCTIONS = [
  extractJsonField,
  jsonArrayContains,
  isJsonString,
  jsonArrayLength,
  jsonKeys,
  jsonRecords,
  jsonItems,
  jsonConcat,
  toJson,
];
