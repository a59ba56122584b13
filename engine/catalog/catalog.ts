import type { FormatRef, KeyWindow, Topology } from '../plan/topology.js';
import type { Schema } from '../values/schema.js';
import type { SqlType } from '../values/sql-type.js';

/**
 * What exists: sources, types and persistent queries. Immutable: a change makes another catalog
 * (`applyCommand`), so a script is checked by running it on a snapshot that is then thrown away.
 */
export interface Catalog {
  readonly sources: ReadonlyMap<string, DataSource>;
  readonly types: ReadonlyMap<string, SqlType>;
  readonly queries: ReadonlyMap<string, QueryDef>;
  /** Those that Weir runs itself; what Kafka Connect runs, it keeps itself. */
  readonly connectors: ReadonlyMap<string, ConnectorDef>;
  /** Number of the next persistent query: the `n` of `CSAS_X_n`. */
  readonly nextQueryNumber: number;
  /** Settings made with ALTER SYSTEM. */
  readonly settings: ReadonlyMap<string, string>;
}

export type SourceKind = 'STREAM' | 'TABLE';

export interface TopicRef {
  readonly name: string;
  /** Null: as the topic is, or as the server's default says where it has to be made. */
  readonly partitions: number | null;
  readonly replicas: number | null;
  /** RETENTION_MS of a topic that has to be made. */
  readonly retentionMs: number | null;
}

export interface TimestampColumn {
  readonly column: string;
  /** Pattern of Java's DateTimeFormatter for a STRING column. */
  readonly format: string | null;
}

export type WindowType = 'TUMBLING' | 'HOPPING' | 'SESSION';

/** A stream or table: a schema over a topic. Plain data: it goes to the command log as JSON. */
export interface DataSource {
  readonly name: string;
  readonly kind: SourceKind;
  readonly schema: Schema;
  readonly topic: TopicRef;
  readonly keyFormat: FormatRef;
  readonly valueFormat: FormatRef;
  /** How the keys of the topic are windowed; null: they are not. */
  readonly window: KeyWindow | null;
  /** What SHOW and DESCRIBE call the window; tumbling and hopping keys look the same in the topic. */
  readonly windowType: WindowType | null;
  readonly timestamp: TimestampColumn | null;
  /** CREATE SOURCE …: read-only. */
  readonly isSource: boolean;
  /** The statement that made it. */
  readonly sql: string;
  /** The query of the CREATE … AS that made it; null for CREATE STREAM/TABLE. */
  readonly createdBy: string | null;
}

/** CSAS, CTAS: CREATE … AS; INSERT: INSERT INTO … SELECT; CST: CREATE SOURCE TABLE. */
export type QueryKind = 'CSAS' | 'CTAS' | 'INSERT' | 'CST';

export interface QueryDef {
  readonly id: string;
  readonly kind: QueryKind;
  readonly sql: string;
  /** The source that it writes (for CST: the table that it keeps). */
  readonly sink: string;
  /** The sources that it reads, each once. */
  readonly sources: readonly string[];
  readonly topology: Topology;
  readonly state: 'RUNNING' | 'PAUSED';
  /** Session settings (SET) in force when it was made. */
  readonly properties: Readonly<Record<string, string>>;
}

export type ConnectorKind = 'SOURCE' | 'SINK';

/** CREATE SOURCE|SINK CONNECTOR of a kind of Weir's own. Secrets are not in it: it names them (`\${env:NAME}`). */
export interface ConnectorDef {
  readonly name: string;
  /** Names what it has on the log. No other connector has had it; one that replaces it goes on with it. */
  readonly id: string;
  readonly kind: ConnectorKind;
  /** As written, `connector.class` included. */
  readonly config: Readonly<Record<string, string>>;
  /** The statement that made it, secrets masked. */
  readonly sql: string;
  readonly state: 'RUNNING' | 'PAUSED';
}

export function emptyCatalog(): Catalog {
  return {
    sources: new Map(),
    types: new Map(),
    queries: new Map(),
    connectors: new Map(),
    nextQueryNumber: 0,
    settings: new Map(),
  };
}

/** Ids of the queries that read `name`, in the order of their making. CST reads the topic, not another source. */
export function queriesReading(catalog: Catalog, name: string): readonly string[] {
  return [...catalog.queries.values()].filter((q) => q.kind !== 'CST' && q.sources.includes(name)).map((q) => q.id);
}

/** Ids of the queries that write `name`, in the order of their making. */
export function queriesWriting(catalog: Catalog, name: string): readonly string[] {
  return [...catalog.queries.values()].filter((q) => q.kind !== 'CST' && q.sink === name).map((q) => q.id);
}

/** The query whose stores hold the table `name`: that of its CREATE … AS, or of its CREATE SOURCE TABLE. */
export function materializingQuery(catalog: Catalog, name: string): QueryDef | undefined {
  return [...catalog.queries.values()].find((q) => q.sink === name && (q.kind === 'CTAS' || q.kind === 'CST'));
}

/** The id that the next query of this kind gets. Topics are named by it: of a quoted name it has what they take. */
export function nextQueryId(catalog: Catalog, kind: QueryKind, sink: string): string {
  if (kind === 'INSERT') return `INSERTQUERY_${catalog.nextQueryNumber}`;
  return `${kind}_${sink.replace(/[^\w.-]/g, '_')}_${catalog.nextQueryNumber}`;
}

/** The streams and tables that a connector reads (`from`) or writes (`into`), by their names in the catalog. */
export function sourcesOfConnector(catalog: Catalog, { config }: Pick<ConnectorDef, 'config'>): readonly string[] {
  const names = [...(config.from?.split(',') ?? []), ...(config.into === undefined ? [] : [config.into])];
  return names.flatMap((written) => sourceNamed(catalog, written)?.name ?? []);
}

/** The stream or table that an option of a connector names: as written, or in upper case. */
export function sourceNamed(catalog: Catalog, written: string): DataSource | undefined {
  const name = written.trim();
  return catalog.sources.get(name.replaceAll('`', '')) ?? catalog.sources.get(name.toUpperCase());
}

/** Drops a query may stand in the way of: the text of a refusal, or undefined where nothing does. */
export function dropObstacle(catalog: Catalog, name: string): string | undefined {
  const reading = queriesReading(catalog, name);
  // The query of its own CREATE … AS is stopped by the drop itself.
  const own = catalog.sources.get(name)?.createdBy;
  const writing = queriesWriting(catalog, name).filter((id) => id !== own);
  const connectors = [...catalog.connectors.values()].filter((c) => sourcesOfConnector(catalog, c).includes(name));
  if (connectors.length > 0) {
    return `Cannot drop ${name}.\nThese connectors use it: [${connectors.map((c) => c.name).join(', ')}].\nYou need to drop them before.`;
  }
  if (reading.length === 0 && writing.length === 0) return undefined;
  return (
    `Cannot drop ${name}.\n` +
    `The following queries read from this source: [${reading.join(', ')}].\n` +
    `The following queries write into this source: [${writing.join(', ')}].\n` +
    `You need to terminate them before dropping ${name}.`
  );
}
