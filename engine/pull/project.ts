import type { TypedExpr } from '../plan/expr.js';
import { rowEvaluators } from './evaluators.js';
import type { PullParts } from './operator-parts.js';
import type { RowBatches } from './rows.js';

/** Rows of other columns. */
export async function* projectRows(input: RowBatches, columns: readonly TypedExpr[], parts: PullParts): RowBatches {
  const project = rowEvaluators(columns, parts);
  for await (const rows of input) yield rows.map(project);
}
