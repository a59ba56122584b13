import { sameExpr } from '../analyzer/index.js';
import type { TypedExpr } from '../types/expr.js';
import { columnsOf, type LogicalPlan, mapInputs } from './logical.js';

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
  return rule.apply(mapInputs(plan, (input) => bottomUp(input, rule)));
}

/** Marks the scans of tables whose latest rows must be kept. */
export function storeTables(plan: LogicalPlan, needed: boolean): LogicalPlan {
  switch (plan.kind) {
    case 'scan':
      return { ...plan, stored: plan.stored || (needed && plan.table) };
    case 'aggregate':
      // Taking a row out of its group needs the row as it was.
      return mapInputs(plan, (input) => storeTables(input, input.table));
    case 'join':
      // Joins keep what they need, but a foreign key that changes must be known as it was.
      return {
        ...plan,
        left: storeTables(plan.left, plan.flavour === 'foreignKey'),
        right: storeTables(plan.right, false),
      };
    case 'materialize':
      return mapInputs(plan, (input) => storeTables(input, false));
    default:
      return mapInputs(plan, (input) => storeTables(input, needed));
  }
}
