import { resolveType } from '../../engine/analyzer/written-types.js';
import type { Catalog, DataSource } from '../../engine/catalog/index.js';
import type { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import { subjectOf } from '../../engine/formats/registry/registry.js';
import { unpinned } from '../../engine/plan/format-ref.js';
import type { FormatRef } from '../../engine/plan/topology.js';
import { printSchema, type Schema } from '../../engine/values/schema.js';
import { parseColumnList } from '../../parser/index.js';
import {
  isObject,
  type Json,
  type JsonObject,
  listOf,
  numberOf,
  objectsOf,
  parseJson,
  printJson,
  textOf,
} from './lossless-json.js';

/** Internal topics of Kafka Streams, by name: not Weir's. */
const STREAMS_INTERNAL = /^_confluent-ksql-some\.ksql\.service\.idquery_/;

/** Checks what must hold of the catalog and the topics when a case has run. Null: all of it does. */
export function checkPost(
  post: JsonObject,
  catalog: Catalog,
  topics: readonly string[],
  registry: MemoryRegistry,
): string | null {
  for (const s of objectsOf(post.get('sources'))) {
    const problem = checkSource(s, catalog);
    if (problem !== null) return `post: source ${textOf(s.get('name'))}: ${problem}`;
  }
  const t = post.get('topics');
  if (!isObject(t)) return null;
  const blacklist = textOf(t.get('blacklist'));
  if (blacklist !== undefined) {
    const hit = topics.find((name) => new RegExp(blacklist).test(name));
    if (hit !== undefined) return `post: there must be no topic like ${blacklist}, and there is ${hit}`;
  }
  for (const spec of objectsOf(t.get('topics'))) {
    const name = textOf(spec.get('name'))!;
    if (STREAMS_INTERNAL.test(name)) continue;
    const owner = [...catalog.sources.values()].find((s) => s.topic.name === name);
    if (owner === undefined) return `post: topic ${name} is not there`;
    const problem = checkTopic(spec, owner) ?? checkSchemas(spec, owner, registry);
    if (problem !== null) return `post: topic ${name}: ${problem}`;
  }
  return null;
}

function checkSource(spec: JsonObject, catalog: Catalog): string | null {
  const source = catalog.sources.get(textOf(spec.get('name'))!);
  if (source === undefined) return 'is not there';
  const type = textOf(spec.get('type'));
  if (type !== undefined && type.toUpperCase() !== source.kind) return `is a ${source.kind}, not a ${type}`;
  const schema = textOf(spec.get('schema'));
  if (schema !== undefined) {
    const expected = printSchema(readSchema(schema, catalog));
    const actual = printSchema(source.schema);
    if (expected !== actual) return `schema: expected ${expected}, got ${actual}`;
  }
  const keyFormat = spec.get('keyFormat');
  if (isObject(keyFormat)) {
    const format = textOf(keyFormat.get('format'));
    if (format !== undefined && format !== source.keyFormat.name)
      return `key format: expected ${format}, got ${source.keyFormat.name}`;
    const windowType = textOf(keyFormat.get('windowType'))?.toUpperCase() ?? null;
    if (windowType !== source.windowType) return `window: expected ${windowType}, got ${source.windowType}`;
    const size = numberOf(keyFormat.get('windowSize')) ?? null;
    const actual = source.window?.kind === 'time' ? source.window.sizeMs : null;
    if (size !== actual) return `window size: expected ${size}, got ${actual}`;
  }
  const valueFormat = textOf(spec.get('valueFormat'));
  if (valueFormat !== undefined && valueFormat !== source.valueFormat.name) {
    return `value format: expected ${valueFormat}, got ${source.valueFormat.name}`;
  }
  for (const side of ['key', 'value'] as const) {
    const features = spec.get(`${side}Features`);
    if (features === undefined) continue;
    const expected = listOf(features)
      .map((f) => textOf(f))
      .sort()
      .join();
    const actual = featuresOf(source, side).join();
    if (expected !== actual) return `${side} features: expected [${expected}], got [${actual}]`;
  }
  const isSource = spec.get('isSource');
  if (typeof isSource === 'boolean' && isSource !== source.isSource) return `isSource: expected ${isSource}`;
  return null;
}

/** A schema as cases write it: `ID INT KEY, NAME STRING`. */
function readSchema(text: string, catalog: Catalog): Schema {
  const columns = parseColumnList(text).map((c) => ({
    node: c,
    name: c.name.name,
    type: resolveType(c.type, catalog),
  }));
  const isKey = (c: (typeof columns)[number]) => c.node.role === 'KEY' || c.node.role === 'PRIMARY_KEY';
  return {
    key: columns.filter(isKey).map(({ name, type }) => ({ name, type })),
    value: columns
      .filter((c) => !isKey(c))
      .map(({ node, name, type }) => {
        if (node.role === 'PAYLOAD') return { name, type, headers: { kind: 'payload' } };
        if (node.role === 'HEADERS') return { name, type, headers: { kind: 'all' } };
        if (node.role === 'HEADER') return { name, type, headers: { kind: 'one', header: node.headerKey ?? '' } };
        return { name, type };
      }),
  };
}

/** How single columns are written, where a source says it. */
export function featuresOf(source: DataSource, side: 'key' | 'value'): string[] {
  const { wrapSingle } = side === 'key' ? source.keyFormat : source.valueFormat;
  return wrapSingle === undefined ? [] : [wrapSingle ? 'WRAP_SINGLES' : 'UNWRAP_SINGLES'];
}

function checkTopic(spec: JsonObject, owner: DataSource): string | null {
  for (const side of ['key', 'value'] as const) {
    const format = spec.get(`${side}Format`);
    if (!isObject(format)) continue;
    const ref = side === 'key' ? owner.keyFormat : owner.valueFormat;
    const name = textOf(format.get('format'));
    if (name !== undefined && name !== ref.name) return `${side} format: expected ${name}, got ${ref.name}`;
    const properties = propertiesOf(format.get('properties'));
    const own = printed(shownProperties(ref));
    if (properties !== own) return `${side} format properties: expected ${properties}, got ${own}`;
    const expected = listOf(format.get('features'))
      .map((f) => textOf(f))
      .sort()
      .join();
    const actual = featuresOf(owner, side).join();
    if (expected !== actual) return `${side} features: expected [${expected}], got [${actual}]`;
    if (side === 'value') continue;
    const window = format.get('windowInfo');
    const type = isObject(window) ? (textOf(window.get('type'))?.toUpperCase() ?? null) : null;
    if (type !== owner.windowType) return `window: expected ${type}, got ${owner.windowType}`;
    const size = isObject(window) ? numberOf(window.get('size')) : undefined;
    if (size !== undefined && (owner.window?.kind !== 'time' || owner.window.sizeMs !== size * 1000)) {
      return `window size: expected ${size} s`;
    }
  }
  return null;
}

const shownProperties = (ref: FormatRef): readonly (readonly [string, string])[] =>
  Object.entries(unpinned(ref).properties);

const propertiesOf = (v: Json | undefined): string =>
  printed(isObject(v) ? [...v].map(([k, x]) => [k, textOf(x) ?? ''] as const) : []);

const printed = (entries: readonly (readonly [string, string])[]): string =>
  `{${entries
    .map(([k, v]) => `${k}=${v}`)
    .sort()
    .join(', ')}}`;

/** The latest schemas of a topic, as equal JSON trees, or for Protobuf as the same text. */
function checkSchemas(spec: JsonObject, owner: DataSource, registry: MemoryRegistry): string | null {
  for (const side of ['key', 'value'] as const) {
    const expected = spec.get(`${side}Schema`);
    if (expected === undefined) continue;
    const schema = registry.latestOf(subjectOf(owner.topic.name, side === 'key'));
    const protobuf = schema?.type === 'PROTOBUF';
    const wanted = protobuf ? (textOf(expected) ?? '') : sortedJson(expected);
    const actual = schema === undefined ? 'none' : protobuf ? schema.text : sortedJson(parseJson(schema.text));
    if (wanted !== actual) return `${side} schema: expected ${wanted}, got ${actual}`;
  }
  return null;
}

function sortedJson(v: Json): string {
  if (Array.isArray(v)) return `[${v.map(sortedJson).join(',')}]`;
  if (!isObject(v)) return printJson(v);
  const members = [...v].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([k, x]) => `${JSON.stringify(k)}:${sortedJson(x)}`).join(',')}}`;
}
