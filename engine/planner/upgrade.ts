import { replace, walk } from '../analyzer/index.js';
import type { AggregateCall, ColumnExpr, TypedExpr } from '../plan/expr.js';
import { unpinned } from '../plan/format-ref.js';
import { formerOf } from '../plan/graph.js';
import { factsOf } from '../plan/nodes.js';
import type { NodeId, SourceNode, Topology, TopologyNode } from '../plan/topology.js';
import type { Column } from '../values/schema.js';
import { typeEquals } from '../values/sql-type.js';
import { materialized } from './pull.js';

/** A topology keeps the steps of so many versions before it: what is stored may be of any of them. */
const MAX_VERSIONS = 100;

/** What becomes of a query that is replaced: the topology that goes on, or why none can. */
export type Upgrade =
  | { readonly topology: Topology; readonly obstacle?: undefined }
  | { readonly obstacle: string; readonly topology?: undefined };

/**
 * The topology of a query that replaces one that has run and goes on from its offsets and its state. The new one may filter
 * and compute otherwise, and read and give more columns. What is kept between records must mean the same to both: the topics
 * that are read, the stores with the steps that fill them, the topics between sub-topologies, in which records may wait.
 *
 * Rows that the old one has given stay as it gave them until they change: the new one knows its steps (`former`), so that
 * a row that it no longer lets through becomes a tombstone then.
 */
export function upgrade(before: Topology, after: Topology): Upgrade {
  const obstacle = obstacleOf(before, after);
  if (obstacle !== undefined) return { obstacle };
  const was = materialized(before);
  const now = materialized(after);
  if (was === undefined || now === undefined) return { topology: after };
  const former = formerOf(was.node) ?? [];
  const same = JSON.stringify(was.steps) === JSON.stringify(now.steps);
  const next = same ? former : [...former, was.steps];
  if (next.length === 0) return { topology: after };
  if (next.length > MAX_VERSIONS) return { obstacle: `it has been replaced ${MAX_VERSIONS} times` };
  return { topology: withFormer(after, now.subtopology, now.node.id, next) };
}

const withFormer = (
  topology: Topology,
  subtopology: number,
  id: NodeId,
  former: readonly (readonly TopologyNode[])[] | undefined,
): Topology => ({
  ...topology,
  subtopologies: topology.subtopologies.map((sub) =>
    sub.id !== subtopology
      ? sub
      : { ...sub, nodes: sub.nodes.map((n) => (n.id === id ? ({ ...n, former } as TopologyNode) : n)) },
  ),
});

function obstacleOf(before: Topology, after: Topology): string | undefined {
  const kept = materialized(before);
  const plain = kept === undefined ? before : withFormer(before, kept.subtopology, kept.node.id, undefined);
  if (textOfAll(plain) === textOfAll(after)) return undefined;
  const was = topicsOf(before);
  const now = topicsOf(after);
  if (was.join() !== now.join()) return `it reads ${now.join(', ')} and not ${was.join(', ')}`;
  const step = unsupported(after) ?? unsupported(before);
  if (step !== undefined) return `Upgrades not yet supported for ${step}`;
  return aggregateObstacle(before, after) ?? keyObstacle(before, after) ?? keptObstacle(before, after);
}

/** A topology without the schemas that its formats carry once they are registered. */
const textOfAll = (topology: Topology): string =>
  JSON.stringify(topology, (name, value) => (name === 'keyFormat' || name === 'valueFormat' ? unpinned(value) : value));

const nodesOf = ({ subtopologies }: Topology): readonly TopologyNode[] => subtopologies.flatMap((s) => s.nodes);

const topicsOf = (t: Topology): readonly string[] => [
  ...new Set(nodesOf(t).flatMap((n) => (n.kind === 'source' && !n.internal ? [n.topic] : []))),
];

/** The step nearest to the sink for which ksqlDB has no upgrades, by its name there; undefined: there is none. */
function unsupported(topology: Topology): string | undefined {
  for (const node of nodesOf(topology).toReversed()) {
    const step = factsOf(node).noUpgrade?.(node);
    if (step !== undefined) return step;
  }
  return undefined;
}

function aggregateObstacle(before: Topology, after: Topology): string | undefined {
  const was = grouping(before);
  const now = grouping(after);
  if (was === undefined || now === undefined) return undefined;
  const [read, reads] = [columnsRead(was), columnsRead(now)];
  if (read.length !== reads.length || !read.every((c) => reads.includes(c))) {
    const list = (names: readonly string[]) => `[${names.map((n) => `\`${n}\``).join(', ')}]`;
    return `StreamAggregate must have matching columns not part of aggregate. Values differ: ${list(read)} vs. ${list(reads)}`;
  }
  if (!sameText(was.keys, now.keys)) return 'its groups would be others';
  if (sameText(was.calls, now.calls)) return undefined;
  return `its state is of other aggregates: ${was.calls.map((c) => c.name).join(', ')}`;
}

function keyObstacle(before: Topology, after: Topology): string | undefined {
  const keys = (topology: Topology): readonly TypedExpr[] => {
    const nodes = nodesOf(topology);
    const sink = nodes.find((n) => n.kind === 'sink');
    return sink === undefined ? [] : keysAt(new Origin(nodes, sink.input), sink.keyColumns);
  };
  return sameText(keys(before), keys(after)) ? undefined : 'its rows would have other keys';
}

const sameText = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

interface Grouping {
  readonly keys: readonly TypedExpr[];
  readonly calls: readonly AggregateCall[];
  readonly filters: readonly TypedExpr[];
}

function grouping(topology: Topology): Grouping | undefined {
  const nodes = nodesOf(topology);
  const aggregate = nodes.find((n) => n.kind === 'aggregate');
  if (aggregate === undefined) return undefined;
  const origin = new Origin(nodes, aggregate.input);
  return {
    keys: keysAt(origin, aggregate.keyColumns),
    calls: aggregate.calls.map((c) => ({ ...c, args: c.args.map((a) => origin.of(a)) })),
    filters: origin.filters(),
  };
}

const keysAt = (origin: Origin, columns: readonly Column[]): readonly TypedExpr[] =>
  columns.map((c, index) => origin.of({ kind: 'column', from: 'key', index, ...c }));

/** Names of the columns that an aggregation reads: for its groups, its aggregates, its filter. */
function columnsRead({ keys, calls, filters }: Grouping): readonly string[] {
  const names = new Set<string>();
  const read = (expr: TypedExpr): void =>
    walk(expr, (part) => {
      if (part.kind === 'pseudo' || part.kind === 'column') names.add(part.name);
    });
  keys.forEach(read);
  for (const call of calls) {
    // COUNT(*) counts the times of records.
    if (call.args.length === 0) names.add('ROWTIME');
    call.args.forEach(read);
  }
  filters.forEach(read);
  return [...names];
}

/** Expressions over the columns at a node as what they are of the source. */
class Origin {
  private readonly node: TopologyNode;
  private readonly input: Origin | undefined;

  constructor(nodes: readonly TopologyNode[], id: NodeId) {
    this.node = nodes.find((n) => n.id === id)!;
    const before = inputOf(this.node, nodes);
    this.input = before === undefined ? undefined : new Origin(nodes, before);
  }

  of(expr: TypedExpr): TypedExpr {
    return replace(expr, (part) => (part.kind === 'column' ? this.column(part) : undefined));
  }

  /** The conditions of WHERE before this node. */
  filters(): readonly TypedExpr[] {
    const { node, input } = this;
    if (input === undefined) return [];
    return node.kind === 'filter' ? [input.of(node.predicate), ...input.filters()] : input.filters();
  }

  private column(expr: ColumnExpr): TypedExpr {
    const { node, input } = this;
    const { from, index } = expr;
    if (input === undefined) {
      const { key, value } = node as SourceNode;
      return { ...expr, index: 0, name: (from === 'key' ? key : value)[index]!.name };
    }
    const computed = factsOf(node).column?.(node, from, index);
    return computed === undefined ? input.column(expr) : input.of(computed);
  }
}

/** The node that a step of one input reads, through an internal topic where there is one; undefined for the source. */
function inputOf(node: TopologyNode, nodes: readonly TopologyNode[]): NodeId | undefined {
  if (node.kind !== 'source') {
    const inputs = factsOf(node).inputs(node);
    return inputs.length === 1 ? inputs[0] : undefined;
  }
  if (!node.internal) return undefined;
  return nodes.find((n) => n.kind === 'repartition' && n.topic === node.topic)?.id;
}

function keptObstacle(before: Topology, after: Topology): string | undefined {
  const kept = keptSteps(before);
  const next = keptSteps(after);
  for (let i = 0; i < Math.max(kept.length, next.length); i++) {
    const [was, now] = [kept[i], next[i]];
    if (was === undefined || now === undefined || was.sub !== now.sub) {
      return `its step ${(was ?? now)!.node.id} keeps other state than before`;
    }
    const problem = keepsOther(was.node, now.node);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

interface KeptStep {
  readonly sub: number;
  readonly node: TopologyNode;
}

const keptSteps = ({ subtopologies }: Topology): readonly KeptStep[] =>
  subtopologies.flatMap((sub) =>
    sub.nodes.filter((n) => factsOf(n).keeps?.(n) ?? false).map((node) => ({ sub: sub.id, node })),
  );

/** How what a step keeps differs; undefined: it does not. */
function keepsOther(was: TopologyNode, now: TopologyNode): string | undefined {
  const other = `its step ${was.id} keeps other state than before`;
  if (was.kind === 'source' && now.kind === 'source' && !was.internal && !now.internal) {
    // The table's rows as they were when they were stored: columns may have been added behind them.
    const prefix = was.value.every((c, i) => {
      const column = now.value[i];
      return column !== undefined && column.name === c.name && typeEquals(column.type, c.type);
    });
    return prefix && JSON.stringify(was.key) === JSON.stringify(now.key) && was.table === now.table ? undefined : other;
  }
  return textOf(was) === textOf(now) ? undefined : other;
}

/** All there is to a step, but for the names of the steps before it and what versions before it were. */
function textOf(node: TopologyNode): string {
  const {
    input: _i,
    former: _f,
    ...rest
  } = node as TopologyNode & { readonly input?: NodeId; readonly former?: unknown };
  return JSON.stringify(rest);
}
