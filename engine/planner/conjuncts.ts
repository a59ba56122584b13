import type { TypedExpr } from '../plan/expr.js';
import { BOOLEAN } from '../values/sql-type.js';

/** The parts of a condition that must all hold. */
export function conjuncts(e: TypedExpr): readonly TypedExpr[] {
  return e.kind === 'logic' && e.op === 'AND' ? [...conjuncts(e.left), ...conjuncts(e.right)] : [e];
}

export const and = (left: TypedExpr, right: TypedExpr): TypedExpr => ({
  kind: 'logic',
  op: 'AND',
  left,
  right,
  type: BOOLEAN,
});
