import type { Column } from '../../values/schema.js';
import type { SqlType } from '../../values/sql-type.js';
import type { SchemaText } from '../registry/registry.js';

const CONNECT = 'org.apache.kafka.connect.data';

/** The JSON Schema that ksqlDB registers for these columns: an object of them, or the schema of one bare column. */
export function deriveJsonSchema(columns: readonly Column[], wrapped: boolean): SchemaText {
  const schema = wrapped ? object(columns) : optional(typeSchema(columns[0]!.type));
  return { type: 'JSON', text: JSON.stringify(schema), references: [] };
}

type Node = Readonly<Record<string, unknown>>;

function object(fields: readonly Column[]): Node {
  const properties: Record<string, unknown> = {};
  fields.forEach((f, i) => {
    properties[f.name] = { 'connect.index': i, ...optional(typeSchema(f.type)) };
  });
  return { type: 'object', properties };
}

const optional = (schema: Node): Node => ({ oneOf: [{ type: 'null' }, schema] });

const logical = (name: string, type: string, connectType: string, more: Node = {}): Node => ({
  type,
  title: `${CONNECT}.${name}`,
  'connect.version': 1,
  ...more,
  'connect.type': connectType,
});

function typeSchema(type: SqlType): Node {
  switch (type.kind) {
    case 'BOOLEAN':
      return { type: 'boolean' };
    case 'INTEGER':
      return { type: 'integer', 'connect.type': 'int32' };
    case 'BIGINT':
      return { type: 'integer', 'connect.type': 'int64' };
    case 'DOUBLE':
      return { type: 'number', 'connect.type': 'float64' };
    case 'STRING':
      return { type: 'string' };
    case 'BYTES':
      return { type: 'string', 'connect.type': 'bytes' };
    case 'DECIMAL':
      return logical('Decimal', 'number', 'bytes', {
        'connect.parameters': { scale: String(type.scale), 'connect.decimal.precision': String(type.precision) },
      });
    case 'DATE':
      return logical('Date', 'integer', 'int32');
    case 'TIME':
      return logical('Time', 'integer', 'int32');
    case 'TIMESTAMP':
      return logical('Timestamp', 'integer', 'int64');
    case 'ARRAY':
      return { type: 'array', items: optional(typeSchema(type.element)) };
    case 'MAP':
      return { type: 'object', 'connect.type': 'map', additionalProperties: optional(typeSchema(type.value)) };
    case 'STRUCT':
      return object(type.fields);
  }
}
