import type { NodeFacts } from './node-facts.js';
import { aggregate, type KeepingNode, materialize } from './nodes/aggregates.js';
import { type EndNode, repartition, result, sink } from './nodes/ends.js';
import { type ForeignKeyNode, foreignKeyJoin, foreignKeyResult, foreignKeySend } from './nodes/foreign-key.js';
import { type JoinNode, streamJoin, streamTableJoin, tableJoin } from './nodes/joins.js';
import { filter, flatMap, project, type RowNode, rekey } from './nodes/rows.js';
import { type SourceNode, source } from './nodes/source.js';

export type TopologyNode = SourceNode | RowNode | KeepingNode | JoinNode | ForeignKeyNode | EndNode;

export type NodeKind = TopologyNode['kind'];
export type NodeOf<K extends NodeKind> = Extract<TopologyNode, { readonly kind: K }>;

/** What each kind of node is. */
export const NODES: { readonly [K in NodeKind]: NodeFacts<NodeOf<K>> } = {
  source,
  filter,
  project,
  flatMap,
  rekey,
  repartition,
  aggregate,
  materialize,
  streamJoin,
  streamTableJoin,
  tableJoin,
  foreignKeySend,
  foreignKeyJoin,
  foreignKeyResult,
  sink,
  result,
};

/** The facts of a node's kind. */
export const factsOf = <N extends TopologyNode>(node: N): NodeFacts<N> => NODES[node.kind] as NodeFacts<N>;
