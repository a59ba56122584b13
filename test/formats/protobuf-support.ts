import fc from 'fast-check';
import { expect } from 'vitest';
import { formatByName } from '../../engine/formats/index.js';
import { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import { pinSchema } from '../../engine/formats/registry/pinned.js';
import type { SchemaText } from '../../engine/formats/registry/registry.js';
import type { FormatRef } from '../../engine/plan/topology.js';
import { ByteWriter } from '../../engine/records/bytes.js';
import { Decimal } from '../../engine/values/decimal.js';
import type { Column } from '../../engine/values/schema.js';
import { array, map, printType, type SqlType, STRING, struct } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { rowOf, scalarType } from './arbitraries.js';

export const NOSR = 'PROTOBUF_NOSR';
export const hex = (b: Uint8Array | null): string => (b === null ? 'null' : Buffer.from(b).toString('hex'));
export const refOf = (properties: Readonly<Record<string, string>> = {}): FormatRef => ({
  name: 'PROTOBUF',
  properties,
});
export const proto = (text: string, references: SchemaText['references'] = []): SchemaText => ({
  type: 'PROTOBUF',
  text: `syntax = "proto3";\n${text}`,
  references,
});
export const reference = (name: string, text: string) => ({ name, subject: name, version: 1, text });
export const schemas = formatByName('PROTOBUF').schemas!;

export const inferred = (
  schema: SchemaText,
  properties: Readonly<Record<string, string>> = {},
  exact = false,
): string =>
  schemas
    .columnsOf(schema, { isKey: false, wrapped: true, exact, ref: refOf(properties) })
    .map((c) => `${c.name} ${printType(c.type)}`)
    .join(', ');

/** Coders of a topic whose schema is registered under id 1. */
export function registered(
  schema: SchemaText,
  cols: readonly Column[],
  properties: Readonly<Record<string, string>> = {},
) {
  const registry = new MemoryRegistry();
  registry.add('t-value', schema, 1);
  const ref = pinSchema(refOf(properties), { ...schema, id: 1 });
  const context = { columns: cols, needed: cols.map((_, i) => i), isKey: false, schemas: registry };
  return {
    encode(row: readonly Value[]): Buffer {
      const out = new ByteWriter(1);
      expect(
        formatByName('PROTOBUF')
          .encoder({ ...context, ref })
          .encode(row, out),
      ).toBe(true);
      return out.toBuffer();
    },
    decode(payload: Buffer): Value[] {
      const row: Value[] = cols.map(() => 'stale');
      const read = formatByName('PROTOBUF').decoder({ ...context, ref: refOf(properties) });
      expect(read.decode(payload, 0, payload.length, row)).toBe(true);
      return row;
    },
  };
}

/** A message behind the id 1 and the place of the schema's first message. */
export const framed = (message: string, indexes = '00'): Buffer => Buffer.from(`0000000001${indexes}${message}`, 'hex');

export const fieldNames = fc.uniqueArray(fc.constantFrom('A', 'B', 'C', 'NAME', 'mixed'), {
  minLength: 1,
  maxLength: 4,
});

/** All types that Protobuf has a form for: no list right inside a list. */
export const anyType = fc.letrec<{ type: SqlType; element: SqlType }>((tie) => {
  const row = fieldNames.chain((names) =>
    fc
      .tuple(...names.map(() => tie('type')))
      .map((types) => struct(names.map((name, i) => ({ name, type: types[i]! })))),
  );
  return {
    element: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalarType, row),
    type: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalarType,
      row,
      tie('element').map(array),
      tie('type').map((t) => map(STRING, t)),
    ),
  };
}).type;

export const typedRow = fc
  .array(anyType, { minLength: 1, maxLength: 4 })
  .chain((types) => fc.tuple(fc.constant(types), rowOf(types)));

export const ZERO: Readonly<Partial<Record<SqlType['kind'], Value>>> = {
  BOOLEAN: false,
  INTEGER: 0,
  BIGINT: 0,
  DOUBLE: 0,
  STRING: '',
  BYTES: new Uint8Array(0),
};

/** What a value comes back as where a NULL of its type has no form of its own. */
export function back(type: SqlType, v: Value, nulls: boolean, inList = false): Value {
  switch (type.kind) {
    case 'ARRAY':
      return ((v ?? []) as Value[]).map((x) => back(type.element, x, nulls, true));
    case 'MAP':
      return new Map([...((v ?? new Map()) as Map<Value, Value>)].map(([k, x]) => [k, back(type.value, x, nulls)]));
    case 'STRUCT':
      if (v === null && !inList) return null;
      return type.fields.map((f, i) => back(f.type, v === null ? null : (v as Value[])[i]!, nulls));
    case 'TIMESTAMP':
    case 'TIME':
      return v ?? (inList ? 0 : null);
    case 'DECIMAL':
      return v ?? (inList ? new Decimal(0n, type.scale) : null);
    case 'DATE':
      return v;
    default:
      return v ?? (nulls && !inList ? null : ZERO[type.kind]!);
  }
}
