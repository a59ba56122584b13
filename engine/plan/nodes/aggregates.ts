import type { Column } from '../../values/schema.js';
import type { AggregateCall, TypedExpr } from '../expr.js';
import {
  type FactsOf,
  type NodeBase,
  type NodeFacts,
  type NodeGraph,
  type NodeId,
  passesKey,
  readsKeyColumn,
  type StoreRef,
} from '../node-facts.js';
import { callText, printWindow, schemaText } from '../print.js';
import type { WindowSpec } from '../window.js';
import { isStoreKey } from './source.js';
import type { Versioned } from './versioned.js';

/* Steps that keep the rows of a table. */

export type KeepingNode = AggregateNode | MaterializeNode;

/**
 * Groups by the record's key and folds. The output's key is the record's key, its value `carried` (columns of the row
 * that came last) and then the results of `calls`. `emit` final: one row a window, when grace has passed.
 */
export interface AggregateNode extends NodeBase, Versioned {
  readonly kind: 'aggregate';
  readonly input: NodeId;
  readonly store: StoreRef;
  readonly window: WindowSpec | null;
  readonly keyColumns: readonly Column[];
  readonly carried: readonly TypedExpr[];
  readonly calls: readonly AggregateCall[];
  readonly valueColumns: readonly Column[];
  /** The input is a table: an update undoes the previous row and adds the new one. */
  readonly inputTable: boolean;
  readonly emit: 'changes' | 'final';
}

const aggregate: NodeFacts<AggregateNode> = {
  inputs: (n) => [n.input],
  table: () => true,
  window: ({ window: w }) =>
    w === null ? null : w.kind === 'SESSION' ? { kind: 'session' } : { kind: 'time', sizeMs: w.sizeMs },
  keyColumns: (n) => n.keyColumns,
  readsKey: (n, graph) => !isKeyed(n, graph) || readsKeyColumn(n.carried) || readsKeyColumn(n.calls),
  usesPrevious: (n) => n.inputTable,
  tellsPrevious: () => true,
  perRecord: () => false,
  stores: (n) => [n.store],
  keeps: () => true,
  noUpgrade: (n) => (n.window !== null ? 'StreamWindowedAggregate' : n.inputTable ? 'TableAggregate' : undefined),
  pull: () => 'kept',
  explain: (n) =>
    `[${n.calls.map(callText).join(', ')}]${n.window === null ? '' : ` ${printWindow(n.window)}`}${n.emit === 'final' ? ' final' : ''}${
      n.inputTable ? ' of a table' : ''
    } store ${n.store.name}`,
};

/** Whether an aggregate's groups are the key bytes of its input records as they are. */
export function isKeyed(node: AggregateNode, graph: NodeGraph): boolean {
  const origin = graph.keyOrigin(node.input);
  return origin !== undefined && isStoreKey(origin);
}

/** Keeps the latest row of each key of a table so that it can be queried, and passes on what it gets with `previous` set. */
export interface MaterializeNode extends NodeBase {
  readonly kind: 'materialize';
  readonly input: NodeId;
  readonly store: StoreRef;
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
}

const materialize: NodeFacts<MaterializeNode> = {
  ...passesKey,
  table: () => true,
  keyColumns: (n) => n.keyColumns,
  readsKey: () => true,
  usesPrevious: () => false,
  tellsPrevious: () => true,
  perRecord: () => false,
  stores: (n) => [n.store],
  keeps: () => true,
  pull: () => 'kept',
  explain: (n) => `${schemaText(n.keyColumns, n.valueColumns)} store ${n.store.name}`,
};

export const KEEPING: FactsOf<KeepingNode> = { aggregate, materialize };
