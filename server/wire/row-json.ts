import {
  dateText,
  doubleText,
  type ResultColumn,
  type SqlType,
  timestampText,
  timeText,
  type Value,
} from '../../engine/index.js';

/**
 * Rows as JSON text, as ksqlDB's clients read them: exact numbers (BIGINT and DECIMAL never through a double), DOUBLE as
 * Java prints it, BYTES as base64, DATE, TIME and TIMESTAMP as text, STRUCT and MAP as objects.
 */
function valueJson(type: SqlType, v: Value): string {
  if (v === null) return 'null';
  switch (type.kind) {
    case 'BOOLEAN':
    case 'INTEGER':
    case 'BIGINT':
    case 'DECIMAL':
      return v.toString();
    case 'DOUBLE':
      // JSON has no NaN and no infinities: text, as Jackson writes them.
      return Number.isFinite(v) ? doubleText(v as number) : `"${doubleText(v as number)}"`;
    case 'STRING':
      return JSON.stringify(v);
    case 'BYTES':
      return `"${Buffer.from(v as Uint8Array).toString('base64')}"`;
    case 'TIME':
      return `"${timeText(v as number)}"`;
    case 'DATE':
      return `"${dateText(v as number)}"`;
    case 'TIMESTAMP':
      return `"${timestampText(v as number)}"`;
    case 'ARRAY':
      return `[${(v as Value[]).map((x) => valueJson(type.element, x)).join(',')}]`;
    case 'MAP': {
      const entries = [...(v as Map<Value, Value>)];
      return `{${entries.map(([k, x]) => `${JSON.stringify(String(k))}:${valueJson(type.value, x)}`).join(',')}}`;
    }
    case 'STRUCT':
      return `{${type.fields.map((f, i) => `${JSON.stringify(f.name)}:${valueJson(f.type, (v as Value[])[i]!)}`).join(',')}}`;
  }
}

type RowText = (row: readonly Value[]) => string;

const writers = new WeakMap<readonly ResultColumn[], RowText>();

/** Writes rows as JSON arrays, the form of the wire formats of a query; one writer for all rows of a query. */
export function rowWriter(columns: readonly ResultColumn[]): RowText {
  let write = writers.get(columns);
  if (write === undefined) {
    const types = columns.map((c) => c.type);
    write = (row) => {
      let out = '[';
      for (let i = 0; i < types.length; i++) {
        if (i > 0) out += ',';
        out += valueJson(types[i]!, row[i]!);
      }
      return `${out}]`;
    };
    writers.set(columns, write);
  }
  return write;
}

const objectWriters = new WeakMap<readonly ResultColumn[], RowText>();

/** Writes rows as JSON objects: a member a column, its value as in the arrays. */
export function objectWriter(columns: readonly ResultColumn[]): RowText {
  let write = objectWriters.get(columns);
  if (write === undefined) {
    const members = columns.map((c) => ({ start: `${JSON.stringify(c.name)}:`, type: c.type }));
    write = (row) => `{${members.map(({ start, type }, i) => start + valueJson(type, row[i]!)).join(',')}}`;
    objectWriters.set(columns, write);
  }
  return write;
}
