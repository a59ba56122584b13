import type { Column } from '../../values/schema.js';
import type { SqlType } from '../../values/sql-type.js';
import { dateText, timestampText } from '../../values/temporal.js';
import type { Value } from '../../values/value.js';
import { jsonText, plainText } from '../row-text.js';

/** What a column of a SQL type is in Postgres. */
export function postgresType(type: SqlType): string {
  switch (type.kind) {
    case 'BOOLEAN':
      return 'boolean';
    case 'INTEGER':
      return 'integer';
    case 'BIGINT':
      return 'bigint';
    case 'DOUBLE':
      return 'double precision';
    case 'DECIMAL':
      return `numeric(${type.precision},${type.scale})`;
    case 'STRING':
      return 'text';
    case 'BYTES':
      return 'bytea';
    case 'DATE':
      return 'date';
    case 'TIME':
      return 'time without time zone';
    case 'TIMESTAMP':
      return 'timestamp without time zone';
    default:
      return 'jsonb';
  }
}

/** Text takes everything, and every type takes text that is one of its values: a text that is none is a bad row. */
const ANY_TEXT =
  /^(text|character varying|character|uuid|json|jsonb|date|time|timestamp|interval|inet|numeric|integer|bigint|boolean|xml|citext|USER-DEFINED)/;

const NUMBERS = ['smallint', 'integer', 'bigint'];

/**
 * How a column that is there takes values of a type: as it is, once it is made wider (to this type), or not at all (undefined).
 * @param is as `format_type` writes it
 */
export function taken(type: SqlType, is: string): 'as it is' | { readonly widenTo: string } | undefined {
  const wanted = postgresType(type);
  if (is === wanted || /^(text|character varying$|jsonb?$)/.test(is)) return 'as it is';
  switch (type.kind) {
    case 'STRING':
      return ANY_TEXT.test(is) ? 'as it is' : undefined;
    case 'INTEGER':
    case 'BIGINT':
      if (is === 'numeric' || is === 'double precision') return 'as it is';
      if (!NUMBERS.includes(is)) return undefined;
      return NUMBERS.indexOf(is) >= NUMBERS.indexOf(wanted) ? 'as it is' : { widenTo: wanted };
    case 'DOUBLE':
      if (is === 'numeric') return 'as it is';
      return is === 'real' ? { widenTo: wanted } : undefined;
    case 'DECIMAL': {
      if (is === 'numeric') return 'as it is';
      const [, precision, scale] = /^numeric\((\d+),(\d+)\)$/.exec(is) ?? [];
      if (precision === undefined) return NUMBERS.includes(is) && type.scale === 0 ? { widenTo: wanted } : undefined;
      const [whole, part] = [Number(precision) - Number(scale), Number(scale)];
      const needs = type.precision - type.scale;
      if (whole >= needs && part >= type.scale) return 'as it is';
      const wider = [Math.max(whole, needs) + Math.max(part, type.scale), Math.max(part, type.scale)];
      return { widenTo: `numeric(${wider.join(',')})` };
    }
    case 'TIMESTAMP':
      return /^timestamp/.test(is) ? 'as it is' : is === 'date' ? { widenTo: wanted } : undefined;
    case 'TIME':
      return /^time /.test(is) ? 'as it is' : undefined;
    default:
      return undefined;
  }
}

/** A value as COPY reads it, in its text form. NULL is `\N`. */
function copyField({ type }: Column): (v: Value) => string {
  switch (type.kind) {
    case 'BYTES':
      return (v) => `\\\\x${Buffer.from(v as Uint8Array).toString('hex')}`;
    case 'STRING':
      return (v) => escaped(v as string);
    case 'DATE':
      return (v) => dateText(v as number);
    case 'TIMESTAMP':
      return (v) => timestampText(Number(v));
    case 'ARRAY':
    case 'MAP':
    case 'STRUCT': {
      const json = jsonText(type);
      return (v) => escaped(json(v));
    }
    default: {
      const plain = plainText(type);
      return (v) => escaped(plain(v));
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const escaped = (text: string): string =>
  /[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, (c) => ESCAPES[c]!) : text;

/** Rows as lines of COPY's text form. */
export function copyLine(columns: readonly Column[]): (row: readonly Value[]) => string {
  const fields = columns.map(copyField);
  return (row) => `${fields.map((field, i) => ((row[i] ?? null) === null ? '\\N' : field(row[i]!))).join('\t')}\n`;
}
