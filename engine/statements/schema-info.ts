import type { FieldInfo, SchemaInfo } from '../api/entities.js';
import type { SqlType } from '../values/sql-type.js';

/** A SQL type as `/ksql`'s entities and the WebSocket's first frame describe it. */
export function schemaInfo(type: SqlType): SchemaInfo {
  switch (type.kind) {
    case 'DECIMAL':
      return {
        type: 'DECIMAL',
        fields: null,
        memberSchema: null,
        parameters: { precision: type.precision, scale: type.scale },
      };
    case 'ARRAY':
      return { type: 'ARRAY', fields: null, memberSchema: schemaInfo(type.element) };
    case 'MAP':
      return { type: 'MAP', fields: null, memberSchema: schemaInfo(type.value) };
    case 'STRUCT':
      return {
        type: 'STRUCT',
        fields: type.fields.map((f) => ({ name: f.name, schema: schemaInfo(f.type) })),
        memberSchema: null,
      };
    default:
      return { type: type.kind, fields: null, memberSchema: null };
  }
}

export const fieldInfo = (column: { name: string; type: SqlType }, isKey: boolean): FieldInfo => ({
  name: column.name,
  schema: schemaInfo(column.type),
  ...(isKey ? { type: 'KEY' as const } : {}),
});
