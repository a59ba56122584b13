import type { PullJoin } from '../plan/pull-plan.js';
import type { Value } from '../values/value.js';
import { rowBytes } from './budget.js';
import { rowEvaluators } from './evaluators.js';
import type { PullParts } from './operator-parts.js';
import { rowKey } from './row-key.js';
import { BATCH_ROWS, type Row, type RowBatches } from './rows.js';

/** A row of the right side, and whether a row of the left has met it. */
interface Kept {
  readonly row: Row;
  matched: boolean;
}

/**
 * A hash join: keeps the right side, which counts against the query's budget, and lets the left one stream past. A key with a
 * NULL in it equals none.
 */
export async function* joinRows(left: RowBatches, right: RowBatches, node: PullJoin, parts: PullParts): RowBatches {
  const { joinType } = node;
  const keepsLeft = joinType === 'LEFT' || joinType === 'FULL';
  const keepsRight = joinType === 'RIGHT' || joinType === 'FULL';
  const keyOf = rowKey(node.leftKeys.map((k) => k.type));
  const leftKeys = rowEvaluators(node.leftKeys, parts);
  const rightKeys = rowEvaluators(node.rightKeys, parts);
  const noLeft = new Array<Value>(node.leftWidth).fill(null);
  const noRight = new Array<Value>(node.rightWidth).fill(null);
  const byKey = new Map<unknown, Kept[]>();
  const kept: Kept[] = [];
  for await (const rows of right) {
    for (const row of rows) {
      const keys = rightKeys(row);
      const meets = keys.every(isPresent);
      if (!meets && !keepsRight) continue;
      parts.budget.take(rowBytes(row) + KEPT_BYTES, 'JOIN');
      const entry = { row, matched: false };
      if (keepsRight) kept.push(entry);
      if (!meets) continue;
      const key = keyOf(keys);
      const twins = byKey.get(key);
      if (twins === undefined) byKey.set(key, [entry]);
      else twins.push(entry);
    }
  }
  let given: Row[] = [];
  for await (const rows of left) {
    for (const row of rows) {
      const keys = leftKeys(row);
      const matches = keys.every(isPresent) ? byKey.get(keyOf(keys)) : undefined;
      if (matches === undefined) {
        if (keepsLeft) given.push([...row, ...noRight]);
        continue;
      }
      for (const match of matches) {
        match.matched = true;
        given.push([...row, ...match.row]);
        if (given.length < BATCH_ROWS) continue;
        yield given;
        given = [];
      }
    }
    if (given.length > 0) yield given;
    given = [];
  }
  for (const entry of kept) {
    if (entry.matched) continue;
    given.push([...noLeft, ...entry.row]);
    if (given.length < BATCH_ROWS) continue;
    yield given;
    given = [];
  }
  if (given.length > 0) yield given;
}

/** Of a row that is kept, beside the row. */
const KEPT_BYTES = 64;

const isPresent = (v: Value): boolean => v !== null;
