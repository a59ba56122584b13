import type { Decimal } from './decimal.js';

/**
 * What a column holds at run time, by SQL type:
 *
 * | SQL type  | JavaScript                                                                                     |
 * |-----------|------------------------------------------------------------------------------------------------|
 * | BOOLEAN   | boolean                                                                                        |
 * | INTEGER   | number, an integer in [-2^31, 2^31)                                                            |
 * | BIGINT    | number where it is a safe integer, bigint beyond: one form for each value, so `===` is equality |
 * | DOUBLE    | number                                                                                         |
 * | DECIMAL   | Decimal (unscaled bigint and scale)                                                            |
 * | STRING    | string                                                                                         |
 * | BYTES     | Uint8Array                                                                                     |
 * | TIME      | number, milliseconds of the day                                                                |
 * | DATE      | number, days since 1970-01-01                                                                  |
 * | TIMESTAMP | number, milliseconds since the epoch                                                           |
 * | ARRAY     | array                                                                                          |
 * | MAP       | Map, keys in the form of the key type                                                          |
 * | STRUCT    | array, one entry a field, in the order of the type's fields                                      |
 *
 * SQL NULL is `null`, never `undefined`.
 */
export type Value = null | boolean | number | bigint | string | Decimal | Uint8Array | ArrayValue | MapValue;
export type ArrayValue = Value[];
export type MapValue = Map<Value, Value>;

/** Brings a BIGINT into its one form: number if safe, else bigint, wrapped to 64 bits as Java does. */
export function bigintValue(v: bigint): number | bigint {
  const w = BigInt.asIntN(64, v);
  return w >= -9007199254740991n && w <= 9007199254740991n ? Number(w) : w;
}
