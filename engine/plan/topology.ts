import type { Column, ValueColumn } from '../values/schema.js';
import type { AggregateCall, CallExpr, TypedExpr } from './expr.js';

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
  | StreamJoinNode
  | StreamTableJoinNode
  | TableJoinNode
  | ForeignKeySendNode
  | ForeignKeyJoinNode
  | ForeignKeyResultNode
  | MaterializeNode
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

interface WindowTimes {
  readonly graceMs: number;
  /** RETENTION; without it size (or gap) and grace. How far behind stream time a session still takes records. */
  readonly retentionMs: number;
  /** How far behind stream time rows can still be read; undefined: as far as `retentionMs`. */
  readonly keptMs?: number;
}

export type WindowSpec =
  | (WindowTimes & { readonly kind: 'TUMBLING'; readonly sizeMs: number })
  | (WindowTimes & { readonly kind: 'HOPPING'; readonly sizeMs: number; readonly advanceMs: number })
  /** `gapMs`: the largest silence inside a session. */
  | (WindowTimes & { readonly kind: 'SESSION'; readonly gapMs: number });

export const windowExtent = (w: WindowSpec): number => (w.kind === 'SESSION' ? w.gapMs : w.sizeMs);

/** How far behind stream time the rows of a window are kept. */
export const keptMs = (w: WindowSpec): number =>
  Math.max(w.keptMs ?? w.retentionMs, w.retentionMs, windowExtent(w) + w.graceMs);

/**
 * Whether a row of a window is gone for readers: by stream time of its task alone, whatever key it has and whenever its
 * state is swept. Time windows are kept from their start, sessions from their end.
 */
export const isExpired = (w: WindowSpec, start: number, end: number, streamTime: number): boolean =>
  (w.kind === 'SESSION' ? end : start) + keptMs(w) < streamTime;

/** How the key of a topic is windowed: `time` keys carry the start, `session` keys end and start (big-endian, 8 bytes each). */
export type KeyWindow = { readonly kind: 'time'; readonly sizeMs: number } | { readonly kind: 'session' };

interface NodeBase {
  readonly id: NodeId;
}

/**
 * A step whose store keeps the rows of a query's table. CREATE OR REPLACE makes the next version of a query; what was stored
 * by a version before is in the table as that version has put it there, until it changes.
 */
interface Versioned {
  /** The steps without state (filter, project) behind this one, for each version before, oldest first. Default: none. */
  readonly former?: readonly (readonly TopologyNode[])[];
}

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

/** Keeps the rows for which `predicate` is true. On a table, a row that stops matching becomes a tombstone. */
export interface FilterNode extends NodeBase {
  readonly kind: 'filter';
  readonly input: NodeId;
  readonly predicate: TypedExpr;
  readonly table: boolean;
  /** Null. HAVING of older versions has a store, which nobody uses: the aggregate knows what it has given. */
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
 * Gives each record a new key. `dropNullKey`: rows any of whose key columns is null are dropped (GROUP BY). Else (PARTITION
 * BY) a single key column that is null makes a null key, several make a key even if all of them are null, none (`key` is
 * empty) a null key; of a row whose value is null, an expression that looks at anything but key columns is null.
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
 * The topic's full name is `_weir-<serviceId>-<queryId>-<topic>-repartition` (`-topic` for those of foreign-key joins).
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
  /** The key is followed by its window, as in a sink. Default null. */
  readonly window?: KeyWindow | null;
}

/** A state store of a task. Its changelog on Kafka is `_weir-<serviceId>-<queryId>-<name>-changelog`. */
export interface StoreRef {
  readonly name: string;
  readonly kind: 'table' | 'aggregate' | 'window' | 'session' | 'join' | 'foreignKey';
}

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

/** A stream (left) looks each row up in a table (right), INNER or LEFT; a change of the table gives nothing. */
export interface StreamTableJoinNode extends JoinNodeBase {
  readonly kind: 'streamTableJoin';
  /** The right input's latest rows. */
  readonly store: StoreRef;
}

/** Two tables on the same key. A change of either gives the joined row, with `previous` the joined row as it was. */
export interface TableJoinNode extends JoinNodeBase {
  readonly kind: 'tableJoin';
  readonly leftStore: StoreRef;
  readonly rightStore: StoreRef;
}

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

/** Keeps the latest row of each key of a table so that it can be queried, and passes on what it gets with `previous` set. */
export interface MaterializeNode extends NodeBase {
  readonly kind: 'materialize';
  readonly input: NodeId;
  readonly store: StoreRef;
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
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
  readonly columns: readonly {
    readonly name: string;
    readonly expr: TypedExpr;
    readonly key: boolean;
    /** A tombstone shows it though it is no key: what a FULL JOIN joins on, which is not there on both sides of a row. */
    readonly identifies?: boolean;
  }[];
  readonly limit: number | null;
  readonly table: boolean;
}

/** The windows of the aggregates of a topology. */
export const windowsOf = ({ subtopologies }: Topology): readonly WindowSpec[] =>
  subtopologies.flatMap((s) => s.nodes.flatMap((n) => (n.kind === 'aggregate' && n.window !== null ? [n.window] : [])));
