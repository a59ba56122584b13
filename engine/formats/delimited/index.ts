import { WeirError } from '../../base/errors.js';
import type { FormatRef } from '../../plan/topology.js';
import type { ByteWriter } from '../../records/bytes.js';
import { StringCache } from '../../records/intern.js';
import type { Decimal } from '../../values/decimal.js';
import { doubleText } from '../../values/java-text.js';
import type { SqlType, TypeKind } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { type CoderContext, DecodeError, type Format, type RowDecoder, type RowEncoder } from '../format.js';
import {
  base64Text,
  parseBase64,
  parseBigint,
  parseBoolean,
  parseDecimal,
  parseDoubleText,
  parseInteger,
  timeOfDay,
} from '../text-values.js';

/**
 * Comma-separated values, or with another delimiter (property `delimiter`): one record a payload, columns in order, an
 * empty field is NULL. Quotes as RFC 4180 has them; when to write them is as ksqlDB's (Apache Commons CSV) does.
 */
export const delimitedFormat: Format = {
  name: 'DELIMITED',
  supportsKeys: true,
  wrapping: 'never',
  states: 'flat',
  text: 'plain',
  options: { delimiter: { property: 'DELIMITER', inherited: true, read: readDelimiter } },

  validate(columns, _isKey, ref) {
    for (const { name, type } of columns) {
      if (type.kind !== 'ARRAY' && type.kind !== 'MAP' && type.kind !== 'STRUCT') continue;
      throw new WeirError(
        'BAD_STATEMENT',
        `The 'DELIMITED' format does not support type '${type.kind}', column: \`${name}\``,
      );
    }
    if (ref.properties.delimiter === '"') {
      throw new WeirError('BAD_STATEMENT', "The quote character can't be the delimiter");
    }
  },

  decoder: (context) => new DelimitedDecoder(context),
  encoder: (context) => new DelimitedEncoder(context),
};

function readDelimiter(value: string, property: string): string {
  const upper = value.toUpperCase();
  if (upper === 'SPACE') return ' ';
  if (upper === 'TAB') return '\t';
  const wrong = (why: string): WeirError =>
    new WeirError(
      'BAD_STATEMENT',
      `Failed to prepare statement: Configuration ${property} is invalid: ${why}\nExample valid value: ';'`,
    );
  if (value.trim() === '') {
    throw wrong(
      "Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values 'TAB' or 'SPACE'",
    );
  }
  if ([...value].length !== 1) {
    throw wrong(`Invalid delimiter value: '${value}'. Delimiter must be a single character or TAB,SPACE`);
  }
  return value;
}

const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;

const delimiterOf = (ref: FormatRef): Buffer => Buffer.from(ref.properties.delimiter ?? ',', 'utf8');

const ANY_NUMBER: readonly TypeKind[] = ['INTEGER', 'BIGINT', 'DOUBLE', 'DATE', 'TIMESTAMP'];

function isDigits(b: Buffer, from: number, to: number): boolean {
  if (to - from > 9) return false;
  for (let p = from; p < to; p++) if (b[p]! < 0x30 || b[p]! > 0x39) return false;
  return true;
}

class DelimitedDecoder implements RowDecoder {
  private readonly delimiter: Buffer;
  /** One a column; null where nobody wants it and any text will do. */
  private readonly parsers: readonly (Parser | null)[];
  /** One a column. */
  private readonly wanted: readonly boolean[];
  /** Columns of which nobody wants the value, and which every number of a few digits is one of. */
  private readonly anyNumber: readonly boolean[];
  private readonly strings = new StringCache();

  constructor({ columns, needed, ...context }: CoderContext) {
    this.delimiter = delimiterOf(context.ref);
    this.wanted = columns.map((_, i) => needed.includes(i));
    this.parsers = columns.map((c, i) => (this.wanted[i] || c.type.kind !== 'STRING' ? parserOf(c.type) : null));
    this.anyNumber = columns.map((c, i) => !this.wanted[i] && ANY_NUMBER.includes(c.type.kind));
  }

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    const { parsers } = this;
    for (let i = 0; i < parsers.length; i++) row[i] = null;
    let p = start;
    while (p < end && (bytes[p] === LF || bytes[p] === CR)) p++;
    if (p >= end) {
      // An empty line is the one way to write a single NULL.
      if (parsers.length === 1) return true;
      throw new DecodeError('No fields in record');
    }
    let count = 0;
    for (;;) {
      let text: string | null = null;
      const parser = count < parsers.length ? parsers[count]! : null;
      if (bytes[p] === QUOTE) {
        const from = p + 1;
        p = closingQuote(bytes, from, end);
        if (parser !== null) text = unquote(bytes, from, p);
        p = afterQuote(bytes, p + 1, end, this.delimiter);
      } else {
        const from = p;
        p = this.fieldEnd(bytes, p, end);
        if (parser !== null && p > from && !(this.anyNumber[count] && isDigits(bytes, from, p))) {
          text = this.strings.get(bytes, from, p);
        }
      }
      if (text !== null && text !== '') {
        const v = parser!(text);
        if (this.wanted[count]) row[count] = v;
      }
      count++;
      // A line end: what is behind it is another record, and only the first counts.
      if (p >= end || bytes[p] === LF || bytes[p] === CR) break;
      p += this.delimiter.length;
    }
    if (count !== parsers.length) {
      throw new DecodeError(`Unexpected field count, csvFields:${count} schemaFields:${parsers.length}`);
    }
    return true;
  }

  private fieldEnd(b: Buffer, at: number, end: number): number {
    const d = this.delimiter[0]!;
    let p = at;
    for (; p < end; p++) {
      const c = b[p]!;
      if (c === LF || c === CR) break;
      if (c === d && (this.delimiter.length === 1 || isAt(b, p, end, this.delimiter))) break;
    }
    return p;
  }
}

function isAt(b: Buffer, p: number, end: number, wanted: Buffer): boolean {
  if (p + wanted.length > end) return false;
  for (let i = 0; i < wanted.length; i++) if (b[p + i] !== wanted[i]) return false;
  return true;
}

/** The closing quote of a field whose text starts at `from`; two quotes inside it are one. */
function closingQuote(b: Buffer, from: number, end: number): number {
  for (let p = from; p < end; p++) {
    if (b[p] !== QUOTE) continue;
    if (p + 1 < end && b[p + 1] === QUOTE) p++;
    else return p;
  }
  throw new DecodeError('A quoted field is not closed');
}

function unquote(b: Buffer, from: number, to: number): string {
  const text = b.toString('utf8', from, to);
  return text.includes('"') ? text.replaceAll('""', '"') : text;
}

/** Behind a closing quote only white space may stand before the next delimiter. */
function afterQuote(b: Buffer, at: number, end: number, delimiter: Buffer): number {
  for (let p = at; ; p++) {
    if (p >= end || b[p] === LF || b[p] === CR || isAt(b, p, end, delimiter)) return p;
    if (b[p] !== 0x20 && b[p] !== 0x09) throw new DecodeError('Something between a closing quote and the delimiter');
  }
}

type Parser = (text: string) => Value;

function parserOf(type: SqlType): Parser {
  switch (type.kind) {
    case 'STRING':
      return (text) => text;
    case 'INTEGER':
    case 'DATE':
      return parseInteger;
    case 'TIME':
      return (text) => timeOfDay(parseInteger(text));
    case 'BIGINT':
      return parseBigint;
    case 'TIMESTAMP':
      return (text) => Number(parseBigint(text));
    case 'DOUBLE':
      return parseDoubleText;
    case 'BOOLEAN':
      return parseBoolean;
    case 'DECIMAL': {
      const { precision, scale } = type;
      return (text) => parseDecimal(text, precision, scale);
    }
    case 'BYTES':
      return parseBase64;
    default:
      throw new WeirError('INTERNAL', `DELIMITED has no type ${type.kind}`);
  }
}

class DelimitedEncoder implements RowEncoder {
  private readonly delimiter: string;
  private readonly types: readonly SqlType[];
  private readonly special: RegExp;
  /** Whether the delimiter never stands in the text of a number or in base 64. */
  private readonly plainNumbers: boolean;

  constructor(context: CoderContext) {
    this.delimiter = context.ref.properties.delimiter ?? ',';
    this.types = context.columns.map((c) => c.type);
    this.plainNumbers = !/[0-9A-Za-z+/=.-]/.test(this.delimiter);
    this.special = new RegExp(`["\\r\\n${this.delimiter.replace(/[\\\]^-]/, '\\$&')}]`, 'u');
  }

  encode(row: readonly Value[], out: ByteWriter): boolean {
    const { types } = this;
    // An empty payload is no record to read.
    if (types.length === 0) return false;
    for (let i = 0; i < types.length; i++) {
      if (i > 0) out.utf8(this.delimiter);
      const v = row[i];
      if (v === null || v === undefined) continue;
      const text = textOf(types[i]!, v);
      if (this.needsQuotes(types[i]!, text, i === 0)) {
        out.byte(QUOTE);
        out.utf8(text.replaceAll('"', '""'));
        out.byte(QUOTE);
      } else out.utf8(text);
    }
    return true;
  }

  /**
   * Commons CSV's minimal quoting: besides what RFC 4180 demands, a record that starts with neither letter nor digit, a
   * field that starts with `#`, `!` or something below, and one that ends in white space or a control character.
   */
  private needsQuotes(type: SqlType, text: string, first: boolean): boolean {
    if (text === '') return first;
    const start = text.charCodeAt(0);
    if (this.plainNumbers && type.kind !== 'STRING') return first && !isAlphanumeric(start);
    return (
      (first ? !isAlphanumeric(start) : start <= 0x23) ||
      text.charCodeAt(text.length - 1) <= 0x20 ||
      this.special.test(text)
    );
  }
}

const isAlphanumeric = (c: number): boolean =>
  (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);

function textOf(type: SqlType, v: Value): string {
  switch (type.kind) {
    case 'STRING':
      return v as string;
    case 'DOUBLE':
      return doubleText(v as number);
    case 'DECIMAL':
      return (v as Decimal).setScale(type.scale).toString();
    case 'BYTES':
      return base64Text(v as Uint8Array);
    default:
      return String(v);
  }
}
