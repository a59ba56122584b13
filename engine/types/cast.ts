import { Decimal } from './decimal.js';
import { EvaluationError } from './evaluation-error.js';
import { javaText } from './java-text.js';
import { type SqlType, typeEquals } from './sql-type.js';
import { DAY_MS, dateOfTimestamp, parseDate, parseTime, parseTimestamp, timeOfTimestamp } from './temporal.js';
import { bigintValue, type Value } from './value.js';

/** A conversion of non-null values. Throws an EvaluationError where a value cannot be converted. */
type Convert = (v: never) => Value;

const isNumericKind = (t: SqlType): boolean =>
  t.kind === 'INTEGER' || t.kind === 'BIGINT' || t.kind === 'DOUBLE' || t.kind === 'DECIMAL';

/** Whether CAST(from AS to) is allowed at all. */
export const canCast = (from: SqlType, to: SqlType): boolean => converter(from, to) !== undefined;

/**
 * The function behind CAST, implicit or written out, or undefined where ksqlDB has no such cast. NULL stays NULL.
 * The identity is `null`, so that a caller can leave it out.
 */
export function castFunction(from: SqlType, to: SqlType): ((v: Value) => Value) | null | undefined {
  if (typeEquals(from, to)) return null;
  const convert = converter(from, to) as ((v: Value) => Value) | undefined;
  return convert && ((v) => (v === null ? null : convert(v)));
}

const identity: Convert = (v: Value) => v;

function converter(from: SqlType, to: SqlType): Convert | undefined {
  if (typeEquals(from, to)) return identity;
  if (to.kind === 'STRING') return from.kind === 'BYTES' ? undefined : (javaText(from) as Convert);
  if (from.kind === 'STRING') return fromString(to);
  if (isNumericKind(from) && isNumericKind(to)) return betweenNumbers(from, to);
  if (from.kind === 'TIMESTAMP' && to.kind === 'DATE') return dateOfTimestamp;
  if (from.kind === 'TIMESTAMP' && to.kind === 'TIME') return timeOfTimestamp;
  if (from.kind === 'DATE' && to.kind === 'TIMESTAMP') return (days: number) => days * DAY_MS;
  if (from.kind === 'ARRAY' && to.kind === 'ARRAY') {
    const element = castFunction(from.element, to.element);
    if (element === undefined) return undefined;
    return element === null ? identity : (v: Value[]) => v.map(element);
  }
  if (from.kind === 'MAP' && to.kind === 'MAP') {
    const key = castFunction(from.key, to.key);
    const value = castFunction(from.value, to.value);
    if (key === undefined || value === undefined) return undefined;
    return (v: Map<Value, Value>) => {
      const out = new Map<Value, Value>();
      for (const [k, x] of v) out.set(key === null ? k : key(k), value === null ? x : value(x));
      return out;
    };
  }
  if (from.kind === 'STRUCT' && to.kind === 'STRUCT') return betweenStructs(from.fields, to.fields);
  return undefined;
}

type Fields = (SqlType & { kind: 'STRUCT' })['fields'];

/** Fields go by name, exactly; those that the source lacks are NULL. */
function betweenStructs(from: Fields, to: Fields): Convert | undefined {
  const fields: { index: number; convert: ((v: Value) => Value) | null }[] = [];
  for (const f of to) {
    const index = from.findIndex((g) => g.name === f.name);
    const convert = index < 0 ? null : castFunction(from[index]!.type, f.type);
    if (convert === undefined) return undefined;
    fields.push({ index, convert });
  }
  return (v: Value[]) =>
    fields.map(({ index, convert }) => {
      const x = index < 0 ? null : (v[index] ?? null);
      return convert === null ? x : convert(x);
    });
}

function fromString(to: SqlType): Convert | undefined {
  switch (to.kind) {
    case 'BOOLEAN':
      return (s: string) => s.trim().toLowerCase() === 'true';
    case 'INTEGER':
      return (s: string) => Number(parseInteger(s, -2147483648n, 2147483647n));
    case 'BIGINT':
      return (s: string) => bigintValue(parseInteger(s, -(2n ** 63n), 2n ** 63n - 1n));
    case 'DOUBLE':
      return parseDouble;
    case 'DECIMAL':
      return (s: string) => {
        const d = Decimal.parse(s.trim());
        if (d === undefined) throw new EvaluationError(`Cannot convert '${short(s)}' to a number`);
        return fitDecimal(d, to.precision, to.scale);
      };
    case 'DATE':
      return parseDate;
    case 'TIME':
      return parseTime;
    case 'TIMESTAMP':
      return parseTimestamp;
    default:
      return undefined;
  }
}

const short = (s: string): string => (s.length > 60 ? `${s.slice(0, 60)}…` : s);

function parseInteger(s: string, min: bigint, max: bigint): bigint {
  const text = s.trim();
  if (!/^[+-]?\d{1,19}$/.test(text)) throw new EvaluationError(`Cannot convert '${short(s)}' to an integer`);
  const v = BigInt(text.startsWith('+') ? text.slice(1) : text);
  if (v < min || v > max) throw new EvaluationError(`Value out of range: ${text}`);
  return v;
}

const DOUBLE_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?$/;

/** As Java's `Double.parseDouble`: `1e3`, `.5`, `1d`, `NaN`, `Infinity`. Throws an EvaluationError. */
export function parseDouble(s: string): number {
  const text = s.trim();
  if (DOUBLE_TEXT.test(text)) return Number(text.replace(/[dDfF]$/, ''));
  if (/^[+-]?(?:NaN|Infinity)$/.test(text)) return Number(text.replace(/^[+-](?=NaN)/, ''));
  throw new EvaluationError(`Cannot convert '${short(s)}' to a number`);
}

/** A number as DECIMAL(precision, scale), rounded half up. Throws an EvaluationError where it does not fit. */
export function fitDecimal(d: Decimal, precision: number, scale: number): Decimal {
  const fitted = d.fit(precision, scale);
  if (fitted === undefined) throw new EvaluationError('Numeric field overflow');
  return fitted;
}

function betweenNumbers(from: SqlType, to: SqlType): Convert {
  switch (to.kind) {
    case 'INTEGER':
      if (from.kind === 'DOUBLE') return (v: number) => saturate(v, -2147483648, 2147483647);
      if (from.kind === 'DECIMAL') return (v: Decimal) => Number(BigInt.asIntN(32, v.toBigInt()));
      return (v: number | bigint) => Number(BigInt.asIntN(32, BigInt(v)));
    case 'BIGINT':
      if (from.kind === 'DOUBLE') return doubleToLong;
      if (from.kind === 'DECIMAL') return (v: Decimal) => bigintValue(v.toBigInt());
      return identity;
    case 'DOUBLE':
      if (from.kind === 'DECIMAL') return (v: Decimal) => v.toNumber();
      return (v: number | bigint) => Number(v);
    case 'DECIMAL': {
      const { precision, scale } = to;
      if (from.kind === 'DECIMAL') return (v: Decimal) => fitDecimal(v, precision, scale);
      if (from.kind !== 'DOUBLE') {
        return (v: number | bigint) => fitDecimal(Decimal.fromInteger(v), precision, scale);
      }
      return (v: number) => {
        const d = Decimal.fromDouble(v);
        if (d === undefined) throw new EvaluationError(`${v} is no DECIMAL`);
        return fitDecimal(d, precision, scale);
      };
    }
    default:
      throw new Error(`${to.kind} is not numeric`);
  }
}

/** Java's narrowing of a double: towards zero, NaN to 0, to the nearest bound beyond the range. */
function saturate(v: number, min: number, max: number): number {
  if (Number.isNaN(v)) return 0;
  return Math.min(max, Math.max(min, Math.trunc(v))) + 0;
}

function doubleToLong(v: number): number | bigint {
  if (Number.isNaN(v)) return 0;
  const t = Math.trunc(v);
  if (Number.isSafeInteger(t)) return t + 0;
  if (t >= 2 ** 63) return 2n ** 63n - 1n;
  return t < -(2 ** 63) ? -(2n ** 63n) : bigintValue(BigInt(t));
}
