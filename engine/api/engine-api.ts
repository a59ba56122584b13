import type { LoadMarks, Produced, RawRecord } from '../records/raw-record.js';
import type { SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import type { Deployed, DeployOptions, DeployStep, Script } from './deployment.js';
import type { Entity } from './entities.js';
import type { RowProgress } from './row-stream.js';

/** What a request carries besides its SQL. */
export interface RequestContext {
  /** `streamsProperties`: overrides for this request, e.g. `auto.offset.reset`. */
  readonly properties: Readonly<Record<string, string | number | boolean>>;
  /** `sessionVariables`: values of `${name}`. */
  readonly variables: Readonly<Record<string, string>>;
  /** `commandSequenceNumber`: the request sees the effects of all commands up to this one, or fails with COMMAND_TIMEOUT. */
  readonly afterCommand?: number;
  /** Statements that would change anything are refused with FORBIDDEN. */
  readonly readOnly?: boolean;
}

export const EMPTY_CONTEXT: RequestContext = { properties: {}, variables: {} };

export interface ResultColumn {
  readonly name: string;
  readonly type: SqlType;
  /** Part of the key (pull queries say so in their schema). */
  readonly key: boolean;
}

export type QueryEnd = 'limit' | 'completed' | 'terminated';

/** A query whose rows are being read: push, pull or PRINT. Close it whatever happened. */
export interface QueryStream {
  readonly queryId: string;
  readonly kind: 'push' | 'pull-table' | 'pull-stream' | 'print';
  readonly columns: readonly ResultColumn[];
  /**
   * The next rows, at least one; undefined at the end. A row is its columns' values; a row that is deleted from a table
   * comes as `{ tombstone: true }` entries of `tombstones` at the same index.
   * Rejects where the query failed.
   */
  next(): Promise<RowBatch | undefined>;
  /** Push queries: how far it is, and so why it may be silent. */
  progress?(): QueryProgress;
  /** Push queries: records of its topics that are written and not given to anyone, as a transaction before them is open. */
  openRecords?(): Promise<number>;
  /** What is remarkable about the queries that write what is read: records that came too late, a join that matches nothing. */
  remarks?(): readonly string[];
  /** Why there are no more rows; meaningful once `next` has given undefined. */
  readonly end: QueryEnd;
  close(): Promise<void>;
}

/**
 * The same object may be given to several readers of equal queries: do not change it. What is made of it once (its bytes on
 * a wire) can be kept by it, in a WeakMap.
 */
export interface RowBatch {
  readonly rows: readonly (readonly Value[])[];
  /** Set where some rows are tombstones: true at their index. */
  readonly tombstones?: readonly boolean[];
  /** PRINT: lines of text instead of rows. */
  readonly lines?: readonly string[];
  /** Where a push query that asked for tokens goes on after these rows. */
  readonly continuation?: string;
  /** With `weir.push.snapshot`: these rows are the last of the snapshot; those that follow are changes. */
  readonly snapshotEnd?: boolean;
}

/** How far a push query is. */
export type QueryProgress = RowProgress;

/** Rows that a client inserts one after another. */
export interface InsertStream {
  /**
   * Writes rows, each a JSON object of column values as text, up to the first that does not fit. Those before it are
   * durable; `error` says what is wrong with it.
   */
  insert(rows: readonly string[]): Promise<{ readonly inserted: number; readonly error?: unknown }>;
}

/** What became of a command. */
export interface CommandStatus {
  readonly status: 'SUCCESS' | 'ERROR';
  readonly message: string;
  readonly queryId: string | null;
}

export interface EngineStatus {
  readonly ready: boolean;
  /** Each persistent query has run since the start, or cannot. */
  readonly queriesStarted: boolean;
  readonly kafkaHealthy: boolean;
  readonly commandRunnerHealthy: boolean;
  /** Queries wait for room on the disk of the state. */
  readonly diskFull?: boolean;
  readonly queries: { readonly running: number; readonly error: number; readonly total: number };
}

/** Counters of a persistent query on this node since it was started. */
export interface QueryStats {
  readonly queryId: string;
  readonly state: string;
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Records that could not be decoded. */
  readonly skipped: number;
  /** Rows that could not be encoded, and records that the log has refused. */
  readonly unwritten: number;
  /** Records that came after their window's grace. */
  readonly late: number;
  readonly evaluationErrors: number;
  /** Errors that came too fast for a line in the processing log. */
  readonly unlogged: number;
  /** Records that went to the dead-letter topic. */
  readonly deadLettered: number;
  /** How often the watchdog has rebuilt the query's clients. */
  readonly watchdogRestarts: number;
  /** Changelog records that were read to restore state, and those that are still to be read. */
  readonly restored: number;
  readonly toRestore: number;
  /** Records between what is processed and the end of the sources, as far as known. */
  readonly lag: number;
  /** Records for which joins have found a match when they came, and the others. */
  readonly matched: number;
  readonly unmatched: number;
}

/** A connector on this node; counters since it was started here. */
export interface ConnectorStats {
  readonly name: string;
  readonly state: string;
  readonly rows: number;
  readonly deadLetters: number;
  /** Bad records that were left out. */
  readonly skipped: number;
  readonly retries: number;
  /** Records that are not in the target yet, as far as known; null of sources. */
  readonly lag: number | null;
}

/** What there is to be read or written under a name. */
export interface SourceColumns {
  readonly name: string;
  readonly kind: 'STREAM' | 'TABLE';
  readonly topic: string;
  readonly windowed: boolean;
  readonly columns: readonly { readonly name: string; readonly type: SqlType; readonly key: boolean }[];
}

/** What the server, and programs that embed Weir, call. */
export interface EngineApi {
  /** Runs a script of statements that are no queries: the whole script is checked on a snapshot before any is applied. */
  execute(sql: string, context: RequestContext): Promise<readonly Entity[]>;
  /** What deploying these files would do. Nothing is done; what would be refused is among the steps. */
  plan(scripts: readonly Script[], options?: DeployOptions): Promise<readonly DeployStep[]>;
  /**
   * Deploys files: all of them are tried together before the first statement runs. Throws BAD_STATEMENT, naming the file,
   * where a statement is refused: then nothing has been done.
   */
  deploy(scripts: readonly Script[], options?: DeployOptions): Promise<Deployed>;
  /** Opens the one query (SELECT or PRINT) of `sql`. */
  openQuery(sql: string, context: RequestContext): Promise<QueryStream>;
  /** Ends a push or pull query by id; false where there is none. */
  closeQuery(queryId: string): Promise<boolean>;
  /** Takes no more statements and queries, and ends those queries that are open: the server is about to stop. */
  quiesce(): Promise<void>;
  /** Since `quiesce` or `stop`. */
  readonly isStopping: boolean;
  /**
   * Opens a stream or table for rows to be inserted. Names of it and of columns are exact in back quotes, else in upper case
   * or, where there is none, as they are written. Throws BAD_STATEMENT where it takes none.
   */
  openInserts(target: string): Promise<InsertStream>;
  /**
   * Inserts rows, JSON objects by the names of columns as `openInserts` takes them: all of them, or none where one does not fit. Resolves
   * once they are durable. @throws BAD_STATEMENT for the target; BAD_REQUEST, which names the row by its number from 0
   */
  ingest(target: string, rows: readonly string[]): Promise<number>;
  /** The streams and tables that there are, with their columns; those of the key first. */
  sources(): readonly SourceColumns[];
  /** Ends every query and drops all sources and types; of the sinks' topics those are deleted that it is told to. */
  terminateCluster(deletesTopic: (topic: string) => boolean): Promise<readonly Entity[]>;
  /** The last commands by their id (``stream/`NAME`/create``), the newest last. */
  commandStatuses(): ReadonlyMap<string, CommandStatus>;
  /**
   * Appends raw records to a topic (created with `partitions`, default 4, where it is missing); a record without a
   * partition goes where its key's hash says. Resolves once they are durable.
   */
  produce(topic: string, records: readonly RawRecord[], partitions?: number): Promise<Produced>;
  /** As `produce`; resolves to where each record is. One production after the other: `produce` is faster. */
  producePlaced(
    topic: string,
    records: readonly RawRecord[],
  ): Promise<readonly { readonly partition: number; readonly offset: number }[]>;
  /** The topics that are not the engine's own. */
  topics(): Promise<readonly { readonly name: string; readonly partitions: number }[]>;
  /** Registers an Avro schema for a subject. Resolves to its id. */
  registerSchema(subject: string, text: string): Promise<number>;
  /** Of a schema of the registry; undefined: there is none of this id. */
  schemaText(id: number): Promise<string | undefined>;
  /** How far a file has been loaded into a topic; undefined where it does not exist. */
  loadMarks(topic: string, file: string): Promise<LoadMarks | undefined>;
  /** Records that a topic holds, over all partitions. */
  topicSize(topic: string): Promise<number>;
  status(): EngineStatus;
  queryStats(): readonly QueryStats[];
  /** The connectors of this node. */
  connectorStats(): readonly ConnectorStats[];
  /** Bytes that the state of each persistent query takes on this node, about. */
  stateBytes(): Promise<ReadonlyMap<string, number>>;
  readonly serviceId: string;
  readonly clusterId: string;
}
