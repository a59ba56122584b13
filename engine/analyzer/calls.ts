import type { Expression, FunctionCall } from '../../parser/ast.js';

/** COUNT(*) as ksqlDB's messages show it. */
export function countRows(call: FunctionCall): FunctionCall {
  if (!call.star) return call;
  const name = { kind: 'Identifier', name: 'ROWTIME', quoted: false, span: call.span } as const;
  return { ...call, star: false, args: [{ kind: 'ColumnRef', name, span: call.span }] };
}

/** Function calls in an expression, outer ones first. */
export function callsIn(node: Expression): readonly FunctionCall[] {
  const found: FunctionCall[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      if ((value as { kind?: string }).kind === 'FunctionCall') found.push(value as FunctionCall);
      for (const [key, part] of Object.entries(value)) if (key !== 'span') visit(part);
    }
  };
  visit(node);
  return found;
}
