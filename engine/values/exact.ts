/* Sums from which values can be taken back without a trace, because nothing is rounded before the result is asked for. */

const VIEW = new DataView(new ArrayBuffer(8));
const FRACTION = 2 ** 52;

/** `mantissa` × 2^`exponent`: every finite double is one, and so are their sums and products. Immutable. */
export class Binary {
  constructor(
    readonly mantissa: bigint,
    readonly exponent: number,
  ) {}

  static readonly ZERO = new Binary(0n, 0);

  /** A finite double, or an integer. */
  static of(v: number | bigint): Binary {
    if (typeof v === 'bigint') return new Binary(v, 0);
    if (Number.isSafeInteger(v)) return v === 0 ? Binary.ZERO : new Binary(BigInt(v), 0);
    VIEW.setFloat64(0, v);
    const high = VIEW.getUint32(0);
    const biased = (high >>> 20) & 0x7ff;
    const fraction = (high & 0xfffff) * 4294967296 + VIEW.getUint32(4);
    const size = biased === 0 ? fraction : fraction + FRACTION;
    return new Binary(BigInt(v < 0 ? -size : size), Math.max(biased, 1) - 1075);
  }

  plus(o: Binary): Binary {
    const exponent = Math.min(this.exponent, o.exponent);
    const mantissa = this.at(exponent) + o.at(exponent);
    return mantissa === 0n ? Binary.ZERO : new Binary(mantissa, exponent);
  }

  minus(o: Binary): Binary {
    return this.plus(new Binary(-o.mantissa, o.exponent));
  }

  times(o: Binary): Binary {
    return new Binary(this.mantissa * o.mantissa, this.exponent + o.exponent);
  }

  /** Times 2^`by`. */
  scaled(by: number): Binary {
    return new Binary(this.mantissa, this.exponent + by);
  }

  /** The power of two that is just above the number's size. */
  get magnitude(): number {
    return bitLength(this.mantissa) + this.exponent;
  }

  /** The quotient to more digits than a double has, so that `toNumber` rounds it as it would the quotient itself. */
  dividedBy(o: Binary): Binary {
    const shift = Math.max(0, 66 + bitLength(o.mantissa) - bitLength(this.mantissa));
    const dividend = this.mantissa << BigInt(shift);
    const quotient = dividend / o.mantissa;
    // The lowest bit stands for all digits that are cut off.
    const rest = dividend % o.mantissa === 0n ? 0n : dividend < 0n === o.mantissa < 0n ? 1n : -1n;
    return new Binary(quotient * 2n + rest, this.exponent - o.exponent - shift - 1);
  }

  /** The double that is nearest, the even one of two: IEEE 754's rounding, once. */
  toNumber(): number {
    const size = this.mantissa < 0n ? -this.mantissa : this.mantissa;
    if (size === 0n) return 0;
    const bits = bitLength(size);
    // Below 2^-1022 a double has fewer than 53 digits, in the end none.
    const kept = Math.min(53, bits + this.exponent + 1074);
    if (kept < 0) return this.mantissa < 0n ? -0 : 0;
    const cut = Math.max(0, bits - kept);
    let rounded = size >> BigInt(cut);
    if (cut > 0) {
      const rest = size - (rounded << BigInt(cut));
      const half = 1n << BigInt(cut - 1);
      if (rest > half || (rest === half && (rounded & 1n) === 1n)) rounded += 1n;
    }
    const v = Number(rounded) * 2 ** (this.exponent + cut);
    return this.mantissa < 0n ? -v : v;
  }

  /** The same number with the shortest mantissa but for a few bits: for storing. */
  reduced(): Binary {
    let { mantissa, exponent } = this;
    if (mantissa === 0n) return Binary.ZERO;
    for (; (mantissa & 0xffffffffn) === 0n; exponent += 32) mantissa >>= 32n;
    for (; (mantissa & 0xfn) === 0n; exponent += 4) mantissa >>= 4n;
    return new Binary(mantissa, exponent);
  }

  private at(exponent: number): bigint {
    return exponent === this.exponent ? this.mantissa : this.mantissa << BigInt(this.exponent - exponent);
  }
}

/** Bits of the size. */
export function bitLength(v: bigint): number {
  const size = v < 0n ? -v : v;
  if (size <= 0xffffffffn) return 32 - Math.clz32(Number(size));
  const hex = size.toString(16);
  return 4 * hex.length - Math.clz32(Number.parseInt(hex[0]!, 16)) + 28;
}

/** From here on doubles are added apart from the others: sums of smaller ones never reach infinity. */
const HUGE = 2 ** 960;

/**
 * A sum of doubles, exact until `value` rounds it once. Values below `HUGE` are in `high` and `low`, and what these two cannot
 * hold of their sum in `rest`, of 40 doubles at most. NaN and the infinities are counted.
 */
export class DoubleSum {
  private high = 0;
  private low = 0;
  private rest: number[] = NOTHING;
  huge = Binary.ZERO;
  nan = 0;
  positive = 0;
  negative = 0;

  static of(v: number): DoubleSum {
    const sum = new DoubleSum();
    sum.add(v, 1);
    return sum;
  }

  /** `sign` -1 takes a value back. */
  add(v: number, sign: 1 | -1): void {
    if (v < HUGE && v > -HUGE) this.addSmall(v * sign);
    else if (Number.isFinite(v)) this.huge = this.huge.plus(Binary.of(v * sign));
    else if (v > 0) this.positive += sign;
    else if (v < 0) this.negative += sign;
    else this.nan += sign;
  }

  merge(o: DoubleSum): void {
    for (const part of o.parts) this.addSmall(part);
    this.huge = this.huge.plus(o.huge);
    this.nan += o.nan;
    this.positive += o.positive;
    this.negative += o.negative;
  }

  value(): number {
    if (this.nan > 0 || (this.positive > 0 && this.negative > 0)) return Number.NaN;
    if (this.positive > 0) return Number.POSITIVE_INFINITY;
    if (this.negative > 0) return Number.NEGATIVE_INFINITY;
    if (this.huge !== Binary.ZERO) {
      return this.parts.reduce((sum, part) => sum.plus(Binary.of(part)), this.huge).toNumber();
    }
    return this.rest.length === 0 ? this.high + this.low : rounded(this.parts);
  }

  /** The values below `HUGE` as doubles that overlap in no bit and rise in size (Shewchuk 1997); none for 0. */
  get parts(): readonly number[] {
    const parts = this.rest.slice();
    grow(parts, this.low);
    grow(parts, this.high);
    return parts;
  }

  set parts(parts: readonly number[]) {
    this.high = parts.at(-1) ?? 0;
    this.low = parts.at(-2) ?? 0;
    this.rest = parts.length > 2 ? parts.slice(0, -2) : NOTHING;
  }

  private addSmall(v: number): void {
    const { high, low } = this;
    const sum = high + v;
    this.high = sum;
    const cut = lost(high, v, sum);
    if (cut === 0) return;
    const lower = low + cut;
    this.low = lower;
    const cutAgain = lost(low, cut, lower);
    if (cutAgain === 0) return;
    if (this.rest === NOTHING) this.rest = [];
    grow(this.rest, cutAgain);
  }
}

const NOTHING: number[] = [];

/** What rounding has cut off of a + b, which is `sum` then: a double as well. */
function lost(a: number, b: number, sum: number): number {
  const ofB = sum - a;
  return a - (sum - ofB) + (b - ofB);
}

/** Adds a value to doubles that overlap in no bit and rise in size. */
function grow(parts: number[], value: number): void {
  let v = value;
  let n = 0;
  for (let i = 0; i < parts.length; i++) {
    const sum = v + parts[i]!;
    const cut = lost(v, parts[i]!, sum);
    if (cut !== 0) parts[n++] = cut;
    v = sum;
  }
  if (v !== 0) parts[n++] = v;
  parts.length = n;
}

/** The double that is nearest to the sum of such doubles. */
function rounded(parts: readonly number[]): number {
  let i = parts.length - 1;
  if (i < 0) return 0;
  let sum = parts[i--]!;
  let cut = 0;
  while (i >= 0 && cut === 0) {
    const larger = sum;
    sum = larger + parts[i]!;
    cut = parts[i]! - (sum - larger);
    i--;
  }
  // The rounding took this for a tie and chose the even double. The parts below show that it was none.
  if (i >= 0 && cut !== 0 && cut > 0 === parts[i]! > 0) {
    const twice = cut * 2;
    const further = sum + twice;
    if (further - sum === twice) sum = further;
  }
  return sum;
}
