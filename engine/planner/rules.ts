import { replace, sameExpr, walk } from '../analyzer/index.js';
import type { TypedExpr } from '../plan/expr.js';
import { and, conjuncts } from './conjuncts.js';
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

/**
 * What WHERE asks of the stream alone is asked before a stream-table join, and so before the repartition in front of it.
 * The table's changes give no rows of their own, so nothing else can tell the difference.
 */
const filterBeforeJoin: Rule = {
  name: 'filter-before-join',
  apply: (node) => {
    if (node.kind !== 'filter' || node.having || node.input.kind !== 'join') return node;
    const join = node.input;
    const { left } = join;
    if (join.flavour !== 'streamTable' || (left.kind !== 'project' && left.kind !== 'rekey')) return node;
    const width = left.schema.value.length;
    const parts = conjuncts(node.predicate);
    const mine = parts.filter((p) => ofLeft(p, width));
    if (mine.length === 0) return node;
    const rest = parts.filter((p) => !mine.includes(p));
    const { input } = left;
    const predicate = mine.map((p) => inlined(p, left.value)).reduce(and);
    const below: LogicalPlan = {
      kind: 'filter',
      input,
      predicate,
      having: false,
      schema: input.schema,
      table: input.table,
      window: input.window,
    };
    const filtered: LogicalPlan = { ...join, left: { ...left, input: below } };
    return rest.length === 0 ? filtered : { ...node, input: filtered, predicate: rest.reduce(and) };
  },
};

function ofLeft(expr: TypedExpr, width: number): boolean {
  let own = true;
  walk(expr, (part) => {
    if (part.kind === 'pseudo' || (part.kind === 'column' && (part.from === 'key' || part.index >= width))) own = false;
  });
  return own;
}

/** An expression over the columns `value` as one over what these are computed from. */
const inlined = (expr: TypedExpr, value: readonly TypedExpr[]): TypedExpr =>
  replace(expr, (part) => (part.kind === 'column' && part.from === 'value' ? value[part.index] : undefined));

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

const RULES: readonly Rule[] = [
  dropTrueFilter,
  filterBeforeJoin,
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
      // Joins keep what they need. But of a foreign key that changes, the old one must be known.
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
