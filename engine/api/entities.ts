import type { ProcessingEntry } from '../observe/processing-error.js';

/**
 * What statements answer over `/ksql`: ksqlDB's entities, member for member (shared wire format of existing clients).
 * `@type` is the first member: some clients match it as a prefix of the text.
 */
export type Entity =
  | CommandStatusEntity
  | SourceListEntity
  | QueriesEntity
  | SourceDescriptionEntity
  | SourceDescriptionListEntity
  | QueryDescriptionEntity
  | QueryDescriptionListEntity
  | TopicsEntity
  | TopicsExtendedEntity
  | PropertiesEntity
  | FunctionNamesEntity
  | FunctionDescriptionEntity
  | TypesEntity
  | VariablesEntity
  | WarningEntity
  | TerminateQueryEntity
  | AssertSchemaEntity
  | AssertTopicEntity
  | ConnectorListEntity
  | ConnectorInfoEntity
  | DropConnectorEntity
  | ConnectorPluginsEntity
  | ConnectorDescriptionEntity
  | ProcessingErrorsEntity
  | ExplainTextEntity;

export interface EntityWarning {
  readonly message: string;
}

interface EntityBase {
  readonly statementText: string;
  readonly warnings: readonly EntityWarning[];
}

/** A statement that went to the command log. */
export interface CommandStatusEntity extends EntityBase {
  readonly '@type': 'currentStatus';
  /** ``stream/`NAME`/create``. */
  readonly commandId: string;
  readonly commandStatus: {
    readonly status: 'SUCCESS' | 'ERROR' | 'QUEUED' | 'EXECUTING';
    readonly message: string;
    readonly queryId: string | null;
  };
  readonly commandSequenceNumber: number;
}

export interface SourceSummary {
  readonly type: 'STREAM' | 'TABLE';
  readonly name: string;
  readonly topic: string;
  readonly keyFormat: string;
  readonly valueFormat: string;
  readonly isWindowed: boolean;
}

export interface SourceListEntity extends EntityBase {
  readonly '@type': 'streams' | 'tables';
  readonly streams?: readonly SourceSummary[];
  readonly tables?: readonly SourceSummary[];
}

export interface RunningQuerySummary {
  readonly queryString: string;
  readonly sinks: readonly string[];
  readonly sinkKafkaTopics: readonly string[];
  readonly id: string;
  /** `{"RUNNING":1}`: how many nodes have it in which state. */
  readonly statusCount: Readonly<Record<string, number>>;
  readonly queryType: 'PERSISTENT' | 'PUSH';
  readonly state: string;
  /** Weir's own: what the query failed with last on this node. */
  readonly error?: string;
  /** Weir's own: counters of a persistent query on this node since it was started. */
  readonly statistics?: Readonly<Record<string, number>>;
}

export interface QueriesEntity extends EntityBase {
  readonly '@type': 'queries';
  readonly queries: readonly RunningQuerySummary[];
}

/** A field of a schema, as `/ksql` and the WebSocket describe it. */
export interface FieldInfo {
  readonly name: string;
  readonly schema: SchemaInfo;
  readonly type?: 'KEY' | 'HEADER';
  readonly headerKey?: string;
}

export interface SchemaInfo {
  readonly type: string;
  readonly fields: readonly FieldInfo[] | null;
  readonly memberSchema: SchemaInfo | null;
  readonly parameters?: Readonly<Record<string, number>>;
}

/** What one node has counted. ksqlDB's names: total-messages, consumer-total-messages, consumer-failed-messages. */
export interface HostStat {
  readonly host: string;
  readonly name: string;
  readonly value: number;
  /** When it was asked, milliseconds. */
  readonly timestamp: number;
}

export interface SourceDescription {
  readonly name: string;
  readonly windowType: string | null;
  readonly readQueries: readonly RunningQuerySummary[];
  readonly writeQueries: readonly RunningQuerySummary[];
  readonly fields: readonly FieldInfo[];
  readonly type: 'STREAM' | 'TABLE';
  readonly timestamp: string;
  readonly statistics: string;
  readonly errorStats: string;
  /** Of every node that answers; empty without EXTENDED. */
  readonly clusterStatistics: readonly HostStat[];
  readonly clusterErrorStats: readonly HostStat[];
  readonly extended: boolean;
  readonly keyFormat: string;
  readonly valueFormat: string;
  readonly topic: string;
  readonly partitions: number;
  readonly replication: number;
  readonly statement: string;
  readonly queryOffsetSummaries: readonly unknown[];
  readonly sourceConstraints: readonly string[];
  /** Weir's own: the windows of a table that a query of this service keeps, in milliseconds of event time. */
  readonly window?: WindowInfo;
}

export interface WindowInfo {
  readonly kind: 'TUMBLING' | 'HOPPING' | 'SESSION';
  /** The gap of sessions. */
  readonly sizeMs: number;
  readonly advanceMs?: number;
  readonly graceMs: number;
  /** How far behind stream time rows are kept. */
  readonly retentionMs: number;
}

export interface SourceDescriptionEntity extends EntityBase {
  readonly '@type': 'sourceDescription';
  readonly sourceDescription: SourceDescription;
}

export interface SourceDescriptionListEntity extends EntityBase {
  readonly '@type': 'source_descriptions';
  readonly sourceDescriptions: readonly SourceDescription[];
}

export interface QueryDescription {
  readonly id: string;
  readonly statementText: string;
  readonly windowType: string | null;
  readonly fields: readonly FieldInfo[];
  readonly sources: readonly string[];
  readonly sinks: readonly string[];
  readonly topology: string;
  readonly executionPlan: string;
  readonly overriddenProperties: Readonly<Record<string, unknown>>;
  readonly ksqlHostQueryStatus: Readonly<Record<string, string>>;
  readonly queryType: string;
  readonly queryErrors: readonly { readonly timestamp: number; readonly errorMessage: string; readonly type: string }[];
  readonly tasksMetadata: readonly unknown[];
  readonly state: string;
  /** Weir's own: counters of the running query. */
  readonly statistics?: Readonly<Record<string, number>>;
  /** Weir's own, with ANALYZE: what the query and each of its steps have done on this node. */
  readonly analysis?: string;
}

export interface QueryDescriptionEntity extends EntityBase {
  readonly '@type': 'queryDescription';
  readonly queryDescription: QueryDescription;
}

export interface QueryDescriptionListEntity extends EntityBase {
  readonly '@type': 'query_descriptions';
  readonly queryDescriptions: readonly QueryDescription[];
}

export interface TopicsEntity extends EntityBase {
  readonly '@type': 'kafka_topics';
  readonly topics: readonly { readonly name: string; readonly replicaInfo: readonly number[] }[];
}

export interface TopicsExtendedEntity extends EntityBase {
  readonly '@type': 'kafka_topics_extended';
  readonly topics: readonly {
    readonly name: string;
    readonly replicaInfo: readonly number[];
    readonly consumerCount: number;
    readonly consumerGroupCount: number;
  }[];
}

export interface PropertiesEntity extends EntityBase {
  readonly '@type': 'properties';
  readonly properties: readonly {
    readonly name: string;
    readonly scope: string;
    readonly value: string | null;
    readonly editable: boolean;
    readonly level: string;
  }[];
  readonly overwrittenProperties: readonly string[];
  readonly defaultProperties: readonly string[];
}

export interface FunctionNamesEntity extends EntityBase {
  readonly '@type': 'function_names';
  readonly functions: readonly { readonly name: string; readonly type: string; readonly category: string }[];
}

export interface FunctionDescriptionEntity extends EntityBase {
  readonly '@type': 'describe_function';
  readonly name: string;
  readonly description: string;
  readonly author: string;
  readonly version: string;
  readonly path: string;
  readonly functions: readonly {
    readonly arguments: readonly {
      readonly name: string;
      readonly type: string;
      readonly description: string;
      readonly isVariadic: boolean;
    }[];
    readonly returnType: string;
    readonly description: string;
  }[];
  readonly type: string;
}

export interface TypesEntity extends EntityBase {
  readonly '@type': 'type_list';
  readonly types: Readonly<Record<string, SchemaInfo>>;
}

export interface VariablesEntity extends EntityBase {
  readonly '@type': 'variables';
  readonly variables: readonly { readonly name: string; readonly value: string }[];
}

export interface WarningEntity extends EntityBase {
  readonly '@type': 'warning_entity';
  readonly message: string;
}

export interface TerminateQueryEntity extends EntityBase {
  readonly '@type': 'terminate_query';
  readonly queryId: string;
  readonly wasTerminated: boolean;
}

export interface AssertTopicEntity extends EntityBase {
  readonly '@type': 'assert_topic';
  readonly topicName: string;
  readonly exists: boolean;
}

export interface AssertSchemaEntity extends EntityBase {
  readonly '@type': 'assert_schema';
  readonly subject?: string;
  readonly id?: number;
  readonly exists: boolean;
}

export interface ConnectorListEntity extends EntityBase {
  readonly '@type': 'connector_list';
  readonly connectors: readonly {
    readonly name: string;
    /** `source` or `sink`. */
    readonly type: string;
    readonly className: string;
    /** `RUNNING (2/2 tasks RUNNING)`. */
    readonly state: string;
  }[];
}

/** CREATE CONNECTOR. */
export interface ConnectorInfoEntity extends EntityBase {
  readonly '@type': 'connector_info';
  readonly info: {
    readonly name: string;
    /** Secrets hidden. */
    readonly config: Readonly<Record<string, string>>;
    readonly tasks: readonly unknown[];
    readonly type: string;
  };
}

export interface DropConnectorEntity extends EntityBase {
  readonly '@type': 'drop_connector';
  readonly connectorName: string;
}

export interface ConnectorPluginsEntity extends EntityBase {
  readonly '@type': 'connector_plugins_list';
  readonly connectorsPlugins: readonly {
    readonly className: string;
    readonly type: string;
    readonly version: string | null;
    /** Weir's own kinds alone have one. */
    readonly description?: string;
  }[];
}

export interface ConnectorStateInfo {
  readonly state: string;
  readonly worker_id: string;
  readonly trace: string | null;
}

export interface ConnectorDescriptionEntity extends EntityBase {
  readonly '@type': 'connector_description';
  readonly connectorClass: string;
  readonly status: {
    readonly name: string;
    readonly connector: ConnectorStateInfo;
    readonly tasks: readonly (ConnectorStateInfo & {
      readonly id: number;
      /** Of Weir's own sinks: what the task reads, and how many records it is behind. */
      readonly reads?: string;
      readonly lag?: string;
    })[];
    readonly type: string;
  };
  readonly sources: readonly SourceDescription[];
  readonly topics: readonly string[];
  /** Of Weir's own: options, secrets hidden; what it promises; what it has done on this node since it started here. */
  readonly config?: Readonly<Record<string, string>>;
  readonly guarantee?: string;
  readonly statistics?: Readonly<Record<string, number>>;
}

/** Weir's own: SHOW ERRORS, the latest entries of a node's processing log, the oldest first. */
export interface ProcessingErrorsEntity extends EntityBase {
  readonly '@type': 'processing_errors';
  readonly errors: readonly ProcessingEntry[];
  /** Entries that the node keeps; `errors` are the latest of them. */
  readonly kept: number;
  /** Entries that could not be written to the processing log's topic. */
  readonly unwritten: number;
}

/** Weir's own: EXPLAIN of a statement, as text. */
export interface ExplainTextEntity extends EntityBase {
  readonly '@type': 'explain';
  readonly text: string;
}
