import type * as ast from '../../parser/ast.js';
import type { TypedExpr } from '../plan/expr.js';
import { array, map, printType, type SqlType, struct, typeEquals } from '../values/sql-type.js';
import { castTo, coerceAll, type Written } from './coerce.js';
import { typeOf } from './literals.js';
import { problem } from './problem.js';
import type { TextOf } from './text.js';
import { type Spelling, spelled } from './written-names.js';

const ISSUE = '(see https://github.com/confluentinc/ksql/issues/4239)';

/**
 * CASE, its conditions typed already; `results` are the THENs and then ELSE. All that are not NULL must be of one type, as
 * ksqlDB demands.
 */
export function caseOf(
  node: ast.SearchedCase | ast.SimpleCase,
  conditions: readonly TypedExpr[],
  results: readonly Written[],
  textOf: TextOf,
): TypedExpr {
  let first: { readonly text: string; readonly type: SqlType } | undefined;
  for (const [i, { node: result, expr }] of results.entries()) {
    const type = typeOf(expr);
    if (type === null) continue;
    if (first === undefined) {
      first = { text: textOf(result), type };
    } else if (!typeEquals(type, first.type)) {
      problem(
        i < node.whens.length
          ? "Invalid Case expression. Type for all 'THEN' clauses should be the same.\n" +
              `THEN expression '${first.text}' has type: ${printType(first.type)}.\n` +
              `THEN expression '${textOf(result)}' has type: ${printType(type)}.`
          : "Invalid Case expression. Type for the default clause should be the same as for 'THEN' clauses.\n" +
              `THEN type: ${printType(first.type)}.\nDEFAULT type: ${printType(type)}.`,
        result.span,
        'CAST one of the two.',
      );
    }
  }
  const type = first?.type;
  if (type === undefined) return problem('Invalid Case expression. All case branches have NULL type', node.span);
  const exprs = results.map((r) => castTo(r.expr, type));
  return {
    kind: 'case',
    // biome-ignore lint/suspicious/noThenProperty: the field's name in TypedExpr; never awaited
    branches: conditions.map((when, i) => ({ when, then: exprs[i]! })),
    otherwise: node.otherwise === undefined ? null : exprs[exprs.length - 1]!,
    type,
  };
}

export function arrayOf(node: ast.ArrayConstructor, elements: readonly Written[], textOf: TextOf): TypedExpr {
  if (elements.length === 0) {
    problem(`Array constructor cannot be empty. Please supply at least one element ${ISSUE}.`, node.span);
  }
  const { exprs, type } = coerceAll(elements, textOf);
  if (type === null) {
    return problem(
      `Cannot construct an array with all NULL elements ${ISSUE}. ` +
        'As a workaround, you may cast a NULL value to the desired type.',
      node.span,
    );
  }
  return { kind: 'array', elements: exprs, type: array(type) };
}

export function mapOf(
  node: ast.MapConstructor,
  keys: readonly Written[],
  values: readonly Written[],
  textOf: TextOf,
): TypedExpr {
  if (keys.length === 0) {
    problem(`Map constructor cannot be empty. Please supply at least one key value pair ${ISSUE}.`, node.span);
  }
  const allNull = (what: 'key' | 'value'): never =>
    problem(
      `Cannot construct a map with all NULL ${what}s ${ISSUE}. As a workaround, you may cast a NULL ${what} to the desired type.`,
      node.span,
    );
  const k = coerceAll(keys, textOf);
  const v = coerceAll(values, textOf);
  if (k.type === null) return allNull('key');
  if (v.type === null) return allNull('value');
  return {
    kind: 'map',
    entries: k.exprs.map((key, i) => ({ key, value: v.exprs[i]! })),
    type: map(k.type, v.type),
  };
}

export function structOf(
  node: ast.StructConstructor,
  fields: readonly TypedExpr[],
  spelling: Spelling | undefined,
): TypedExpr {
  const names = node.entries.map((e) => e.name.name);
  const twin = node.entries.find((e, i) => names.indexOf(e.name.name) < i);
  if (twin !== undefined) problem('Duplicate field names found in STRUCT', twin.name.span);
  const typed = node.entries.map(({ name }, i) => ({
    ...spelled(name.name, spelling?.(name)),
    type: fields[i]!.type,
  }));
  return { kind: 'struct', fields, type: struct(typed) };
}
