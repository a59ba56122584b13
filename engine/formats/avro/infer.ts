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
import type { InferOptions } from '../format.js';
import { type AvroDecimal, type AvroType, areMapEntries, branchName, entryTypes, withoutNull } from './schema.js';

/** The columns of data that was written with `schema`: the fields of a record, or one column. */
export function inferAvro(schema: AvroType, { isKey, wrapped, exact }: InferOptions): Column[] {
  const infer = new Inference(exact);
  const top = withoutNull(schema);
  if (!wrapped) return [{ name: isKey ? 'ROWKEY' : 'ROWVAL', type: infer.type(top) }];
  if (top.kind !== 'record') {
    throw new WeirError(
      'BAD_STATEMENT',
      `The schema of the topic is no record: ${top.kind}`,
      'A single value that is in no record is read with WITH (WRAP_SINGLE_VALUE=false).',
    );
  }
  return infer.fields(top);
}

/** Records inside records; a type that is nested deeper is nobody's. */
const MAX_DEPTH = 100;

class Inference {
  /** Records that are being looked at: one inside itself has no SQL type. */
  private readonly open = new Set<AvroType>();

  constructor(private readonly exact: boolean) {}

  fields(record: Extract<AvroType, { kind: 'record' }>): Column[] {
    if (this.open.has(record)) {
      throw new WeirError(
        'BAD_STATEMENT',
        `The schema's record ${record.name} holds itself: there is no such SQL type.`,
      );
    }
    if (this.open.size === MAX_DEPTH) {
      throw new WeirError('BAD_STATEMENT', `The schema's records are nested more than ${MAX_DEPTH} deep.`);
    }
    this.open.add(record);
    const columns = record.fields.map((f) => ({ name: this.name(f.name), type: this.type(f.type) }));
    this.open.delete(record);
    return columns;
  }

  type(schema: AvroType): SqlType {
    const type = withoutNull(schema);
    switch (type.kind) {
      case 'boolean':
        return BOOLEAN;
      case 'int':
        return type.logical === 'date' ? DATE : type.logical === 'time-millis' ? TIME : INTEGER;
      case 'long':
        return type.logical === 'timestamp-millis' ? TIMESTAMP : BIGINT;
      case 'float':
      case 'double':
        return DOUBLE;
      case 'string':
      case 'enum':
        return STRING;
      case 'bytes':
      case 'fixed':
        return bytesType(type.decimal);
      case 'array': {
        const entry = areMapEntries(type.items) ? entryTypes(type.items) : null;
        return entry === null ? array(this.type(type.items)) : map(this.type(entry.key), this.type(entry.value));
      }
      case 'map':
        return map(STRING, this.type(type.values));
      case 'record':
        return struct(this.fields(type));
      case 'union': {
        // A choice is a struct with one field for each branch, of which one is set.
        const branches = type.branches.filter((b) => b.kind !== 'null');
        return struct(branches.map((b) => ({ name: this.name(branchName(b)), type: this.type(b) })));
      }
      case 'null':
        throw new WeirError('BAD_STATEMENT', 'The schema has a field of type null alone: there is no such SQL type.');
    }
  }

  private name(name: string): string {
    return this.exact ? name : name.toUpperCase();
  }
}

const bytesType = (d: AvroDecimal | null): SqlType => (d === null ? BYTES : decimal(d.precision, d.scale));
