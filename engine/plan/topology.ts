import type { TopologyNode } from './nodes.js';
import type { WindowSpec } from './window.js';

export type { FormatRef } from './format-ref.js';
export type { NodeId, StoreRef } from './node-facts.js';
export type { AggregateNode, MaterializeNode } from './nodes/aggregates.js';
export type { RepartitionNode, ResultNode, SinkNode } from './nodes/ends.js';
export type { ForeignKeyJoinNode, ForeignKeyResultNode, ForeignKeySendNode } from './nodes/foreign-key.js';
export type { JoinType, StreamJoinNode, StreamTableJoinNode, TableJoinNode } from './nodes/joins.js';
export type { FilterNode, FlatMapNode, ProjectNode, RekeyNode } from './nodes/rows.js';
export type { SourceNode } from './nodes/source.js';
export type { TopologyNode } from './nodes.js';
export { isExpired, type KeyWindow, keptMs, type WindowSpec, windowExtent } from './window.js';

/**
 * What the planner makes of a query and the runtime executes: plain, versioned data that goes to the command log as JSON
 * and comes back at a restart without planning again. A new kind of node or a new field with a default keeps the version;
 * a change of meaning raises it.
 *
 * A topology is cut into sub-topologies at repartition topics. A task is a sub-topology times a partition.
 */
export interface Topology {
  readonly version: 1;
  readonly subtopologies: readonly SubTopology[];
}

export interface SubTopology {
  readonly id: number;
  /** In topological order: each node's inputs stand before it. */
  readonly nodes: readonly TopologyNode[];
}

/** The windows of the aggregates of a topology. */
export const windowsOf = ({ subtopologies }: Topology): readonly WindowSpec[] =>
  subtopologies.flatMap((s) => s.nodes.flatMap((n) => (n.kind === 'aggregate' && n.window !== null ? [n.window] : [])));
