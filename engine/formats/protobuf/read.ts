import { StringCache } from '../../records/intern.js';
import type { Column } from '../../values/schema.js';
import { holds, printType, type SqlType } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { DecodeError, type RowDecoder } from '../format.js';
import { matchFields } from '../match-fields.js';
import {
  entryOf,
  isPackable,
  knownType,
  type MessageType,
  membersOf,
  type ProtoField,
  type ProtoType,
} from './schema.js';
import { type Read, readDate, readDecimal, readTime, readTimestamp, scalarReader } from './values.js';
import { DELIMITED, VARINT, WireCursor } from './wire.js';

/**
 * Reads messages straight into rows; fields that no one needs are checked and stepped over. Throws DecodeError where a field's data
 * cannot be read as its column.
 */
export function protobufReader(type: MessageType, columns: readonly Column[], needed: readonly number[]): RowDecoder {
  const reader = new Readers().message(type, columns, (i) => needed.includes(i));
  const cursor = new WireCursor();
  const unread = [...columns.keys()].filter((i) => !needed.includes(i));
  return {
    decode(bytes, start, end, row) {
      cursor.reset(bytes, start, end);
      reader.begin(row);
      reader.read(cursor, row);
      for (let i = 0; i < unread.length; i++) row[unread[i]!] = null;
      return true;
    },
  };
}

/** Puts a field's value, which the cursor is at, into its place in a row or struct. */
type Store = (c: WireCursor, row: Value[]) => void;

interface FieldReader {
  readonly number: number;
  /** By wire type; a value of any other is stepped over, as one of an unknown field is. */
  readonly stores: readonly (Store | undefined)[];
}

/** What a place in a row is before anything was read: a default, made anew where it is filled later. */
type Initial = Value | (() => Value);

/** Field numbers up to here are looked up in an array. */
const DENSE = 256;

class MessageReader {
  private readonly dense: (FieldReader | undefined)[];
  private readonly sparse = new Map<number, FieldReader>();
  /** What every row begins with, and the places where that is made anew. */
  private readonly constants: readonly Value[];
  private readonly made: readonly { readonly at: number; readonly make: () => Value }[];

  constructor(initial: readonly Initial[], fields: readonly FieldReader[]) {
    this.constants = initial.map((v) => (typeof v === 'function' ? null : v));
    this.made = initial.flatMap((make, at) => (typeof make === 'function' ? [{ at, make }] : []));
    const top = Math.max(0, ...fields.map((f) => f.number).filter((n) => n < DENSE));
    this.dense = new Array<FieldReader | undefined>(top + 1).fill(undefined);
    for (const f of fields) {
      if (f.number >= DENSE) this.sparse.set(f.number, f);
      else this.dense[f.number] = f;
    }
  }

  begin(row: Value[]): void {
    const { constants, made } = this;
    for (let i = 0; i < constants.length; i++) row[i] = constants[i]!;
    for (let i = 0; i < made.length; i++) row[made[i]!.at] = made[i]!.make();
  }

  /** Up to the cursor's end. */
  read(c: WireCursor, row: Value[]): void {
    while (c.p < c.end) {
      const tag = c.int32();
      const number = tag >>> 3;
      const field = number < DENSE ? this.dense[number] : this.sparse.get(number);
      const store = field?.stores[tag & 7];
      if (store === undefined) c.skip(tag);
      else store(c, row);
    }
  }

  /** The message that the cursor is at, with its length in front. */
  readInner(c: WireCursor, row: Value[]): void {
    const outer = c.end;
    c.end = c.delimited();
    this.read(c, row);
    c.end = outer;
  }

  fresh(): Value[] {
    const row: Value[] = [];
    this.begin(row);
    return row;
  }
}

class Readers {
  private readonly strings = new StringCache();

  message(type: MessageType, columns: readonly Column[], needed: (i: number) => boolean): MessageReader {
    const members = membersOf(type);
    const at = matchFields(
      members.map((m) => m.name),
      columns.map((c) => c.name),
    );
    const initial: Initial[] = columns.map(() => null);
    const fields: FieldReader[] = [];
    columns.forEach((column, slot) => {
      const member = members[at[slot]!];
      if (member === undefined) return;
      if (member.kind === 'oneof') {
        fields.push(...this.choice(member.fields, column, slot));
        return;
      }
      const made = this.field(member.field, column, slot);
      // To step over a scalar is to check it, but for bounds.
      const checked = !member.field.repeated && member.field.type.kind !== 'message';
      if (!needed(slot) && checked && !holds(column.type, ['TIME', 'DECIMAL'])) return;
      initial[slot] = made.initial;
      fields.push(made.reader);
    });
    return new MessageReader(initial, fields);
  }

  private field(field: ProtoField, column: Column, slot: number): { initial: Initial; reader: FieldReader } {
    const { type } = column;
    const entry = entryOf(field);
    if (entry !== null) return this.map(field, entry, column, slot);
    if (field.repeated) return this.list(field, column, slot);
    if (field.type.kind === 'message' && type.kind === 'STRUCT' && knownType(field.type) === undefined) {
      return { initial: null, reader: this.struct(field.type.type, field.number, type.fields, slot) };
    }
    const { read, wire, zero } = this.value(field.type, type, column.name);
    const reader = at(field.number, wire, (c, row) => {
      row[slot] = read(c);
    });
    const { fallback } = field;
    const initial = fallback !== undefined && typeof fallback === typeof zero ? fallback : zero;
    return { initial: field.presence ? null : initial, reader };
  }

  /** A message that comes twice is put together. */
  private struct(type: MessageType, number: number, fields: readonly Column[], slot: number): FieldReader {
    const inner = this.message(type, fields, () => true);
    return at(number, DELIMITED, (c, row) => {
      const target = (row[slot] ?? inner.fresh()) as Value[];
      row[slot] = target;
      inner.readInner(c, target);
    });
  }

  private list(field: ProtoField, column: Column, slot: number): { initial: Initial; reader: FieldReader } {
    if (column.type.kind !== 'ARRAY') throw mismatch(field.type, column, true);
    const { read, wire } = this.value(field.type, column.type.element, column.name);
    const reader = at(field.number, wire, (c, row) => {
      (row[slot] as Value[]).push(read(c));
    });
    if (isPackable(field.type)) {
      (reader.stores as (Store | undefined)[])[DELIMITED] = (c, row) => {
        const list = row[slot] as Value[];
        const outer = c.end;
        c.end = c.delimited();
        while (c.p < c.end) list.push(read(c));
        c.end = outer;
      };
    }
    return { initial: () => [], reader };
  }

  private map(
    field: ProtoField,
    parts: { readonly key: ProtoField; readonly value: ProtoField },
    column: Column,
    slot: number,
  ): { initial: Initial; reader: FieldReader } {
    const { type } = column;
    if (type.kind !== 'MAP') throw mismatch(field.type, column, false);
    const entry: MessageType = { name: column.name, fields: [parts.key, parts.value] };
    const inner = this.message(
      entry,
      [
        { name: 'key', type: type.key },
        { name: 'value', type: type.value },
      ],
      () => true,
    );
    const reader = at(field.number, DELIMITED, (c, row) => {
      const pair = inner.fresh();
      inner.readInner(c, pair);
      (row[slot] as Map<Value, Value>).set(pair[0]!, pair[1]!);
    });
    return { initial: () => new Map(), reader };
  }

  /** A oneof is a struct in which one field is set; null where none is. The last one that is read counts. */
  private choice(members: readonly ProtoField[], column: Column, slot: number): FieldReader[] {
    const { type } = column;
    if (type.kind !== 'STRUCT') {
      throw new DecodeError(`A oneof of the Protobuf schema cannot be read as ${printType(type)}`);
    }
    const places = matchFields(
      members.map((f) => f.name),
      type.fields.map((f) => f.name),
    );
    return members.map((f, i) => {
      const place = places.indexOf(i);
      const none = (): Value[] => type.fields.map(() => null);
      if (place < 0) {
        return anyWire(f.number, (c, row, tag) => {
          c.skip(tag);
          row[slot] = none();
        });
      }
      const { read, wire } = this.value(f.type, type.fields[place]!.type, column.name);
      return at(f.number, wire, (c, row) => {
        const set = none();
        set[place] = read(c);
        row[slot] = set;
      });
    });
  }

  private value(type: ProtoType, sql: SqlType, name: string): { read: Read; wire: number; zero: Value } {
    switch (type.kind) {
      case 'scalar': {
        const made = scalarReader(type.scalar, sql, this.strings);
        if (made === null) throw mismatch(type, { name, type: sql }, false);
        return made;
      }
      case 'enum': {
        if (sql.kind !== 'STRING') throw mismatch(type, { name, type: sql }, false);
        const { byNumber, name: of } = type.type;
        const symbol = (n: number): string => byNumber.get(n) ?? `UNKNOWN_ENUM_VALUE_${of}_${n}`;
        const first = byNumber.has(0) ? 0 : ([...byNumber.keys()][0] ?? 0);
        return { read: (c) => symbol(c.int32()), wire: VARINT, zero: symbol(first) };
      }
      case 'map':
        throw mismatch(type, { name, type: sql }, false);
      case 'message':
        return { read: this.messageValue(type, sql, name), wire: DELIMITED, zero: null };
    }
  }

  private messageValue(type: Extract<ProtoType, { kind: 'message' }>, sql: SqlType, name: string): Read {
    const known = knownType(type);
    switch (known?.kind) {
      case 'wrapper': {
        const made = scalarReader(known.scalar, sql, this.strings);
        if (made === null) throw mismatch(type, { name, type: sql }, false);
        const inner = new MessageReader(
          [made.zero],
          [
            at(1, made.wire, (c, row) => {
              row[0] = made.read(c);
            }),
          ],
        );
        const row: Value[] = [null];
        return (c) => {
          inner.begin(row);
          inner.readInner(c, row);
          return row[0]!;
        };
      }
      case 'timestamp':
        if (sql.kind === 'TIMESTAMP') return readTimestamp;
        break;
      case 'date':
        if (sql.kind === 'DATE') return readDate;
        break;
      case 'time':
        if (sql.kind === 'TIME') return readTime;
        break;
      case 'decimal':
        if (sql.kind === 'DECIMAL') return readDecimal(sql.precision, sql.scale);
        break;
      case undefined:
        if (sql.kind === 'STRUCT') {
          const inner = this.message(type.type, sql.fields, () => true);
          return (c) => {
            const row = inner.fresh();
            inner.readInner(c, row);
            return row;
          };
        }
    }
    throw mismatch(type, { name, type: sql }, false);
  }
}

function at(number: number, wire: number, store: Store): FieldReader {
  const stores: (Store | undefined)[] = new Array(8).fill(undefined);
  stores[wire] = store;
  return { number, stores };
}

/** Whatever its wire type is, for who wants to know only that it was there. */
function anyWire(number: number, store: (c: WireCursor, row: Value[], tag: number) => void): FieldReader {
  const stores = [0, 1, 2, 3, 4, 5, 6, 7].map(
    (wire): Store =>
      (c, row) =>
        store(c, row, (number << 3) | wire),
  );
  return { number, stores };
}

function mismatch(type: ProtoType, { name, type: sql }: Column, repeated: boolean): DecodeError {
  const what = type.kind === 'scalar' ? type.scalar : type.kind === 'map' ? 'map' : type.type.name;
  return new DecodeError(
    `Data of Protobuf type ${repeated ? 'repeated ' : ''}${what} cannot be read as ${printType(sql)} (${name})`,
  );
}
