import { setTimeout as sleep } from 'node:timers/promises';
import { WeirError } from '../../engine/index.js';
import type { ApiClient } from '../api-client.js';
import { type MetadataNames, versionText } from './project.js';

export type MigrationState = 'PENDING' | 'RUNNING' | 'MIGRATED' | 'ERROR';

/** What is on record of one version. Times are milliseconds since the epoch as text, empty where there is none. */
export interface MigrationRecord {
  readonly version: number;
  readonly name: string;
  readonly state: MigrationState;
  readonly checksum: string;
  readonly startedOn: string;
  readonly completedOn: string;
  /** The version that was current before; 0: none. */
  readonly previous: number;
  readonly errorReason: string;
}

const COLUMNS = [
  'VERSION_KEY',
  'VERSION',
  'NAME',
  'STATE',
  'CHECKSUM',
  'STARTED_ON',
  'COMPLETED_ON',
  'PREVIOUS',
  'ERROR_REASON',
] as const;
/** The key under which the version that is current is found; others are their version. */
const CURRENT = 'CURRENT';
const NONE = '<none>';
/** An event is in the table within this, or something is wrong. */
const SETTLE_MS = 30_000;
const POLL_MS = 50;

type Row = Readonly<Record<(typeof COLUMNS)[number], string | null>>;

/**
 * The record of migrations, kept where ksqlDB's `ksql-migrations` keeps it: a stream of events, and a table of the latest
 * event of each version.
 */
export class Metadata {
  constructor(
    private readonly api: ApiClient,
    private readonly names: MetadataNames,
    private readonly serviceId: string,
  ) {}

  /** Makes stream and table. Throws BAD_REQUEST where one of them is there. */
  async initialize(): Promise<void> {
    const { stream, table, streamTopic, tableTopic, replicas } = this.names;
    const topic = (given: string | null, name: string) => text(given ?? `${this.serviceId}ksql_${name}`);
    const columns = COLUMNS.map((c, i) => `${c} STRING${i === 0 ? ' KEY' : ''}`);
    const latest = COLUMNS.slice(1).map((c) => `LATEST_BY_OFFSET(${c}) AS ${c}`);
    await this.execute(
      `CREATE STREAM ${stream} (${columns.join(', ')}) WITH (KAFKA_TOPIC=${topic(streamTopic, stream)}, ` +
        `VALUE_FORMAT='JSON', PARTITIONS=1, REPLICAS=${replicas});`,
    );
    await this.execute(
      `SET 'auto.offset.reset'='earliest'; CREATE TABLE ${table} WITH (KAFKA_TOPIC=${topic(tableTopic, table)}) AS ` +
        `SELECT VERSION_KEY, ${latest.join(', ')} FROM ${stream} GROUP BY VERSION_KEY EMIT CHANGES;`,
    );
  }

  /** Drops stream and table with their topics; nothing where they are not there. */
  async destroy(): Promise<void> {
    const { stream, table } = this.names;
    await this.execute(`DROP TABLE IF EXISTS ${table} DELETE TOPIC; DROP STREAM IF EXISTS ${stream} DELETE TOPIC;`);
  }

  /** The version that was applied last, whether or not that went well. */
  async current(): Promise<MigrationRecord | undefined> {
    return this.find(CURRENT);
  }

  async version(version: number): Promise<MigrationRecord | undefined> {
    return this.find(versionText(version));
  }

  async all(): Promise<readonly MigrationRecord[]> {
    const rows = await this.rows(`SELECT * FROM ${this.names.table};`);
    return rows
      .filter((r) => r.VERSION_KEY !== CURRENT)
      .map(record)
      .sort((a, b) => a.version - b.version);
  }

  /** Records it as the state of its version and as the current one, and waits until it can be read. */
  async write(r: MigrationRecord): Promise<void> {
    const values = [
      versionText(r.version),
      r.name,
      r.state,
      r.checksum,
      r.startedOn,
      r.completedOn,
      r.previous === 0 ? NONE : versionText(r.previous),
      r.errorReason,
    ].map(text);
    const insert = (key: string) =>
      `INSERT INTO ${this.names.stream} (${COLUMNS.join(', ')}) VALUES (${[text(key), ...values].join(', ')});`;
    await this.execute(`${insert(versionText(r.version))} ${insert(CURRENT)}`);
    for (let waited = 0; ; waited += POLL_MS) {
      const found = [await this.current(), await this.version(r.version)];
      if (found.every((f) => f?.state === r.state && f.version === r.version && f.startedOn === r.startedOn)) return;
      if (waited >= SETTLE_MS) {
        throw new WeirError(
          'COMMAND_TIMEOUT',
          `The record of version ${versionText(r.version)} was written and is not in ${this.names.table} after ${SETTLE_MS / 1000} s.`,
          `Look at the state of the query that fills it: SHOW QUERIES;`,
        );
      }
      await sleep(POLL_MS);
    }
  }

  private async find(key: string): Promise<MigrationRecord | undefined> {
    const [row] = await this.rows(`SELECT * FROM ${this.names.table} WHERE VERSION_KEY = ${text(key)};`);
    return row === undefined ? undefined : record(row);
  }

  private async rows(sql: string): Promise<readonly Row[]> {
    let answer: readonly [{ readonly columnNames: readonly string[] }, ...(readonly (string | null)[])[]];
    try {
      answer = await this.api.post('/query-stream', { sql }, { accept: 'application/json' });
    } catch (e) {
      if (!(e instanceof WeirError) || !/does not exist/.test(e.message)) throw e;
      throw new WeirError(
        'BAD_REQUEST',
        `The server keeps no record of migrations yet: ${this.names.table} is not there.`,
        'Make it with weir migrations initialize-metadata.',
        { cause: e },
      );
    }
    const [{ columnNames }, ...rows] = answer;
    return rows.map((row) => Object.fromEntries(columnNames.map((name, i) => [name, row[i] ?? null])) as Row);
  }

  private execute(sql: string): Promise<unknown> {
    return this.api.post('/ksql', { ksql: sql });
  }
}

/** SQL's literal of a text. */
const text = (s: string): string => `'${s.replaceAll("'", "''")}'`;

function record(row: Row): MigrationRecord {
  return {
    version: Number(row.VERSION),
    name: row.NAME ?? '',
    state: row.STATE as MigrationState,
    checksum: row.CHECKSUM ?? '',
    startedOn: row.STARTED_ON ?? '',
    completedOn: row.COMPLETED_ON ?? '',
    previous: row.PREVIOUS === null || row.PREVIOUS === NONE ? 0 : Number(row.PREVIOUS),
    errorReason: row.ERROR_REASON ?? '',
  };
}
