import type { CreateAs } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import { type DataSource, nextQueryId, queriesWriting } from '../catalog/index.js';
import { preservesCase } from '../formats/field-names.js';
import { FORMATS, formatByName, formatNamed } from '../formats/index.js';
import type { FormatRef } from '../plan/topology.js';
import { LANGUAGE } from '../settings.js';
import type { Column, Schema } from '../values/schema.js';
import { stateTypeOf } from './calls.js';
import { type AnalyzerContext, type Places, sqlOf } from './context.js';
import {
  checkFormats,
  checkName,
  checkTopic,
  checkWrap,
  checkWritable,
  replaceable,
  timestampColumn,
  wrapSingle,
} from './create-source.js';
import { fail, tick } from './errors.js';
import { formatRef, keyFormatRef, readProperties, topicRetention, type WithProperties } from './properties.js';
import { analyzeQuery } from './query.js';
import { checkAgainstSchema } from './registered-schemas.js';
import type { ResolvedCreateAs, ResolvedQuery } from './resolved.js';
import { relationSources } from './scope.js';
import { spelled, spellingIn } from './written-names.js';
import { checkKeyTypes } from './written-types.js';

export function analyzeCreateAs(context: AnalyzerContext, node: CreateAs): ResolvedCreateAs {
  const kind = node.sourceKind;
  const name = node.name.name;
  const sql = sqlOf(context, node.span);
  const exists = checkName(context, node, kind, false);
  const statement = `CREATE ${kind} AS SELECT`;
  if (node.query.limit !== undefined) fail(`${statement} statements don't support LIMIT clause.`, node.query.span);
  const p = readProperties(node.properties, 'sink');
  const spelling = preservesNames(context, p, node) ? spellingIn(context.sourceText) : undefined;
  const query = analyzeQuery({ ...context, spelling }, node.query, {
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
      node.name.span,
    );
  }
  const schema = sinkSchema(query);
  const input = firstSource(query);
  const topic = p.topic ?? `${LANGUAGE.topicPrefix.of(context.properties)}${name}`;
  const topicSpan = p.span('KAFKA_TOPIC') ?? node.name.span;
  checkTopic(topic, topicSpan);
  checkWritable(topic, topicSpan);
  const formats = sinkFormats(context, p, query, schema, node);
  checkWrap(p, formats.valueFormat, schema, node.span);
  const places: Places = {
    span: node.name.span,
    of: (column) => query.select.find((c) => c.name === column)?.span ?? node.name.span,
  };
  checkKeyTypes(schema.key, places);
  const { keyFormat, valueFormat } = withSchemaIds(context, p, formats, schema, topic, node.span);
  checkFormats(schema, keyFormat, valueFormat, places);
  const queryId =
    replacedQuery(context, node) ?? nextQueryId(context.catalog, kind === 'STREAM' ? 'CSAS' : 'CTAS', name);
  const grouped = query.shape.kind === 'grouped' ? query.shape.window : null;
  const sink: DataSource = {
    name,
    kind,
    schema,
    topic: {
      name: topic,
      partitions: p.partitions ?? LANGUAGE.sinkPartitions.of(context.properties) ?? input.topic.partitions,
      replicas: p.replicas ?? LANGUAGE.sinkReplicas.of(context.properties) ?? input.topic.replicas,
      retentionMs: topicRetention(p, kind === 'TABLE' && query.window === null),
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
  replaceable(context, node, sink);
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

/** The query that CREATE OR REPLACE replaces: the new one takes its id, and with it its offsets and its state. */
function replacedQuery(context: AnalyzerContext, node: CreateAs): string | undefined {
  if (!node.orReplace) return undefined;
  const writing = queriesWriting(context.catalog, node.name.name);
  if (writing.length > 1) {
    fail(
      `REPLACE for sink ${tick(node.name.name)} is not supported because there are multiple queries writing into it: [${writing.join(', ')}]`,
      node.name.span,
      'TERMINATE all but the one that is to be replaced.',
    );
  }
  return writing[0];
}

/** Whether the sink may write names as the statement has them: because it says so, or the source that it inherits from. */
function preservesNames(context: AnalyzerContext, p: WithProperties, node: CreateAs): boolean {
  let at = node.query.from;
  while (at.kind === 'Join') at = at.left;
  const source = context.catalog.sources.get(at.name.name);
  const sides = [p.keyOptions, p.valueOptions, source?.keyFormat.properties, source?.valueFormat.properties];
  return sides.some((properties) => properties !== undefined && preservesCase(properties));
}

/** The leftmost source: what the sink inherits from. */
const firstSource = (query: Pick<ResolvedQuery, 'relation'>): DataSource => relationSources(query.relation)[0]!.source;

/** Key columns in the order of the key, value columns in the order of the projection. */
export function sinkSchema(query: Pick<ResolvedQuery, 'select'>): Schema {
  const keys = query.select.filter((c) => c.key !== null);
  const column = (c: ResolvedQuery['select'][number]): Column => ({ ...spelled(c.name, c.written), type: c.expr.type });
  return {
    key: [...keys].sort((a, b) => a.key! - b.key!).map(column),
    value: query.select.filter((c) => c.key === null).map(column),
  };
}

/** Of a topic whose records have no key. */
const NO_KEY: FormatRef = { name: FORMATS.NONE.name, properties: {} };

/** Formats that the WITH clause leaves out are those of the first source; a key where there was none gets the default. */
function sinkFormats(
  context: AnalyzerContext,
  p: WithProperties,
  query: ResolvedQuery,
  schema: Schema,
  { name: sink, span }: CreateAs,
): { readonly keyFormat: FormatRef; readonly valueFormat: FormatRef } {
  const input = firstSource(query);
  const value = inherited(p.valueFormat, p.valueOptions, input.valueFormat, schema.value);
  const wrap = wrapSingle(context, p, value.name, schema);
  const bare = query.shape.kind === 'partitioned' && query.shape.keys.length === 0;
  const keyless = input.keyFormat.name === NO_KEY.name && !bare;
  const fallback: FormatRef = keyless
    ? { name: LANGUAGE.keyFormat.of(context.properties), properties: {} }
    : input.keyFormat;
  const key = inherited(
    p.keyFormat,
    p.keyOptions,
    schema.key.length === 0 && p.keyFormat === undefined ? input.keyFormat : fallback,
    schema.key,
  );
  if (bare && p.span('KEY_FORMAT') !== undefined && key.name.toUpperCase() !== NO_KEY.name) {
    fail(
      'Key format specified for stream without key columns.',
      p.span('KEY_FORMAT'),
      'PARTITION BY NULL leaves no key: leave KEY_FORMAT out.',
    );
  }
  return {
    keyFormat:
      bare && p.keyFormat === undefined
        ? NO_KEY
        : keyFormatRef(
            key.name,
            key.options,
            p.span('KEY_FORMAT') ?? p.span('FORMAT') ?? span,
            sink.name,
            schema.key.length,
          ),
    valueFormat: formatRef(value.name, value.options, p.span('VALUE_FORMAT') ?? p.span('FORMAT') ?? span, wrap),
  };
}

/** The formats with the schemas that KEY_SCHEMA_ID and VALUE_SCHEMA_ID name. */
function withSchemaIds(
  context: AnalyzerContext,
  p: WithProperties,
  { keyFormat, valueFormat }: { readonly keyFormat: FormatRef; readonly valueFormat: FormatRef },
  schema: Schema,
  topic: string,
  span: Span,
): { readonly keyFormat: FormatRef; readonly valueFormat: FormatRef } {
  const checked = (isKey: boolean, ref: FormatRef, id: number | undefined): FormatRef => {
    if (id === undefined) return ref;
    const where = p.span(`${isKey ? 'KEY' : 'VALUE'}_SCHEMA_ID`) ?? span;
    return checkAgainstSchema(context, { isKey, ref, id, topic, span: where }, isKey ? schema.key : schema.value);
  };
  return {
    keyFormat: checked(true, keyFormat, p.keySchemaId),
    valueFormat: checked(false, valueFormat, p.valueSchemaId),
  };
}

/** A format that is inherited comes with those of its options that are. */
function inherited(
  name: string | undefined,
  options: Readonly<Record<string, string>>,
  from: FormatRef,
  columns: readonly Column[],
): { readonly name: string; readonly options: Readonly<Record<string, string>> } {
  const kept: Record<string, string> = {};
  const same = name === undefined || name.toUpperCase() === from.name;
  const own = same ? from.name : name;
  const known = formatNamed(own.trim().toUpperCase())?.options ?? {};
  for (const [option, { inherited, namesColumn }] of Object.entries(formatByName(from.name).options)) {
    const value = from.properties[option];
    if (value === undefined || !(same ? inherited !== false : inherited === 'always' && Object.hasOwn(known, option)))
      continue;
    if (namesColumn === undefined || columns.some((c) => c.name === value && c.type.kind === namesColumn))
      kept[option] = value;
  }
  return { name: own, options: { ...kept, ...options } };
}

/**
 * ksqlDB keeps the state of aggregates in the value format of the source; a format that has no structures can then not hold
 * that of AVG and its like. Weir's own state has no such limit, but a statement must mean the same in both.
 */
function checkStates(context: AnalyzerContext, query: ResolvedQuery, span: Span): void {
  if (query.shape.kind !== 'grouped') return;
  const ref = firstSource(query).valueFormat;
  const { states } = formatByName(ref.name);
  if (states === 'none') {
    const names = relationSources(query.relation).map((s) => s.source.name);
    fail(
      `Source(s) ${names.join(', ')} are using the '${ref.name}' value format. This format does not yet support GROUP BY.`,
      span,
      "Read it into a stream WITH (VALUE_FORMAT='JSON') first.",
    );
  }
  if (states !== 'flat') return;
  const structured = query.shape.calls.some((call) =>
    ['ARRAY', 'MAP', 'STRUCT'].includes(stateTypeOf(context.functions, call).kind),
  );
  if (!structured) return;
  fail(
    'One of the functions used in the statement has an intermediate type that the value format can not handle. ' +
      'Please remove the function or change the format.',
    span,
    `The source's values are ${ref.name}: read it into a stream WITH (VALUE_FORMAT='JSON') first.`,
  );
}
