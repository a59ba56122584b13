import type { Decimal } from '../values/decimal.js';
import type { Column } from '../values/schema.js';
import type { SqlType } from '../values/sql-type.js';
import { dateText, timestampText } from '../values/temporal.js';
import type { MapValue, Value } from '../values/value.js';

/**
 * Values as JSON text: numbers with all their digits, BYTES as base64, times as ISO 8601 (`2026-08-01`, `13:45:10.123`,
 * `2026-08-01T13:45:10.123Z`). NaN and the infinities, for which JSON has no numbers, are texts.
 */
export function jsonText(type: SqlType): (v: Value) => string {
  const some = jsonOfSome(type);
  return (v) => (v === null ? 'null' : some(v));
}

function jsonOfSome(type: SqlType): (v: Value) => string {
  switch (type.kind) {
    case 'BOOLEAN':
    case 'INTEGER':
    case 'BIGINT':
      return String;
    case 'DOUBLE':
      return (v) => (Number.isFinite(v) ? JSON.stringify(v) : `"${v}"`);
    case 'DECIMAL':
      return (v) => (v as Decimal).setScale(type.scale).toString();
    case 'STRING':
      return JSON.stringify as (v: Value) => string;
    case 'BYTES':
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP': {
      const text = plainText(type);
      return (v) => `"${text(v)}"`;
    }
    case 'ARRAY': {
      const element = jsonText(type.element);
      return (v) => `[${(v as readonly Value[]).map(element).join(',')}]`;
    }
    case 'MAP': {
      const [key, value] = [plainText(type.key), jsonText(type.value)];
      return (v) =>
        `{${[...(v as MapValue)].map(([k, x]) => `${JSON.stringify(k === null ? 'null' : key(k))}:${value(x)}`).join(',')}}`;
    }
    case 'STRUCT':
      return jsonObject(type.fields) as (v: Value) => string;
  }
}

/** Rows as objects, columns in order. */
export function jsonObject(columns: readonly Column[]): (row: readonly Value[]) => string {
  const members = columns.map((c, i) => {
    const [name, text] = [`${JSON.stringify(c.name)}:`, jsonText(c.type)];
    return (row: readonly Value[]) => name + text(row[i] ?? null);
  });
  return (row) => `{${members.map((member) => member(row)).join(',')}}`;
}

/** A value that is not null without quotes around it; what is made of parts as JSON. */
export function plainText(type: SqlType): (v: Value) => string {
  switch (type.kind) {
    case 'STRING':
      return String;
    case 'BYTES':
      return (v) => Buffer.from(v as Uint8Array).toString('base64');
    case 'DATE':
      return (v) => dateText(v as number);
    case 'TIME':
      return (v) => timestampText(v as number).slice(-12);
    case 'TIMESTAMP':
      return (v) => `${timestampText(Number(v))}Z`;
    case 'DOUBLE':
      return String;
    default:
      return jsonText(type);
  }
}

/** Rows as lines of CSV without their end. A text that is empty or reads as NULL does is in quotes. */
export function csvLine(
  columns: readonly Column[],
  delimiter: string,
  nullText: string,
): (row: readonly Value[]) => string {
  const texts = columns.map((c) => plainText(c.type));
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const field = (text: string): string =>
    text === nullText || text === '' || text.includes(delimiter) || /["\r\n]/.test(text) ? quoted(text) : text;
  return (row) => texts.map((text, i) => ((row[i] ?? null) === null ? nullText : field(text(row[i]!)))).join(delimiter);
}

/** The first line. */
export const csvHeader = (columns: readonly Column[], delimiter: string): string =>
  columns
    .map(({ name }) => (name.includes(delimiter) || /["\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name))
    .join(delimiter);
