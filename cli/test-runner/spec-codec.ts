import { formatByName } from '../../engine/formats/index.js';
import { schemaIdOf } from '../../engine/formats/registry/framed.js';
import type { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import { pinSchema } from '../../engine/formats/registry/pinned.js';
import { type RegisteredSchema, subjectOf } from '../../engine/formats/registry/registry.js';
import type { SqlType, Value } from '../../engine/index.js';
import type { FormatRef } from '../../engine/plan/topology.js';
import { ByteWriter } from '../../engine/records/bytes.js';
import { Decimal } from '../../engine/values/decimal.js';
import { doubleText } from '../../engine/values/java-text.js';
import type { Column } from '../../engine/values/schema.js';
import { bigintValue } from '../../engine/values/value.js';
import { type Actual, actualOfJson } from './compare.js';
import { isObject, type Json, listOf, parseJson, printJson, textOf } from './lossless-json.js';

/** Between the values of a case and the bytes of a topic (README of the suite, sections 1.4 and 1.6). */

/** Which topic's payload it is, and where its schemas are. */
export interface SchemaPlace {
  readonly topic: string;
  readonly isKey: boolean;
  readonly registry: MemoryRegistry;
}

/** A case's input value as the payload that a producer would have written. */
export function encodeSpec(v: Json, ref: FormatRef, columns: readonly Column[], place: SchemaPlace): Buffer | null {
  if (v === null) return null;
  const { text, schemas } = formatByName(ref.name);
  if (text === 'json') return Buffer.from(printJson(v, true), 'utf8');
  if (text === 'plain') return Buffer.from(textOf(v) ?? printJson(v), 'utf8');
  return schemas === undefined ? encodeRow(v, ref, columns, place.isKey) : encodeRegistered(v, ref, place);
}

/** With the latest schema of the subject, its names as they are. */
function encodeRegistered(v: Json, ref: FormatRef, { topic, isKey, registry }: SchemaPlace): Buffer | null {
  const subject = subjectOf(topic, isKey);
  const schema = registry.latestOf(subject);
  if (schema === undefined) throw new Error(`no schema is registered for ${subject}`);
  const own = pinSchema(bare(ref), schema);
  return encodeRow(v, own, schemaColumns(own, schema, isKey), isKey);
}

/** Formats that have the choice are written without a record around: a schema of any kind is then one column. */
const bare = (ref: FormatRef): FormatRef => (isMessage(ref) ? ref : { ...ref, wrapSingle: false });

const isMessage = (ref: FormatRef): boolean => formatByName(ref.name).wrapping === 'always';

function schemaColumns(ref: FormatRef, schema: RegisteredSchema, isKey: boolean): readonly Column[] {
  return formatByName(ref.name).schemas!.columnsOf(schema, { isKey, wrapped: isMessage(ref), exact: true, ref });
}

function encodeRow(v: Json, ref: FormatRef, columns: readonly Column[], isKey: boolean): Buffer | null {
  const row = isMessage(ref)
    ? columns.map((c) => specValue(fieldOf(v, c.name), c.type))
    : columns.map((c) => specValue(v, c.type));
  const out = new ByteWriter();
  const encoder = formatByName(ref.name).encoder({ columns, needed: columns.map((_, i) => i), ref, isKey });
  return encoder.encode(row, out) ? out.toBuffer() : null;
}

function fieldOf(v: Json, name: string): Json {
  if (!isObject(v)) return null;
  if (v.has(name)) return v.get(name)!;
  for (const [k, x] of v) if (k.toUpperCase() === name.toUpperCase()) return x;
  return null;
}

function specValue(v: Json, type: SqlType): Value {
  if (v === null) return null;
  switch (type.kind) {
    case 'BOOLEAN':
      return typeof v === 'boolean' ? v : textOf(v) === 'true';
    case 'INTEGER':
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
      return Number(wholeOf(v));
    case 'BIGINT':
      return bigintValue(wholeOf(v));
    case 'DOUBLE':
      return Number(textOf(v));
    case 'DECIMAL': {
      const d = Decimal.parse(textOf(v) ?? '');
      if (d === undefined || d.scale > type.scale)
        throw new Error(`${printJson(v)} does not fit the scale of its field`);
      return d.setScale(type.scale);
    }
    case 'STRING':
      return textOf(v) ?? printJson(v);
    case 'BYTES':
      return new Uint8Array(Buffer.from(textOf(v) ?? '', 'base64'));
    case 'ARRAY':
      return listOf(v).map((x) => specValue(x, type.element));
    case 'MAP':
      return new Map(
        isObject(v) ? [...v].map(([k, x]) => [specValue(k, type.key), specValue(x, type.value)] as const) : [],
      );
    case 'STRUCT':
      return type.fields.map((f) => specValue(fieldOf(v, f.name), f.type));
  }
}

function wholeOf(v: Json): bigint {
  const text = textOf(v) ?? '';
  return /^-?\d+$/.test(text) ? BigInt(text) : (Decimal.parse(text)?.toBigInt() ?? 0n);
}

export interface DecodeOptions {
  readonly isKey: boolean;
  /** JSON's fractions are doubles (`use.exact.numeric.comparison`). */
  readonly doubles: boolean;
  readonly registry: MemoryRegistry;
}

/** What a payload looks like to the comparison. */
export function decodeActual(
  bytes: Uint8Array | null,
  ref: FormatRef,
  columns: readonly Column[],
  { isKey, doubles, registry }: DecodeOptions,
): Actual {
  if (bytes === null) return null;
  const b = Buffer.from(bytes);
  const { text, schemas } = formatByName(ref.name);
  if (text === 'json') return actualOfJson(parseJson(b.toString('utf8')), doubles);
  if (text === 'plain') return b.toString('utf8');
  if (schemas === undefined) return decodeRow(b, ref, columns, isKey, registry);
  const schema = registry.known(schemaIdOf(b, 0, b.length));
  if (schema === null) throw new Error('the payload names a schema that is not registered');
  const own = pinSchema(bare(ref), schema);
  return decodeRow(b, own, schemaColumns(own, schema, isKey), isKey, registry);
}

function decodeRow(
  b: Buffer,
  ref: FormatRef,
  columns: readonly Column[],
  isKey: boolean,
  schemas: MemoryRegistry,
): Actual {
  const row: Value[] = columns.map(() => null);
  const needed = columns.map((_, i) => i);
  const decoder = formatByName(ref.name).decoder({ columns, needed, ref, isKey, schemas });
  if (!decoder.decode(b, 0, b.length, row)) return null;
  if (!isMessage(ref)) return actualOfValue(columns[0]!.type, row[0]!);
  return { kind: 'object', entries: new Map(columns.map((c, i) => [c.name, actualOfValue(c.type, row[i]!)])) };
}

function actualOfValue(type: SqlType, v: Value): Actual {
  if (v === null) return null;
  switch (type.kind) {
    case 'BOOLEAN':
      return v as boolean;
    case 'STRING':
      return v as string;
    case 'INTEGER':
    case 'DATE':
    case 'TIME':
      return { kind: 'int', value: BigInt(v as number) };
    case 'BIGINT':
    case 'TIMESTAMP':
      return { kind: 'long', value: BigInt(v as number | bigint) };
    case 'DOUBLE':
      // As JSON has them: text.
      return Number.isFinite(v) ? { kind: 'double', value: v as number } : doubleText(v as number);
    case 'DECIMAL':
      return v instanceof Decimal ? { kind: 'decimal', unscaled: v.unscaled, scale: v.scale } : null;
    case 'BYTES':
      return { kind: 'bytes', value: v as Uint8Array };
    case 'ARRAY':
      return { kind: 'list', items: (v as Value[]).map((x) => actualOfValue(type.element, x)) };
    case 'MAP':
      return {
        kind: 'object',
        entries: new Map([...(v as Map<Value, Value>)].map(([k, x]) => [String(k), actualOfValue(type.value, x)])),
      };
    case 'STRUCT':
      return {
        kind: 'object',
        entries: new Map(type.fields.map((f, i) => [f.name, actualOfValue(f.type, (v as Value[])[i]!)])),
      };
  }
}
