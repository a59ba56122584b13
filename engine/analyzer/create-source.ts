import type { ColumnDef, CreateAs, CreateSource, Identifier } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import { type DataSource, nextQueryId, type SourceKind, type TimestampColumn } from '../catalog/index.js';
import { preservesCase } from '../formats/field-names.js';
import { formatByName, formatNamed } from '../formats/index.js';
import type { FormatRef } from '../plan/topology.js';
import { isInternalTopic, isTopicName, TOPIC_NAME_HINT } from '../records/topic-name.js';
import { LANGUAGE } from '../settings.js';
import { type Column, type HeaderBinding, printBinding, type Schema, type ValueColumn } from '../values/schema.js';
import { array, BYTES, printType, type SqlType, STRING, struct, typeEquals } from '../values/sql-type.js';
import { type AnalyzerContext, checkFormat, type Places, sqlOf } from './context.js';
import { didYouMean, fail, tick } from './errors.js';
import {
  columnNamed,
  formatRef,
  keyFormatRef,
  keyWindow,
  readProperties,
  topicRetention,
  type WithProperties,
} from './properties.js';
import { checkSchemaId, inferColumns, type SchemaSide } from './registered-schemas.js';
import { checkReplacement } from './replace.js';
import type { ResolvedCreateSource } from './resolved.js';
import { RESERVED } from './scope.js';
import { spelled, spellingIn } from './written-names.js';
import { checkKeyTypes, resolveType } from './written-types.js';

export function analyzeCreateSource(context: AnalyzerContext, node: CreateSource): ResolvedCreateSource {
  const kind = node.sourceKind;
  const sql = sqlOf(context, node.span);
  const exists = checkName(context, node, kind, node.isSource);
  const p = readProperties(node.properties, 'source');
  checkColumns(context, node);
  const { schema, keyFormat, valueFormat } = withInferredColumns(context, p, sourceSchema(context, node, p), node);
  if (kind === 'TABLE' && schema.key.length === 0) {
    fail(
      'Tables require a PRIMARY KEY. Please define the PRIMARY KEY.',
      node.name.span,
      'Write PRIMARY KEY behind a column.',
    );
  }
  if (schema.key.length + schema.value.length === 0) {
    fail('No columns supplied.', node.name.span, 'Write the columns in parentheses behind the name.');
  }
  const window = keyWindow(p, node.span);
  if (window !== null && schema.key.length === 0)
    fail('Windowed sources require a key column.', p.span('WINDOW_TYPE') ?? node.name.span);
  if (p.topic === undefined || p.topic.trim() === '') {
    fail(
      'Missing required property "KAFKA_TOPIC" which has no default value.',
      node.name.span,
      "Write WITH (KAFKA_TOPIC='…').",
    );
  }
  checkTopic(p.topic, p.span('KAFKA_TOPIC') ?? node.span);
  checkWrap(p, valueFormat, schema, node.span);
  const places: Places = {
    span: node.name.span,
    of: (column) => node.columns.find((c) => c.name.name === column)?.span ?? node.name.span,
  };
  checkKeyTypes(schema.key, places);
  checkFormats(schema, keyFormat, valueFormat, places);
  const source: DataSource = {
    name: node.name.name,
    kind,
    schema,
    topic: {
      name: p.topic,
      partitions: p.partitions ?? null,
      replicas: p.replicas ?? null,
      retentionMs: topicRetention(p, kind === 'TABLE' && window === null),
    },
    keyFormat,
    valueFormat,
    window,
    windowType: p.windowType ?? null,
    timestamp: timestampColumn(p, schema, node.span),
    isSource: node.isSource,
    sql,
    createdBy: null,
  };
  replaceable(context, node, source);
  const materialized = node.isSource && kind === 'TABLE';
  return {
    kind: 'createSource',
    source,
    orReplace: node.orReplace,
    ifNotExists: node.ifNotExists,
    exists,
    queryId: materialized && !exists ? nextQueryId(context.catalog, 'CST', source.name) : null,
    sql,
  };
}

/** Whether the name is taken and that is fine; throws where it is not. */
export function checkName(
  context: AnalyzerContext,
  node: CreateSource | CreateAs,
  kind: SourceKind,
  isSource: boolean,
): boolean {
  const name = node.name.name;
  const was = context.catalog.sources.get(name);
  const word = kind.toLowerCase();
  if (node.orReplace && (isSource || was?.isSource === true)) {
    fail(`Cannot add ${word} '${name}': CREATE OR REPLACE is not supported on source ${word}s.`, node.name.span);
  }
  if (was === undefined) return false;
  if (node.ifNotExists) return true;
  if (!node.orReplace || was.kind !== kind) {
    fail(
      `Cannot add ${word} '${name}': A ${was.kind.toLowerCase()} with the same name already exists`,
      node.name.span,
      was.kind === kind ? 'Use IF NOT EXISTS, CREATE OR REPLACE or another name.' : undefined,
    );
  }
  return false;
}

export function replaceable(context: AnalyzerContext, node: CreateSource | CreateAs, next: DataSource): void {
  const was = context.catalog.sources.get(next.name);
  if (node.orReplace && was !== undefined) checkReplacement(was, next, node.name.span);
}

/** KEY and PRIMARY KEY are in their places already: the parser sees to that. */
function checkColumns(context: AnalyzerContext, node: CreateSource): void {
  const header = node.columns.find((c) => c.role === 'HEADERS' || c.role === 'HEADER');
  if (header !== undefined && !LANGUAGE.headerColumns.of(context.properties)) {
    fail(
      `Cannot create ${node.sourceKind.toLowerCase()} ${tick(node.name.name)}: header columns are disabled, and ` +
        `${tick(header.name.name)} is one.`,
      header.span,
      `Set ${LANGUAGE.headerColumns.name}=true to enable them.`,
    );
  }
  const seen = new Set<string>();
  for (const c of node.columns) {
    if (RESERVED.includes(c.name.name)) {
      fail(`'${c.name.name}' is a reserved column name. You cannot use it as a name for a column.`, c.name.span);
    }
    if (seen.has(c.name.name)) fail(`Duplicate column names: ${tick(c.name.name)}`, c.name.span);
    seen.add(c.name.name);
  }
}

function sourceSchema(context: AnalyzerContext, node: CreateSource, p: WithProperties): Schema {
  const preserved = preservesCase(p.keyOptions) || preservesCase(p.valueOptions);
  const spelling = preserved ? spellingIn(context.sourceText) : undefined;
  const key: Column[] = [];
  const value: ValueColumn[] = [];
  /** A header goes into one column. */
  const bound = new Set<string>();
  for (const c of node.columns) {
    const type = resolveType(c.type, context.catalog, spelling);
    const column = { ...spelled(c.name.name, spelling?.(c.name)), type };
    const headers = headerBinding(c, type);
    if (headers !== undefined) {
      const what = printBinding(headers);
      // HEADERS has all of them: no other stands beside it.
      const beside = { all: [...bound].filter((b) => b !== 'PAYLOAD'), one: [what, 'HEADERS'], payload: [what] };
      const there = beside[headers.kind].find((b) => bound.has(b));
      if (there !== undefined) fail(`Schema already contains a ${there} column.`, c.span, 'Leave one of the two out.');
      bound.add(what);
    }
    if (c.role === 'KEY' || c.role === 'PRIMARY_KEY') key.push(column);
    else value.push(headers === undefined ? column : { ...column, headers });
  }
  return { key, value };
}

const HEADERS_TYPE = array(
  struct([
    { name: 'KEY', type: STRING },
    { name: 'VALUE', type: BYTES },
  ]),
);

function headerBinding(c: ColumnDef, type: SqlType): HeaderBinding | undefined {
  const expect = (wanted: SqlType, what: string): void => {
    if (!typeEquals(type, wanted)) {
      fail(`Invalid type for ${what} column: expected ${printType(wanted)}, got ${printType(type)}`, c.type.span);
    }
  };
  if (c.role === 'HEADERS') {
    expect(HEADERS_TYPE, 'HEADERS');
    return { kind: 'all' };
  }
  if (c.role === 'HEADER') {
    expect(BYTES, `HEADER('${c.headerKey ?? ''}')`);
    return { kind: 'one', header: c.headerKey ?? '' };
  }
  if (c.role === 'PAYLOAD') {
    if (type.kind !== 'STRING') expect(BYTES, 'PAYLOAD');
    return { kind: 'payload' };
  }
  return undefined;
}

/** A topic that no broker would make is an error of its statement, before any of the script runs. */
export function checkTopic(topic: string, span: Span): void {
  if (!isTopicName(topic)) fail(`'${topic}' is no topic name.`, span, TOPIC_NAME_HINT);
}

/** The engine's own topics are read-only. */
export function checkWritable(topic: string, span: Span): void {
  if (isInternalTopic(topic)) fail(`Cannot write to read-only topic: ${topic}`, span, 'It belongs to the engine.');
}

/** The columns that are written, and of a side that has none those of its registered schema. */
function withInferredColumns(
  context: AnalyzerContext,
  p: WithProperties,
  given: Schema,
  node: CreateSource,
): { readonly schema: Schema; readonly keyFormat: FormatRef; readonly valueFormat: FormatRef } {
  const first = sourceFormats(context, p, given, node.name);
  const side = (isKey: boolean, ref: FormatRef): SchemaSide => ({
    isKey,
    ref,
    topic: p.topic ?? '',
    id: isKey ? p.keySchemaId : p.valueSchemaId,
    span: p.span(`${isKey ? 'KEY' : 'VALUE'}_SCHEMA_ID`) ?? node.span,
  });
  const sides = { key: side(true, first.keyFormat), value: side(false, first.valueFormat) };
  checkSchemaId(sides.key, given.key);
  checkSchemaId(sides.value, written(given));
  const key = given.key.length > 0 ? undefined : inferColumns(context, sides.key);
  if (node.sourceKind === 'TABLE' && given.key.length === 0 && key === undefined) return { schema: given, ...first };
  const value = written(given).length > 0 ? undefined : inferColumns(context, sides.value);
  if (key === undefined && value === undefined) return { schema: given, ...first };
  const schema: Schema = {
    key: key?.columns ?? given.key,
    value: value === undefined ? given.value : [...value.columns, ...given.value],
  };
  // What a single column means for the format is known now; the schemas go along.
  const { keyFormat, valueFormat } = sourceFormats(context, p, schema, node.name);
  const pinned = (ref: FormatRef, inferred: typeof key): FormatRef =>
    inferred === undefined ? ref : { ...ref, properties: { ...inferred.ref.properties, ...ref.properties } };
  return { schema, keyFormat: pinned(keyFormat, key), valueFormat: pinned(valueFormat, value) };
}

function sourceFormats(
  context: AnalyzerContext,
  p: WithProperties,
  schema: Schema,
  name: Identifier,
): { readonly keyFormat: FormatRef; readonly valueFormat: FormatRef } {
  const { span } = name;
  const valueName = p.valueFormat ?? LANGUAGE.valueFormat.of(context.properties);
  if (valueName === undefined) {
    fail(
      "Statement is missing the 'VALUE_FORMAT' property from the WITH clause. Either provide one or set a default via the " +
        `'${LANGUAGE.valueFormat.name}' config.`,
      span,
    );
  }
  const keyName = p.keyFormat ?? LANGUAGE.keyFormat.of(context.properties);
  return {
    keyFormat: keyFormatRef(
      keyName,
      p.keyOptions,
      p.span('KEY_FORMAT') ?? p.span('FORMAT') ?? span,
      name.name,
      schema.key.length,
    ),
    valueFormat: formatRef(
      valueName,
      p.valueOptions,
      p.span('VALUE_FORMAT') ?? p.span('FORMAT') ?? span,
      wrapSingle(context, p, valueName, schema),
    ),
  };
}

export function wrapSingle(
  context: AnalyzerContext,
  p: WithProperties,
  format: string,
  schema: Schema,
): boolean | undefined {
  if (p.wrapSingle !== undefined) return p.wrapSingle;
  if (written(schema).length !== 1 || formatNamed(format.trim().toUpperCase())?.wrapping !== 'choice') return undefined;
  return LANGUAGE.wrapSingleValues.of(context.properties);
}

/** Value columns that are in the record's value; header columns are not. */
const written = (schema: Schema): readonly ValueColumn[] => schema.value.filter((c) => c.headers === undefined);

export function checkWrap(p: WithProperties, format: FormatRef, schema: Schema, span: Span): void {
  if (p.wrapSingle === undefined) return;
  const where = p.span('WRAP_SINGLE_VALUE') ?? span;
  const { wrapping } = formatByName(format.name);
  if (wrapping !== 'choice' && p.wrapSingle !== (wrapping === 'always')) {
    fail(`Format '${format.name}' does not support 'WRAP_SINGLE_VALUE' set to '${p.wrapSingle}'.`, where);
  }
  if (written(schema).length !== 1) fail("'WRAP_SINGLE_VALUE' is only valid for single-field value schemas", where);
}

export function checkFormats(schema: Schema, key: FormatRef, value: FormatRef, places: Places): void {
  const text = schema.value.find((c) => c.headers?.kind === 'payload' && c.type.kind === 'STRING');
  if (text !== undefined && formatByName(value.name).text === undefined) {
    fail(
      `The PAYLOAD column ${tick(text.name)} cannot be a STRING: payloads of the '${value.name}' format are no text.`,
      places.of(text.name),
      'Declare it as BYTES.',
    );
  }
  if (schema.key.length > 0) checkFormat(key, schema.key, true, places);
  checkFormat(value, written(schema), false, places);
}

export function timestampColumn(p: WithProperties, schema: Schema, span: Span): TimestampColumn | null {
  if (p.timestamp === undefined) {
    if (p.timestampFormat !== undefined) {
      fail(
        "'TIMESTAMP_FORMAT' is set without 'TIMESTAMP', the column that it belongs to.",
        p.span('TIMESTAMP_FORMAT') ?? span,
      );
    }
    return null;
  }
  const where = p.span('TIMESTAMP') ?? span;
  const name = columnNamed(p.timestamp);
  const columns = [...schema.key, ...written(schema)];
  const column = columns.find((c) => c.name === name);
  if (column === undefined) {
    fail(
      `The TIMESTAMP column set in the WITH clause does not exist in the schema: '${name}'`,
      where,
      didYouMean(
        name,
        columns.map((c) => c.name),
      ),
    );
  }
  const format = p.timestampFormat ?? null;
  const kind = column.type.kind;
  if (kind === 'STRING' ? format === null : kind !== 'BIGINT' && kind !== 'TIMESTAMP') {
    fail(
      `Timestamp column, ${tick(name)}, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified`,
      where,
    );
  }
  if (kind !== 'STRING' && format !== null) {
    fail(`Timestamp column, ${tick(name)}, should be a String when a timestamp_format is specified`, where);
  }
  return { column: name, format };
}
