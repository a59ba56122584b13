import type { AggregateCall, CallExpr, TypedExpr } from './expr.js';
import type { Column, ValueColumn } from './schema.js';

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

export type NodeId = string;

export type TopologyNode =
  | SourceNode
  | FilterNode
  | ProjectNode
  | FlatMapNode
  | RekeyNode
  | RepartitionNode
  | AggregateNode
  | SinkNode
  | ResultNode;

/** Format of a key or a value with what the WITH clause says of it. `properties`: VALUE_DELIMITER, schema names… */
export interface FormatRef {
  /** JSON, DELIMITED, KAFKA, NONE, AVRO…; ROW is Weir's own, for internal topics only. */
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  /** Whether a single column is wrapped in a struct. Undefined: the format's own default. */
  readonly wrapSingle?: boolean;
}

export type WindowSpec =
  | { readonly kind: 'TUMBLING'; readonly sizeMs: number; readonly graceMs: number; readonly retentionMs: number }
  | {
      readonly kind: 'HOPPING';
      readonly sizeMs: number;
      readonly advanceMs: number;
      readonly graceMs: number;
      readonly retentionMs: number;
    }
  /** `gapMs`: the largest silence inside a session. */
  | { readonly kind: 'SESSION'; readonly gapMs: number; readonly graceMs: number; readonly retentionMs: number };

/** How the key of a topic is windowed: `time` keys carry the start, `session` keys end and start (big-endian, 8 bytes each). */
export type KeyWindow = { readonly kind: 'time'; readonly sizeMs: number } | { readonly kind: 'session' };

interface NodeBase {
  readonly id: NodeId;
}

/** Reads a topic. Its rows have the declared columns' positions; columns that are not needed stay null. */
export interface SourceNode extends NodeBase {
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

/** Keeps the rows for which `predicate` is true. On a table, a row that stops matching becomes a tombstone. */
export interface FilterNode extends NodeBase {
  readonly kind: 'filter';
  readonly input: NodeId;
  readonly predicate: TypedExpr;
  readonly table: boolean;
  /** HAVING keeps what it has let through, so that a row that stops matching gives exactly one tombstone. */
  readonly store: StoreRef | null;
}

/** Computes new value columns; the key passes through, unless `key` computes another of the same partitioning (renames). */
export interface ProjectNode extends NodeBase {
  readonly kind: 'project';
  readonly input: NodeId;
  readonly key: readonly TypedExpr[] | null;
  readonly value: readonly TypedExpr[];
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
  readonly table: boolean;
}

/**
 * Table functions: a record gives as many rows as the longest of its calls, the others padded with NULL (none at all where
 * every call gives none). The output's value columns are the input's and then one for each call. Streams only.
 */
export interface FlatMapNode extends NodeBase {
  readonly kind: 'flatMap';
  readonly input: NodeId;
  readonly calls: readonly CallExpr[];
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
}

/**
 * Gives each record a new key. `dropNullKey`: rows any of whose key columns is null are dropped (GROUP BY); else a row
 * all of whose key columns are null gets a null key (PARTITION BY).
 *
 * `table` (default false): the input is a table. The previous row moves as the new one does: where their new keys differ,
 * the output is first a removal (value null, `previous` the old row) under the old row's key, then an addition (`previous`
 * null) under the new row's; where they are equal it is one record with both. `key` and `value` are over either row.
 */
export interface RekeyNode extends NodeBase {
  readonly kind: 'rekey';
  readonly input: NodeId;
  readonly key: readonly TypedExpr[];
  readonly value: readonly TypedExpr[];
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
  readonly dropNullKey: boolean;
  readonly table?: boolean;
}

/**
 * End of a sub-topology: writes to an internal topic, partitioned by key, that a source node of another reads.
 * The topic's full name is `_weir-<serviceId>-<queryId>-<topic>-repartition`.
 *
 * `table` (default false): records carry `previous` beside `value` through the topic, so that the aggregation behind it can
 * undo. The payload is then a ROW over BOOLEAN, the columns of `previous`, BOOLEAN, the columns of `value`, each BOOLEAN
 * saying whether the row behind it is there. The source node that reads the topic has `internal` and `table` set.
 */
export interface RepartitionNode extends NodeBase {
  readonly kind: 'repartition';
  readonly input: NodeId;
  readonly topic: string;
  readonly keyFormat: FormatRef;
  readonly valueFormat: FormatRef;
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
  readonly table?: boolean;
}

/** A state store of a task. Its changelog on Kafka is `_weir-<serviceId>-<queryId>-<name>-changelog`. */
export interface StoreRef {
  readonly name: string;
  readonly kind: 'table' | 'aggregate' | 'window' | 'session';
}

/**
 * Groups by the record's key and folds. The output's key is the record's key, its value `carried` (columns of the row
 * that came last) and then the results of `calls`. `emit` final: one row a window, when grace has passed.
 */
export interface AggregateNode extends NodeBase {
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

/** Writes to a topic. Key columns of a windowed step are followed by the window, as `window` says. */
export interface SinkNode extends NodeBase {
  readonly kind: 'sink';
  readonly input: NodeId;
  readonly topic: string;
  readonly keyFormat: FormatRef;
  readonly valueFormat: FormatRef;
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
  readonly window: KeyWindow | null;
  readonly timestamp: { readonly from: 'key' | 'value'; readonly index: number; readonly format: string | null } | null;
  readonly table: boolean;
}

/** End of a push query: evaluates the SELECT list over each record and hands the row to whoever asked. */
export interface ResultNode extends NodeBase {
  readonly kind: 'result';
  readonly input: NodeId;
  readonly columns: readonly { readonly name: string; readonly expr: TypedExpr; readonly key: boolean }[];
  readonly limit: number | null;
  readonly table: boolean;
}
