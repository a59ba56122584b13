import { WeirError } from '../../base/errors.js';
import type { FormatRef } from '../../plan/format-ref.js';
import type { ByteWriter } from '../../records/bytes.js';
import type { Column } from '../../values/schema.js';
import type { Value } from '../../values/value.js';
import { isWrapped } from '../columns.js';
import { DecodeError, type FormatOption, type RowDecoder, type RowEncoder } from '../format.js';
import { COLON, COMMA, JsonCursor, LBRACE, QUOTE, RBRACE, readString, skipValue, skipWhitespace } from './scan.js';
import { type ValueWriter, valueWriter } from './write.js';

/*
 * A STRING column for the fields of a record that no column declares. It holds them as the text of an object, each value as
 * it stands in the record, digits and all. Written, they are fields of the record again, in the place of the column.
 */

/** Names the column. Inherited: what a query does not touch goes through it, where its sink has the column too. */
export const UNDECLARED_FIELDS: FormatOption = {
  property: 'UNDECLARED_FIELDS',
  inherited: true,
  namesColumn: 'STRING',
};

/** The column of undeclared fields among `columns`; -1: there is none. */
export function undeclaredIndex(columns: readonly Column[], ref: FormatRef): number {
  const name = ref.properties.undeclared;
  return name === undefined ? -1 : columns.findIndex((c) => c.name === name);
}

/** Throws WeirError BAD_STATEMENT where the columns have none that can hold the undeclared fields. */
export function checkUndeclared(columns: readonly Column[], isKey: boolean, ref: FormatRef): void {
  const name = ref.properties.undeclared;
  if (name === undefined) return;
  const wrong = (why: string, hint: string): never => {
    throw new WeirError('BAD_STATEMENT', `The UNDECLARED_FIELDS column \`${name}\` ${why}.`, hint);
  };
  if (isKey) wrong('cannot be in a key', 'A key has the fields that its columns declare: use VALUE_UNDECLARED_FIELDS.');
  const column = columns[undeclaredIndex(columns, ref)];
  if (column === undefined) wrong('does not exist among the value columns', `Declare it: ${name} STRING.`);
  else if (column.type.kind !== 'STRING')
    wrong(`is a ${column.type.kind}`, `Declare it as STRING: it holds JSON text.`);
  if (!isWrapped({ columns, isKey, ref })) {
    wrong('needs a record with fields', 'Leave WRAP_SINGLE_VALUE=false out.');
  }
}

/** The members of the object at the cursor that no column declares, by name: the text of each value. Moves behind it. */
function undeclaredMembers(c: JsonCursor, declared: ReadonlySet<string>): Map<string, string> {
  const b = c.bytes;
  const members = new Map<string, string>();
  if (b[c.p] !== LBRACE) return c.fail("expected '{'");
  c.enter();
  let p = skipWhitespace(b, c.p + 1);
  if (b[p] === RBRACE) p++;
  else {
    for (;;) {
      if (b[p] !== QUOTE) return c.fail('expected a name in quotes', p);
      c.p = p;
      const name = readString(c);
      p = skipWhitespace(b, c.p);
      if (b[p] !== COLON) return c.fail("expected ':'", p);
      const from = skipWhitespace(b, p + 1);
      const to = skipValue(c, from);
      if (!declared.has(name.toUpperCase())) members.set(name, finite(c, b.toString('utf8', from, to)));
      p = skipWhitespace(b, to);
      const next = b[p++];
      if (next === RBRACE) break;
      if (next !== COMMA) return c.fail("expected ',' or '}'", p - 1);
      p = skipWhitespace(b, p);
    }
  }
  c.depth--;
  c.p = p;
  return members;
}

/** A value's text as JSON: numbers that are not finite are text there, or null, as the source's property says. */
function finite(c: JsonCursor, text: string): string {
  if (c.nonFinite === 'REJECT') return text;
  return text.replace(/"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)/gs, (token) =>
    token[0] === '"' ? token : c.nonFinite === 'NULL' ? 'null' : `"${token}"`,
  );
}

const memberText = ([name, value]: readonly [string, string]): string => `${JSON.stringify(name)}:${value}`;

const upperNames = (columns: readonly Column[], but: number): ReadonlySet<string> =>
  new Set(columns.flatMap((c, i) => (i === but ? [] : [c.name.toUpperCase()])));

/** Reads the columns with another decoder, and what they leave of the object into one more. */
export class UndeclaredDecoder implements RowDecoder {
  private readonly cursor: JsonCursor;
  private readonly declared: ReadonlySet<string>;
  private readonly own: Value[];

  /** @param declared decodes the columns without the one at `at` */
  constructor(
    private readonly columns: readonly Column[],
    private readonly at: number,
    private readonly wanted: boolean,
    private readonly others: RowDecoder,
    nonFinite: JsonCursor['nonFinite'],
  ) {
    this.cursor = new JsonCursor(nonFinite);
    this.declared = upperNames(columns, at);
    this.own = new Array<Value>(columns.length - 1).fill(null);
  }

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    const { own, at } = this;
    const present = this.others.decode(bytes, start, end, own);
    for (let i = 0, from = 0; i < this.columns.length; i++) row[i] = i === at ? null : own[from++]!;
    if (!present || !this.wanted) return present;
    const c = this.cursor;
    c.reset(bytes, start, end);
    while (bytes[c.p] !== LBRACE) c.p++; // the other decoder has found an object behind white space or a byte order mark
    const members = undeclaredMembers(c, this.declared);
    if (members.size > 0) row[at] = `{${[...members].map(memberText).join(',')}}`;
    return true;
  }
}

/** Writes objects: the members that the column at `at` holds stand in its place, but for those that columns have. */
export class UndeclaredEncoder implements RowEncoder {
  private readonly cursor = new JsonCursor();
  private readonly names: readonly Buffer[];
  private readonly writers: readonly ValueWriter[];
  private readonly declared: ReadonlySet<string>;
  private readonly name: string;

  constructor(
    columns: readonly Column[],
    private readonly at: number,
  ) {
    this.name = columns[at]!.name;
    this.names = columns.map((c) => Buffer.from(`${JSON.stringify(c.name)}:`));
    this.writers = columns.map((c) => valueWriter(c.type));
    this.declared = upperNames(columns, at);
  }

  encode(row: readonly Value[], out: ByteWriter): boolean {
    // Before anything is written: a text that is no object is an error of the row.
    const members = this.members(row[this.at] ?? null);
    let separator = LBRACE;
    for (let i = 0; i < this.names.length; i++) {
      if (i === this.at) {
        if (members === '') continue;
        out.byte(separator);
        out.utf8(members);
      } else {
        out.byte(separator);
        out.copy(this.names[i]!);
        const v = row[i] ?? null;
        if (v === null) out.copy(NULL);
        else this.writers[i]!(v, out);
      }
      separator = COMMA;
    }
    if (separator === LBRACE) out.byte(LBRACE);
    out.byte(RBRACE);
    return true;
  }

  private members(v: Value): string {
    if (v === null) return '';
    const bytes = Buffer.from(v as string, 'utf8');
    const c = this.cursor;
    c.reset(bytes, 0, bytes.length);
    try {
      c.p = skipWhitespace(bytes, 0);
      const members = undeclaredMembers(c, this.declared);
      c.p = skipWhitespace(bytes, c.p);
      if (c.p < bytes.length) c.fail('something behind the object');
      return [...members].map(memberText).join(',');
    } catch (e) {
      if (!(e instanceof DecodeError)) throw e;
      throw new DecodeError(`The UNDECLARED_FIELDS column \`${this.name}\` must hold a JSON object: ${e.message}`);
    }
  }
}

const NULL = Buffer.from('null');
