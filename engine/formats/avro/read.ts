import { StringCache } from '../../records/intern.js';
import { Decimal } from '../../values/decimal.js';
import { doubleText } from '../../values/java-text.js';
import type { Column } from '../../values/schema.js';
import { holds, printType, type SqlType } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { DecodeError, type RowDecoder } from '../format.js';
import { matchFields } from '../match-fields.js';
import { fitDecimal, timeOfDay } from '../text-values.js';
import { AvroCursor, readUnscaled } from './bytes.js';
import { type AvroField, type AvroType, branchName, entryTypes, perMillisecond, withoutNull } from './schema.js';

type Read = (c: AvroCursor) => Value;
type Skip = (c: AvroCursor) => void;

/** Elements of one array or map: some take no bytes, so that the payload's length is no bound. */
const MAX_ELEMENTS = 10_000_000;

/** Reads payloads written with `schema` straight into rows: fields that no one needs are checked and stepped over. */
export function avroReader(
  schema: AvroType,
  columns: readonly Column[],
  needed: readonly number[],
  wrapped: boolean,
): RowDecoder {
  const readers = new Readers();
  if (!wrapped) return new SingleReader(readers.read(schema, columns[0]!.type));
  const nullAt = schema.kind === 'union' ? schema.branches.findIndex((b) => b.kind === 'null') : -1;
  const record = withoutNull(schema);
  if (record.kind !== 'record') {
    throw new DecodeError(`Written with a schema of type ${record.kind}, but the columns are the fields of a record`);
  }
  const at = matchFields(
    record.fields.map((f) => f.name),
    columns.map((c) => c.name),
  );
  const steps = record.fields.map((f, i): Step => {
    const column = at.indexOf(i);
    if (column < 0) return { column, read: null, skip: readers.skip(f.type) };
    const { type } = columns[column]!;
    const read = readers.read(f.type, type);
    if (needed.includes(column)) return { column, read, skip: null };
    // Steps are as strict as reads, but for values that are too large for these.
    const skip = holds(type, ['TIME', 'DECIMAL']) ? (c: AvroCursor) => void read(c) : readers.skip(f.type);
    return { column, read: null, skip };
  });
  return new RecordReader(steps, columns.length, schema.kind === 'union' ? nullAt : null);
}

interface Step {
  readonly column: number;
  readonly read: Read | null;
  readonly skip: Skip | null;
}

class RecordReader implements RowDecoder {
  private readonly cursor = new AvroCursor();

  constructor(
    private readonly steps: readonly Step[],
    private readonly width: number,
    /** Index of null in the union that the record is in; null: it is in none. */
    private readonly nullBranch: number | null,
  ) {}

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    for (let i = 0; i < this.width; i++) row[i] = null;
    const c = this.cursor;
    c.reset(bytes, start, end);
    if (this.nullBranch !== null && c.int() === this.nullBranch) return false;
    for (const step of this.steps) {
      if (step.read !== null) row[step.column] = step.read(c);
      else step.skip!(c);
    }
    return true;
  }
}

class SingleReader implements RowDecoder {
  private readonly cursor = new AvroCursor();

  constructor(private readonly read: Read) {}

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    this.cursor.reset(bytes, start, end);
    const v = this.read(this.cursor);
    row[0] = v;
    return v !== null;
  }
}

/** Makes readers of values of a written type as a SQL type, and what steps over them. */
class Readers {
  private readonly strings = new StringCache();
  private readonly skips = new Map<AvroType, Skip>();

  read(schema: AvroType, type: SqlType): Read {
    if (schema.kind === 'union') return this.union(schema.branches, type);
    const made = this.plain(schema, type);
    if (made === null) {
      throw new DecodeError(`Data of Avro type ${describe(schema)} cannot be read as ${printType(type)}`);
    }
    return made;
  }

  private union(branches: readonly AvroType[], type: SqlType): Read {
    const some = branches.filter((b) => b.kind !== 'null');
    const readers: Read[] =
      some.length === 1 || type.kind !== 'STRUCT'
        ? branches.map((b) => (b.kind === 'null' ? () => null : this.read(b, type)))
        : this.choice(branches, type.fields);
    return (c) => {
      const read = readers[c.int()];
      if (read === undefined) throw new DecodeError('An Avro union has no such branch');
      return read(c);
    };
  }

  /** A union of several types is a struct in which one field is set. */
  private choice(branches: readonly AvroType[], fields: readonly Column[]): Read[] {
    const at = matchFields(
      branches.map(branchName),
      fields.map((f) => f.name),
    );
    return branches.map((b, i): Read => {
      if (b.kind === 'null') return () => null;
      const field = at.indexOf(i);
      if (field < 0) {
        const skip = this.skip(b);
        return (c) => {
          skip(c);
          return fields.map(() => null);
        };
      }
      const read = this.read(b, fields[field]!.type);
      return (c) => {
        const v = read(c);
        return fields.map((_, k) => (k === field ? v : null));
      };
    });
  }

  private plain(schema: Exclude<AvroType, { kind: 'union' }>, type: SqlType): Read | null {
    switch (schema.kind) {
      case 'null':
        return () => null;
      case 'boolean':
        if (type.kind === 'BOOLEAN') return (c) => c.byte() !== 0;
        return type.kind === 'STRING' ? (c) => String(c.byte() !== 0) : null;
      case 'int':
        return intReader(schema.logical, type);
      case 'long':
        return longReader(schema.logical, type);
      case 'float':
        if (type.kind === 'DOUBLE') return (c) => c.bytes.readFloatLE(c.take(4));
        return type.kind === 'STRING' ? (c) => doubleText(c.bytes.readFloatLE(c.take(4))) : null;
      case 'double':
        if (type.kind === 'DOUBLE') return (c) => c.bytes.readDoubleLE(c.take(8));
        return type.kind === 'STRING' ? (c) => doubleText(c.bytes.readDoubleLE(c.take(8))) : null;
      case 'string':
        if (type.kind !== 'STRING') return null;
        return (c) => {
          const start = c.take(c.size());
          return this.strings.get(c.bytes, start, c.p);
        };
      case 'enum': {
        if (type.kind !== 'STRING') return null;
        const { symbols } = schema;
        return (c) => symbolOf(symbols, c);
      }
      case 'bytes':
        return bytesReader((c) => c.size(), schema.decimal?.scale, type);
      case 'fixed':
        return bytesReader(() => schema.size, schema.decimal?.scale, type);
      case 'array':
        return this.array(schema.items, type);
      case 'map':
        if (type.kind !== 'MAP' || type.key.kind !== 'STRING') return null;
        return this.map(this.read({ kind: 'string' }, type.key), this.read(schema.values, type.value));
      case 'record':
        return type.kind === 'STRUCT' ? this.record(schema.fields, type.fields) : null;
    }
  }

  private array(items: AvroType, type: SqlType): Read | null {
    if (type.kind === 'ARRAY') {
      const read = this.read(items, type.element);
      return (c) => {
        const out: Value[] = [];
        eachElement(c, () => out.push(read(c)));
        return out;
      };
    }
    if (type.kind !== 'MAP') return null;
    const entry = entryTypes(items);
    return entry === null ? null : this.map(this.read(entry.key, type.key), this.read(entry.value, type.value));
  }

  private map(key: Read, value: Read): Read {
    return (c) => {
      const out = new Map<Value, Value>();
      eachElement(c, () => {
        const k = key(c);
        out.set(k, value(c));
      });
      return out;
    };
  }

  private record(written: readonly AvroField[], fields: readonly Column[]): Read {
    const at = matchFields(
      written.map((f) => f.name),
      fields.map((f) => f.name),
    );
    const steps = written.map((f, i): Step => {
      const column = at.indexOf(i);
      if (column < 0) return { column, read: null, skip: this.skip(f.type) };
      return { column, read: this.read(f.type, fields[column]!.type), skip: null };
    });
    return (c) => {
      const out: Value[] = new Array<Value>(fields.length).fill(null);
      for (const step of steps) {
        if (step.read !== null) out[step.column] = step.read(c);
        else step.skip!(c);
      }
      return out;
    };
  }

  skip(schema: AvroType): Skip {
    const made = this.skips.get(schema);
    if (made !== undefined) return made;
    // A record may hold itself: by the time that this one is called, the real one is there.
    this.skips.set(schema, (c) => this.skips.get(schema)!(c));
    const skip = this.makeSkip(schema);
    this.skips.set(schema, skip);
    return skip;
  }

  private makeSkip(schema: AvroType): Skip {
    switch (schema.kind) {
      case 'null':
        return () => {};
      case 'boolean':
        return (c) => void c.take(1);
      case 'int':
        return (c) => void c.int();
      case 'long':
        return (c) => void c.long();
      case 'enum':
        return (c) => void symbolOf(schema.symbols, c);
      case 'float':
        return (c) => void c.take(4);
      case 'double':
        return (c) => void c.take(8);
      case 'string':
      case 'bytes':
        return (c) => void c.take(c.size());
      case 'fixed':
        return (c) => void c.take(schema.size);
      case 'array': {
        const skip = this.skip(schema.items);
        return (c) => eachElement(c, () => skip(c));
      }
      case 'map': {
        const skip = this.skip(schema.values);
        return (c) =>
          eachElement(c, () => {
            c.take(c.size());
            skip(c);
          });
      }
      case 'record': {
        const skips = schema.fields.map((f) => this.skip(f.type));
        return (c) => {
          c.enter();
          for (const skip of skips) skip(c);
          c.depth--;
        };
      }
      case 'union': {
        const skips = schema.branches.map((b) => this.skip(b));
        return (c) => {
          const skip = skips[c.int()];
          if (skip === undefined) throw new DecodeError('An Avro union has no such branch');
          skip(c);
        };
      }
    }
  }
}

function symbolOf(symbols: readonly string[], c: AvroCursor): string {
  const symbol = symbols[c.int()];
  if (symbol === undefined) throw new DecodeError('An Avro enum has no such symbol');
  return symbol;
}

/** Blocks of a count and that many elements; a negative count is followed by the block's size in bytes. */
function eachElement(c: AvroCursor, element: () => void): void {
  let total = 0;
  for (;;) {
    let n = c.size();
    if (n === 0) return;
    if (n < 0) {
      n = -n;
      c.size();
    }
    total += n;
    if (total > MAX_ELEMENTS) throw new DecodeError(`More than ${MAX_ELEMENTS} elements`);
    for (let i = 0; i < n; i++) element();
  }
}

function intReader(logical: 'date' | 'time-millis' | null, type: SqlType): Read | null {
  switch (type.kind) {
    case 'INTEGER':
    case 'BIGINT':
    case 'DOUBLE':
      return (c) => c.int();
    case 'DATE':
      return logical === 'time-millis' ? null : (c) => c.int();
    case 'TIME':
      return logical === 'date' ? null : (c) => timeOfDay(c.int());
    case 'STRING':
      return (c) => String(c.int());
    case 'DECIMAL':
      return (c) => fitDecimal(Decimal.fromInteger(c.int()), type.precision, type.scale);
    default:
      return null;
  }
}

function longReader(logical: Parameters<typeof perMillisecond>[0], type: SqlType): Read | null {
  const units = perMillisecond(logical);
  switch (type.kind) {
    case 'BIGINT':
      return (c) => c.long();
    case 'DOUBLE':
      return (c) => Number(c.long());
    case 'TIMESTAMP':
      return logical === 'time-micros' ? null : (c) => floorDivide(c.long(), units);
    case 'TIME':
      return logical === 'time-micros' ? (c) => timeOfDay(Math.floor(Number(c.long()) / 1000)) : null;
    case 'STRING':
      return (c) => String(c.long());
    case 'DECIMAL':
      return (c) => fitDecimal(Decimal.fromInteger(c.long()), type.precision, type.scale);
    default:
      return null;
  }
}

/** Exact: nanoseconds of today are beyond 2^53. */
function floorDivide(n: number | bigint, by: number): number {
  if (typeof n === 'number' || by === 1) return Math.floor(Number(n) / by);
  const divisor = BigInt(by);
  return Number((n - (((n % divisor) + divisor) % divisor)) / divisor);
}

function bytesReader(size: (c: AvroCursor) => number, scale: number | undefined, type: SqlType): Read | null {
  if (type.kind === 'BYTES') {
    return (c) => {
      const start = c.take(size(c));
      return new Uint8Array(c.bytes.subarray(start, c.p));
    };
  }
  if (type.kind !== 'DECIMAL' || scale === undefined) return null;
  const { precision } = type;
  return (c) => {
    const start = c.take(size(c));
    return fitDecimal(new Decimal(readUnscaled(c.bytes, start, c.p), scale), precision, type.scale);
  };
}

const describe = (schema: AvroType): string =>
  'logical' in schema && schema.logical !== null ? `${schema.kind} (${schema.logical})` : schema.kind;
