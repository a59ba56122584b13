import type { SortKey } from '../plan/pull-plan.js';
import { compareValues } from '../values/compare.js';
import type { Value } from '../values/value.js';
import { rowBytes } from './budget.js';
import { rowEvaluators } from './evaluators.js';
import type { PullParts } from './operator-parts.js';
import { BATCH_ROWS, type Row, type RowBatches } from './rows.js';

interface Entry {
  readonly keys: readonly Value[];
  readonly row: Row;
  /** Rows that are equal in their keys stay in the order in which they came. */
  readonly place: number;
}

/**
 * All rows in order; with `top` only so many, and then no more than twice as many are held at a time. What is held counts
 * against the query's budget.
 */
export async function* sortRows(
  input: RowBatches,
  keys: readonly SortKey[],
  top: number | null,
  parts: PullParts,
): RowBatches {
  if (top === 0) return;
  const { budget } = parts;
  const keysOf = rowEvaluators(
    keys.map((k) => k.expr),
    parts,
  );
  const compare = comparator(keys);
  const wanted = top ?? Number.POSITIVE_INFINITY;
  let entries: Entry[] = [];
  let place = 0;
  /** Once `wanted` rows are sorted: the last of them. What comes behind it is not wanted. */
  let last: Entry | undefined;
  const cut = (): void => {
    entries.sort(compare);
    for (const { row } of entries.splice(wanted)) budget.release(rowBytes(row));
    last = entries[wanted - 1];
  };
  for await (const rows of input) {
    for (const row of rows) {
      const entry = { keys: keysOf(row), row, place: place++ };
      if (last !== undefined && compare(entry, last) > 0) continue;
      budget.take(rowBytes(row), 'ORDER BY');
      entries.push(entry);
      if (entries.length >= 2 * wanted) cut();
    }
  }
  cut();
  while (entries.length > 0) {
    const given = entries.slice(0, BATCH_ROWS).map((e) => e.row);
    entries = entries.slice(BATCH_ROWS);
    yield given;
  }
}

function comparator(keys: readonly SortKey[]): (a: Entry, b: Entry) => number {
  const orders = keys.map(({ expr, descending, nullsFirst }) => {
    const order = compareValues(expr.type) as (a: Value, b: Value) => number;
    const nulls = nullsFirst ? -1 : 1;
    return (a: Value, b: Value): number => {
      if (a === null || b === null) return a === b ? 0 : a === null ? nulls : -nulls;
      return descending ? order(b, a) : order(a, b);
    };
  });
  return (a, b) => {
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i]!(a.keys[i]!, b.keys[i]!);
      if (order !== 0) return order;
    }
    return a.place - b.place;
  };
}
