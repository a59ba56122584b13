import type { Span } from '../../parser/source.js';
import { WeirError } from '../base/errors.js';
import { asWritten, preservesCase } from '../formats/field-names.js';
import { type Format, formatByName } from '../formats/index.js';
import { pinSchema } from '../formats/registry/pinned.js';
import { type RegisteredSchema, subjectOf } from '../formats/registry/registry.js';
import type { FormatRef } from '../plan/topology.js';
import { type Column, printSchema } from '../values/schema.js';
import { typeEquals } from '../values/sql-type.js';
import type { AnalyzerContext } from './context.js';
import { fail } from './errors.js';
import { spelledAs } from './written-names.js';

/** The key or the value of a CREATE statement's topic. */
export interface SchemaSide {
  readonly isKey: boolean;
  readonly topic: string;
  /** With `wrapSingle` as it was said; columns that are not there yet decide nothing. */
  readonly ref: FormatRef;
  /** KEY_SCHEMA_ID or VALUE_SCHEMA_ID. */
  readonly id: number | undefined;
  readonly span: Span;
}

/** Refuses a schema id where the columns are given, or where the format has no schemas. */
export function checkSchemaId(side: SchemaSide, columns: readonly Column[]): void {
  if (side.id === undefined) return;
  const what = side.isKey ? 'KEY' : 'VALUE';
  if (formatByName(side.ref.name).schemas === undefined) {
    fail(
      `${what}_FORMAT should support schema inference when ${what}_SCHEMA_ID is provided. Current format is ${side.ref.name}.`,
      side.span,
    );
  }
  if (columns.length > 0) {
    fail(`Table elements and ${what}_SCHEMA_ID cannot both exist for create statement.`, side.span);
  }
}

/** The columns of a side for which none were written, from its registered schema; undefined: its format has none. */
export function inferColumns(
  context: AnalyzerContext,
  side: SchemaSide,
): { readonly columns: readonly Column[]; readonly ref: FormatRef } | undefined {
  const format = formatByName(side.ref.name);
  if (format.schemas === undefined) return undefined;
  const schema = registered(context, side, format);
  const upper = columnsOf(format, schema, side);
  const preserved = preservesCase(side.ref.properties);
  const columns = preserved ? spelledAs(upper, columnsOf(format, schema, side, true)) : upper;
  return { columns, ref: pinSchema(side.ref, schema) };
}

/** Checks the columns of a sink against the schema that it is to be written with, and gives the format with it. */
export function checkAgainstSchema(context: AnalyzerContext, side: SchemaSide, columns: readonly Column[]): FormatRef {
  checkSchemaId(side, []);
  const format = formatByName(side.ref.name);
  const schema = registered(context, side, format);
  const theirs = columnsOf(format, schema, side);
  const ours = asWritten(columns, side.ref, format.options);
  // The name of a column that is the whole payload is in no schema.
  const bare = columns.length === 1 && !isWrappedSide(side, format);
  const changed = columns.filter((c, i) => {
    const other = theirs[i];
    return other === undefined || !typeEquals(c.type, other.type) || (!bare && ours[i]!.name !== other.name);
  });
  if (changed.length > 0) {
    const list = (cs: readonly Column[]): string => `[${printSchema({ key: [], value: cs })}]`;
    fail(
      `The following ${side.isKey ? 'key' : 'value'} columns are changed, missing or reordered: ${list(changed)}. ` +
        `Schema from schema registry is ${list(theirs)}`,
      side.span,
    );
  }
  return pinSchema(side.ref, schema);
}

/** Whether the columns of a side are fields of a record: keys of formats that can do without are no records. */
function isWrappedSide({ isKey, ref }: SchemaSide, format: Format): boolean {
  return format.wrapping === 'always' || (ref.wrapSingle ?? !isKey);
}

const columnsOf = (
  format: Format,
  schema: RegisteredSchema,
  side: SchemaSide,
  exact = side.id !== undefined,
): readonly Column[] =>
  format.schemas!.columnsOf(schema, {
    isKey: side.isKey,
    wrapped: isWrappedSide(side, format),
    exact,
    ref: side.ref,
  });

function registered(context: AnalyzerContext, side: SchemaSide, format: Format): RegisteredSchema {
  const { schemas } = context;
  if (schemas === undefined) {
    throw new WeirError(
      'NO_SCHEMA_REGISTRY',
      `Columns are read from a schema registry (format ${side.ref.name}), and none is configured.`,
      'Write the columns in parentheses behind the name, or set ksql.schema.registry.url.',
    );
  }
  const what = side.isKey ? 'keys' : 'values';
  const subject = subjectOf(side.topic, side.isKey);
  const schema = side.id === undefined ? schemas.latest(subject) : schemas.byId(side.id);
  if (schema === undefined) {
    const which = side.id === undefined ? '' : ` Schema Id: ${side.id}`;
    return fail(
      `Schema for message ${what} on topic '${side.topic}' does not exist in the Schema Registry.\nSubject: ${subject}${which}`,
      side.span,
      'Write the columns in parentheses behind the name, or let the producer register its schema first.',
    );
  }
  if (schema.type !== format.schemas!.type) {
    const says = `The schema of the ${what} of topic '${side.topic}' is of type ${schema.type}, not of format ${side.ref.name}.`;
    return fail(says, side.span);
  }
  return schema;
}
