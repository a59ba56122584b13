import { sameExpr, walk } from '../analyzer/index.js';
import type { TypedExpr } from '../types/expr.js';
import { columnsOf, type LogicalPlan } from './logical.js';

/** A rewriting of a whole plan into one with the same meaning. */
export interface Rule {
  readonly name: string;
  /** The node instead of `node`, whose inputs are rewritten already; `node` itself where the rule does not apply. */
  apply(node: LogicalPlan): LogicalPlan;
}

/** WHERE TRUE keeps every row. */
const dropTrueFilter: Rule = {
  name: 'drop-true-filter',
  apply: (node) =>
    node.kind === 'filter' && node.predicate.kind === 'literal' && node.predicate.value === true ? node.input : node,
};

/** Two filters in a row are one. */
const mergeFilters: Rule = {
  name: 'merge-filters',
  apply: (node) => {
    if (node.kind !== 'filter' || node.having || node.input.kind !== 'filter' || node.input.having) return node;
    const predicate: TypedExpr = {
      kind: 'logic',
      op: 'AND',
      left: node.input.predicate,
      right: node.predicate,
      type: node.predicate.type,
    };
    return { ...node.input, predicate };
  },
};

/** A new key that is the old key, column by column, moves no row. */
const keepPartitioning: Rule = {
  name: 'keep-partitioning',
  apply: (node) => {
    if (node.kind !== 'rekey' || !node.moves) return node;
    const own = columnsOf('key', node.input.schema.key);
    const same =
      own.length > 0 &&
      own.length === node.key.length &&
      node.key.every((k, i) => k.kind === 'column' && k.from === 'key' && k.index === i);
    return same ? { ...node, moves: false } : node;
  },
};

/** A key that stays is no re-keying at all, unless rows without a key are to go. */
const rekeyToProject: Rule = {
  name: 'rekey-to-project',
  apply: (node) => {
    if (node.kind !== 'rekey' || node.moves || node.dropNullKey) return node;
    const { input, value, schema, table, window } = node;
    return { kind: 'project', input, key: null, value, schema, table, window };
  },
};

/** A projection that gives every column as it was does nothing. */
const dropIdentityProject: Rule = {
  name: 'drop-identity-project',
  apply: (node) => {
    if (node.kind !== 'project' || node.key !== null) return node;
    const own = columnsOf('value', node.input.schema.value);
    const same = own.length === node.value.length && own.every((c, i) => sameColumn(c, node.value[i]!));
    // A scan's header columns are no part of what is written behind it.
    const headers = node.input.schema.value.some((c) => 'headers' in c);
    return same && !headers ? node.input : node;
  },
};

const sameColumn = (a: TypedExpr, b: TypedExpr): boolean => sameExpr(a, b);

export const RULES: readonly Rule[] = [
  dropTrueFilter,
  mergeFilters,
  keepPartitioning,
  rekeyToProject,
  dropIdentityProject,
];

/** The plan after all rules, bottom up, each rule once, in order. */
export function optimize(plan: LogicalPlan, rules: readonly Rule[] = RULES): LogicalPlan {
  return rules.reduce((p, rule) => bottomUp(p, rule), plan);
}

function bottomUp(plan: LogicalPlan, rule: Rule): LogicalPlan {
  return rule.apply(plan.kind === 'scan' ? plan : { ...plan, input: bottomUp(plan.input, rule) });
}

/** Columns by position: what a step reads of the rows below it. */
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

const union = (a: Used, b: Used): Used => ({
  key: new Set([...a.key, ...b.key]),
  value: new Set([...a.value, ...b.value]),
});
const allKeys = (plan: LogicalPlan): Used => ({ key: new Set(plan.schema.key.keys()), value: new Set() });
/** Everything that a plan gives. */
export const everything = (plan: LogicalPlan): Used => ({
  key: new Set(plan.schema.key.keys()),
  value: new Set(plan.schema.value.keys()),
});

/** Tells the scans which columns anything above looks at: only those are decoded. */
export function pruneColumns(plan: LogicalPlan, used: Used): LogicalPlan {
  switch (plan.kind) {
    case 'scan': {
      // A row of a table is known by its key; the time of a record may be one of its columns.
      const wanted = union(plan.stored || plan.table ? union(used, allKeys(plan)) : used, timestampOf(plan));
      return { ...plan, needed: { key: sorted(wanted.key), value: sorted(wanted.value) } };
    }
    case 'filter':
      return { ...plan, input: pruneColumns(plan.input, union(used, usedBy([plan.predicate]))) };
    case 'flatMap': {
      const own = plan.input.schema.value.length;
      const below: Used = { key: used.key, value: new Set([...used.value].filter((i) => i < own)) };
      return { ...plan, input: pruneColumns(plan.input, union(below, usedBy(plan.calls))) };
    }
    case 'project': {
      const key = plan.key === null ? allKeys(plan.input) : usedBy(plan.key);
      return { ...plan, input: pruneColumns(plan.input, union(key, usedBy(plan.value))) };
    }
    case 'rekey':
      return { ...plan, input: pruneColumns(plan.input, usedBy([...plan.key, ...plan.value])) };
    case 'aggregate':
      return {
        ...plan,
        input: pruneColumns(plan.input, union(allKeys(plan.input), usedBy(plan.calls.flatMap((c) => c.args)))),
      };
  }
}

function timestampOf(plan: Extract<LogicalPlan, { kind: 'scan' }>): Used {
  const name = plan.source.timestamp?.column;
  const at = (columns: readonly { readonly name: string }[]): ReadonlySet<number> =>
    new Set([...columns.keys()].filter((i) => columns[i]!.name === name));
  return { key: at(plan.schema.key), value: at(plan.schema.value) };
}

const sorted = (set: ReadonlySet<number>): readonly number[] => [...set].sort((a, b) => a - b);

/** Marks the scans of tables whose latest rows must be kept. */
export function storeTables(plan: LogicalPlan, needed: boolean): LogicalPlan {
  switch (plan.kind) {
    case 'scan':
      return { ...plan, stored: plan.stored || (needed && plan.table) };
    case 'aggregate':
      // Taking a row out of its group needs the row as it was.
      return { ...plan, input: storeTables(plan.input, plan.input.table) };
    default:
      return { ...plan, input: storeTables(plan.input, needed) };
  }
}
