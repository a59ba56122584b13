import { isObject, type Json, type JsonObject, objectsOf, printJson, textOf } from './lossless-json.js';
import { protoTexts } from './rest-proto.js';

/** Compares what a server answered with what a case wants, by the suite's rules (its README, section 3.2). */

/** Null where they match, else how they differ. `replies`: the entities, then the queries' rows. */
export function responsesDifference(expected: readonly JsonObject[], replies: readonly Json[]): string | null {
  for (const [i, want] of expected.entries()) {
    const [kind, value] = [...want][0] ?? ['', null];
    const reply = replies[i];
    if (reply === undefined) return `response ${i}: there is none`;
    const d =
      kind === 'admin'
        ? memberDifference(value, reply)
        : kind === 'query'
          ? queryDifference(objectsOf(value), objectsOf(reply))
          : kind === 'queryProto'
            ? protoDifference(objectsOf(value), objectsOf(reply))
            : `unknown kind '${kind}'`;
    if (d !== null) return `response ${i}: ${d}`;
  }
  return null;
}

/** As text in which equal values are equal: plain numbers, members in order of their names. */
function canonical(v: Json): string {
  if (Array.isArray(v)) return `[${v.map(canonical).join(',')}]`;
  if (!isObject(v)) return printJson(v, true);
  const members = [...v].map(([k, x]) => `${JSON.stringify(k)}:${canonical(x)}`).sort();
  return `{${members.join(',')}}`;
}

const PREFIX = '|starts_with';

/** The members that are listed, and theirs. */
function memberDifference(expected: Json, actual: Json, path = ''): string | null {
  if (!isObject(expected)) {
    return canonical(expected) === canonical(actual)
      ? null
      : `${path}: expected ${printJson(expected)}, got ${printJson(actual)}`;
  }
  if (!isObject(actual)) return `${path}: expected an object, got ${printJson(actual)}`;
  for (const [name, want] of expected) {
    const isPrefix = name.endsWith(PREFIX);
    const key = isPrefix ? name.slice(0, -PREFIX.length) : name;
    const got = actual.get(key);
    const inner = path === '' ? key : `${path}.${key}`;
    if (got === undefined) return `${inner} is missing in ${printJson(actual)}`;
    if (isPrefix) {
      if (textOf(got)?.startsWith(textOf(want)!) !== true) {
        return `${inner}: expected a text that begins with ${textOf(want)}, got ${printJson(got)}`;
      }
      continue;
    }
    const d = memberDifference(want, got, inner);
    if (d !== null) return d;
  }
  return null;
}

function queryDifference(expected: readonly JsonObject[], actual: readonly JsonObject[]): string | null {
  const shown = () =>
    `expected\n${expected.map((r) => printJson(r)).join('\n')}\ngot\n${actual.map((r) => printJson(r)).join('\n')}`;
  if (expected.length !== actual.length) return `${actual.length} rows instead of ${expected.length}: ${shown()}`;
  const [wanted, got]: [string[], string[]] = [[], []];
  for (const [i, e] of expected.entries()) {
    const d = memberDifference(withoutColumns(e, wanted), withoutColumns(actual[i]!, got));
    if (d !== null) return `row ${i}: ${d}; ${shown()}`;
  }
  return sameMultiset(wanted, got) ? null : `other columns: ${shown()}`;
}

/** A row without its columns, which are collected: rows come in any order. */
function withoutColumns(row: JsonObject, columns: string[]): JsonObject {
  const inner = row.get('row');
  if (!isObject(inner) || !inner.has('columns')) return row;
  columns.push(canonical(inner.get('columns')!));
  return new Map([...row, ['row', new Map([...inner].filter(([k]) => k !== 'columns'))]]);
}

function protoDifference(expected: readonly JsonObject[], actual: readonly JsonObject[]): string | null {
  if (expected.length !== actual.length)
    return `${actual.length} rows instead of ${expected.length}: ${printJson([...actual])}`;
  const [wanted, bytes]: [string[], Buffer[]] = [[], []];
  let schema = '';
  for (const [i, e] of expected.entries()) {
    const row = e.get('row');
    const a = actual[i]!;
    if (row === undefined) {
      const d = memberDifference(e, a);
      if (d !== null) return `row ${i}: ${d}`;
      const header = a.get('header');
      if (isObject(header)) schema = textOf(header.get('protoSchema')) ?? '';
      continue;
    }
    wanted.push(textOf(row) ?? '');
    const inner = a.get('row');
    if (!isObject(inner)) return `row ${i}: there is no row in ${printJson(a)}`;
    bytes.push(Buffer.from(textOf(inner.get('protobufBytes')) ?? '', 'base64'));
  }
  const got = protoTexts(schema, bytes);
  return sameMultiset(wanted, got) ? null : `expected\n${wanted.join('---\n')}\ngot\n${got.join('---\n')}`;
}

function sameMultiset(a: readonly string[], b: readonly string[]): boolean {
  const [x, y] = [[...a].sort(), [...b].sort()];
  return x.length === y.length && x.every((v, i) => v === y[i]);
}
