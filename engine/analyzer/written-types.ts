import type { TypeNode } from '../../parser/ast.js';
import { otherType } from '../../parser/dialects.js';
import type { Catalog } from '../catalog/index.js';
import type { Column } from '../values/schema.js';
import { array, decimal, holds, map, printType, type SqlType, struct } from '../values/sql-type.js';
import type { Places } from './context.js';
import { didYouMean, fail, tick } from './errors.js';
import { unreachable } from './unreachable.js';
import { type Spelling, spelled } from './written-names.js';

const TYPE_NAMES: readonly string[] = [
  ...[
    'BOOLEAN',
    'INT',
    'INTEGER',
    'BIGINT',
    'DOUBLE',
    'DECIMAL',
    'STRING',
    'VARCHAR',
    'BYTES',
    'DATE',
    'TIME',
    'TIMESTAMP',
  ],
  ...['ARRAY', 'MAP', 'STRUCT'],
];

/** A written type as a SQL type: custom types are looked up, DECIMAL's bounds checked. `spelling`: names of fields keep their case. */
export function resolveType(node: TypeNode, catalog: Catalog, spelling?: Spelling): SqlType {
  switch (node.kind) {
    case 'PrimitiveType':
      return { kind: node.name };
    case 'DecimalType':
      if (node.precision < 1)
        fail(`DECIMAL precision must be >= 1: DECIMAL(${node.precision},${node.scale})`, node.span);
      if (node.scale < 0) fail(`DECIMAL scale must be >= 0: DECIMAL(${node.precision},${node.scale})`, node.span);
      if (node.precision < node.scale) {
        fail(`DECIMAL precision must be >= scale: DECIMAL(${node.precision},${node.scale})`, node.span);
      }
      return decimal(node.precision, node.scale);
    case 'ArrayType':
      return array(resolveType(node.element, catalog, spelling));
    case 'MapType':
      return map(resolveType(node.key, catalog), resolveType(node.value, catalog, spelling));
    case 'StructType': {
      const names = new Set<string>();
      for (const f of node.fields) {
        if (names.has(f.name.name)) fail(`Duplicate field names found in STRUCT: \`${f.name.name}\``, f.span);
        names.add(f.name.name);
      }
      return struct(
        node.fields.map((f) => ({
          ...spelled(f.name.name, spelling?.(f.name)),
          type: resolveType(f.type, catalog, spelling),
        })),
      );
    }
    case 'CustomType': {
      const type = catalog.types.get(node.name.name);
      if (type === undefined) {
        fail(
          `Cannot resolve unknown type: ${node.name.name}`,
          node.span,
          otherType(node.name.name) ?? didYouMean(node.name.name, [...catalog.types.keys(), ...TYPE_NAMES]),
        );
      }
      return type;
    }
    default:
      return unreachable(node);
  }
}

/** Keys must be serialised the same way each time: no MAP in them. */
export function checkKeyTypes(key: readonly Column[], places: Places): void {
  for (const c of key) {
    if (!holds(c.type, ['MAP'])) continue;
    fail(
      'Map keys, including types that contain maps, are not supported as they may lead to unexpected behavior due to ' +
        `inconsistent serialization. Key column name: ${tick(c.name)}. Column type: ${printType(c.type)}. ` +
        'See https://github.com/confluentinc/ksql/issues/6621 for more.',
      places.of(c.name),
    );
  }
}
