import { BadRow } from '../../engine/connectors/files/bad-row.js';
import { NUMBER, numberJson } from '../../engine/connectors/files/numbers.js';
import type { Row, RowFields } from '../../engine/connectors/files/rows.js';
import { type TimeOptions, timestampMs } from '../../engine/connectors/files/times.js';
import { type RawRecord, WeirError } from '../../engine/index.js';
import { parseDate } from '../../engine/values/temporal.js';
import { fieldType, type Inference, type Inferred, jsonType, merged, nameIn, typeText } from './infer.js';

export interface RecordOptions {
  /** As the input is called in messages. */
  readonly name: string;
  readonly format: 'json' | 'delimited';
  readonly key: string | undefined;
  readonly timestamp: string | undefined;
  readonly times: TimeOptions;
  /** Columns that stay text though they look like numbers. */
  readonly text: ReadonlySet<string>;
  /** Of the stream that was made for the rows; undefined: rows are written as they look. */
  readonly inference: Inference | undefined;
}

const delimitedField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A field of CSV as JSON text; numbers keep their digits. */
function fieldJson(text: string, keepText: boolean): string {
  if (keepText) return JSON.stringify(text);
  if (text === '') return 'null';
  if (NUMBER.test(text)) return numberJson(text);
  return text === 'true' || text === 'false' ? text : JSON.stringify(text);
}

/** A row as a record. @throws BadRow */
export function toRecord(row: Row, options: RecordOptions): RawRecord {
  try {
    const { key, timestamp, inference } = options;
    const isWrittenThrough = key === undefined && timestamp === undefined && inference === undefined;
    const read = isWrittenThrough && row.json !== undefined ? NONE : row.read();
    const { fields } = read;
    if (inference !== undefined) checkTypes(read, inference, options);
    const time = timestamp === undefined ? undefined : timeOf(fields, timestamp, options.times);
    return {
      key: key === undefined ? null : keyBytes(fields, key, inference),
      value: Buffer.from(row.json ?? valueText(fields, options), 'utf8'),
      timestamp: time,
    };
  } catch (e) {
    if (!(e instanceof WeirError) || e instanceof BadRow) throw e;
    throw new BadRow(row.line, `${options.name}:${row.line}: ${e.message}`, e.hint);
  }
}

const NONE: RowFields = { fields: new Map(), raw: null };

function column(fields: ReadonlyMap<string, string | null>, name: string): string | null {
  const found = nameIn(fields, name);
  if (found === undefined) {
    throw new WeirError('BAD_REQUEST', `there is no column '${name}'.`, `Columns: ${[...fields.keys()].join(', ')}`);
  }
  return fields.get(found)!;
}

function timeOf(fields: ReadonlyMap<string, string | null>, name: string, times: TimeOptions): number {
  const text = column(fields, name);
  if (text === null || text.trim() === '') throw new WeirError('BAD_REQUEST', `column '${name}' has no time.`);
  const ms = timestampMs(text, times);
  if (ms < 0) throw new WeirError('BAD_REQUEST', `'${text}' is before 1970, which no topic takes.`);
  return ms;
}

/** The key's text; of an inferred number too, which is JSON then. */
function keyBytes(
  fields: ReadonlyMap<string, string | null>,
  name: string,
  inference: Inference | undefined,
): Buffer | null {
  const text = column(fields, name);
  // As in the value: an empty field of CSV is null. With a key that is a JSON string, "" is one.
  return text === null || (text === '' && inference !== undefined) ? null : Buffer.from(text, 'utf8');
}

function valueText(fields: ReadonlyMap<string, string | null>, options: RecordOptions): string {
  const { inference, text, times } = options;
  if (options.format === 'delimited') {
    const values = [...fields].filter(([name]) => inference?.key === undefined || name !== inference.key);
    return values.map(([, v]) => delimitedField(v ?? '')).join(',');
  }
  const members = [...fields].map(([name, v]) => {
    const kind = inference?.columns.get(name)?.kind;
    const json = kind === undefined ? fieldJson(v!, text.has(name)) : typedJson(v!, kind, times);
    return `${JSON.stringify(name)}:${json}`;
  });
  return `{${members.join(',')}}`;
}

/** As the JSON format writes the type. */
function typedJson(text: string, kind: Inferred['kind'], times: TimeOptions): string {
  if (text === '') return 'null';
  if (kind === 'TIMESTAMP') return String(timestampMs(text, times));
  if (kind === 'DATE') return String(parseDate(text));
  return kind === 'VARCHAR' || kind === 'unknown' ? JSON.stringify(text) : numberJson(text);
}

/** The stream's types are those of the first rows: a later one may not fit. @throws WeirError */
function checkTypes({ fields, raw }: RowFields, { columns, rows }: Inference, { text, times }: RecordOptions): void {
  for (const [name, value] of fields) {
    const expected = columns.get(name);
    if (expected === undefined || expected.kind === 'VARCHAR' || text.has(name)) continue;
    const type = raw === null ? fieldType(value!, times.zone !== undefined) : jsonType(raw.get(name)!);
    if (typeText(merged(expected, type)) === typeText(expected)) continue;
    throw new WeirError(
      'BAD_REQUEST',
      `'${value}' does not fit column '${name}', which is ${typeText(expected)} by the first ${rows} rows.`,
      `Take it as text: --text ${name}. Or make the stream yourself and load without --create.`,
    );
  }
}
