import type * as ast from '../../parser/ast.js';
import type { TypedExpr } from '../types/expr.js';
import { array, map, struct } from '../types/sql-type.js';
import { coerceAll, type Written } from './coerce.js';
import { problem } from './problem.js';
import type { TextOf } from './text.js';

const ISSUE = '(see https://github.com/confluentinc/ksql/issues/4239)';

/** CASE, its conditions typed already; `results` are the THENs and then ELSE, which are brought to one type. */
export function caseOf(
  node: ast.SearchedCase | ast.SimpleCase,
  conditions: readonly TypedExpr[],
  results: readonly Written[],
  textOf: TextOf,
): TypedExpr {
  const { exprs, type } = coerceAll(results, textOf);
  if (type === null) problem('Invalid Case expression. All case branches have NULL type', node.span);
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

export function structOf(node: ast.StructConstructor, fields: readonly TypedExpr[]): TypedExpr {
  const names = node.entries.map((e) => e.name.name);
  if (new Set(names).size !== names.length) problem('Duplicate field names found in STRUCT', node.span);
  return { kind: 'struct', fields, type: struct(names.map((name, i) => ({ name, type: fields[i]!.type }))) };
}
