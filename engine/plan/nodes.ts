import type { FactsOf, NodeFacts } from './node-facts.js';
import { KEEPING, type KeepingNode } from './nodes/aggregates.js';
import { ENDS, type EndNode } from './nodes/ends.js';
import { FOREIGN_KEY, type ForeignKeyNode } from './nodes/foreign-key.js';
import { JOINS, type JoinNode } from './nodes/joins.js';
import { ROWS, type RowNode } from './nodes/rows.js';
import { SOURCES, type SourceNode } from './nodes/source.js';

export type TopologyNode = SourceNode | RowNode | KeepingNode | JoinNode | ForeignKeyNode | EndNode;

export type NodeKind = TopologyNode['kind'];
export type NodeOf<K extends NodeKind> = Extract<TopologyNode, { readonly kind: K }>;

/** What each kind of node is. A family is a file in `nodes/`. */
export const NODES: FactsOf<TopologyNode> = {
  ...SOURCES,
  ...ROWS,
  ...KEEPING,
  ...JOINS,
  ...FOREIGN_KEY,
  ...ENDS,
};

/** The facts of a node's kind. */
export const factsOf = <N extends TopologyNode>(node: N): NodeFacts<N> => NODES[node.kind] as NodeFacts<N>;
