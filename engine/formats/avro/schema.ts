import { messageOf, WeirError } from '../../base/errors.js';
import type { SchemaText } from '../registry/registry.js';

/** A parsed Avro schema (https://avro.apache.org/docs/1.11.1/specification/). Records may refer to themselves. */
export type AvroType =
  | { readonly kind: 'null' | 'boolean' | 'float' | 'double' | 'string' }
  | { readonly kind: 'int'; readonly logical: 'date' | 'time-millis' | null }
  | {
      readonly kind: 'long';
      readonly logical: LongLogical | null;
    }
  | { readonly kind: 'bytes'; readonly decimal: AvroDecimal | null }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number; readonly decimal: AvroDecimal | null }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | AvroRecord
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] };

const LONG_LOGICALS = [
  'timestamp-millis',
  'timestamp-micros',
  'timestamp-nanos',
  'local-timestamp-millis',
  'local-timestamp-micros',
  'local-timestamp-nanos',
  'time-micros',
] as const;
type LongLogical = (typeof LONG_LOGICALS)[number];

/** How many of what a long counts are a millisecond. A local time is read as if it were in UTC, as all are shown. */
export function perMillisecond(logical: LongLogical | null): number {
  return logical?.endsWith('-micros') === true ? 1000 : logical?.endsWith('-nanos') === true ? 1_000_000 : 1;
}

export interface AvroRecord {
  readonly kind: 'record';
  /** Full name. */
  readonly name: string;
  readonly fields: readonly AvroField[];
  /** It says of itself that an array of it is a map. */
  readonly isMapEntry: boolean;
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  /** JSON of the default value; undefined: there is none. */
  readonly fallback: unknown;
}

export interface AvroDecimal {
  readonly precision: number;
  readonly scale: number;
}

type Json = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 200;

/** Throws WeirError BAD_STATEMENT where the text is no Avro schema. */
export function parseAvro(schema: SchemaText): AvroType {
  const parser = new Parser();
  try {
    for (const reference of schema.references) parser.parse(json(reference.text), '', 0);
    return parser.parse(json(schema.text), '', 0);
  } catch (e) {
    if (e instanceof WeirError) throw e;
    throw new WeirError('BAD_STATEMENT', `Invalid Avro schema: ${messageOf(e)}`);
  }
}

/** A bare name (`int`) stands for itself. */
function json(text: string): unknown {
  const trimmed = text.trim();
  return /^[A-Za-z_]/.test(trimmed) ? trimmed : JSON.parse(trimmed);
}

class Parser {
  private readonly named = new Map<string, AvroType>();

  parse(node: unknown, namespace: string, depth: number): AvroType {
    if (depth > MAX_DEPTH) throw refuse('it is nested too deep');
    if (typeof node === 'string') return this.byName(node, namespace);
    if (Array.isArray(node)) {
      return { kind: 'union', branches: node.map((n) => this.parse(n, namespace, depth + 1)) };
    }
    if (node === null || typeof node !== 'object') throw refuse(`${JSON.stringify(node)} is no type`);
    const j = node as Json;
    switch (j.type) {
      case 'record':
      case 'error':
        return this.record(j, namespace, depth);
      case 'enum': {
        const name = fullName(j, namespace);
        return this.define(name, { kind: 'enum', name, symbols: list(j.symbols, 'symbols').map(String) });
      }
      case 'fixed': {
        const name = fullName(j, namespace);
        const size = Number(j.size);
        if (!Number.isInteger(size) || size < 0) throw refuse(`fixed ${name} has no size`);
        return this.define(name, { kind: 'fixed', name, size, decimal: decimalOf(j) });
      }
      case 'array':
        return { kind: 'array', items: this.parse(j.items, namespace, depth + 1) };
      case 'map':
        return { kind: 'map', values: this.parse(j.values, namespace, depth + 1) };
      case 'int':
        return { kind: 'int', logical: oneOf(j.logicalType, ['date', 'time-millis'] as const) };
      case 'long':
        return {
          kind: 'long',
          logical: oneOf(j.logicalType, LONG_LOGICALS),
        };
      case 'bytes':
        return { kind: 'bytes', decimal: decimalOf(j) };
      default:
        return this.parse(j.type, namespace, depth + 1);
    }
  }

  private record(j: Json, namespace: string, depth: number): AvroType {
    const name = fullName(j, namespace);
    const fields: AvroField[] = [];
    const isMapEntry = j['connect.internal.type'] === 'MapEntry' || name === 'io.confluent.connect.avro.MapEntry';
    const record: AvroRecord = { kind: 'record', name, fields, isMapEntry };
    // Known before its fields are: they may refer to it.
    this.define(name, record);
    const own = name.slice(0, Math.max(name.lastIndexOf('.'), 0));
    for (const f of list(j.fields, 'fields') as Json[]) {
      if (typeof f?.name !== 'string') throw refuse(`a field of ${name} has no name`);
      const fallback = Object.hasOwn(f, 'default') ? f.default : undefined;
      fields.push({ name: f.name, type: this.parse(f.type, own, depth + 1), fallback });
    }
    return record;
  }

  private define(name: string, type: AvroType): AvroType {
    this.named.set(name, type);
    return type;
  }

  private byName(name: string, namespace: string): AvroType {
    switch (name) {
      case 'null':
      case 'boolean':
      case 'float':
      case 'double':
      case 'string':
        return { kind: name };
      case 'int':
        return { kind: 'int', logical: null };
      case 'long':
        return { kind: 'long', logical: null };
      case 'bytes':
        return { kind: 'bytes', decimal: null };
    }
    const type =
      (name.includes('.') || namespace === '' ? undefined : this.named.get(`${namespace}.${name}`)) ??
      this.named.get(name);
    if (type === undefined) throw refuse(`it names the type ${name}, which is not there`);
    return type;
  }
}

function fullName(j: Json, namespace: string): string {
  if (typeof j.name !== 'string' || j.name === '') throw refuse(`a ${String(j.type)} has no name`);
  if (j.name.includes('.')) return j.name;
  const own = typeof j.namespace === 'string' ? j.namespace : namespace;
  return own === '' ? j.name : `${own}.${j.name}`;
}

function list(v: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(v)) throw refuse(`${what} is no list`);
  return v;
}

const oneOf = <T extends string>(v: unknown, known: readonly T[]): T | null => known.find((k) => k === v) ?? null;

function decimalOf(j: Json): AvroDecimal | null {
  if (j.logicalType !== 'decimal') return null;
  const precision = Number(j.precision);
  const scale = Number(j.scale ?? 0);
  // An invalid logical type is ignored, as the specification says.
  return Number.isInteger(precision) && Number.isInteger(scale) && scale >= 0 && precision >= Math.max(1, scale)
    ? { precision, scale }
    : null;
}

const refuse = (why: string): WeirError => new WeirError('BAD_STATEMENT', `Invalid Avro schema: ${why}`);

/** Of a union of null and one type that type; else the type itself. */
export function withoutNull(type: AvroType): AvroType {
  if (type.kind !== 'union') return type;
  const rest = type.branches.filter((b) => b.kind !== 'null');
  return rest.length === 1 ? rest[0]! : type;
}

/** What a union's branch is called where it becomes a field: its type, or the name of a named type. */
export function branchName(type: AvroType): string {
  return 'name' in type ? type.name.slice(type.name.lastIndexOf('.') + 1) : type.kind;
}

/** Whether an array of these is a map: pairs alone may be there twice, and in an order. */
export function areMapEntries(items: AvroType): boolean {
  const item = withoutNull(items);
  return item.kind === 'record' && item.isMapEntry;
}

/** Key and value types where an array's items can be the entries of a map: records of `key` and `value`. */
export function entryTypes(items: AvroType): { readonly key: AvroType; readonly value: AvroType } | null {
  const item = withoutNull(items);
  if (item.kind !== 'record' || item.fields.length !== 2) return null;
  const [key, value] = item.fields;
  return key!.name === 'key' && value!.name === 'value' ? { key: key!.type, value: value!.type } : null;
}
