import type { Column } from '../../values/schema.js';
import type { FactsOf, NodeBase, NodeFacts, NodeGraph, NodeId, StoreRef } from '../node-facts.js';

export type JoinNode = StreamJoinNode | StreamTableJoinNode | TableJoinNode;

export type JoinType = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL';

/**
 * All joins: both inputs come under the join key (equal key and equal window join) and are co-partitioned: the topics that
 * a sub-topology reads have equally many partitions, its internal ones as many as the others. The output's key is the join
 * key, its value columns are the left input's and then the right input's (`leftWidth` of them are the left's), NULL for a
 * side that is missing. The output's time is the larger of the two, but a stream-table join keeps the stream's.
 */
interface JoinNodeBase extends NodeBase {
  readonly left: NodeId;
  readonly right: NodeId;
  readonly joinType: JoinType;
  readonly leftWidth: number;
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
}

/** Facts that all joins on the key share. */
const join = {
  inputs: (n: JoinNodeBase): readonly NodeId[] => [n.left, n.right],
  window: (n: JoinNodeBase, graph: NodeGraph) => graph.window(n.left),
  keyColumns: (n: JoinNodeBase) => n.keyColumns,
  readsKey: () => true,
  usesPrevious: () => false,
  perRecord: () => false,
  keeps: () => true,
} as const;

const twoStores = (n: { readonly leftStore: StoreRef; readonly rightStore: StoreRef }): readonly StoreRef[] => [
  n.leftStore,
  n.rightStore,
];

/**
 * Two streams: rows join where `left.time - beforeMs <= right.time <= left.time + afterMs`. Rows with a null key or value
 * are ignored. A row of an outer side without a match gives its padded result once the window has passed by `graceMs`; with
 * `graceMs` null (no GRACE PERIOD) at once, and again with each later match; the grace is then 24 hours.
 */
export interface StreamJoinNode extends JoinNodeBase {
  readonly kind: 'streamJoin';
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly graceMs: number | null;
  readonly leftStore: StoreRef;
  readonly rightStore: StoreRef;
}

const streamJoin: NodeFacts<StreamJoinNode> = {
  ...join,
  table: () => false,
  tellsPrevious: () => false,
  stores: twoStores,
  noUpgrade: () => 'StreamStreamJoin',
  explain: (n) =>
    `${n.joinType} from ${n.beforeMs} ms before to ${n.afterMs} ms after${n.graceMs === null ? '' : `, grace ${n.graceMs} ms`}` +
    ` stores ${n.leftStore.name}, ${n.rightStore.name}`,
};

/** A stream (left) looks each row up in a table (right), INNER or LEFT; a change of the table gives nothing. */
export interface StreamTableJoinNode extends JoinNodeBase {
  readonly kind: 'streamTableJoin';
  /** The right input's latest rows. */
  readonly store: StoreRef;
}

const streamTableJoin: NodeFacts<StreamTableJoinNode> = {
  ...join,
  table: () => false,
  tellsPrevious: () => false,
  stores: (n) => [n.store],
  noUpgrade: () => 'StreamTableJoin',
  explain: (n) => `${n.joinType} store ${n.store.name}`,
};

/** Two tables on the same key. A change of either gives the joined row, with `previous` the joined row as it was. */
export interface TableJoinNode extends JoinNodeBase {
  readonly kind: 'tableJoin';
  readonly leftStore: StoreRef;
  readonly rightStore: StoreRef;
}

const tableJoin: NodeFacts<TableJoinNode> = {
  ...join,
  table: () => true,
  tellsPrevious: () => true,
  tellsRemovals: () => true,
  stores: twoStores,
  noUpgrade: () => 'TableTableJoin',
  explain: (n) => `${n.joinType} stores ${n.leftStore.name}, ${n.rightStore.name}`,
};

export const JOINS: FactsOf<JoinNode> = { streamJoin, streamTableJoin, tableJoin };
