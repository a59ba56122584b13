/*
 * The functions of java.lang.Math, to the last digit. Java's are of two kinds. Logarithms, powers, exponentials, sine,
 * cosine and tangent come from a library whose results are, but for one in a thousand, the correctly rounded ones: here
 * they are computed with twice the digits of a double and rounded once. The others are fdlibm's, and so are V8's but for
 * details that are spelled out below.
 *
 * A number with twice the digits is an unevaluated sum of two doubles. The operations leave it in `hi` and `lo`, so that
 * nothing is allocated.
 */
let hi = 0;
let lo = 0;

/** Of sizes in falling order. */
function quickSum(a: number, b: number): void {
  hi = a + b;
  lo = b - (hi - a);
}

/** (ah + al) + (bh + bl). */
function add(ah: number, al: number, bh: number, bl: number): void {
  const s = ah + bh;
  const t = s - ah;
  const e = ah - (s - t) + (bh - t);
  const u = al + bl;
  const v = u - al;
  const f = al - (u - v) + (bl - v);
  const h = s + (e + u);
  quickSum(h, e + u - (h - s) + f);
}

const SPLIT = 2 ** 27 + 1;

/** (ah + al) · (bh + bl). */
function multiply(ah: number, al: number, bh: number, bl: number): void {
  const p = ah * bh;
  const t = SPLIT * ah;
  const a1 = t - (t - ah);
  const a2 = ah - a1;
  const u = SPLIT * bh;
  const b1 = u - (u - bh);
  const b2 = bh - b1;
  const e = a1 * b1 - p + a1 * b2 + a2 * b1 + a2 * b2;
  quickSum(p, e + (ah * bl + al * bh));
}

/** (ah + al) / (bh + bl). */
function divide(ah: number, al: number, bh: number, bl: number): void {
  const q1 = ah / bh;
  multiply(q1, 0, bh, bl);
  add(ah, al, -hi, -lo);
  const rh = hi;
  const rl = lo;
  const q2 = rh / bh;
  multiply(q2, 0, bh, bl);
  add(rh, rl, -hi, -lo);
  const q3 = hi / bh;
  quickSum(q1, q2);
  add(hi, lo, q3, 0);
}

const LN2_HI = Math.LN2;
const LN2_LO = 2.3190468138462996e-17;
const LN10_HI = Math.LN10;
const LN10_LO = -2.1707562233822494e-16;

/** 1/n!, in two doubles each. */
const INVERSE_FACTORIALS: readonly (readonly [number, number])[] = (() => {
  const out: [number, number][] = [[1, 0]];
  for (let n = 1; n <= 28; n++) {
    divide(out[n - 1]![0], out[n - 1]![1], n, 0);
    out.push([hi, lo]);
  }
  return out;
})();

/** Two to a whole number between -1074 and 1023, in two steps where the result or the factor is subnormal. */
const scaled = (x: number, k: number): number =>
  k < -1000 ? x * 2 ** (k + 600) * 2 ** -600 : k > 1000 ? x * 2 ** (k - 600) * 2 ** 600 : x * 2 ** k;

const EXP_TERMS = 14;
const EXP_HALVINGS = 4;

/** e to the power of a sum of two doubles, without the factor 2^k: k is the answer. */
function expReduced(ah: number, al: number): number {
  const k = Math.round(ah / LN2_HI);
  multiply(LN2_HI, LN2_LO, -k, 0);
  add(ah, al, hi, lo);
  const rh = hi / 2 ** EXP_HALVINGS;
  const rl = lo / 2 ** EXP_HALVINGS;
  // e^r - 1 by Taylor's series, Horner's way.
  hi = INVERSE_FACTORIALS[EXP_TERMS]![0];
  lo = INVERSE_FACTORIALS[EXP_TERMS]![1];
  for (let n = EXP_TERMS - 1; n >= 1; n--) {
    multiply(hi, lo, rh, rl);
    const c = INVERSE_FACTORIALS[n]!;
    add(hi, lo, c[0], c[1]);
  }
  multiply(hi, lo, rh, rl);
  // (1 + s)² - 1 = 2s + s².
  for (let i = 0; i < EXP_HALVINGS; i++) {
    const sh = hi;
    const sl = lo;
    multiply(sh, sl, sh, sl);
    add(hi, lo, 2 * sh, 2 * sl);
  }
  add(hi, lo, 1, 0);
  return k;
}

/** The natural logarithm of a positive finite number, in two doubles. */
function logReduced(x: number): void {
  let k = 0;
  let m = x;
  if (m < 2 ** -1022) {
    m *= 2 ** 54;
    k = -54;
  }
  const e = Math.floor(Math.log2(m));
  m = scaled(m, -e);
  k += e;
  if (m > Math.SQRT2) {
    m /= 2;
    k++;
  }
  // One step of Newton's from what V8 gives: log m = y + log(m / e^y), and the last is tiny.
  const y = Math.log(m);
  expReduced(-y, 0);
  // -y is less than half of log 2, up to rounding: e^-y has no factor 2^k.
  const factor = scaled(1, Math.round(-y / LN2_HI));
  multiply(hi * factor, lo * factor, m, 0);
  add(hi, lo, -1, 0);
  const t = hi;
  add(hi, lo, -(t * t) / 2, 0);
  add(y, 0, hi, lo);
  if (k !== 0) {
    const h = hi;
    const l = lo;
    multiply(LN2_HI, LN2_LO, k, 0);
    add(hi, lo, h, l);
  }
}

const positive = (x: number): boolean => x > 0 && x < Number.POSITIVE_INFINITY;

export function log(x: number): number {
  if (!positive(x)) return Math.log(x);
  logReduced(x);
  return hi;
}

export function log10(x: number): number {
  if (!positive(x)) return Math.log10(x);
  logReduced(x);
  divide(hi, lo, LN10_HI, LN10_LO);
  return hi;
}

export function exp(x: number): number {
  const near = Math.exp(x);
  if (!positive(near)) return near;
  const k = expReduced(x, 0);
  return scaled(hi, k);
}

export function pow(x: number, y: number): number {
  const near = x ** y;
  if (!positive(Math.abs(near)) || x === 0 || !Number.isFinite(x) || !Number.isFinite(y)) return near;
  logReduced(Math.abs(x));
  multiply(hi, lo, y, 0);
  const k = expReduced(hi, lo);
  const size = scaled(hi, k);
  return near < 0 ? -size : size;
}

/** π/2 · 2^bits, rounded down: by Machin's formula, π/4 = 4 atan(1/5) - atan(1/239). */
function halfPi(bits: number): bigint {
  const one = 1n << BigInt(bits + 16);
  const arc = (n: bigint): bigint => {
    let sum = 0n;
    let term = one / n;
    for (let i = 1n, sign = 1n; term !== 0n; i += 2n, sign = -sign, term /= n * n) sum += (sign * term) / i;
    return sum;
  };
  return (2n * (4n * arc(5n) - arc(239n))) >> 16n;
}

const halfPis = new Map<number, bigint>();

/** The steps in which precision grows with the exponent. */
const PRECISION_STEP = 128;

const words = new DataView(new ArrayBuffer(8));

/** What is left of an angle is told to 2^-256: no double comes nearer than 2^-61 to a multiple of π/2. */
const ANGLE_BITS = 256;

/** Angles up to here, a bit less than π/4, are used as they are. */
const SMALL_ANGLE = 0.75;

/** `x` less the nearest multiple of π/2, in two doubles; the answer is that multiple, modulo 4. */
function reduceAngle(x: number): number {
  if (Math.abs(x) <= SMALL_ANGLE) {
    hi = x;
    lo = 0;
    return 0;
  }
  // Exactly, with whole numbers: x = mantissa · 2^exponent.
  words.setFloat64(0, x);
  const biased = (words.getUint32(0) >>> 20) & 0x7ff;
  const mantissa = (words.getBigUint64(0) & 0xfffffffffffffn) | 0x10000000000000n;
  const exponent = biased - 1075;
  const bits = ANGLE_BITS + PRECISION_STEP * Math.ceil(Math.max(exponent + 53, 0) / PRECISION_STEP);
  let quarter = halfPis.get(bits);
  if (quarter === undefined) {
    quarter = halfPi(bits);
    halfPis.set(bits, quarter);
  }
  const fixed = mantissa << BigInt(bits + exponent);
  let n = fixed / quarter;
  let rest = fixed - n * quarter;
  if (2n * rest > quarter) {
    n++;
    rest -= quarter;
  }
  rest >>= BigInt(bits - ANGLE_BITS);
  const h = Number(rest) * 2 ** -ANGLE_BITS;
  const l = Number(rest - toFixed(h)) * 2 ** -ANGLE_BITS;
  const negative = x < 0;
  quickSum(negative ? -h : h, negative ? -l : l);
  const turns = Number(n & 3n);
  return negative ? (4 - turns) & 3 : turns;
}

/** A double as a whole number of units of 2^-ANGLE_BITS. */
function toFixed(x: number): bigint {
  if (x === 0) return 0n;
  words.setFloat64(0, x);
  const exponent = ((words.getUint32(0) >>> 20) & 0x7ff) - 1075;
  const mantissa = (words.getBigUint64(0) & 0xfffffffffffffn) | 0x10000000000000n;
  const shift = ANGLE_BITS + exponent;
  const v = shift >= 0 ? mantissa << BigInt(shift) : mantissa >> BigInt(-shift);
  return x < 0 ? -v : v;
}

/** The sine (from 1) or cosine (from 0) of a small angle by Taylor's series. */
function series(rh: number, rl: number, from: 0 | 1): void {
  multiply(rh, rl, rh, rl);
  const sh = -hi;
  const sl = -lo;
  const last = 26 + from;
  hi = INVERSE_FACTORIALS[last]![0];
  lo = INVERSE_FACTORIALS[last]![1];
  for (let n = last - 2; n >= from; n -= 2) {
    multiply(hi, lo, sh, sl);
    const c = INVERSE_FACTORIALS[n]!;
    add(hi, lo, c[0], c[1]);
  }
  if (from === 1) multiply(hi, lo, rh, rl);
}

/** Below, sine and tangent are the angle itself. */
const TINY_ANGLE = 2 ** -27;

export function sin(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) < TINY_ANGLE) return Math.sin(x);
  const turns = reduceAngle(x);
  series(hi, lo, turns & 1 ? 0 : 1);
  return turns & 2 ? -hi : hi;
}

export function cos(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const turns = reduceAngle(x);
  series(hi, lo, turns & 1 ? 1 : 0);
  return ((turns + 1) & 2) !== 0 ? -hi : hi;
}

export function tan(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) < TINY_ANGLE) return Math.tan(x);
  const turns = reduceAngle(x);
  const rh = hi;
  const rl = lo;
  series(rh, rl, 1);
  const sh = hi;
  const sl = lo;
  series(rh, rl, 0);
  if (turns & 1) divide(-hi, -lo, sh, sl);
  else divide(sh, sl, hi, lo);
  return hi;
}

/** As fdlibm has it: V8 takes the argument itself for more of the small ones. */
export function tanh(x: number): number {
  const size = Math.abs(x);
  if (!(size < 22)) return Number.isNaN(x) ? x : Math.sign(x);
  if (size < 2 ** -55) return x * (1 + x);
  let z: number;
  if (size >= 1) z = 1 - 2 / (Math.expm1(2 * size) + 2);
  else {
    const t = Math.expm1(-2 * size);
    z = -t / (t + 2);
  }
  return x < 0 ? -z : z;
}

/** fdlibm's e^1 is one digit larger than V8's, and its hyperbolic cosine comes from it. */
export const cosh = (x: number): number => (Math.abs(x) === 1 ? 1.543080634815244 : Math.cosh(x));

/** What π has beyond a double. */
const PI_LO = 1.2246467991473532e-16;

/** As fdlibm has it: the angle is π/2 where y is 2^60 times x or more, also left of the axis. */
export function atan2(y: number, x: number): number {
  if (x < 0 && y !== 0 && Number.isFinite(x) && Number.isFinite(y)) {
    words.setFloat64(0, y);
    const iy = words.getInt32(0) & 0x7fffffff;
    words.setFloat64(0, x);
    const ix = words.getInt32(0) & 0x7fffffff;
    if ((iy - ix) >> 20 > 60) {
      const z = Math.PI - (Math.PI / 2 - PI_LO);
      return y < 0 ? -z : z;
    }
  }
  return Math.atan2(y, x);
}

/** fdlibm's cube root: V8 has a later one. */
export function cbrt(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const size = Math.abs(x);
  let t: number;
  const subnormal = size < 2 ** -1022;
  words.setFloat64(0, subnormal ? size * 2 ** 54 : size);
  const high = Math.floor(words.getUint32(0) / 3) + (subnormal ? 696_219_795 : 715_094_163);
  words.setUint32(0, high);
  words.setUint32(4, 0);
  t = words.getFloat64(0);
  // To 23 bits, rounded up to 20 in one word, and then Newton's step.
  const r = (t * t) / size;
  const s = 19 / 35 + r * t;
  t *= 5 / 14 + 45 / 28 / (s + 99 / 70 - 864 / 1225 / s);
  words.setFloat64(0, t);
  words.setUint32(0, words.getUint32(0) + 1);
  words.setUint32(4, 0);
  t = words.getFloat64(0);
  const q = size / (t * t);
  t += t * ((q - t) / (t + t + q));
  return x < 0 ? -t : t;
}
