import { Decimal } from './decimal.js';
import { EvaluationError } from './evaluation-error.js';
import { fitDecimal } from './fit.js';
import { javaText } from './java-text.js';
import {
  javaTrim,
  parseBase64,
  parseBooleanWord,
  parseDecimal,
  parseFloat64,
  parseInt32,
  parseInt64,
} from './parse-text.js';
import { isNumeric, type SqlType, typeEquals } from './sql-type.js';
import { DAY_MS, dateOfTimestamp, parseDate, parseTime, parseTimestamp, timeOfTimestamp } from './temporal.js';
import { bigintValue, type Value } from './value.js';

/** A conversion of non-null values. Throws an EvaluationError where a value cannot be converted. */
type Convert = (v: never) => Value;

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
  if (isNumeric(from) && isNumeric(to)) return betweenNumbers(from, to);
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
      return (s: string) => parseBooleanWord(s) === true;
    case 'INTEGER':
      return read(to.kind, (s) => parseInt32(javaTrim(s)));
    case 'BIGINT':
      return read(to.kind, (s) => parseInt64(javaTrim(s)));
    case 'DOUBLE':
      return read(to.kind, parseFloat64);
    case 'DECIMAL': {
      const { precision, scale } = to;
      const parse = read(to.kind, (s) => parseDecimal(javaTrim(s)));
      return (s: string) => fitDecimal(parse(s), precision, scale);
    }
    case 'BYTES':
      return read(to.kind, parseBase64);
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

function read<T>(kind: string, parse: (s: string) => T | undefined): (s: string) => T {
  return (s) => {
    const v = parse(s);
    if (v === undefined)
      throw new EvaluationError(`Cannot convert '${s.length > 60 ? `${s.slice(0, 60)}…` : s}' to ${kind}`);
    return v;
  };
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
