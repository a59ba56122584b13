import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import type { CsvError } from 'csv-parse';
import { WeirError } from '../../base/errors.js';
import { BadRow } from './bad-row.js';
import { elementsOf, membersOf, textOfRaw } from './json-text.js';
import type { Lines, TextInput } from './text.js';

/** A row of the input. */
export interface Row {
  /** Where it begins. */
  readonly line: number;
  /** Behind it: a place in the text (bytes of UTF-8), or of an array the number of its elements so far. */
  readonly end: number;
  /** Number of the line that begins behind it. */
  readonly nextLine: number;
  /** Takes it apart, each time that it is called. */
  readonly read: () => RowFields;
  /** A JSON row as it stands, to be written through, and as `JSON.parse` reads it. */
  readonly json?: string;
  readonly parsed?: object;
}

export interface RowFields {
  /** Its columns as text: of CSV the fields as they stand, of JSON strings without quotes and all else as it stands. */
  readonly fields: ReadonlyMap<string, string | null>;
  /** Of JSON: each member as it stands. Null: it is CSV. */
  readonly raw: ReadonlyMap<string, string> | null;
}

/** Lines in a row that cannot be parsed: they wait for the next one that can. */
const MOST_BAD = 10_000;

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

/** How the rows of a CSV file are to be read. */
export interface CsvForm {
  readonly delimiter: string;
  readonly columns: readonly string[];
}

export interface CsvOptions {
  /** Undefined: the one that the first line has most of. */
  readonly delimiter?: string | undefined;
  /** Undefined: the first line names them. */
  readonly columns?: readonly string[] | undefined;
  /** Is told once, before the first row. */
  readonly chosen?: (form: CsvForm) => void;
}

/** Rows of a CSV file. */
export async function* csvRows(input: TextInput, options: CsvOptions): AsyncGenerator<Row | BadRow> {
  const lines = input.lines();
  const first = await lines.next();
  if (first.done === true) return;
  const delimiter = options.delimiter ?? delimiterOf(firstLine(first.value));
  const [base, baseLine] = [first.value.at, first.value.line - 1];
  let failure: unknown;
  const bad: BadRow[] = [];
  const { parse } = await import('csv-parse');
  const parser = parse({
    delimiter: Buffer.from(delimiter, 'utf8').toString('latin1'),
    // Bytes as they are: each field is decoded by itself, so that one that is no UTF-8 harms no other.
    encoding: 'latin1',
    skip_empty_lines: true,
    info: true,
    relax_column_count: true,
    max_record_size: 32 * 1024 * 1024,
    skip_records_with_error: true,
    on_skip: (e) => {
      const { message, lines: at } = e as CsvError & { readonly lines: number };
      bad.push(new BadRow(baseLine + at, `${input.name}:${baseLine + at}: ${message}`));
      if (bad.length > MOST_BAD) parser.destroy(new Error(`more than ${MOST_BAD} lines in a row that are no CSV`));
      return undefined;
    },
  });
  const source = Readable.from(bytesOf(first.value, lines));
  // What the source throws is no error of the CSV.
  source.on('error', (e) => {
    failure = e;
    parser.destroy(e);
  });
  source.pipe(parser);
  let form: CsvForm | undefined = options.columns === undefined ? undefined : { delimiter, columns: options.columns };
  if (form !== undefined) options.chosen?.(form);
  let place = { end: base, nextLine: baseLine + 1 };
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      // `lines` is that of the row's end: a field in quotes may have some of its own.
      const inside = record.reduce((n, field) => n + field.split('\n').length - 1, 0);
      const at = baseLine + info.lines - inside;
      while (bad[0] !== undefined && bad[0].line < at) yield bad.shift()!;
      place = { end: base + info.bytes, nextLine: baseLine + info.lines + 1 };
      const fields = decoded(record);
      if (fields === undefined) {
        const hint = `Name what it is, for example ${input.names.encoding} latin1.`;
        const text = `${input.name}:${at}: the text is no UTF-8.`;
        yield new BadRow(at, text, hint, false, place, Buffer.from(record.join(delimiter), 'latin1'));
      } else if (form === undefined) {
        checkHeader(input.name, fields);
        form = { delimiter, columns: fields };
        options.chosen?.(form);
      } else yield csvRow(input, form, fields, at, place);
    }
    while (bad.length > 0) yield bad.shift()!;
  } catch (e) {
    if (failure instanceof Error) throw failure;
    if (e instanceof WeirError) throw e;
    const at = (e as CsvError & { lines?: number }).lines ?? place.nextLine - baseLine;
    throw new BadRow(baseLine + at, `${input.name}:${baseLine + at}: ${(e as Error).message}`, undefined, true);
  } finally {
    source.destroy();
  }
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number; readonly bytes: number };
}

async function* bytesOf(first: Lines, rest: AsyncGenerator<Lines>): AsyncGenerator<Buffer> {
  yield first.bytes;
  for await (const { bytes } of rest) yield bytes;
}

/** Fields whose characters are bytes as text; undefined: they are no UTF-8. */
function decoded(fields: readonly string[]): readonly string[] | undefined {
  let isGood = true;
  const texts = fields.map((field) => {
    if (!/[\x80-\xff]/.test(field)) return field;
    const bytes = Buffer.from(field, 'latin1');
    isGood &&= isUtf8(bytes);
    return bytes.toString('utf8');
  });
  return isGood ? texts : undefined;
}

function csvRow(
  input: TextInput,
  { columns, delimiter }: CsvForm,
  fields: readonly string[],
  line: number,
  place: { readonly end: number; readonly nextLine: number },
): Row | BadRow {
  if (fields.length === columns.length) {
    return {
      line,
      ...place,
      read: () => ({ fields: new Map(columns.map((name, i) => [name, fields[i]!])), raw: null }),
    };
  }
  const text = `${input.name}:${line}: ${fields.length} fields where the first line names ${columns.length} columns.`;
  const hint = `The delimiter is ${delimiterName(delimiter)}: ${input.names.delimiter} names another.`;
  return new BadRow(line, text, hint, false, place, Buffer.from(fields.join(delimiter), 'utf8'));
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
export async function* jsonRows(input: TextInput): AsyncGenerator<Row | BadRow> {
  const lines = input.lines();
  const first = await lines.next();
  if (first.done === true) return;
  const all = async function* (): AsyncGenerator<Lines> {
    yield first.value;
    yield* lines;
  };
  const isArray = first.value.at === 0 && isJsonArray(first.value.bytes);
  for await (const piece of isArray ? arrayTexts(all(), input) : lineTexts(all(), input)) {
    if (piece instanceof BadRow) yield piece;
    else if (piece.text.trim() !== '') yield jsonRow(piece, input.name);
  }
}

/** Whether a file that begins so is one array. */
export const isJsonArray = (head: Buffer): boolean => /^\s*\[/.test(head.toString('utf8', 0, 1024));

/** A line, or an element of an array. */
export interface TextPiece {
  readonly text: string;
  readonly line: number;
  /** As of `Row`. */
  readonly end: number;
  readonly nextLine: number;
}

async function* arrayTexts(source: AsyncGenerator<Lines>, { name, names }: TextInput): AsyncGenerator<TextPiece> {
  const checked = async function* (): AsyncGenerator<Lines> {
    for await (const lines of source) {
      if (isUtf8(lines.bytes)) yield lines;
      else throw noUtf8(name, names.encoding, lines.line, true);
    }
  };
  let end = 0;
  for await (const { text, line } of elementsOf(checked(), name)) yield { text, line, end: ++end, nextLine: line };
}

const noUtf8 = (
  name: string,
  option: string,
  line: number,
  isFatal: boolean,
  place?: BadRow['place'],
  bytes?: Uint8Array,
): BadRow =>
  new BadRow(
    line,
    `${name}:${line}: the text is no UTF-8.`,
    `Name what it is, for example ${option} latin1.`,
    isFatal,
    place,
    bytes,
  );

/** Only a line feed ends a line: U+2028 and U+2029 are text like any other. */
export async function* lineTexts(
  source: AsyncGenerator<Lines>,
  { name, names }: TextInput,
): AsyncGenerator<TextPiece | BadRow> {
  for await (const { bytes, line, at: base } of source) {
    let number = line;
    const isGood = isUtf8(bytes);
    for (let at = 0; at < bytes.length; number++) {
      const feed = bytes.indexOf(10, at);
      const until = feed < 0 ? bytes.length : feed;
      const end = base + Math.min(until + 1, bytes.length);
      const one = bytes.subarray(at, bytes[until - 1] === 13 ? until - 1 : until);
      if (!isGood && !isUtf8(one))
        yield noUtf8(name, names.encoding, number, false, { end, nextLine: number + 1 }, one);
      else yield { text: one.toString('utf8'), line: number, end, nextLine: number + 1 };
      at = until + 1;
    }
  }
}

function jsonRow({ text, line, end, nextLine }: TextPiece, name: string): Row | BadRow {
  const bad = (what: string) =>
    new BadRow(line, `${name}:${line}: ${what}`, undefined, false, { end, nextLine }, Buffer.from(text, 'utf8'));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (e) {
    return bad(`no JSON: ${(e as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad('a row must be a JSON object.');
  return {
    line,
    end,
    nextLine,
    json: text,
    parsed: value,
    read: () => {
      const raw = membersOf(text);
      return { fields: new Map([...raw].map(([name, v]) => [name, v === 'null' ? null : textOfRaw(v)])), raw };
    },
  };
}
