import { WeirError } from '../types/errors.js';
import type { FormatRef } from '../types/topology.js';
import type { CoderContext } from './format.js';

/**
 * Whether the columns are fields of a record, or one column is the payload itself: single key columns are never wrapped,
 * single value columns unless WRAP_SINGLE_VALUE=false (https://docs.confluent.io: single field (un)wrapping).
 */
export function isWrapped({ columns, isKey, ref }: CoderContext, byDefault: boolean): boolean {
  if (columns.length !== 1) return true;
  return ref.wrapSingle ?? (isKey ? false : byDefault);
}

/** Refuses properties of the WITH clause that mean nothing to this format. */
export function rejectProperties(format: string, ref: FormatRef, allowed: readonly string[]): void {
  const unknown = Object.keys(ref.properties).filter((p) => !allowed.includes(p));
  if (unknown.length > 0) {
    throw new WeirError('BAD_STATEMENT', `${format} does not support the following configs: [${unknown.join(', ')}]`);
  }
}
