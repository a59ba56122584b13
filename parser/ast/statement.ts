/** Statements. */
import type { Expression, Literal } from './expression.js';
import type { Duration, Query } from './query.js';
import type { Identifier, NodeBase, StructField, TypeNode } from './type.js';

export type SourceKind = 'STREAM' | 'TABLE';

/** An entry of WITH (…). */
export interface Property extends NodeBase {
  readonly kind: 'Property';
  /** Upper-cased unless written in quotes of any sort. */
  readonly name: string;
  readonly quoted: boolean;
  readonly value: Literal;
}

export type ColumnRole = 'NONE' | 'KEY' | 'PRIMARY_KEY' | 'HEADERS' | 'HEADER' | 'PAYLOAD';
export interface ColumnDef extends NodeBase {
  readonly kind: 'ColumnDef';
  readonly name: Identifier;
  readonly type: TypeNode;
  readonly role: ColumnRole;
  /** The k of HEADER('k'). */
  readonly headerKey?: string | undefined;
}

/** CREATE [OR REPLACE] [SOURCE] STREAM|TABLE [IF NOT EXISTS] name [(columns)] [WITH (…)]. */
export interface CreateSource extends NodeBase {
  readonly kind: 'CreateSource';
  readonly sourceKind: SourceKind;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly isSource: boolean;
  readonly name: Identifier;
  /** Empty where the list is left out (the schema is then inferred). */
  readonly columns: readonly ColumnDef[];
  readonly properties: readonly Property[];
}
/** CREATE … AS SELECT …. */
export interface CreateAs extends NodeBase {
  readonly kind: 'CreateAs';
  readonly sourceKind: SourceKind;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly name: Identifier;
  readonly properties: readonly Property[];
  readonly query: Query;
}
export interface InsertInto extends NodeBase {
  readonly kind: 'InsertInto';
  readonly target: Identifier;
  readonly properties: readonly Property[];
  readonly query: Query;
}
export interface InsertValues extends NodeBase {
  readonly kind: 'InsertValues';
  readonly target: Identifier;
  /** Empty where the list is left out. */
  readonly columns: readonly Identifier[];
  readonly values: readonly Expression[];
}
export interface AlterSource extends NodeBase {
  readonly kind: 'AlterSource';
  readonly sourceKind: SourceKind;
  readonly name: Identifier;
  /** Columns to add. */
  readonly columns: readonly StructField[];
}
export interface DropSource extends NodeBase {
  readonly kind: 'DropSource';
  readonly sourceKind: SourceKind;
  readonly ifExists: boolean;
  readonly name: Identifier;
  readonly deleteTopic: boolean;
}
export interface CreateType extends NodeBase {
  readonly kind: 'CreateType';
  readonly ifNotExists: boolean;
  readonly name: Identifier;
  readonly type: TypeNode;
}
export interface DropType extends NodeBase {
  readonly kind: 'DropType';
  readonly ifExists: boolean;
  readonly name: Identifier;
}
export type ConnectorKind = 'SOURCE' | 'SINK';
export interface CreateConnector extends NodeBase {
  readonly kind: 'CreateConnector';
  readonly connectorKind: ConnectorKind;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly name: Identifier;
  readonly properties: readonly Property[];
}
export interface DropConnector extends NodeBase {
  readonly kind: 'DropConnector';
  readonly ifExists: boolean;
  readonly name: Identifier;
}
/** PAUSE CONNECTOR, RESUME CONNECTOR. */
export interface ControlConnector extends NodeBase {
  readonly kind: 'PauseConnector' | 'ResumeConnector';
  readonly name: Identifier;
  /** RESUME: where to go on in partitions that no longer have the records that would come next. */
  readonly from?: 'EARLIEST' | 'LATEST' | undefined;
}
/** TERMINATE, PAUSE, RESUME; `queryId` is undefined for ALL. */
export interface ControlQuery extends NodeBase {
  readonly kind: 'Terminate' | 'Pause' | 'Resume';
  readonly queryId?: Identifier | undefined;
  /** RESUME: where to go on in partitions that no longer have the records that would come next. */
  readonly from?: 'EARLIEST' | 'LATEST' | undefined;
}
export type ListSubject =
  | 'STREAMS'
  | 'TABLES'
  | 'QUERIES'
  | 'TOPICS'
  | 'PROPERTIES'
  | 'FUNCTIONS'
  | 'CONNECTORS'
  | 'CONNECTOR_PLUGINS'
  | 'TYPES'
  | 'VARIABLES'
  | 'ERRORS';
/** SHOW and LIST. */
export interface List extends NodeBase {
  readonly kind: 'List';
  readonly subject: ListSubject;
  readonly extended: boolean;
  /** SHOW ALL TOPICS. */
  readonly all: boolean;
  /** SHOW SOURCE|SINK CONNECTORS. */
  readonly connectorKind?: ConnectorKind | undefined;
}
/** DESCRIBE name [EXTENDED]. */
export interface DescribeSource extends NodeBase {
  readonly kind: 'DescribeSource';
  readonly name: Identifier;
  readonly extended: boolean;
}
/** DESCRIBE STREAMS|TABLES [EXTENDED]. */
export interface DescribeSources extends NodeBase {
  readonly kind: 'DescribeSources';
  readonly sourceKind: SourceKind;
  readonly extended: boolean;
}
export interface DescribeFunction extends NodeBase {
  readonly kind: 'DescribeFunction';
  readonly name: Identifier;
}
export interface DescribeConnector extends NodeBase {
  readonly kind: 'DescribeConnector';
  readonly name: Identifier;
}
/** EXPLAIN [ANALYZE] id | statement: exactly one of `queryId` and `statement` is there. */
export interface Explain extends NodeBase {
  readonly kind: 'Explain';
  readonly analyze: boolean;
  readonly queryId?: Identifier | undefined;
  readonly statement?: Statement | undefined;
}
export interface Print extends NodeBase {
  readonly kind: 'Print';
  /** As written: topic names are case-sensitive, so this one is never upper-cased. */
  readonly topic: string;
  readonly quoted: boolean;
  readonly fromBeginning: boolean;
  /** INTERVAL n or SAMPLE n: every n-th record. */
  readonly interval?: number | undefined;
  readonly limit?: number | undefined;
}
export interface SetProperty extends NodeBase {
  readonly kind: 'SetProperty';
  readonly name: string;
  readonly value: string;
}
export interface UnsetProperty extends NodeBase {
  readonly kind: 'UnsetProperty';
  readonly name: string;
}
export interface AlterSystem extends NodeBase {
  readonly kind: 'AlterSystem';
  readonly name: string;
  readonly value: string;
}
export interface Define extends NodeBase {
  readonly kind: 'Define';
  readonly name: Identifier;
  readonly value: string;
}
export interface Undefine extends NodeBase {
  readonly kind: 'Undefine';
  readonly name: Identifier;
}
export interface RunScript extends NodeBase {
  readonly kind: 'RunScript';
  readonly path: string;
}
/** ASSERT [NOT EXISTS] TOPIC name [WITH (…)] [TIMEOUT …]. */
export interface AssertTopic extends NodeBase {
  readonly kind: 'AssertTopic';
  readonly exists: boolean;
  /** As written. */
  readonly topic: string;
  readonly quoted: boolean;
  readonly properties: readonly Property[];
  readonly timeout?: Duration | undefined;
}
/** ASSERT [NOT EXISTS] SCHEMA [SUBJECT s] [ID n] [TIMEOUT …]. */
export interface AssertSchema extends NodeBase {
  readonly kind: 'AssertSchema';
  readonly exists: boolean;
  /** As written. */
  readonly subject?: string | undefined;
  readonly id?: number | undefined;
  readonly timeout?: Duration | undefined;
}
/** ASSERT VALUES name (columns) VALUES (…). */
export interface AssertValues extends NodeBase {
  readonly kind: 'AssertValues';
  readonly source: Identifier;
  readonly columns: readonly Identifier[];
  readonly values: readonly Expression[];
}
/** ASSERT NULL VALUES name (columns) KEY (…): a tombstone. */
export interface AssertNullValues extends NodeBase {
  readonly kind: 'AssertNullValues';
  readonly source: Identifier;
  readonly columns: readonly Identifier[];
  readonly values: readonly Expression[];
}
/** ASSERT STREAM|TABLE name [(columns)] [WITH (…)]. */
export interface AssertSource extends NodeBase {
  readonly kind: 'AssertStream' | 'AssertTable';
  readonly name: Identifier;
  readonly columns: readonly ColumnDef[];
  readonly properties: readonly Property[];
}

export type Statement =
  | CreateSource
  | CreateAs
  | InsertInto
  | InsertValues
  | Query
  | AlterSource
  | DropSource
  | CreateType
  | DropType
  | CreateConnector
  | DropConnector
  | ControlConnector
  | ControlQuery
  | List
  | DescribeSource
  | DescribeSources
  | DescribeFunction
  | DescribeConnector
  | Explain
  | Print
  | SetProperty
  | UnsetProperty
  | AlterSystem
  | Define
  | Undefine
  | RunScript
  | AssertTopic
  | AssertSchema
  | AssertValues
  | AssertNullValues
  | AssertSource;

/** The statement of a kind; some kinds share one interface. */
export type StatementOf<K extends Statement['kind'], S = Statement> = S extends { readonly kind: infer L }
  ? K extends L
    ? S
    : never
  : never;
