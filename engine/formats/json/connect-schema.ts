import type { SqlType } from '../../values/sql-type.js';
import { matchFields } from '../match-fields.js';

/*
 * Schemas of Kafka Connect as its JsonConverter writes them beside each value (`schemas.enable=true`):
 * https://kafka.apache.org/41/javadoc/org/apache/kafka/connect/data/package-summary.html
 */

type Node = Readonly<Record<string, unknown>>;

const CONNECT = 'org.apache.kafka.connect.data';

const logical = (name: string, type: string, parameters?: Readonly<Record<string, string>>): Node => ({
  type,
  name: `${CONNECT}.${name}`,
  version: 1,
  ...(parameters === undefined ? {} : { parameters }),
});

/** The schema of the fields of a record. */
export const connectStruct = (fields: readonly { readonly name: string; readonly type: SqlType }[]): Node => ({
  type: 'struct',
  fields: fields.map((f) => ({ ...connectSchema(f.type), optional: true, field: f.name })),
});

/** The schema of values of a type, but for whether they may be null. */
export function connectSchema(type: SqlType): Node {
  switch (type.kind) {
    case 'BOOLEAN':
      return { type: 'boolean' };
    case 'INTEGER':
      return { type: 'int32' };
    case 'BIGINT':
      return { type: 'int64' };
    case 'DOUBLE':
      return { type: 'double' };
    case 'STRING':
      return { type: 'string' };
    case 'BYTES':
      return { type: 'bytes' };
    case 'DECIMAL':
      return logical('Decimal', 'bytes', {
        scale: String(type.scale),
        'connect.decimal.precision': String(type.precision),
      });
    case 'DATE':
      return logical('Date', 'int32');
    case 'TIME':
      return logical('Time', 'int32');
    case 'TIMESTAMP':
      return logical('Timestamp', 'int64');
    case 'ARRAY':
      return { type: 'array', items: { ...connectSchema(type.element), optional: true } };
    case 'MAP':
      return {
        type: 'map',
        keys: { ...connectSchema(type.key), optional: false },
        values: { ...connectSchema(type.value), optional: true },
      };
    case 'STRUCT':
      return connectStruct(type.fields);
  }
}

const isNode = (v: unknown): v is Node => v !== null && typeof v === 'object' && !Array.isArray(v);

/** Scales of decimals that are written as bytes, by the type in `own` whose value it is; fields are matched ignoring case. */
export function decimalScales(own: SqlType, schema: unknown, out = new Map<SqlType, number>()): Map<SqlType, number> {
  if (!isNode(schema)) return out;
  switch (own.kind) {
    case 'DECIMAL':
      if (schema.name === `${CONNECT}.Decimal` && isNode(schema.parameters)) {
        out.set(own, Number(schema.parameters.scale));
      }
      return out;
    case 'ARRAY':
      return decimalScales(own.element, schema.items, out);
    case 'MAP':
      return decimalScales(own.value, schema.values, out);
    case 'STRUCT': {
      const fields = Array.isArray(schema.fields) ? (schema.fields as unknown[]).filter(isNode) : [];
      const at = matchFields(
        fields.map((f) => String(f.field)),
        own.fields.map((f) => f.name),
      );
      own.fields.forEach((f, i) => {
        if (at[i]! >= 0) decimalScales(f.type, fields[at[i]!], out);
      });
      return out;
    }
    default:
      return out;
  }
}
