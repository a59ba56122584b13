import { replace, walk } from '../analyzer/index.js';
import type { TypedExpr } from '../plan/expr.js';
import type { LogicalPlan, ScanPlan } from './logical.js';

/** Columns by position: what a step looks at of the rows below it. */
export interface Used {
  readonly key: ReadonlySet<number>;
  readonly value: ReadonlySet<number>;
}

/** The columns that expressions look at. */
export function usedBy(exprs: Iterable<TypedExpr>): Used {
  const key = new Set<number>();
  const value = new Set<number>();
  for (const expr of exprs) {
    walk(expr, (part) => {
      if (part.kind === 'column') (part.from === 'key' ? key : value).add(part.index);
    });
  }
  return { key, value };
}

/** Everything that a plan gives. */
export const everything = (plan: LogicalPlan): Used => ({
  key: new Set(plan.schema.key.keys()),
  value: new Set(plan.schema.value.keys()),
});

const union = (a: Used, b: Used): Used => ({
  key: new Set([...a.key, ...b.key]),
  value: new Set([...a.value, ...b.value]),
});
const keysOf = (plan: LogicalPlan): Used => ({ key: new Set(plan.schema.key.keys()), value: new Set() });
const sorted = (set: ReadonlySet<number>): readonly number[] => [...set].sort((a, b) => a - b);

/** A plan with fewer columns: `at` says where a value column went that is still there. */
export interface Pruned {
  readonly plan: LogicalPlan;
  at(index: number): number;
}

const stay = (index: number): number => index;

/** An expression over rows whose value columns have moved. */
export const moveColumns = (expr: TypedExpr, at: (index: number) => number): TypedExpr =>
  at === stay
    ? expr
    : replace(expr, (part) =>
        part.kind === 'column' && part.from === 'value' ? { ...part, index: at(part.index) } : undefined,
      );

/**
 * Leaves out what nothing above looks at: scans decode only the columns that are used, projections and re-keyings compute
 * only those, so that repartitions and joins carry and keep no others.
 */
export function pruneColumns(plan: LogicalPlan, used: Used): Pruned {
  switch (plan.kind) {
    case 'scan': {
      // A row of a table is known by its key; the time of a record may be one of its columns.
      const wanted = union(plan.table ? union(used, keysOf(plan)) : used, timestampOf(plan));
      return { plan: { ...plan, needed: { key: sorted(wanted.key), value: sorted(wanted.value) } }, at: stay };
    }
    case 'filter': {
      const below = pruneColumns(plan.input, union(used, usedBy([plan.predicate])));
      const predicate = moveColumns(plan.predicate, below.at);
      return { plan: { ...plan, input: below.plan, predicate, schema: below.plan.schema }, at: below.at };
    }
    case 'materialize': {
      const below = pruneColumns(plan.input, used);
      return { plan: { ...plan, input: below.plan, schema: below.plan.schema }, at: below.at };
    }
    case 'flatMap': {
      const own = plan.input.schema.value.length;
      const passed: Used = { key: used.key, value: new Set([...used.value].filter((i) => i < own)) };
      const below = pruneColumns(plan.input, union(passed, usedBy(plan.calls)));
      const width = below.plan.schema.value.length;
      const schema = { key: plan.schema.key, value: [...below.plan.schema.value, ...plan.schema.value.slice(own)] };
      const calls = plan.calls.map((c) => moveColumns(c, below.at) as typeof c);
      const at = below.at === stay ? stay : (i: number): number => (i < own ? below.at(i) : i - own + width);
      return { plan: { ...plan, input: below.plan, calls, schema }, at };
    }
    case 'project':
    case 'rekey': {
      const kept = sorted(used.value);
      const exprs = kept.map((i) => plan.value[i]!);
      const key = plan.key === null ? keysOf(plan.input) : usedBy(plan.key);
      const below = pruneColumns(plan.input, union(key, usedBy(exprs)));
      const move = (e: TypedExpr): TypedExpr => moveColumns(e, below.at);
      const shared = {
        input: below.plan,
        value: exprs.map(move),
        schema: { key: plan.schema.key, value: kept.map((i) => plan.schema.value[i]!) },
      };
      const at = kept.length === plan.value.length ? stay : (i: number): number => kept.indexOf(i);
      return plan.kind === 'rekey'
        ? { plan: { ...plan, ...shared, key: plan.key.map(move) }, at }
        : { plan: { ...plan, ...shared, key: plan.key?.map(move) ?? null }, at };
    }
    case 'aggregate': {
      const below = pruneColumns(plan.input, union(keysOf(plan.input), usedBy(plan.calls.flatMap((c) => c.args))));
      const calls = plan.calls.map((c) => ({ ...c, args: c.args.map((a) => moveColumns(a, below.at)) }));
      return { plan: { ...plan, input: below.plan, calls }, at: stay };
    }
    case 'join': {
      const width = plan.left.schema.value.length;
      const own = plan.foreignKey === null ? new Set<number>() : usedBy([plan.foreignKey]).value;
      const lefts = new Set([...[...used.value].filter((i) => i < width), ...own]);
      const rights = new Set([...used.value].filter((i) => i >= width).map((i) => i - width));
      const left = pruneColumns(plan.left, { key: keysOf(plan.left).key, value: lefts });
      const right = pruneColumns(plan.right, { key: keysOf(plan.right).key, value: rights });
      const leftWidth = left.plan.schema.value.length;
      return {
        plan: {
          ...plan,
          left: left.plan,
          right: right.plan,
          foreignKey: plan.foreignKey === null ? null : moveColumns(plan.foreignKey, left.at),
          schema: { key: plan.schema.key, value: [...left.plan.schema.value, ...right.plan.schema.value] },
        },
        at: (i) => (i < width ? left.at(i) : leftWidth + right.at(i - width)),
      };
    }
  }
}

function timestampOf(plan: ScanPlan): Used {
  const name = plan.source.timestamp?.column;
  const at = (columns: readonly { readonly name: string }[]): ReadonlySet<number> =>
    new Set([...columns.keys()].filter((i) => columns[i]!.name === name));
  return { key: at(plan.schema.key), value: at(plan.schema.value) };
}
