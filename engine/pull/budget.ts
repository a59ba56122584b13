import { WeirError } from '../base/errors.js';
import { Decimal } from '../values/decimal.js';
import type { Value } from '../values/value.js';
import type { Row } from './rows.js';

/** Bytes that all operators of one pull query may hold together. */
export class Budget {
  private held = 0;

  constructor(private readonly maxBytes: number) {}

  /** @throws LIMIT_EXCEEDED; `what` is for the message: "ORDER BY" */
  take(bytes: number, what: string): void {
    this.held += bytes;
    if (this.held <= this.maxBytes) return;
    throw new WeirError(
      'LIMIT_EXCEEDED',
      `${what} of the pull query would hold more than ${this.maxBytes} bytes (weir.query.pull.max.bytes).`,
      'Narrow it with WHERE, add LIMIT to ORDER BY, or let a persistent query keep the result as a table.',
    );
  }

  release(bytes: number): void {
    this.held -= bytes;
  }
}

/** About the bytes that a row takes in memory. */
export const rowBytes = (row: Row): number => row.reduce<number>((sum, v) => sum + valueBytes(v), 32);

export function valueBytes(v: Value): number {
  if (typeof v === 'string') return 24 + 2 * v.length;
  if (v === null || typeof v !== 'object') return 16;
  if (v instanceof Decimal) return 56;
  if (v instanceof Uint8Array) return 96 + v.length;
  let sum = 48;
  if (v instanceof Map) for (const [key, value] of v) sum += 32 + valueBytes(key) + valueBytes(value);
  else for (const element of v) sum += valueBytes(element);
  return sum;
}
