import type { TypedExpr } from '../plan/expr.js';
import { rowEvaluator } from './evaluators.js';
import type { PullParts } from './operator-parts.js';
import type { RowBatches } from './rows.js';

/** Rows for which the condition is true. */
export async function* filterRows(input: RowBatches, predicate: TypedExpr, parts: PullParts): RowBatches {
  const holds = rowEvaluator(predicate, parts);
  for await (const rows of input) {
    const kept = rows.filter((row) => holds(row) === true);
    if (kept.length > 0) yield kept;
  }
}
