import { LosslessNumber } from 'lossless-json';
import type { SqlType } from './sql-type.js';

/**
 * A SQL value in JavaScript: BIGINT is a number where that is exact, else a bigint; DECIMAL its digits as text, at its
 * scale; DOUBLE a number; BYTES a Uint8Array; DATE, TIME and TIMESTAMP ISO text without a zone; ARRAY an array; MAP and
 * STRUCT objects.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [name: string]: Value };

/** Turns the API's JSON of a value into a value of its type. */
export type Decode = (json: unknown) => Value;

export function decoderOf(type: SqlType): Decode {
  const some = decodeSome(type);
  return (json) => (json === null || json === undefined ? null : some(json));
}

function decodeSome(type: SqlType): Decode {
  switch (type.kind) {
    case 'BIGINT':
      return (v) => {
        if (typeof v === 'number' && Number.isSafeInteger(v)) return v;
        const exact = BigInt(v instanceof LosslessNumber ? v.value : String(v));
        return exact >= Number.MIN_SAFE_INTEGER && exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
      };
    case 'DECIMAL':
      return (v) => atScale(v instanceof LosslessNumber ? v.value : plainDigits(v), type.scale);
    case 'INTEGER':
    case 'DOUBLE':
      return (v) => (v instanceof LosslessNumber ? Number(v.value) : Number(v));
    case 'BYTES':
      return (v) => fromBase64(String(v));
    case 'BOOLEAN':
      return (v) => v === true;
    case 'STRING':
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
      return (v) => (v instanceof LosslessNumber ? v.value : String(v));
    case 'ARRAY': {
      const element = decoderOf(type.element);
      return (v) => (v as unknown[]).map(element);
    }
    case 'MAP': {
      const value = decoderOf(type.value);
      return (v) => mapMembers(v as Record<string, unknown>, () => value);
    }
    case 'STRUCT': {
      const fields = new Map(type.fields.map((f) => [f.name, decoderOf(f.type)]));
      return (v) => mapMembers(v as Record<string, unknown>, (name) => fields.get(name) ?? ((x) => x as Value));
    }
  }
}

function mapMembers(members: Record<string, unknown>, decoder: (name: string) => Decode): { [name: string]: Value } {
  return Object.fromEntries(Object.entries(members).map(([name, v]) => [name, decoder(name)(v)]));
}

/** A double's digits without an exponent: what a DECIMAL of at most 15 digits came as. */
function plainDigits(v: unknown): string {
  const text = String(v);
  return /e/i.test(text) ? Number(text).toFixed(20).replace(/0+$/, '') : text;
}

function atScale(digits: string, scale: number): string {
  const [whole, fraction = ''] = digits.split('.') as [string, string?];
  return scale === 0 ? whole : `${whole}.${fraction.slice(0, scale).padEnd(scale, '0')}`;
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

/** What can be inserted: values as they come from queries, and a Date as a TIMESTAMP. */
export type InsertValue = Value | Date | undefined | readonly InsertValue[] | { readonly [name: string]: InsertValue };

/** A column's type with what else can be inserted where it has text. */
export type Insertable<V> = V extends string ? V | Date : V;

/** JSON of a value as the API reads it: bigints as numbers with all their digits, bytes as base64, dates in UTC without a zone. */
export function encodeValue(value: InsertValue): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Date) return `"${value.toISOString().slice(0, -1)}"`;
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return `"${value}"`;
  if (typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Uint8Array) {
    let binary = '';
    for (const byte of value) binary += String.fromCharCode(byte);
    return `"${btoa(binary)}"`;
  }
  if (Array.isArray(value)) return `[${value.map(encodeValue).join(',')}]`;
  return encodeRow(value as { readonly [name: string]: InsertValue });
}

export function encodeRow(row: { readonly [name: string]: InsertValue }): string {
  const members = Object.entries(row).map(([name, v]) => `${JSON.stringify(name)}:${encodeValue(v)}`);
  return `{${members.join(',')}}`;
}
