import { newRecord } from '../operators/task-record.js';
import type { TypedExpr } from '../plan/expr.js';
import { NO_WINDOW } from '../records/record.js';
import type { Value } from '../values/value.js';
import type { PullParts } from './operator-parts.js';
import type { Row } from './rows.js';

/** An expression over rows; NULL where it fails, which the processing log is told. */
export function rowEvaluator(expr: TypedExpr, { env }: PullParts): (row: Row) => Value {
  // Most are columns as they are.
  if (expr.kind === 'column') return (row) => row[expr.index]!;
  const run = env.compile(expr, 'pull');
  const record = newRecord();
  record.windowStart = NO_WINDOW;
  return (row) => {
    record.value = row as Value[];
    return run(record);
  };
}

export function rowEvaluators(exprs: readonly TypedExpr[], parts: PullParts): (row: Row) => Value[] {
  const all = exprs.map((e) => rowEvaluator(e, parts));
  return (row) => all.map((f) => f(row));
}
