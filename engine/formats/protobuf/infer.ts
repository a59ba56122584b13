import { WeirError } from '../../base/errors.js';
import type { Column } from '../../values/schema.js';
import {
  array,
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  DOUBLE,
  decimal,
  INTEGER,
  map,
  type SqlType,
  STRING,
  struct,
  TIME,
  TIMESTAMP,
} from '../../values/sql-type.js';
import {
  entryOf,
  knownType,
  type MessageType,
  membersOf,
  type ProtoField,
  type ProtoType,
  type Scalar,
} from './schema.js';

/** The columns of a message's data. `exact`: names as they are, else in upper case. Throws WeirError BAD_STATEMENT. */
export function inferProtobuf(type: MessageType, exact: boolean): Column[] {
  return new Inference(exact).columns(type);
}

/** What a scalar is read as: unsigned numbers of 32 bits are more than an INTEGER holds. */
function scalarType(scalar: Scalar): SqlType {
  switch (scalar) {
    case 'bool':
      return BOOLEAN;
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return INTEGER;
    case 'uint32':
    case 'fixed32':
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed64':
    case 'sfixed64':
      return BIGINT;
    case 'float':
    case 'double':
      return DOUBLE;
    case 'string':
      return STRING;
    case 'bytes':
      return BYTES;
  }
}

/** Messages inside messages; a type that is nested deeper is nobody's. */
const MAX_DEPTH = 100;

class Inference {
  /** Messages that are being looked at: one inside itself has no SQL type. */
  private readonly open = new Set<MessageType>();

  constructor(private readonly exact: boolean) {}

  columns(type: MessageType): Column[] {
    if (this.open.has(type)) {
      throw new WeirError(
        'BAD_STATEMENT',
        `The schema's message ${type.name} holds itself: there is no such SQL type.`,
      );
    }
    if (this.open.size === MAX_DEPTH) {
      throw new WeirError('BAD_STATEMENT', `The schema's messages are nested more than ${MAX_DEPTH} deep.`);
    }
    this.open.add(type);
    const columns = membersOf(type).map((m) => ({
      name: this.name(m.name),
      type: m.kind === 'field' ? this.field(m.field) : struct(m.fields.map((f) => this.named(f))),
    }));
    this.open.delete(type);
    return columns;
  }

  private named(f: ProtoField): Column {
    return { name: this.name(f.name), type: this.field(f) };
  }

  private field(f: ProtoField): SqlType {
    const entry = entryOf(f);
    if (entry !== null) return map(this.field(entry.key), this.field(entry.value));
    const type = this.type(f.type, f);
    return f.repeated ? array(type) : type;
  }

  private type(type: ProtoType, f: ProtoField): SqlType {
    if (type.kind === 'scalar') return scalarType(type.scalar);
    if (type.kind === 'enum') return STRING;
    if (type.kind === 'map') return map(this.type(type.key, f), this.type(type.value, f));
    const known = knownType(type);
    switch (known?.kind) {
      case 'wrapper':
        return scalarType(known.scalar);
      case 'timestamp':
        return TIMESTAMP;
      case 'date':
        return DATE;
      case 'time':
        return TIME;
      case 'decimal':
        return decimal(f.decimal?.precision ?? 64, f.decimal?.scale ?? 0);
      case undefined:
        return struct(this.columns(type.type));
    }
  }

  private name(name: string): string {
    return this.exact ? name : name.toUpperCase();
  }
}
