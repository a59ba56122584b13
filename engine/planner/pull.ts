import {
  type ResolvedQuery,
  type ResolvedRelation,
  type ResolvedSelect,
  type ResolvedSourceRelation,
  replace,
  type SelectColumn,
  sideColumns,
  walk,
} from '../analyzer/index.js';
import { WeirError } from '../base/errors.js';
import type { TypedExpr } from '../plan/expr.js';
import type { NodeFacts, NodeId } from '../plan/node-facts.js';
import { factsOf } from '../plan/nodes.js';
import type { PullNode, PullPlan, TableReadPlan } from '../plan/pull-plan.js';
import type { Topology, TopologyNode } from '../plan/topology.js';
import { and, conjuncts } from './conjuncts.js';
import { constraints } from './pull-keys.js';

/** What gives the rows of a stream, up to its end: a select list (`columns`) over those that pass `where`. */
type StreamTopology = (columns: readonly TypedExpr[], where: TypedExpr | null) => Topology;

/**
 * A pull query as operators over reads of tables. What one table alone can answer (its part of WHERE, the expressions that
 * are wanted of its rows) goes into the read of that table; the rest stands above.
 */
export function planPullQuery(statement: ResolvedSelect, stream: StreamTopology): PullPlan {
  const { query } = statement;
  const planner = new PullPlanner(statement, stream);
  return {
    root: planner.plan(),
    columns: query.select.map((c) => ({ name: c.name, type: c.expr.type, key: isKeyColumn(c) })),
  };
}

/** Key columns of the result: those of the key, and its window. */
const isKeyColumn = (c: SelectColumn): boolean =>
  c.key !== null || (c.expr.kind === 'pseudo' && c.expr.name.startsWith('WINDOW'));

class PullPlanner {
  private readonly query: ResolvedQuery;

  constructor(
    private readonly statement: ResolvedSelect,
    private readonly stream: StreamTopology,
  ) {
    this.query = statement.query;
  }

  plan(): PullNode {
    const { select, orderBy, distinct, limit, offset } = this.query;
    // Each row is the select list, and behind it what else the order goes by.
    const row = new RowLayout(select.map((c) => c.expr));
    const sortKeys = orderBy.map((k) => ({ ...k, expr: row.slot(k.expr) }));
    let node = this.rows(row.columns);
    if (distinct) node = { kind: 'distinct', input: node };
    if (sortKeys.length > 0) {
      node = { kind: 'sort', input: node, keys: sortKeys, top: limit === null ? null : limit + offset };
    }
    if (row.columns.length > select.length) {
      node = { kind: 'project', input: node, columns: select.map((_, i) => row.column(i)) };
    }
    if (limit === null && offset === 0) return node;
    if (node.kind === 'table' && offset === 0) return { kind: 'table', read: { ...node.read, limit } };
    return { kind: 'limit', input: node, offset, limit };
  }

  /** Rows of `columns`, which are over what the query's shape gives. */
  private rows(columns: readonly TypedExpr[]): PullNode {
    const { relation, where, shape, having } = this.query;
    if (shape.kind !== 'grouped') return this.read(relation, where, columns);
    const taken = new RowLayout([]);
    const keys = shape.keys.map((k) => taken.slot(k.expr));
    const calls = shape.calls.map((c) => ({
      ...c,
      args: c.args.map((a) => (a.kind === 'literal' ? a : taken.slot(a))),
    }));
    // A row of the aggregate: its keys, then the results.
    const over = (expr: TypedExpr): TypedExpr =>
      replace(expr, (part) =>
        part.kind !== 'column'
          ? undefined
          : { ...part, from: 'value', index: part.from === 'key' ? part.index : keys.length + part.index },
      );
    let node: PullNode = { kind: 'aggregate', input: this.read(relation, where, taken.columns), keys, calls };
    if (having !== null) node = { kind: 'filter', input: node, predicate: over(having) };
    return { kind: 'project', input: node, columns: columns.map(over) };
  }

  /** Rows of `columns`, which are over the relation's rows, for those that pass `where`. */
  private read(relation: ResolvedRelation, where: TypedExpr | null, columns: readonly TypedExpr[]): PullNode {
    if (relation.kind === 'join') return this.join(relation, where, columns);
    if (relation.source.kind === 'TABLE') return { kind: 'table', read: this.table(relation, where, columns) };
    return { kind: 'stream', source: relation.source.name, topology: this.stream(columns, where) };
  }

  private join(
    join: Extract<ResolvedRelation, { kind: 'join' }>,
    where: TypedExpr | null,
    columns: readonly TypedExpr[],
  ): PullNode {
    const left = sideColumns(join.left);
    const right = sideColumns(join.right);
    const own = (e: TypedExpr): TypedExpr =>
      replace(e, (part) =>
        part.kind === 'column' ? (left[part.index] ?? right[part.index - left.length])!.expr : undefined,
      );
    // A condition on one side alone may be asked before the join, unless the side may be missing.
    const before: { left: TypedExpr[]; right: TypedExpr[] } = { left: [], right: [] };
    const rest: TypedExpr[] = [];
    for (const part of where === null ? [] : conjuncts(where)) {
      const indexes = columnIndexes(part);
      const side =
        indexes.length === 0
          ? undefined
          : indexes.every((i) => i < left.length)
            ? ('left' as const)
            : indexes.every((i) => i >= left.length)
              ? ('right' as const)
              : undefined;
      const kept = join.joinType === 'INNER' || join.joinType === side?.toUpperCase();
      if (side !== undefined && kept) before[side].push(own(part));
      else rest.push(part);
    }
    const pairs = [{ left: join.leftKey, right: join.rightKey }, ...(join.more ?? [])];
    const leftRow = new RowLayout(pairs.map((p) => p.left));
    const rightRow = new RowLayout(pairs.map((p) => p.right));
    const leftKeys = pairs.map((_, i) => leftRow.column(i));
    const rightKeys = pairs.map((_, i) => rightRow.column(i));
    // What is wanted of each side follows its keys; the joined row is both, one behind the other.
    const wanted = [...new Set([...columns, ...rest].flatMap(columnIndexes))];
    const places = new Map<number, readonly ['left' | 'right', number]>();
    for (const i of wanted) {
      if (i < left.length) places.set(i, ['left', leftRow.place(left[i]!.expr)]);
      else places.set(i, ['right', rightRow.place(right[i - left.length]!.expr)]);
    }
    const over = (e: TypedExpr): TypedExpr =>
      replace(e, (part) => {
        if (part.kind !== 'column') return undefined;
        const [side, at] = places.get(part.index)!;
        return { ...part, from: 'value', index: side === 'left' ? at : leftRow.columns.length + at };
      });
    const condition = (parts: readonly TypedExpr[]): TypedExpr | null =>
      parts.length === 0 ? null : parts.reduce(and);
    let node: PullNode = {
      kind: 'join',
      joinType: join.joinType,
      left: this.read(join.left, condition(before.left), leftRow.columns),
      right: this.read(join.right, condition(before.right), rightRow.columns),
      leftKeys,
      rightKeys,
      leftWidth: leftRow.columns.length,
      rightWidth: rightRow.columns.length,
    };
    if (rest.length > 0) node = { kind: 'filter', input: node, predicate: over(condition(rest)!) };
    return { kind: 'project', input: node, columns: columns.map(over) };
  }

  private table(
    { source, window }: ResolvedSourceRelation,
    where: TypedExpr | null,
    columns: readonly TypedExpr[],
  ): TableReadPlan {
    const keeper = this.statement.materializations.get(source.name);
    if (keeper === undefined) throw new WeirError('INTERNAL', 'a pull query without a materialized table');
    const found = materialized(keeper.topology);
    if (found === undefined) {
      throw new WeirError(
        'NOT_SUPPORTED',
        `The \`${source.name}\` table isn't queryable: its query ${keeper.id} keeps no state of its result.`,
        `CREATE TABLE QUERYABLE_${source.name} AS SELECT * FROM ${source.name}`,
      );
    }
    const { keys, windowStart, windowEnd, rest } = constraints(where, source.schema.key);
    return {
      source: source.name,
      queryId: keeper.id,
      subtopology: found.subtopology,
      node: found.node,
      steps: found.steps,
      keyColumns: source.schema.key,
      valueColumns: source.schema.value,
      valueFormat: source.valueFormat,
      window,
      keys,
      windowStart,
      windowEnd,
      where: rest,
      columns,
      limit: null,
    };
  }
}

/** The columns of rows that are being planned, each expression once. */
class RowLayout {
  readonly columns: TypedExpr[] = [];
  private readonly places = new Map<string, number>();

  constructor(columns: readonly TypedExpr[]) {
    for (const c of columns) {
      const text = JSON.stringify(c);
      const at = this.columns.push(c) - 1;
      if (!this.places.has(text)) this.places.set(text, at);
    }
  }

  /** Where `expr` stands; it is put at the end if it is not there yet. */
  place(expr: TypedExpr): number {
    const text = JSON.stringify(expr);
    let at = this.places.get(text);
    if (at === undefined) this.places.set(text, (at = this.columns.push(expr) - 1));
    return at;
  }

  /** `expr` as a column of these rows. */
  slot(expr: TypedExpr): TypedExpr {
    return this.column(this.place(expr));
  }

  column(index: number): TypedExpr {
    const expr = this.columns[index]!;
    const name = expr.kind === 'column' || expr.kind === 'pseudo' ? expr.name : `C${index}`;
    return { kind: 'column', from: 'value', index, name, type: expr.type };
  }
}

/** The columns of a joined row that an expression looks at. */
function columnIndexes(expr: TypedExpr): readonly number[] {
  const found: number[] = [];
  walk(expr, (part) => {
    if (part.kind === 'column') found.push(part.index);
  });
  return found;
}

interface Materialized {
  readonly subtopology: number;
  readonly node: TopologyNode;
  readonly steps: readonly TopologyNode[];
}

/** The node whose store the table is read from, and the stateless steps behind it, in order. */
export function materialized(topology: Topology): Materialized | undefined {
  const last = topology.subtopologies[topology.subtopologies.length - 1];
  let node: TopologyNode | undefined = last?.nodes[last.nodes.length - 1];
  const steps: TopologyNode[] = [];
  while (last !== undefined && node !== undefined) {
    const facts: NodeFacts<TopologyNode> = factsOf(node);
    const pull = facts.pull?.(node);
    if (pull === 'kept') return { subtopology: last.id, node, steps };
    if (pull === undefined) return undefined;
    if (pull === 'step') steps.unshift(node);
    const input: NodeId | undefined = facts.inputs(node)[0];
    node = last.nodes.find((n) => n.id === input);
  }
  return undefined;
}
