import type { ColumnDef, CreateAs, CreateSource } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import { type DataSource, nextQueryId, type SourceKind, type TimestampColumn } from '../catalog/index.js';
import type { FunctionConfig } from '../functions/index.js';
import type { LiteralExpr } from '../types/expr.js';
import type { Column, HeaderBinding, Schema, ValueColumn } from '../types/schema.js';
import { array, BYTES, printType, type SqlType, STRING, struct, typeEquals } from '../types/sql-type.js';
import type { FormatRef } from '../types/topology.js';
import type { Value } from '../types/value.js';
import { type AnalyzerContext, checkFormat, property, sqlOf } from './context.js';
import { at, didYouMean, fail, notSupported, tick } from './errors.js';
import { formatRef, keyWindow, readProperties, refuseSchemaIds, type WithProperties } from './properties.js';
import { analyzeQuery } from './query.js';
import type { ResolvedCreateAs, ResolvedCreateSource, ResolvedQuery } from './resolved.js';
import { RESERVED, relationSources } from './scope.js';
import { checkKeyTypes, resolveType } from './types.js';

const DEFAULT_KEY_FORMAT = 'ksql.persistence.default.format.key';
const DEFAULT_VALUE_FORMAT = 'ksql.persistence.default.format.value';
const WRAP_SINGLES = 'ksql.persistence.wrap.single.values';
const TOPIC_PREFIX = 'ksql.output.topic.name.prefix';

// --- CREATE STREAM, CREATE TABLE -------------------------------------------------------------------------------------

export function analyzeCreateSource(context: AnalyzerContext, node: CreateSource): ResolvedCreateSource {
  const kind = node.sourceKind;
  const sql = sqlOf(context, node.span);
  const exists = checkName(context, node, kind, node.isSource);
  const p = readProperties(node.properties, 'source');
  refuseSchemaIds(p);
  checkRoles(node);
  const schema = sourceSchema(context, node);
  const { keyFormat, valueFormat } = sourceFormats(context, p, schema, node.name.span);
  checkInference(schema.key, keyFormat, node.span);
  if (kind === 'TABLE' && schema.key.length === 0) {
    fail(
      'Tables require a PRIMARY KEY. Please define the PRIMARY KEY.',
      node.span,
      'Write PRIMARY KEY behind a column.',
    );
  }
  checkInference(schema.value, valueFormat, node.span);
  if (node.columns.length === 0) {
    fail('No columns supplied.', node.span, 'Write the columns in parentheses behind the name.');
  }
  const window = keyWindow(p, node.span);
  if (window !== null && schema.key.length === 0) fail('Windowed sources require a key column.', node.span);
  if (p.topic === undefined || p.topic.trim() === '') {
    fail(
      'Missing required property "KAFKA_TOPIC" which has no default value.',
      node.span,
      "Write WITH (KAFKA_TOPIC='…').",
    );
  }
  checkWrap(p, valueFormat, schema, node.span);
  checkKeyTypes(schema.key, node.span);
  checkFormats(context, schema, keyFormat, valueFormat, node.span);
  const source: DataSource = {
    name: node.name.name,
    kind,
    schema,
    topic: {
      name: p.topic,
      partitions: p.partitions ?? null,
      replicas: p.replicas ?? null,
      retentionMs: p.retentionMs ?? null,
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
function checkName(
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

function checkRoles(node: CreateSource): void {
  for (const c of node.columns) {
    if (node.sourceKind === 'TABLE' && c.role === 'KEY') {
      fail(`${at(c.span)}Column ${tick(c.name.name)} is a 'KEY' column: please use 'PRIMARY KEY' for tables.`, c.span);
    }
    if (node.sourceKind === 'STREAM' && c.role === 'PRIMARY_KEY') {
      fail(`${at(c.span)}Column ${tick(c.name.name)} is a 'PRIMARY KEY' column: please use 'KEY' for streams.`, c.span);
    }
    if (RESERVED.includes(c.name.name)) {
      fail(`'${c.name.name}' is a reserved column name. You cannot use it as a name for a column.`, c.name.span);
    }
  }
  node.columns.forEach((c, i) => {
    if (node.columns.findIndex((d) => d.name.name === c.name.name) < i) {
      fail(`Duplicate column names: ${tick(c.name.name)}`, c.name.span);
    }
  });
}

function sourceSchema(context: AnalyzerContext, node: CreateSource): Schema {
  const key: Column[] = [];
  const value: ValueColumn[] = [];
  for (const c of node.columns) {
    const type = resolveType(c.type, context.catalog);
    const headers = headerBinding(c, type);
    if (c.role === 'KEY' || c.role === 'PRIMARY_KEY') key.push({ name: c.name.name, type });
    else value.push(headers === undefined ? { name: c.name.name, type } : { name: c.name.name, type, headers });
  }
  if (value.filter((c) => c.headers?.kind === 'all').length > 1)
    fail('Schema already contains a HEADERS column.', node.span);
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
  return undefined;
}

/** Formats whose schemas are in a registry: columns that are left out are read from there. */
const REGISTRY_FORMATS = ['AVRO', 'JSON_SR', 'PROTOBUF'];

function checkInference(columns: readonly Column[], format: FormatRef, span: Span): void {
  if (columns.length > 0 || !REGISTRY_FORMATS.includes(format.name)) return;
  notSupported(`Reading columns from the schema registry (format ${format.name})`, span);
}

function sourceFormats(
  context: AnalyzerContext,
  p: WithProperties,
  schema: Schema,
  span: Span,
): { readonly keyFormat: FormatRef; readonly valueFormat: FormatRef } {
  const valueName = p.valueFormat ?? property(context, DEFAULT_VALUE_FORMAT);
  if (valueName === undefined || valueName === '') {
    fail(
      "Statement is missing the 'VALUE_FORMAT' property from the WITH clause. Either provide one or set a default via the 'ksql.persistence.default.format.value' config.",
      span,
    );
  }
  const keyName = p.keyFormat ?? (property(context, DEFAULT_KEY_FORMAT) || 'KAFKA');
  return {
    keyFormat: formatRef(keyName, p.keyOptions, p.span('KEY_FORMAT') ?? p.span('FORMAT') ?? span),
    valueFormat: formatRef(
      valueName,
      p.valueOptions,
      p.span('VALUE_FORMAT') ?? p.span('FORMAT') ?? span,
      wrapSingle(context, p, valueName, schema),
    ),
  };
}

/** Formats for which WRAP_SINGLE_VALUE makes a difference. */
const WRAPPING = ['JSON', 'JSON_SR', 'AVRO'];

function wrapSingle(context: AnalyzerContext, p: WithProperties, format: string, schema: Schema): boolean | undefined {
  if (p.wrapSingle !== undefined) return p.wrapSingle;
  if (written(schema).length !== 1 || !WRAPPING.includes(format.toUpperCase())) return undefined;
  const setting = property(context, WRAP_SINGLES);
  return setting === undefined ? undefined : /^true$/i.test(setting);
}

/** Value columns that are in the record's value; header columns are not. */
const written = (schema: Schema): readonly ValueColumn[] => schema.value.filter((c) => c.headers === undefined);

function checkWrap(p: WithProperties, format: FormatRef, schema: Schema, span: Span): void {
  if (p.wrapSingle === undefined) return;
  const where = p.span('WRAP_SINGLE_VALUE') ?? span;
  const fixed = !WRAPPING.includes(format.name);
  // Protobuf always wraps, the others never do.
  const only = format.name.startsWith('PROTOBUF');
  if (fixed && p.wrapSingle !== only) {
    fail(`Format '${format.name}' does not support 'WRAP_SINGLE_VALUE' set to '${p.wrapSingle}'.`, where);
  }
  if (written(schema).length !== 1) fail("'WRAP_SINGLE_VALUE' is only valid for single-field value schemas", where);
}

function checkFormats(context: AnalyzerContext, schema: Schema, key: FormatRef, value: FormatRef, span: Span): void {
  if (schema.key.length > 0) checkFormat(context, key, schema.key, true, span);
  checkFormat(context, value, written(schema), false, span);
}

function timestampColumn(p: WithProperties, schema: Schema, span: Span): TimestampColumn | null {
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
  const quoted = /^`(.*)`$/.exec(p.timestamp);
  const name = quoted === null ? p.timestamp.toUpperCase() : quoted[1]!.replaceAll('``', '`');
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

// --- CREATE … AS SELECT -----------------------------------------------------------------------------------------------

export function analyzeCreateAs(context: AnalyzerContext, node: CreateAs): ResolvedCreateAs {
  const kind = node.sourceKind;
  const name = node.name.name;
  const sql = sqlOf(context, node.span);
  const exists = checkName(context, node, kind, false);
  const statement = `CREATE ${kind} AS SELECT`;
  if (node.query.limit !== undefined) fail(`${statement} statements don't support LIMIT clause.`, node.query.span);
  const p = readProperties(node.properties, 'sink');
  refuseSchemaIds(p);
  const query = analyzeQuery(context, node.query, {
    kind: 'persistent',
    sink: name,
    statement,
    check: (q) => {
      checkStates(context, q, node.query.span);
      timestampColumn(p, sinkSchema(q), node.span);
    },
  });
  if (query.output !== kind) {
    fail(
      `Invalid result type. Your SELECT query produces a ${query.output}. Please use CREATE ${query.output} AS SELECT statement instead.`,
      node.span,
    );
  }
  const schema = sinkSchema(query);
  const input = firstSource(query);
  const { keyFormat, valueFormat } = sinkFormats(context, p, query, schema, node.span);
  checkWrap(p, valueFormat, schema, node.span);
  checkKeyTypes(schema.key, node.span);
  checkFormats(context, schema, keyFormat, valueFormat, node.span);
  const queryId = nextQueryId(context.catalog, kind === 'STREAM' ? 'CSAS' : 'CTAS', name);
  const grouped = query.shape.kind === 'grouped' ? query.shape.window : null;
  const sink: DataSource = {
    name,
    kind,
    schema,
    topic: {
      name: p.topic ?? `${property(context, TOPIC_PREFIX) ?? ''}${name}`,
      partitions: p.partitions ?? input.topic.partitions,
      replicas: p.replicas ?? input.topic.replicas,
      retentionMs: p.retentionMs ?? null,
    },
    keyFormat,
    valueFormat,
    window: query.window,
    windowType: grouped?.kind ?? (query.window === null ? null : input.windowType),
    timestamp: timestampColumn(p, schema, node.span),
    isSource: false,
    sql,
    createdBy: queryId,
  };
  return {
    kind: 'createAs',
    sink,
    query,
    queryId,
    orReplace: node.orReplace,
    ifNotExists: node.ifNotExists,
    exists,
    sql,
  };
}

/** The leftmost source: what the sink inherits from. */
export const firstSource = (query: Pick<ResolvedQuery, 'relation'>): DataSource =>
  relationSources(query.relation)[0]!.source;

/** Key columns in the order of the key, value columns in the order of the projection. */
export function sinkSchema(query: Pick<ResolvedQuery, 'select'>): Schema {
  const keys = query.select.filter((c) => c.key !== null);
  const column = (c: ResolvedQuery['select'][number]): Column => ({ name: c.name, type: c.expr.type });
  return {
    key: [...keys].sort((a, b) => a.key! - b.key!).map(column),
    value: query.select.filter((c) => c.key === null).map(column),
  };
}

/** Formats that the WITH clause leaves out are those of the first source; a key where there was none gets the default. */
function sinkFormats(
  context: AnalyzerContext,
  p: WithProperties,
  query: ResolvedQuery,
  schema: Schema,
  span: Span,
): { readonly keyFormat: FormatRef; readonly valueFormat: FormatRef } {
  const input = firstSource(query);
  const value = inherited(p.valueFormat, p.valueOptions, input.valueFormat);
  const wrap = wrapSingle(context, p, value.name, schema);
  const bare = query.shape.kind === 'partitioned' && query.shape.keys.length === 0;
  const keyless = input.keyFormat.name === 'NONE' && !bare;
  const fallback: FormatRef = keyless
    ? { name: property(context, DEFAULT_KEY_FORMAT) || 'KAFKA', properties: {} }
    : input.keyFormat;
  const key = inherited(
    p.keyFormat,
    p.keyOptions,
    schema.key.length === 0 && p.keyFormat === undefined ? input.keyFormat : fallback,
  );
  return {
    keyFormat:
      bare && p.keyFormat === undefined
        ? { name: 'NONE', properties: {} }
        : formatRef(key.name, key.options, p.span('KEY_FORMAT') ?? p.span('FORMAT') ?? span),
    valueFormat: formatRef(value.name, value.options, p.span('VALUE_FORMAT') ?? p.span('FORMAT') ?? span, wrap),
  };
}

/** A delimiter goes along with an inherited format; names of schemas belong to one topic and do not. */
function inherited(
  name: string | undefined,
  options: Readonly<Record<string, string>>,
  from: FormatRef,
): { readonly name: string; readonly options: Readonly<Record<string, string>> } {
  if (name !== undefined && name.toUpperCase() !== from.name) return { name, options };
  const { fullSchemaName: _name, schemaId: _id, ...kept } = from.properties;
  return { name: from.name, options: { ...kept, ...options } };
}

/**
 * ksqlDB keeps the state of aggregates in the value format of the source; a format that has no structures can then not hold
 * that of AVG and its like. Weir's own state has no such limit, but a statement must mean the same in both.
 */
function checkStates(context: AnalyzerContext, query: ResolvedQuery, span: Span): void {
  if (query.shape.kind !== 'grouped') return;
  const ref = firstSource(query).valueFormat;
  if (ref.name !== 'DELIMITED') return;
  const structured = query.shape.calls.some((call) => {
    const types = call.args.map((a) => a.type);
    const impl = context.functions.aggregateImpl(
      call.name,
      call.overload,
      types,
      call.init.map(initValue),
      call.type,
      NO_CONFIG,
    );
    return ['ARRAY', 'MAP', 'STRUCT'].includes(impl.stateType.kind);
  });
  if (!structured) return;
  fail(
    'One of the functions used in the statement has an intermediate type that the value format can not handle. ' +
      'Please remove the function or change the format.',
    span,
    `The source's values are ${ref.name}: read it into a stream WITH (VALUE_FORMAT='JSON') first.`,
  );
}

const initValue = (e: LiteralExpr): { readonly type: SqlType; readonly value: Value } => ({
  type: e.type,
  value: e.type.kind === 'BIGINT' && e.value !== null ? Number(e.value) : e.value,
});

/** Functions are only asked for the types of their states here. */
const NO_CONFIG: FunctionConfig = { property: () => undefined, now: () => 0, random: () => 0, uuid: () => '' };
