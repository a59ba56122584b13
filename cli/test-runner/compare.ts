import { Decimal } from '../../engine/values/decimal.js';
import { type Json, JsonNumber, printJson } from './lossless-json.js';

/**
 * What an engine wrote, decoded: a tree whose numbers know their kind. The rules by which it is compared with a case are
 * those of the suite (its README, section 1.6), also where they are lenient.
 */
export type Actual =
  | null
  | boolean
  | string
  | { readonly kind: 'int' | 'long'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'decimal'; readonly unscaled: bigint; readonly scale: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'list'; readonly items: readonly Actual[] }
  | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, Actual> }
  /** Something that no expectation matches: an integer beyond 64 bits. */
  | { readonly kind: 'never'; readonly text: string };

const DOUBLE_TOLERANCE = 0.000001;

/** What JSON text looks like to the comparison: no schema, kinds by notation. `doubles`: fractions are doubles. */
export function actualOfJson(v: Json, doubles: boolean): Actual {
  if (v === null || typeof v === 'boolean' || typeof v === 'string') return v;
  if (v instanceof JsonNumber) {
    if (v.isInteger) {
      const n = BigInt(v.text);
      if (BigInt.asIntN(32, n) === n) return { kind: 'int', value: n };
      return BigInt.asIntN(64, n) === n ? { kind: 'long', value: n } : { kind: 'never', text: v.text };
    }
    return doubles ? { kind: 'double', value: Number(v.text) } : { kind: 'decimal', ...v.decimal() };
  }
  if (Array.isArray(v)) return { kind: 'list', items: v.map((x) => actualOfJson(x, doubles)) };
  return { kind: 'object', entries: new Map([...v].map(([k, x]) => [k, actualOfJson(x, doubles)])) };
}

/** Null where they match; else where and how they differ. */
export function difference(expected: Json, actual: Actual, path = '', top = true): string | null {
  const differs = (): string =>
    `${path === '' ? '' : `${path}: `}expected ${printJson(expected)}, got ${printActual(actual)}`;
  const given = top ? plainBytes(actual) : actual;
  if (expected === null) return given === null ? null : differs();
  if (given === null) return differs();
  if (typeof expected === 'boolean') return given === expected ? null : differs();
  if (typeof expected === 'string') return matchesText(expected, given) ? null : differs();
  if (expected instanceof JsonNumber) return matchesNumber(expected, given) ? null : differs();
  if (Array.isArray(expected)) {
    if (typeof given !== 'object' || given.kind !== 'list' || given.items.length !== expected.length) return differs();
    for (const [i, e] of expected.entries()) {
      const d = difference(e, given.items[i]!, `${path}[${i}]`, false);
      if (d !== null) return d;
    }
    return null;
  }
  if (typeof given !== 'object' || given.kind !== 'object' || given.entries.size !== expected.size) return differs();
  for (const [name, e] of expected) {
    let found = given.entries.get(name);
    if (found === undefined || found === null) found = given.entries.get(name.toUpperCase()) ?? found;
    const d = difference(e, found ?? null, path === '' ? name : `${path}.${name}`, false);
    if (d !== null) return d;
  }
  return null;
}

/** Bytes in the top-level fields become base64 text, and empty bytes null. */
function plainBytes(a: Actual): Actual {
  const text = (v: Actual): Actual => {
    if (v === null || typeof v !== 'object' || v.kind !== 'bytes') return v;
    return v.value.length === 0 ? null : Buffer.from(v.value).toString('base64');
  };
  if (a === null || typeof a !== 'object' || a.kind !== 'object') return text(a);
  return { kind: 'object', entries: new Map([...a.entries].map(([k, v]) => [k, text(v)])) };
}

function matchesText(expected: string, a: Actual): boolean {
  if (typeof a === 'string') return a === expected;
  if (a === null || typeof a !== 'object') return false;
  if (a.kind === 'bytes') return Buffer.from(a.value).toString('base64') === expected;
  if (a.kind !== 'decimal' || !/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(expected)) return false;
  const d = new JsonNumber(expected).decimal();
  return d.unscaled === a.unscaled && d.scale === a.scale;
}

function matchesNumber(expected: JsonNumber, a: Actual): boolean {
  if (a === null || typeof a !== 'object') return false;
  const d = expected.decimal();
  switch (a.kind) {
    case 'int':
    case 'long': {
      const whole = d.scale > 0 ? d.unscaled / 10n ** BigInt(d.scale) : d.unscaled * 10n ** BigInt(-d.scale);
      return BigInt.asIntN(a.kind === 'int' ? 32 : 64, whole) === a.value;
    }
    case 'double':
      return Math.abs(Number(expected.text) - a.value) < DOUBLE_TOLERANCE;
    case 'decimal':
      // A whole number in a case is the number, whatever its digits behind the point: a DOUBLE is written with one.
      if (expected.isInteger) return new Decimal(a.unscaled, a.scale).compare(new Decimal(d.unscaled, d.scale)) === 0;
      return d.unscaled === a.unscaled && d.scale === a.scale;
    default:
      return false;
  }
}

export function printActual(a: Actual): string {
  if (a === null || typeof a === 'boolean') return String(a);
  if (typeof a === 'string') return JSON.stringify(a);
  switch (a.kind) {
    case 'int':
    case 'long':
      return String(a.value);
    case 'double':
      return `${a.value} (double)`;
    case 'decimal':
      return new JsonNumber(`${a.unscaled}e${-a.scale}`).plain();
    case 'bytes':
      return `bytes ${Buffer.from(a.value).toString('base64')}`;
    case 'list':
      return `[${a.items.map(printActual).join(',')}]`;
    case 'object':
      return `{${[...a.entries].map(([k, v]) => `${JSON.stringify(k)}:${printActual(v)}`).join(',')}}`;
    case 'never':
      return a.text;
  }
}
