import { Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import { WeirError } from '../../engine/index.js';
import type { Input, Lines } from './input.js';
import { elementsOf, membersOf, textOfRaw } from './json-text.js';

/** A row of the input. */
export interface Row {
  /** Where it begins. */
  readonly line: number;
  /** Takes it apart, each time that it is called. */
  readonly read: () => RowFields;
  /** A JSON row as it stands, to be written through. */
  readonly json?: string;
}

export interface RowFields {
  /** Its columns as text: of CSV the fields as they stand, of JSON strings without quotes and all else as it stands. */
  readonly fields: ReadonlyMap<string, string | null>;
  /** Of JSON: each member as it stands. Null: it is CSV. */
  readonly raw: ReadonlyMap<string, string> | null;
}

/** A row that cannot be read. The rows behind it can be, unless `isFatal`. */
export class BadRow extends WeirError {
  constructor(
    readonly line: number,
    message: string,
    hint?: string,
    readonly isFatal = false,
  ) {
    super('BAD_REQUEST', message, hint);
  }
}

const DELIMITERS = [',', '\t', ';', '|'];

/** The delimiter of a file whose first line this is: the one that it has most of, outside of quotes. */
function delimiterOf(header: string): string {
  const bare = header.replace(/"[^"]*"/g, '');
  const count = (d: string) => bare.split(d).length;
  return DELIMITERS.reduce((best, d) => (count(d) > count(best) ? d : best));
}

/** `tab` and `\t` are a tab. */
export const delimiterNamed = (text: string): string => (text === 'tab' || text === '\\t' ? '\t' : text);

export const delimiterName = (d: string): string => (d === '\t' ? 'a tab' : `'${d}'`);

/**
 * Rows of a CSV file: the first line names its columns.
 * @param chosen is told the delimiter, once
 */
export async function* csvRows(
  input: Input,
  delimiter: string | undefined,
  chosen: (delimiter: string) => void,
): AsyncGenerator<Row | BadRow> {
  const lines = input.lines();
  const first = await lines.next();
  if (first.done === true) return;
  const used = delimiter ?? delimiterOf(firstLine(first.value));
  chosen(used);
  const all = async function* (): AsyncGenerator<Buffer> {
    yield first.value.bytes;
    for await (const { bytes } of lines) yield bytes;
  };
  const source = Readable.from(all());
  const parser = parse({
    delimiter: used,
    skip_empty_lines: true,
    info: true,
    relax_column_count: true,
    max_record_size: 32 * 1024 * 1024,
  });
  // What the source throws is no error of the CSV.
  let failure: unknown;
  source.on('error', (e) => {
    failure = e;
    parser.destroy(e);
  });
  source.pipe(parser);
  let header: readonly string[] | undefined;
  let line = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      // `lines` is that of the row's end: a field in quotes may have some of its own.
      const at = info.lines - record.reduce((n, field) => n + field.split('\n').length - 1, 0);
      line = info.lines;
      if (header === undefined) {
        header = record;
        checkHeader(input.name, header);
        continue;
      }
      const columns = header;
      if (record.length !== columns.length) {
        const text = `${input.name}:${at}: ${record.length} fields where the first line names ${columns.length} columns.`;
        yield new BadRow(at, text, `The delimiter is ${delimiterName(used)}: --delimiter names another.`);
        continue;
      }
      yield { line: at, read: () => ({ fields: new Map(columns.map((name, i) => [name, record[i]!])), raw: null }) };
    }
  } catch (e) {
    if (failure instanceof WeirError) throw failure;
    if (e instanceof WeirError) throw e;
    const at = (e as CsvError & { lines?: number }).lines ?? line + 1;
    throw new BadRow(at, `${input.name}:${at}: ${(e as Error).message}`, undefined, true);
  } finally {
    source.destroy();
  }
}

function firstLine({ bytes }: Lines): string {
  const end = bytes.indexOf(10);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function checkHeader(name: string, header: readonly string[]): void {
  const twice = header.find((column, i) => header.indexOf(column) < i);
  if (twice !== undefined) {
    throw new BadRow(
      1,
      `${name}:1: two columns have the name '${twice}'.`,
      'A row can keep only one of them: rename the other.',
      true,
    );
  }
  const unnamed = header.findIndex((column) => column.trim() === '');
  if (unnamed >= 0) {
    throw new BadRow(1, `${name}:1: column ${unnamed + 1} has no name.`, 'The first line names the columns.', true);
  }
}

/** Rows of a JSON file: an object a line, or one array of objects. */
export async function* jsonRows(input: Input): AsyncGenerator<Row | BadRow> {
  const lines = input.lines();
  const first = await lines.next();
  if (first.done === true) return;
  const all = async function* (): AsyncGenerator<Lines> {
    yield first.value;
    yield* lines;
  };
  const isArray = /^\s*\[/.test(first.value.bytes.toString('utf8', 0, 1024));
  for await (const { text, line } of isArray ? elementsOf(all(), input.name) : linesOf(all())) {
    if (text.trim() === '') continue;
    yield jsonRow(text, line, input.name);
  }
}

/** Only a line feed ends a line: U+2028 and U+2029 are text like any other. */
async function* linesOf(source: AsyncGenerator<Lines>): AsyncGenerator<{ text: string; line: number }> {
  for await (const { bytes, line } of source) {
    let number = line;
    for (let at = 0; at < bytes.length; number++) {
      const end = bytes.indexOf(10, at);
      const until = end < 0 ? bytes.length : end;
      yield { text: bytes.toString('utf8', at, bytes[until - 1] === 13 ? until - 1 : until), line: number };
      at = until + 1;
    }
  }
}

function jsonRow(text: string, line: number, name: string): Row | BadRow {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (e) {
    return new BadRow(line, `${name}:${line}: no JSON: ${(e as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new BadRow(line, `${name}:${line}: a row must be a JSON object.`);
  }
  return {
    line,
    json: text,
    read: () => {
      const raw = membersOf(text);
      return { fields: new Map([...raw].map(([name, v]) => [name, v === 'null' ? null : textOfRaw(v)])), raw };
    },
  };
}
