import type { ColumnRef, Expression, FunctionCall, IntervalUnit } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import type { FunctionConfig, FunctionRegistry } from '../functions/index.js';
import type { AggregateCall, LiteralExpr, TypedExpr } from '../plan/expr.js';
import { printType, type SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import { listed } from './errors.js';
import { typeOf } from './literals.js';
import { problem } from './problem.js';
import type { TextOf } from './text.js';

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

/** Here functions are only asked for the types of their states, and whether they take their constants. */
const NO_CONFIG: FunctionConfig = { properties: {}, now: () => 0, random: () => 0, uuid: () => '' };

const constant = (e: LiteralExpr): { readonly type: SqlType; readonly value: Value } => ({
  type: e.type,
  value: e.type.kind === 'BIGINT' && e.value !== null ? Number(e.value) : e.value,
});

/** The type of an aggregate's state in ksqlDB. Throws a RangeError where its constants make no sense: LATEST_BY_OFFSET(x, 0). */
export function stateTypeOf(functions: FunctionRegistry, call: AggregateCall): SqlType {
  const types = call.args.map((a) => a.type);
  const init = call.init.map(constant);
  const impl = functions.aggregateImpl(call.name, call.overload, types, init, call.type, NO_CONFIG, false);
  return impl.intermediateType ?? impl.stateType;
}

/** Constants that an aggregate refuses are an error of the statement, not of the query that it starts. */
export function checkConstants(functions: FunctionRegistry, call: AggregateCall, span: Span): void {
  if (call.init.length === 0) return;
  try {
    stateTypeOf(functions, call);
  } catch (e) {
    if (e instanceof RangeError) problem(e.message, span);
    throw e;
  }
}

/** "B is STRING." for each argument that is a column or a field: a hint where a function does not take them. */
export function columnTypes(
  nodes: readonly Expression[],
  exprs: readonly (TypedExpr | null)[],
  text: TextOf,
): string | undefined {
  const known = nodes.flatMap((node, i) => {
    const expr = exprs[i] ?? null;
    const type = expr === null ? null : typeOf(expr);
    const isNamed = node.kind === 'ColumnRef' || node.kind === 'StructAccess';
    return isNamed && type !== null ? [`${text(node)} is ${printType(type)}`] : [];
  });
  return known.length === 0 ? undefined : `${listed(known)}.`;
}

/** A unit such as SECOND where a column of that name may be meant. */
export const unitAsColumn = ({ name, span }: IntervalUnit): ColumnRef => ({ kind: 'ColumnRef', name, span });
