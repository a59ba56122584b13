import type { Column } from '../values/schema.js';
import type { TypedExpr } from './expr.js';
import type { FormatRef } from './format-ref.js';
import type { KeyWindow } from './window.js';

/*
 * What a kind of node is, said once: whoever treats nodes by their kind (chains, push and pull queries, upgrades, EXPLAIN)
 * asks these facts. A kind is declared in its family's file in `nodes/`, its facts right below its fields.
 */

export type NodeId = string;

export interface NodeBase {
  readonly id: NodeId;
}

/** A state store of a task. Its changelog on Kafka is `_weir-<serviceId>-<queryId>-<name>-changelog`. */
export interface StoreRef {
  readonly name: string;
  readonly kind: 'table' | 'aggregate' | 'window' | 'session' | 'join' | 'foreignKey';
}

/** The source whose key bytes a record still has. */
export interface KeyOrigin {
  readonly keyFormat: FormatRef;
  readonly key: readonly Column[];
  readonly window: KeyWindow | null;
}

/** What facts may ask about the other nodes of their sub-topology. */
export interface NodeGraph {
  /** See `NodeFacts`, of the node with this id. */
  isTable(id: NodeId): boolean;
  window(id: NodeId): KeyWindow | null;
  keyColumns(id: NodeId): readonly Column[];
  tellsPrevious(id: NodeId): boolean;
  tellsRemovals(id: NodeId): boolean;
  /** Whether versions of the query before this one have filled its store in another way. */
  hasFormer(id: NodeId): boolean;
  /** Whether anyone behind a node uses the row that its row replaces. */
  wantsPrevious(id: NodeId): boolean;
  /** Whether anyone behind a node reads the key's columns. */
  needsKey(id: NodeId): boolean;
  keyOrigin(id: NodeId): KeyOrigin | undefined;
}

export interface NodeFacts<N> {
  /** The nodes that it reads, in the order of its entries. */
  inputs(node: N): readonly NodeId[];
  /** Whether its records are changes of a table. */
  table(node: N, graph: NodeGraph): boolean;
  /** How the key of its records is windowed. */
  window(node: N, graph: NodeGraph): KeyWindow | null;
  keyColumns(node: N, graph: NodeGraph): readonly Column[];
  /** Whether it, or what comes behind it, reads the columns of its input's key, so that they must be decoded. */
  readsKey(node: N, graph: NodeGraph): boolean;
  /** Whether it, or what comes behind it, uses the row that its input's row replaces. */
  usesPrevious(node: N, graph: NodeGraph): boolean;
  /** Whether its records say what they replace. */
  tellsPrevious(node: N, graph: NodeGraph): boolean;
  /** What it gives depends on the record at hand alone: push queries evaluate it once for all, and go on from any place. */
  perRecord(node: N): boolean;
  /** The rest of its line in EXPLAIN, behind its name and those of its inputs. */
  explain(node: N): string;

  /** State that it keeps between records. Default: none. */
  stores?(node: N): readonly StoreRef[];
  /** What it keeps, in a store or in a topic, must mean the same to a query that replaces this one. Default: nothing is kept. */
  keeps?(node: N): boolean;
  /** Its records have the key bytes of its input's. Default: they do not. */
  keepsKey?(node: N): boolean;
  /** It reads its own key's columns, whoever comes behind it. Default: it does not. */
  readsOwnKey?(node: N): boolean;
  /** A row that is gone comes with what it was. Default: it does not. */
  tellsRemovals?(node: N, graph: NodeGraph): boolean;
  /** A column of its records, over its input's columns; undefined (the default): the input's own at that position. */
  column?(node: N, from: 'key' | 'value', index: number): TypedExpr | undefined;
  /** The topic that it reads or writes. An internal one's name is a suffix (see RepartitionNode). Default: none. */
  topic?(node: N): { readonly name: string; readonly internal: boolean };
  /** ksqlDB's name of the step, which no query can be replaced by or with; undefined (the default): it can. */
  noUpgrade?(node: N): string | undefined;
  /** Pull queries: `kept`: they read its store; `step`: they do it again with what they have read. Default: they cannot. */
  pull?(node: N): 'kept' | 'step' | 'passes' | undefined;
}

/** The facts of each kind of a family: a kind without them does not compile. */
export type FactsOf<N extends { readonly kind: string }> = {
  readonly [K in N['kind']]: NodeFacts<Extract<N, { readonly kind: K }>>;
};

/** Facts that kinds of one input share which leave the key as it is. */
export const passesKey = {
  inputs: (n: { readonly input: NodeId }) => [n.input],
  window: (n: { readonly input: NodeId }, graph: NodeGraph) => graph.window(n.input),
} as const;

/** Whether typed expressions, at any depth of a plan's plain data, read a key column. */
export function readsKeyColumn(part: unknown): boolean {
  if (part === null || typeof part !== 'object') return false;
  if (Array.isArray(part)) return part.some(readsKeyColumn);
  const node = part as { readonly kind?: unknown; readonly from?: unknown };
  return node.kind === 'column' ? node.from === 'key' : Object.values(node).some(readsKeyColumn);
}
