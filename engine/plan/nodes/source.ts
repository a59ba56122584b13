import type { Column, ValueColumn } from '../../values/schema.js';
import type { FormatRef } from '../format-ref.js';
import type { FactsOf, KeyOrigin, NodeBase, NodeFacts, StoreRef } from '../node-facts.js';
import { formatText, keyWindowText } from '../print.js';
import type { KeyWindow } from '../window.js';
import type { Versioned } from './versioned.js';

/** Reads a topic. Its rows have the declared columns' positions; columns that are not needed stay null. */
export interface SourceNode extends NodeBase, Versioned {
  readonly kind: 'source';
  /** An internal topic's name is a suffix that the runtime completes (see RepartitionNode). */
  readonly topic: string;
  readonly internal: boolean;
  /** Catalog name, for errors and EXPLAIN; null for internal topics. */
  readonly source: string | null;
  readonly keyFormat: FormatRef;
  readonly valueFormat: FormatRef;
  readonly key: readonly Column[];
  readonly value: readonly ValueColumn[];
  /** Positions of the columns that the plan reads. */
  readonly neededKey: readonly number[];
  readonly neededValue: readonly number[];
  readonly window: KeyWindow | null;
  /** TIMESTAMP='col' of the source: event time is taken from that column, read with the pattern where it is a STRING. */
  readonly timestamp: { readonly from: 'key' | 'value'; readonly index: number; readonly format: string | null } | null;
  /** A table: a null value is a tombstone, rows with a null key are dropped. `store`: keep the latest rows by key. */
  readonly table: boolean;
  readonly store: StoreRef | null;
}

const source: NodeFacts<SourceNode> = {
  inputs: () => [],
  table: (n) => n.table,
  window: (n) => n.window,
  keyColumns: (n) => n.key,
  readsKey: () => false,
  readsOwnKey: (n) => n.timestamp?.from === 'key' || (n.store !== null && !isStoreKey(n)),
  usesPrevious: () => false,
  tellsPrevious: (n) => n.store !== null,
  perRecord: (n) => n.store === null,
  stores: (n) => (n.store === null ? [] : [n.store]),
  keeps: (n) => n.internal || n.store !== null,
  topic: (n) => ({ name: n.topic, internal: n.internal }),
  noUpgrade: (n) =>
    n.window === null || n.internal ? undefined : n.table ? 'WindowedTableSource' : 'WindowedStreamSource',
  pull: (n) => (n.store === null ? undefined : 'kept'),
  explain: (n) => {
    const needed = [...n.neededKey.map((i) => n.key[i]!.name), ...n.neededValue.map((i) => n.value[i]!.name)];
    return (
      `${n.internal ? 'internal topic' : 'topic'} ${n.topic} ${formatText(n.keyFormat)}/${formatText(n.valueFormat)}${keyWindowText(n.window)}` +
      `${n.table ? ' table' : ''} reads [${needed.join(', ')}]${n.store === null ? '' : ` store ${n.store.name}`}`
    );
  },
};

/** Whether the key bytes of a source's records are what stores have as keys. */
export const isStoreKey = (origin: KeyOrigin): boolean =>
  origin.keyFormat.name === 'ROW' && origin.window === null && origin.key.length > 0;

export const SOURCES: FactsOf<SourceNode> = { source };
