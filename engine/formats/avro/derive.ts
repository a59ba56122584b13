import { WeirError } from '../../base/errors.js';
import type { Column } from '../../values/schema.js';
import type { SqlType } from '../../values/sql-type.js';
import type { SchemaText } from '../registry/registry.js';

/** What records are called where no full name is given. */
export const DEFAULT_NAMESPACE = 'io.confluent.ksql.avro_schemas';
export const DEFAULT_NAME = `${DEFAULT_NAMESPACE}.KsqlDataSourceSchema`;

const CONNECT = 'org.apache.kafka.connect.data';

/** The schema that ksqlDB registers for these columns: a record of them, or the bare type of one column. */
export function deriveAvro(columns: readonly Column[], wrapped: boolean, fullName: string): SchemaText {
  const dot = fullName.lastIndexOf('.');
  const namespace = dot < 0 ? '' : fullName.slice(0, dot);
  const name = fullName.slice(dot + 1);
  const derive = new Derivation(namespace);
  const schema = wrapped ? derive.record(name, columns, true) : derive.type(columns[0]!.type, name, true);
  return { type: 'AVRO', text: JSON.stringify(schema), references: [] };
}

const NAME_START = /^[A-Za-z_]/;
const NAME = /^[A-Za-z0-9_]+$/;

/** Throws WeirError BAD_STATEMENT where a column's name is none in Avro. */
export function checkAvroNames(columns: readonly Column[]): void {
  for (const { name, type } of columns) {
    if (!NAME_START.test(name)) throw incompatible(`Illegal initial character: ${name}`);
    if (!NAME.test(name)) throw incompatible(`Illegal character in: ${name}`);
    checkAvroType(type);
  }
}

export function checkAvroType(type: SqlType): void {
  if (type.kind === 'STRUCT') checkAvroNames(type.fields);
  else if (type.kind === 'ARRAY') checkAvroType(type.element);
  else if (type.kind === 'MAP') {
    if (type.key.kind !== 'STRING') {
      throw new WeirError(
        'BAD_STATEMENT',
        'Avro only supports MAPs with STRING keys',
        'Make the keys STRINGs with CAST, or use an ARRAY of STRUCTs.',
      );
    }
    checkAvroType(type.value);
  }
}

const incompatible = (why: string): WeirError =>
  new WeirError('BAD_STATEMENT', `Schema is not compatible with Avro: ${why}`);

class Derivation {
  constructor(private readonly namespace: string) {}

  record(name: string, fields: readonly Column[], top = false): object {
    const full = this.namespace === '' ? name : `${this.namespace}.${name}`;
    return {
      type: 'record',
      name,
      ...(top && this.namespace !== '' ? { namespace: this.namespace } : {}),
      fields: fields.map((f) => ({
        name: f.name,
        type: optional(this.type(f.type, `${name}_${f.name}`)),
        default: null,
      })),
      'connect.name': full,
    };
  }

  type(type: SqlType, name: string, top = false): unknown {
    switch (type.kind) {
      case 'BOOLEAN':
        return 'boolean';
      case 'INTEGER':
        return 'int';
      case 'BIGINT':
        return 'long';
      case 'DOUBLE':
        return 'double';
      case 'STRING':
        return 'string';
      case 'BYTES':
        return 'bytes';
      case 'DECIMAL': {
        const { precision, scale } = type;
        return {
          type: 'bytes',
          scale,
          precision,
          'connect.version': 1,
          'connect.parameters': { scale: String(scale), 'connect.decimal.precision': String(precision) },
          'connect.name': `${CONNECT}.Decimal`,
          logicalType: 'decimal',
        };
      }
      case 'DATE':
        return { type: 'int', 'connect.version': 1, 'connect.name': `${CONNECT}.Date`, logicalType: 'date' };
      case 'TIME':
        return { type: 'int', 'connect.version': 1, 'connect.name': `${CONNECT}.Time`, logicalType: 'time-millis' };
      case 'TIMESTAMP':
        return {
          type: 'long',
          'connect.version': 1,
          'connect.name': `${CONNECT}.Timestamp`,
          logicalType: 'timestamp-millis',
        };
      case 'ARRAY':
        return { type: 'array', items: optional(this.type(type.element, name)) };
      case 'MAP':
        // Keys are nullable, so it is a list of entries, whatever their type.
        return {
          type: 'array',
          items: {
            type: 'record',
            name,
            ...(top && this.namespace !== '' ? { namespace: this.namespace } : {}),
            fields: [
              { name: 'key', type: optional(this.type(type.key, `${name}_MapKey`)), default: null },
              { name: 'value', type: optional(this.type(type.value, `${name}_MapValue`)), default: null },
            ],
            'connect.internal.type': 'MapEntry',
          },
        };
      case 'STRUCT':
        return this.record(name, type.fields, top);
    }
  }
}

const optional = (type: unknown): unknown => ['null', type];
