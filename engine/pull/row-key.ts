import { hashKey } from '../values/compare.js';
import type { SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';

/** What a Map can go by. */
export type RowKey = Value | undefined;

/** A primitive that is the same for equal values of these types and differs for others; NULL is equal to NULL. */
export function rowKey(types: readonly SqlType[]): (values: readonly Value[]) => RowKey {
  const parts = types.map((t) => hashKey(t));
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return ([v]) => only(v!);
  return (values) =>
    parts
      .map((part, i) => {
        const k = part(values[i]!);
        if (k === null) return '-';
        const text = String(k);
        return `${text.length}:${text}`;
      })
      .join('');
}
