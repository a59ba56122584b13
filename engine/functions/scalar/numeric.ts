import { negateLong } from '../../values/arithmetic.js';
import { Decimal, pow10 } from '../../values/decimal.js';
import { EvaluationError } from '../../values/evaluation-error.js';
import { decimal, type SqlType } from '../../values/sql-type.js';
import { bigintValue } from '../../values/value.js';
import { type Example, type ScalarFunction, type ScalarOverload, scalar } from '../function.js';
import * as java from './java-math.js';

const CATEGORY = 'NUMERIC';
const NUMBERS = ['INT', 'BIGINT', 'DOUBLE'] as const;

/** A function of one double, offered for every numeric type; a DECIMAL is widened. */
function ofDouble(name: string, description: string, f: (x: number) => number, ...examples: Example[]): ScalarFunction {
  return scalar({
    name,
    description,
    category: CATEGORY,
    overloads: NUMBERS.map((t) => ({
      signature: `${name}(value ${t}) -> DOUBLE`,
      nulls: 'propagate',
      make: () => (t === 'DOUBLE' ? f : (v: number | bigint) => f(Number(v))),
    })),
    examples,
  });
}

function ofTwoDoubles(
  name: string,
  names: readonly [string, string],
  f: (a: number, b: number) => number,
): ScalarOverload[] {
  return NUMBERS.map((t) => ({
    signature: `${name}(${names[0]} ${t}, ${names[1]} ${t}) -> DOUBLE`,
    nulls: 'propagate',
    make: () => (a: number | bigint, b: number | bigint) => f(Number(a), Number(b)),
  }));
}

type DecimalType = SqlType & { readonly kind: 'DECIMAL' };

/** From so many digits on a result has the type that ksqlDB gives it; there a carry is an error of the row. */
const NO_ROOM = 33;

const CARRY = `A DECIMAL of fewer than ${NO_ROOM} digits gets one more, for what is carried; beyond, a carry is NULL and an entry in the processing log.`;

/** With room for one digit more in front: 9.9 rounds to 10. */
const withCarry = ({ precision, scale }: DecimalType): DecimalType =>
  decimal(precision < NO_ROOM ? precision + 1 : precision, scale) as DecimalType;

/** The same for what is made whole: where there is no fraction, nothing is carried. */
const wholeWithCarry = (t: DecimalType): DecimalType => (t.scale > 0 ? withCarry(t) : t);
const asItIs = (t: DecimalType): DecimalType => t;

interface PerType {
  readonly int?: (v: number) => number;
  readonly long?: (v: number | bigint) => number | bigint;
  readonly double: (v: number) => number;
  readonly decimal: (v: Decimal) => Decimal;
}

/** A function whose result has the type of its argument; `ofDecimal` gives another DECIMAL where that is too narrow. */
const sameType = (name: string, f: PerType, ofDecimal = asItIs): ScalarOverload[] => [
  { signature: `${name}(value INT) -> INT`, nulls: 'propagate', make: () => f.int ?? ((v: number) => v) },
  {
    signature: `${name}(value BIGINT) -> BIGINT`,
    nulls: 'propagate',
    make: () => f.long ?? ((v: number | bigint) => v),
  },
  { signature: `${name}(value DOUBLE) -> DOUBLE`, nulls: 'propagate', make: () => f.double },
  {
    signature: `${name}(value DECIMAL) -> DECIMAL`,
    nulls: 'propagate',
    returns: (args) => ofDecimal(args[0] as DecimalType),
    make: () => f.decimal,
  },
];

const abs = scalar({
  name: 'ABS',
  description: 'The value without its sign.',
  category: CATEGORY,
  overloads: sameType('ABS', {
    int: (v) => Math.abs(v) | 0,
    long: (v) => (v < 0 ? negateLong(v) : v),
    double: Math.abs,
    decimal: (v) => (v.sign < 0 ? v.negate() : v),
  }),
  examples: [
    { sql: 'ABS(-3)', result: '3' },
    { sql: 'ABS(-1.50)', result: '1.50' },
  ],
});

/** Whole quotient of a positive divisor, towards negative infinity. */
function floorDivide(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b !== 0n && a < 0n ? q - 1n : q;
}

/** The largest decimal of the same scale that is whole and not above the value. */
function floorDecimal(v: Decimal): Decimal {
  const unit = pow10(v.scale);
  return new Decimal(floorDivide(v.unscaled, unit) * unit, v.scale);
}

const floor = scalar({
  name: 'FLOOR',
  description: `The largest whole number that is not above the value. ${CARRY}`,
  category: CATEGORY,
  overloads: sameType('FLOOR', { double: Math.floor, decimal: floorDecimal }, wholeWithCarry),
  examples: [
    { sql: 'FLOOR(1.7)', result: '1.0' },
    { sql: 'FLOOR(-1.5E0)', result: '-2E0' },
  ],
});

const ceil = scalar({
  name: 'CEIL',
  description: `The smallest whole number that is not below the value. ${CARRY}`,
  category: CATEGORY,
  overloads: sameType('CEIL', { double: Math.ceil, decimal: (v) => floorDecimal(v.negate()).negate() }, wholeWithCarry),
  examples: [
    { sql: 'CEIL(1.2)', result: '2.0' },
    { sql: 'CEIL(-1.5E0)', result: '-1E0' },
  ],
});

type Rounding = (unscaled: bigint, unit: bigint) => bigint;

/** To the nearest, halves towards positive infinity. */
const nearest: Rounding = (u, unit) => floorDivide(2n * u + unit, 2n * unit);
const towardsZero: Rounding = (u, unit) => u / unit;

/** Rounds to `places` behind the point (before it where negative) and keeps the value's scale. */
function roundDecimal(v: Decimal, places: number, rounding: Rounding): Decimal {
  if (places >= v.scale) return v;
  const unit = pow10(v.scale - Math.max(places, -MAX_PLACES));
  return new Decimal(rounding(v.unscaled, unit) * unit, v.scale);
}

/** No double and hardly any decimal has more digits; further places change nothing. */
const MAX_PLACES = 400;

function roundDouble(v: number, places: number, rounding: Rounding): number {
  const d = Decimal.fromDouble(v);
  return d === undefined ? v : roundDecimal(d, places, rounding).toNumber();
}

/** Java's (long) of a double. */
function longOf(v: number): number | bigint {
  if (Number.isNaN(v)) return 0;
  if (Number.isSafeInteger(v)) return v + 0;
  if (Math.abs(v) >= 2 ** 63) return v > 0 ? 2n ** 63n - 1n : -(2n ** 63n);
  return bigintValue(BigInt(v));
}

/** Without its fraction. */
const wholeType = ({ precision, scale }: DecimalType): SqlType => decimal(Math.max(1, precision - scale), 0);

function roundingOverloads(
  name: string,
  whole: (v: number) => number,
  rounding: Rounding,
  ofWhole: (t: DecimalType) => DecimalType,
  ofPlaces: (t: DecimalType) => DecimalType,
): ScalarOverload[] {
  return [
    { signature: `${name}(value BIGINT) -> BIGINT`, nulls: 'propagate', make: () => (v: number | bigint) => v },
    { signature: `${name}(value DOUBLE) -> BIGINT`, nulls: 'propagate', make: () => (v: number) => longOf(whole(v)) },
    {
      signature: `${name}(value DOUBLE, places INT) -> DOUBLE`,
      nulls: 'propagate',
      make: () => (v: number, places: number) => roundDouble(v, places, rounding),
    },
    {
      signature: `${name}(value DECIMAL) -> DECIMAL`,
      nulls: 'propagate',
      returns: ([t]) => wholeType(ofWhole(t as DecimalType)),
      make: () => (v: Decimal) => roundDecimal(v, 0, rounding).setScale(0),
    },
    {
      signature: `${name}(value DECIMAL, places INT) -> DECIMAL`,
      nulls: 'propagate',
      returns: ([t]) => ofPlaces(t as DecimalType),
      make: () => (v: Decimal, places: number) => roundDecimal(v, places, rounding),
    },
  ];
}

/** To the nearest, halves up. A half is told by the fraction: v + 0.5 is rounded itself. */
function roundWhole(v: number): number {
  const below = Math.floor(v);
  return v - below >= 0.5 ? below + 1 : below;
}

const round = scalar({
  name: 'ROUND',
  description: `Rounds to so many places behind the point, before it where negative, none by default. Halves go up, towards positive infinity; what is a half is told by the digits that a DOUBLE shows. ${CARRY}`,
  category: CATEGORY,
  overloads: roundingOverloads('ROUND', roundWhole, nearest, wholeWithCarry, withCarry),
  examples: [
    { sql: 'ROUND(1.5E0)', result: 'CAST(2 AS BIGINT)' },
    { sql: 'ROUND(-1.5E0)', result: 'CAST(-1 AS BIGINT)' },
    { sql: 'ROUND(0.49999999999999994E0)', result: 'CAST(0 AS BIGINT)' },
    { sql: 'ROUND(1.005E0, 2)', result: '1.01E0' },
    { sql: 'ROUND(1.234567E0, 2)', result: '1.23E0' },
    { sql: 'ROUND(111.0, -1)', result: '110.0' },
  ],
});

const trunc = scalar({
  name: 'TRUNC',
  description: 'Cuts off after so many places behind the point, before it where negative, none by default.',
  category: CATEGORY,
  overloads: roundingOverloads('TRUNC', Math.trunc, towardsZero, asItIs, asItIs),
  examples: [
    { sql: 'TRUNC(1.7E0)', result: 'CAST(1 AS BIGINT)' },
    { sql: 'TRUNC(-1.79, 1)', result: '-1.70' },
  ],
});

const sign = scalar({
  name: 'SIGN',
  description: '-1, 0 or 1 for a negative, zero or positive value.',
  category: CATEGORY,
  overloads: NUMBERS.map((t) => ({
    signature: `SIGN(value ${t}) -> INT`,
    nulls: 'propagate',
    make: () => (v: number | bigint) => (v > 0 ? 1 : v < 0 ? -1 : 0),
  })),
  examples: [{ sql: 'SIGN(-2)', result: '-1' }],
});

function logarithm(base: number, value: number): number {
  return base <= 0 || base === 1 ? Number.NaN : java.log(value) / java.log(base);
}

const log = scalar({
  name: 'LOG',
  description:
    "The natural logarithm, or the one to the given base, the quotient of two natural ones; NaN where there is none. ksqlDB's documentation says that LOG(value) has base 10, but what ksqlDB runs is the natural logarithm.",
  category: CATEGORY,
  overloads: [
    ...NUMBERS.map(
      (t): ScalarOverload => ({
        signature: `LOG(value ${t}) -> DOUBLE`,
        nulls: 'propagate',
        make: () => (v: number | bigint) => java.log(Number(v)),
      }),
    ),
    ...ofTwoDoubles('LOG', ['base', 'value'], logarithm),
  ],
  examples: [
    { sql: 'LOG(1000)', result: '6.907755278982137E0' },
    { sql: 'LOG(10, 1000)', result: '2.9999999999999996E0' },
    { sql: 'LOG(2, 8)', result: '3E0' },
  ],
});

const power = scalar({
  name: 'POWER',
  description: 'The base raised to the exponent; Infinity where it is too large for a DOUBLE.',
  category: CATEGORY,
  overloads: ofTwoDoubles('POWER', ['base', 'exponent'], java.pow),
  examples: [{ sql: 'POWER(15, -1)', result: '0.06666666666666667E0' }],
});

const atan2 = scalar({
  name: 'ATAN2',
  description: 'The angle, in radians, of the point (x, y).',
  category: CATEGORY,
  overloads: ofTwoDoubles('ATAN2', ['y', 'x'], java.atan2),
  examples: [{ sql: 'ATAN2(0, 1)', result: '0E0' }],
});

const pi = scalar({
  name: 'PI',
  description: 'π.',
  category: CATEGORY,
  overloads: [{ signature: 'PI() -> DOUBLE', nulls: 'propagate', make: () => () => Math.PI }],
  examples: [{ sql: 'PI()', result: '3.141592653589793E0' }],
});

const random = scalar({
  name: 'RANDOM',
  description: 'A random number from 0.0 up to, but not including, 1.0.',
  category: CATEGORY,
  overloads: [{ signature: 'RANDOM() -> DOUBLE', nulls: 'propagate', make: (_types, config) => () => config.random() }],
  examples: [{ sql: 'RANDOM()', result: null }],
});

const EARTH_RADIUS = { km: 6371, mi: 3959 } as const;
/** As Java 8 has it, which ksqlDB's published distances come from; RADIANS is that of later versions. */
const radians = (degrees: number): number => (degrees / 180) * Math.PI;

/** Great-circle distance by the haversine formula. */
function haversine(lat1: number, lon1: number, lat2: number, lon2: number, radius: number): number {
  for (const lat of [lat1, lat2]) if (!(lat >= -90 && lat <= 90)) throw new EvaluationError(`invalid latitude: ${lat}`);
  for (const lon of [lon1, lon2])
    if (!(lon >= -180 && lon <= 180)) throw new EvaluationError(`invalid longitude: ${lon}`);
  const dLat = java.sin(radians(lat2 - lat1) / 2);
  const dLon = java.sin(radians(lon2 - lon1) / 2);
  const a = dLat * dLat + dLon * dLon * java.cos(radians(lat1)) * java.cos(radians(lat2));
  return 2 * radius * Math.asin(Math.sqrt(a));
}

const UNITS: Readonly<Record<string, number>> = {
  km: EARTH_RADIUS.km,
  kilometer: EARTH_RADIUS.km,
  kilometers: EARTH_RADIUS.km,
  kilometre: EARTH_RADIUS.km,
  kilometres: EARTH_RADIUS.km,
  mi: EARTH_RADIUS.mi,
  mile: EARTH_RADIUS.mi,
  miles: EARTH_RADIUS.mi,
};

function radiusOf(unit: string | null): number {
  const radius = unit === null ? EARTH_RADIUS.km : UNITS[unit.toLowerCase()];
  if (radius === undefined) throw new EvaluationError(`'${unit}' is no unit of distance: KM or MI`);
  return radius;
}

const geoDistance = scalar({
  name: 'GEO_DISTANCE',
  description:
    'The great-circle distance between two points in decimal degrees, in kilometres (KM, KILOMETERS) or miles (MI, MILES).',
  category: CATEGORY,
  overloads: [
    {
      signature: 'GEO_DISTANCE(lat1 DOUBLE, lon1 DOUBLE, lat2 DOUBLE, lon2 DOUBLE) -> DOUBLE',
      nulls: 'propagate',
      make: () => (a: number, b: number, c: number, d: number) => haversine(a, b, c, d, EARTH_RADIUS.km),
    },
    {
      signature: 'GEO_DISTANCE(lat1 DOUBLE, lon1 DOUBLE, lat2 DOUBLE, lon2 DOUBLE, unit STRING) -> DOUBLE',
      nulls: 'pass',
      make: () => (a: number | null, b: number | null, c: number | null, d: number | null, unit: string | null) =>
        a === null || b === null || c === null || d === null ? null : haversine(a, b, c, d, radiusOf(unit)),
    },
  ],
  examples: [
    { sql: 'GEO_DISTANCE(37.4439, -122.1663, 51.5257, -0.1122)', result: '8634.659796579544E0' },
    { sql: "GEO_DISTANCE(37.4439, -122.1663, 51.5257, -0.1122, 'miles')", result: '5365.659729188262E0' },
    { sql: "GEO_DISTANCE(37.4439, -122.1663, 51.5257, -0.1122, 'MI')", result: '5365.659729188262E0' },
  ],
});

export const NUMERIC_FUNCTIONS = [
  abs,
  floor,
  ceil,
  round,
  trunc,
  sign,
  log,
  power,
  atan2,
  pi,
  random,
  geoDistance,
  ofDouble('EXP', 'e raised to the power of the value.', java.exp, { sql: 'EXP(1)', result: '2.718281828459045E0' }),
  ofDouble('LN', 'The natural logarithm.', java.log, { sql: 'LN(1)', result: '0E0' }),
  ofDouble('SQRT', 'The square root; NaN of a negative value.', Math.sqrt, { sql: 'SQRT(9)', result: '3E0' }),
  ofDouble('CBRT', 'The cube root.', java.cbrt, { sql: 'CBRT(27)', result: '3E0' }),
  ofDouble('SIN', 'The sine of an angle in radians.', java.sin, { sql: 'SIN(0)', result: '0E0' }),
  ofDouble('COS', 'The cosine of an angle in radians.', java.cos, { sql: 'COS(0)', result: '1E0' }),
  ofDouble('TAN', 'The tangent of an angle in radians.', java.tan, { sql: 'TAN(0)', result: '0E0' }),
  ofDouble('COT', 'The cotangent of an angle in radians; Infinity at 0.', (x) => 1 / java.tan(x), {
    sql: 'ROUND(COT(7), 13)',
    result: '1.1475154224051E0',
  }),
  ofDouble('ASIN', 'The arc sine in radians; NaN outside of [-1, 1].', Math.asin, { sql: 'ASIN(0)', result: '0E0' }),
  ofDouble('ACOS', 'The arc cosine in radians; NaN outside of [-1, 1].', Math.acos, { sql: 'ACOS(1)', result: '0E0' }),
  ofDouble('ATAN', 'The arc tangent in radians.', Math.atan, { sql: 'ATAN(0)', result: '0E0' }),
  ofDouble('SINH', 'The hyperbolic sine.', Math.sinh, { sql: 'SINH(0)', result: '0E0' }),
  ofDouble('COSH', 'The hyperbolic cosine.', java.cosh, { sql: 'COSH(0)', result: '1E0' }),
  ofDouble('TANH', 'The hyperbolic tangent.', java.tanh, { sql: 'TANH(0)', result: '0E0' }),
  ofDouble('DEGREES', 'Radians to degrees.', (x) => x * (180 / Math.PI), { sql: 'DEGREES(PI())', result: '180E0' }),
  ofDouble('RADIANS', 'Degrees to radians.', (x) => x * (Math.PI / 180), { sql: 'RADIANS(180)', result: 'PI()' }),
];
