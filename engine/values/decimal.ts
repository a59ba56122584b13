const POWERS: bigint[] = [1n];

/** 10^n. */
export function pow10(n: number): bigint {
  for (let i = POWERS.length; i <= n; i++) POWERS.push(POWERS[i - 1]! * 10n);
  return POWERS[n]!;
}

/** A text with more digits is refused: nobody shall make the engine work on a million of them. */
const MAX_DIGITS = 1000;
const TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;

/**
 * An exact decimal number: `unscaled` × 10^-`scale`. Immutable. The scale is part of the value's text (`1.50`), not of its
 * order: `compare` and `equals` look at the number alone.
 */
export class Decimal {
  constructor(
    readonly unscaled: bigint,
    readonly scale: number,
  ) {}

  static readonly ZERO = new Decimal(0n, 0);

  static fromInteger(v: number | bigint): Decimal {
    return new Decimal(BigInt(v), 0);
  }

  /** The decimal with the fewest digits that reads back as `v` (Java's BigDecimal.valueOf). Undefined for NaN and infinities. */
  static fromDouble(v: number): Decimal | undefined {
    return Number.isFinite(v) ? Decimal.parse(String(v)) : undefined;
  }

  /** Plain or scientific notation, scale as written; undefined where it is no number. */
  static parse(text: string): Decimal | undefined {
    const m = TEXT.exec(text);
    if (m === null) return undefined;
    const whole = m[2]!;
    const fraction = m[3] ?? '';
    if (whole.length + fraction.length === 0 || whole.length + fraction.length > MAX_DIGITS) return undefined;
    let unscaled = BigInt(whole + fraction);
    if (m[1] === '-') unscaled = -unscaled;
    const scale = fraction.length - Number(m[4] ?? 0);
    if (Math.abs(scale) > MAX_DIGITS) return undefined;
    return scale >= 0 ? new Decimal(unscaled, scale) : new Decimal(unscaled * pow10(-scale), 0);
  }

  /** Throws a RangeError where the text is no number. */
  static of(text: string): Decimal {
    const d = Decimal.parse(text);
    if (d === undefined) throw new RangeError(`not a decimal number: ${text}`);
    return d;
  }

  /** Digits of the unscaled value; 1 for zero. */
  get precision(): number {
    const n = this.unscaled < 0n ? -this.unscaled : this.unscaled;
    return n.toString().length;
  }

  get sign(): -1 | 0 | 1 {
    return this.unscaled > 0n ? 1 : this.unscaled < 0n ? -1 : 0;
  }

  /** The same number at another scale, rounded half up (away from zero) where digits go. */
  setScale(scale: number): Decimal {
    if (scale === this.scale) return this;
    if (scale > this.scale) return new Decimal(this.unscaled * pow10(scale - this.scale), scale);
    return new Decimal(divideHalfUp(this.unscaled, pow10(this.scale - scale)), scale);
  }

  /** As a DECIMAL(precision, scale): rounded half up, or undefined where the whole part does not fit. */
  fit(precision: number, scale: number): Decimal | undefined {
    const d = this.setScale(scale);
    const limit = pow10(precision);
    return d.unscaled < limit && d.unscaled > -limit ? d : undefined;
  }

  negate(): Decimal {
    return new Decimal(-this.unscaled, this.scale);
  }

  add(o: Decimal): Decimal {
    if (this.scale === o.scale) return new Decimal(this.unscaled + o.unscaled, this.scale);
    const scale = Math.max(this.scale, o.scale);
    return new Decimal(this.unscaledAt(scale) + o.unscaledAt(scale), scale);
  }

  subtract(o: Decimal): Decimal {
    return this.add(o.negate());
  }

  multiply(o: Decimal): Decimal {
    return new Decimal(this.unscaled * o.unscaled, this.scale + o.scale);
  }

  /** Quotient at `scale`, rounded half up. Throws a RangeError on zero. */
  divide(o: Decimal, scale: number): Decimal {
    if (o.unscaled === 0n) throw new RangeError('/ by zero');
    const shift = scale - this.scale + o.scale;
    return shift >= 0
      ? new Decimal(divideHalfUp(this.unscaled * pow10(shift), o.unscaled), scale)
      : new Decimal(divideHalfUp(this.unscaled, o.unscaled * pow10(-shift)), scale);
  }

  /** The remainder has the dividend's sign, as Java's. Throws a RangeError on zero. */
  remainder(o: Decimal): Decimal {
    if (o.unscaled === 0n) throw new RangeError('/ by zero');
    const scale = Math.max(this.scale, o.scale);
    return new Decimal(this.unscaledAt(scale) % o.unscaledAt(scale), scale);
  }

  /** -1, 0 or 1 by number: 1.0 is 1.00. */
  compare(o: Decimal): -1 | 0 | 1 {
    let a = this.unscaled;
    let b = o.unscaled;
    if (this.scale < o.scale) a *= pow10(o.scale - this.scale);
    else if (this.scale > o.scale) b *= pow10(this.scale - o.scale);
    return a < b ? -1 : a > b ? 1 : 0;
  }

  equals(o: Decimal): boolean {
    return this.compare(o) === 0;
  }

  /** Towards zero. */
  toBigInt(): bigint {
    return this.unscaled / pow10(this.scale);
  }

  toNumber(): number {
    return Number(this.toString());
  }

  /** Plain notation with all digits of the scale. */
  toString(): string {
    if (this.scale === 0) return this.unscaled.toString();
    const negative = this.unscaled < 0n;
    const digits = (negative ? -this.unscaled : this.unscaled).toString().padStart(this.scale + 1, '0');
    const at = digits.length - this.scale;
    return `${negative ? '-' : ''}${digits.slice(0, at)}.${digits.slice(at)}`;
  }

  private unscaledAt(scale: number): bigint {
    return scale === this.scale ? this.unscaled : this.unscaled * pow10(scale - this.scale);
  }
}

function divideHalfUp(a: bigint, b: bigint): bigint {
  const q = a / b;
  const r = a % b;
  const twice = (r < 0n ? -r : r) * 2n;
  if (twice < (b < 0n ? -b : b)) return q;
  return a < 0n === b < 0n ? q + 1n : q - 1n;
}
