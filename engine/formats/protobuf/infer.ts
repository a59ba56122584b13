import { WeirError } from '../../types/errors.js';
import type { Column } from '../../types/schema.js';
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
} from '../../types/sql-type.js';
import type { FormatRef } from '../../types/topology.js';
import { DATE_TYPE, DECIMAL_TYPE, TIME_TYPE, TIMESTAMP_TYPE, WRAPPERS } from './builtin.js';
import type { ProtoField, ProtoFile, ProtoMessage, ProtoType, Scalar } from './schema.js';

/** The message that a format means: by its full name, else the schema's first. Throws WeirError BAD_STATEMENT. */
export function messageOf(file: ProtoFile, ref: FormatRef): ProtoMessage {
  const name = ref.properties.fullSchemaName;
  if (name === undefined) return file.first;
  const message = file.message(name);
  if (message === undefined) {
    throw new WeirError('BAD_STATEMENT', `The schema has no message '${name}'.`, 'Check the SCHEMA_FULL_NAME.');
  }
  return message;
}

/** The columns of data of a message: its fields. */
export function inferProto(message: ProtoMessage, exact: boolean, unwrap: boolean): Column[] {
  return new Inference(exact, unwrap).fields(message);
}

class Inference {
  /** Messages that are being looked at: one inside itself has no SQL type. */
  private readonly open = new Set<ProtoMessage>();

  constructor(
    private readonly exact: boolean,
    private readonly unwrap: boolean,
  ) {}

  fields(message: ProtoMessage): Column[] {
    if (this.open.has(message)) {
      throw new WeirError('BAD_STATEMENT', `The message ${message.name} holds itself: there is no such SQL type.`);
    }
    this.open.add(message);
    const columns = message.fields.map((f) => ({
      name: this.exact ? f.name : f.name.toUpperCase(),
      type: this.field(f),
    }));
    this.open.delete(message);
    return columns;
  }

  private field(f: ProtoField): SqlType {
    if (f.map !== null) return map(this.field(f.map.key), this.field(f.map.value));
    const type = this.type(f.type, f);
    return f.repeated ? array(type) : type;
  }

  private type(type: ProtoType, f: ProtoField): SqlType {
    if (type.kind === 'scalar') return scalarType(type.name);
    if (type.kind === 'enum') return STRING;
    switch (type.name) {
      case TIMESTAMP_TYPE:
        return TIMESTAMP;
      case DATE_TYPE:
        return DATE;
      case TIME_TYPE:
        return TIME;
      case DECIMAL_TYPE:
        return decimal(f.decimal?.precision ?? 64, f.decimal?.scale ?? 0);
    }
    const wrapped = this.unwrap ? WRAPPERS.get(type.name) : undefined;
    return wrapped === undefined ? struct(this.fields(type)) : scalarType(wrapped as Scalar);
  }
}

function scalarType(name: Scalar): SqlType {
  switch (name) {
    case 'double':
    case 'float':
      return DOUBLE;
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
    case 'bool':
      return BOOLEAN;
    case 'string':
      return STRING;
    case 'bytes':
      return BYTES;
  }
}
