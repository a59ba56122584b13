/**
 * Types and values of the batch evaluation, and arithmetic on them, written from ksqlDB's documentation and not from the
 * engine: BIGINT is always a bigint, a DECIMAL a pair of whole numbers.
 */
export type Type =
  | { readonly kind: 'INTEGER' | 'BIGINT' | 'DOUBLE' | 'STRING' | 'BOOLEAN' }
  | { readonly kind: 'DECIMAL'; readonly precision: number; readonly scale: number };
export type Kind = Type['kind'];
export type Dec = { readonly unscaled: bigint; readonly scale: number };
export type Val = null | boolean | number | bigint | string | Dec;

/** What the evaluation of an expression fails with. */
export class Failure extends Error {}
/** The case can't be judged (an aggregate that fails, say): it is generated anew. */
export class Undecided extends Error {}

const fail = (message: string): never => {
  throw new Failure(message);
};

export const decimal = (precision: number, scale: number): Type => ({ kind: 'DECIMAL', precision, scale });
export const sqlType = (t: Type): string => (t.kind === 'DECIMAL' ? `DECIMAL(${t.precision}, ${t.scale})` : t.kind);
export const isNumber = (t: Type): boolean => t.kind !== 'STRING' && t.kind !== 'BOOLEAN';
export const sameType = (a: Type, b: Type): boolean => sqlType(a) === sqlType(b);

const power = (n: number): bigint => 10n ** BigInt(n);
const absolute = (n: bigint): bigint => (n < 0n ? -n : n);

function divideHalfUp(a: bigint, b: bigint): bigint {
  const q = absolute(a) / absolute(b);
  const up = 2n * (absolute(a) % absolute(b)) >= absolute(b) ? 1n : 0n;
  return a < 0n === b < 0n ? q + up : -(q + up);
}

export function rescale(d: Dec, scale: number): Dec {
  const unscaled =
    scale >= d.scale ? d.unscaled * power(scale - d.scale) : divideHalfUp(d.unscaled, power(d.scale - scale));
  return { unscaled, scale };
}

export const fits = (d: Dec, precision: number): boolean => absolute(d.unscaled) < power(precision);

export function decimalText(d: Dec): string {
  if (d.scale === 0) return String(d.unscaled);
  const digits = String(absolute(d.unscaled)).padStart(d.scale + 1, '0');
  return `${d.unscaled < 0n ? '-' : ''}${digits.slice(0, -d.scale)}.${digits.slice(-d.scale)}`;
}

export function parseDecimal(text: string): Dec | undefined {
  const m = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  if (m === null || m[2]! + m[3]! === '') return undefined;
  const unscaled = BigInt(m[1] + m[2]! + m[3]! === '' ? '0' : `${m[1] === '-' ? '-' : ''}${m[2]}${m[3]}`);
  const scale = m[3]!.length - Number(m[4] ?? 0);
  return scale >= 0 ? { unscaled, scale } : { unscaled: unscaled * power(-scale), scale: 0 };
}

/** Java's Double.toString. */
export function doubleText(v: number): string {
  if (v === 0) return Object.is(v, -0) ? '-0.0' : '0.0';
  const size = Math.abs(v);
  if (size >= 0.001 && size < 10_000_000) return Number.isInteger(v) ? `${v}.0` : `${v}`;
  const [mantissa, exponent] = v.toExponential().split('e') as [string, string];
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent.replace('+', '')}`;
}

const asDecimal = (t: Type): Type & { kind: 'DECIMAL' } => {
  if (t.kind === 'DECIMAL') return t;
  return decimal(t.kind === 'INTEGER' ? 10 : 19, 0) as Type & { kind: 'DECIMAL' };
};

/** The type that both operands of a comparison, or the results of a CASE, are brought to. */
export function widest(a: Type, b: Type): Type {
  if (!isNumber(a) || sameType(a, b)) return a;
  if (a.kind === 'DOUBLE' || b.kind === 'DOUBLE') return { kind: 'DOUBLE' };
  if (a.kind !== 'DECIMAL' && b.kind !== 'DECIMAL') return { kind: 'BIGINT' };
  const [x, y] = [asDecimal(a), asDecimal(b)];
  const scale = Math.max(x.scale, y.scale);
  return decimal(scale + Math.max(x.precision - x.scale, y.precision - y.scale), scale);
}

export type Operator = '+' | '-' | '*' | '/' | '%';

export function arithmeticType(op: Operator, a: Type, b: Type): Type {
  if (a.kind === 'DOUBLE' || b.kind === 'DOUBLE') return { kind: 'DOUBLE' };
  if (a.kind !== 'DECIMAL' && b.kind !== 'DECIMAL') return a.kind === 'BIGINT' ? a : b;
  const { precision: p1, scale: s1 } = asDecimal(a);
  const { precision: p2, scale: s2 } = asDecimal(b);
  const most = Math.max(s1, s2);
  switch (op) {
    case '*':
      return decimal(p1 + p2 + 1, s1 + s2);
    case '/': {
      const scale = Math.max(6, s1 + p2 + 1);
      return decimal(p1 - s1 + s2 + scale, scale);
    }
    case '%':
      return decimal(Math.min(p1 - s1, p2 - s2) + most, most);
    default:
      return decimal(most + Math.max(p1 - s1, p2 - s2) + 1, most);
  }
}

/** The operator on two values that are not NULL. */
export function operate(op: Operator, a: Val, b: Val, from: readonly [Type, Type], to: Type): Val {
  const [x, y] = [convert(a, from[0], operandType(from[0], to)), convert(b, from[1], operandType(from[1], to))];
  switch (to.kind) {
    case 'DOUBLE':
      return doubles(op, x as number, y as number);
    case 'DECIMAL':
      return decimals(op, x as Dec, y as Dec, to.scale);
    default: {
      const whole = integers(op, BigInt(x as number | bigint), BigInt(y as number | bigint));
      return to.kind === 'BIGINT' ? BigInt.asIntN(64, whole) : Number(BigInt.asIntN(32, whole));
    }
  }
}

const operandType = (from: Type, to: Type): Type => (to.kind === 'DECIMAL' ? asDecimal(from) : to);

function doubles(op: Operator, a: number, b: number): number {
  if (op === '+') return a + b;
  if (op === '-') return a - b;
  if (op === '*') return a * b;
  return op === '/' ? a / b : a % b;
}

function integers(op: Operator, a: bigint, b: bigint): bigint {
  if (op === '+') return a + b;
  if (op === '-') return a - b;
  if (op === '*') return a * b;
  if (b === 0n) return fail('/ by zero');
  return op === '/' ? a / b : a % b;
}

function decimals(op: Operator, a: Dec, b: Dec, scale: number): Dec {
  if (op === '*') return { unscaled: a.unscaled * b.unscaled, scale };
  if (op === '/') {
    if (b.unscaled === 0n) return fail('/ by zero');
    // Both at one scale: the quotient of the whole numbers is that of the decimals.
    const most = Math.max(a.scale, b.scale);
    const [x, y] = [rescale(a, most).unscaled, rescale(b, most).unscaled];
    return { unscaled: divideHalfUp(x * power(scale), y), scale };
  }
  const [x, y] = [rescale(a, scale).unscaled, rescale(b, scale).unscaled];
  return { unscaled: integers(op, x, y), scale };
}

/** CAST, written out or implicit. */
export function convert(v: Val, from: Type, to: Type): Val {
  if (v === null || sameType(from, to)) return v;
  if (to.kind === 'STRING') {
    if (from.kind === 'DOUBLE') return doubleText(v as number);
    return from.kind === 'DECIMAL' ? decimalText(v as Dec) : String(v);
  }
  if (to.kind === 'BOOLEAN') return (v as string).trim().toLowerCase() === 'true';
  if (to.kind === 'DOUBLE') {
    if (from.kind === 'DECIMAL') return Number(decimalText(v as Dec));
    if (from.kind !== 'STRING') return Number(v);
    const text = (v as string).trim();
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : fail('no number');
  }
  if (to.kind === 'DECIMAL') {
    const text = from.kind === 'DECIMAL' ? decimalText(v as Dec) : String(v).trim();
    const d = rescale(parseDecimal(text) ?? fail('no number'), to.scale);
    return fits(d, to.precision) ? d : fail('overflow');
  }
  const bits = to.kind === 'INTEGER' ? 32 : 64;
  const whole = wholeNumber(v, from, bits);
  return bits === 32 ? Number(whole) : whole;
}

function wholeNumber(v: Val, from: Type, bits: 32 | 64): bigint {
  if (from.kind === 'STRING') {
    const text = (v as string).trim();
    const n = /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace('+', '')) : fail('no number');
    return BigInt.asIntN(bits, n) === n ? n : fail('out of range');
  }
  if (from.kind === 'DOUBLE') {
    const most = 2n ** BigInt(bits - 1) - 1n;
    const n = BigInt(Math.trunc(v as number));
    return n > most ? most : n < -most - 1n ? -most - 1n : n;
  }
  const n = from.kind === 'DECIMAL' ? (v as Dec).unscaled / power((v as Dec).scale) : BigInt(v as number | bigint);
  return BigInt.asIntN(bits, n);
}

/** Negative, zero or positive, for two values of one type. */
export function compare(a: Val, b: Val): number {
  if (isDec(a) && isDec(b)) {
    const scale = Math.max(a.scale, b.scale);
    return compare(rescale(a, scale).unscaled, rescale(b, scale).unscaled);
  }
  if (a! < b!) return -1;
  if (a! > b!) return 1;
  // Of doubles: -0 before 0, NaN behind all.
  return placeOfDouble(a) - placeOfDouble(b);
}

const placeOfDouble = (v: Val): number => (Number.isNaN(v) ? 1 : Object.is(v, -0) ? -1 : 0);

const isDec = (v: Val): v is Dec => typeof v === 'object' && v !== null;

/** One text for each value of a type: what results are compared by. */
export function canonical(v: Val, t: Type): string {
  if (v === null) return 'NULL';
  if (t.kind === 'STRING') return JSON.stringify(v);
  if (t.kind === 'DECIMAL') return decimalText(rescale(v as Dec, t.scale));
  // Negative zero is another text, and so another key.
  return Object.is(v, -0) ? '-0' : String(v);
}
