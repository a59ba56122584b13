import type { Column } from '../../values/schema.js';
import type { TypedExpr } from '../expr.js';
import { type FactsOf, type NodeBase, type NodeFacts, type NodeId, passesKey, type StoreRef } from '../node-facts.js';
import { printExpr, schemaText } from '../print.js';

/* The three steps of a join of tables on a column of the left one. */

export type ForeignKeyNode = ForeignKeySendNode | ForeignKeyJoinNode | ForeignKeyResultNode;

const foreignKey = {
  keyColumns: (n: { readonly keyColumns: readonly Column[] }) => n.keyColumns,
  readsKey: () => true,
  perRecord: () => false,
  noUpgrade: () => 'ForeignKeyTableTableJoin',
} as const;

/**
 * First step of a foreign-key join, over the left table: what the partition of the foreign key has to know. For each update
 * (`version` is the record's offset): where the previous row had another foreign key, or the row is deleted, a record under
 * the old foreign key; where there is a row, one under its foreign key. Value columns are the left key's columns, VERSION
 * BIGINT, ACTION INTEGER, then the left row's columns. ACTION 0: here is a row; 1: it has moved to another foreign key,
 * forget it; 2: it was deleted, forget it and say so. Records are a stream's, without `previous`.
 */
export interface ForeignKeySendNode extends NodeBase {
  readonly kind: 'foreignKeySend';
  readonly input: NodeId;
  readonly foreignKey: TypedExpr;
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
}

const foreignKeySend: NodeFacts<ForeignKeySendNode> = {
  ...passesKey,
  ...foreignKey,
  table: () => false,
  usesPrevious: () => true,
  tellsPrevious: () => false,
  explain: (n) => `under ${printExpr(n.foreignKey)}`,
};

/**
 * Second step, in the partitions of the right table: `left` gives what ForeignKeySend made, `right` the right table's rows.
 * `leftStore` keeps the left rows by foreign key and left key, `rightStore` the right rows. A left record gives one result,
 * a right change one for every left row under its key. Results are under the left key; value columns are VERSION BIGINT
 * (that of the left row), PRESENT BOOLEAN (false: INNER without a match; null: deleted), the left row's, the right row's.
 * A null foreign key matches nothing.
 */
export interface ForeignKeyJoinNode extends NodeBase {
  readonly kind: 'foreignKeyJoin';
  readonly left: NodeId;
  readonly right: NodeId;
  readonly joinType: 'INNER' | 'LEFT';
  /** How many of the left input's value columns are the left table's key. */
  readonly leftKeyWidth: number;
  /** How many columns a left row has. */
  readonly leftWidth: number;
  readonly leftStore: StoreRef;
  readonly rightStore: StoreRef;
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
}

const foreignKeyJoin: NodeFacts<ForeignKeyJoinNode> = {
  ...foreignKey,
  inputs: (n) => [n.left, n.right],
  window: (n, graph) => graph.window(n.left),
  table: () => false,
  usesPrevious: () => false,
  tellsPrevious: () => false,
  stores: (n) => [n.leftStore, n.rightStore],
  keeps: () => true,
  explain: (n) => `${n.joinType} stores ${n.leftStore.name}, ${n.rightStore.name}`,
};

/**
 * Last step, in the partitions of the left key, which results reach from several partitions: keeps the result of the highest
 * VERSION for each key and drops what is older. Gives the joined rows as a table (with `previous`), a tombstone where the
 * result is no longer PRESENT.
 */
export interface ForeignKeyResultNode extends NodeBase {
  readonly kind: 'foreignKeyResult';
  readonly input: NodeId;
  readonly store: StoreRef;
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
}

const foreignKeyResult: NodeFacts<ForeignKeyResultNode> = {
  ...passesKey,
  ...foreignKey,
  table: () => true,
  usesPrevious: () => false,
  tellsPrevious: () => true,
  tellsRemovals: () => true,
  stores: (n) => [n.store],
  keeps: () => true,
  explain: (n) => `${schemaText(n.keyColumns, n.valueColumns)} store ${n.store.name}`,
};

export const FOREIGN_KEY: FactsOf<ForeignKeyNode> = { foreignKeySend, foreignKeyJoin, foreignKeyResult };
