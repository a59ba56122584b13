import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';
import { type RawRecord, WeirError } from '../engine/index.js';
import { readArgs, UsageError, wholeNumber } from './args.js';
import { openSink, SINK_HELP, SINK_OPTIONS } from './sink-options.js';

export const LOAD_HELP = `usage: weir load FILE --topic T [options]

Writes the rows of a CSV file (first line: the names of its columns) or of a JSON-lines file to a topic, in order.

  --topic T
  --format json|delimited  how values are written (default json; delimited only from CSV)
  --key COLUMN             its text is the record's key (default: no key)
  --timestamp COLUMN       its value is the record's timestamp: ISO 8601, '2020-07-01 00:25:32' (UTC),
                           or milliseconds since the epoch (default: now)
  --input csv|jsonl        (default: by the file's ending; .jsonl, .ndjson and .json are JSON lines)
  --text COL,COL           columns that stay text though they look like numbers
  --limit N                at most so many rows
${SINK_HELP}

From CSV to JSON: a number stays as it is written (1.50 stays 1.50), true and false become booleans, an empty field
becomes null, all else text.`;

/** Rows in one write. */
const BATCH = 1000;

export interface LoadOptions {
  readonly file: string;
  readonly input: 'csv' | 'jsonl';
  readonly format: 'json' | 'delimited';
  readonly key: string | undefined;
  readonly timestamp: string | undefined;
  readonly text: ReadonlySet<string>;
  readonly limit: number;
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** A CSV field as JSON text; numbers keep their digits. */
function fieldJson(text: string, keepText: boolean): string {
  if (keepText) return JSON.stringify(text);
  if (text === '') return 'null';
  if (NUMBER.test(text) || text === 'true' || text === 'false') return text;
  return JSON.stringify(text);
}

/** Milliseconds of a timestamp column's text. */
export function parseTimestamp(text: string): number | undefined {
  if (/^-?\d+$/.test(text)) return Number(text);
  const m = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?$/.exec(text.trim());
  const ms = m === null ? Date.parse(text) : Date.parse(`${m[1]}T${m[2]}${m[3] ?? 'Z'}`);
  return Number.isNaN(ms) ? undefined : ms;
}

const delimitedField = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The file's rows as records, in order. Throws BAD_REQUEST with the line where a row cannot be read. */
export async function* readRows(options: LoadOptions): AsyncGenerator<RawRecord> {
  let count = 0;
  for await (const { line, fields, json } of options.input === 'csv' ? csvRows(options.file) : jsonRows(options.file)) {
    if (count++ >= options.limit) return;
    const column = (name: string): string | undefined => {
      const v =
        fields.get(name) ?? fields.get([...fields.keys()].find((k) => k.toLowerCase() === name.toLowerCase()) ?? name);
      if (v === undefined) {
        throw new WeirError(
          'BAD_REQUEST',
          `${options.file}:${line}: there is no column '${name}'.`,
          `Columns: ${[...fields.keys()].join(', ')}`,
        );
      }
      return v;
    };
    const key = options.key === undefined ? undefined : column(options.key);
    let timestamp: number | undefined;
    if (options.timestamp !== undefined) {
      const text = column(options.timestamp)!;
      timestamp = parseTimestamp(text);
      if (timestamp === undefined) throw new WeirError('BAD_REQUEST', `${options.file}:${line}: '${text}' is no time.`);
    }
    const value =
      options.format === 'delimited'
        ? [...fields.values()].map(delimitedField).join(',')
        : (json ??
          `{${[...fields].map(([n, v]) => `${JSON.stringify(n)}:${fieldJson(v, options.text.has(n))}`).join(',')}}`);
    yield { key: key === undefined ? null : Buffer.from(key, 'utf8'), value: Buffer.from(value, 'utf8'), timestamp };
  }
}

interface Row {
  readonly line: number;
  readonly fields: ReadonlyMap<string, string>;
  /** The row's own JSON, written through as it is. */
  readonly json?: string;
}

async function* csvRows(file: string): AsyncGenerator<Row> {
  const parser = createReadStream(file).pipe(parse({ bom: true, skip_empty_lines: true, info: true }));
  let header: string[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (header === undefined) {
        header = record;
        continue;
      }
      yield { line: info.lines, fields: new Map(header.map((n, i) => [n, record[i] ?? ''])) };
    }
  } catch (e) {
    if (e instanceof WeirError) throw e;
    throw new WeirError('BAD_REQUEST', `${file}: ${(e as Error).message}`, undefined, { cause: e });
  }
}

async function* jsonRows(file: string): AsyncGenerator<Row> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    if (text.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (e) {
      throw new WeirError('BAD_REQUEST', `${file}:${line}: no JSON: ${(e as Error).message}`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new WeirError('BAD_REQUEST', `${file}:${line}: a row must be a JSON object.`);
    }
    const fields = new Map(Object.entries(value).map(([n, v]) => [n, typeof v === 'string' ? v : JSON.stringify(v)]));
    yield { line, fields, json: text };
  }
}

export async function load(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArgs(args, {
    ...SINK_OPTIONS,
    topic: { type: 'string' },
    format: { type: 'string' },
    key: { type: 'string' },
    timestamp: { type: 'string' },
    input: { type: 'string' },
    text: { type: 'string' },
    limit: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    console.log(LOAD_HELP);
    return 0;
  }
  const file = positionals[0];
  if (file === undefined || positionals.length > 1 || values.topic === undefined) {
    throw new UsageError('weir load needs a FILE and --topic.');
  }
  const format = (values.format ?? 'json').toLowerCase();
  const input = values.input ?? (/\.(jsonl|ndjson|json)$/i.test(file) ? 'jsonl' : 'csv');
  if (format !== 'json' && format !== 'delimited')
    throw new UsageError(`--format is json or delimited, not '${format}'.`);
  if (input !== 'csv' && input !== 'jsonl') throw new UsageError(`--input is csv or jsonl, not '${input}'.`);
  if (input === 'jsonl' && format === 'delimited') throw new UsageError('--format delimited is written from CSV only.');
  const options: LoadOptions = {
    file,
    input,
    format,
    key: values.key,
    timestamp: values.timestamp,
    text: new Set(values.text?.split(',')),
    limit: values.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber(values.limit, '--limit', 0),
  };
  await access(file, constants.R_OK).catch((e: NodeJS.ErrnoException) => {
    const message = e.code === 'ENOENT' ? `There is no file ${file}.` : `The file cannot be read: ${e.message}`;
    throw new WeirError('NOT_FOUND', message, undefined, { cause: e });
  });
  const sink = await openSink(values);
  let written = 0;
  try {
    await sink.prepare(values.topic, wholeNumber(values.partitions, '--partitions', 4));
    let batch: RawRecord[] = [];
    const flush = async () => {
      if (batch.length > 0) await sink.send(values.topic!, batch);
      written += batch.length;
      batch = [];
    };
    for await (const record of readRows(options)) {
      batch.push(record);
      if (batch.length >= BATCH) await flush();
    }
    await flush();
  } finally {
    await sink.close();
  }
  console.log(`${written} ${written === 1 ? 'row' : 'rows'} of ${file} written to ${values.topic}`);
  return 0;
}
