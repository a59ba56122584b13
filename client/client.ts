import { Connection, type Reconnect } from './connection.js';
import { type ErrorBody, InsertError, WeirClientError } from './errors.js';
import { parseExact } from './exact-json.js';
import { basicAuthorization, HttpApi } from './http.js';
import { textLines } from './lines.js';
import { liveRows } from './live.js';
import { type PushOptions, PushQuery, type Scalar } from './push-query.js';
import { type Column, type Row, RowReader } from './rows.js';
import { type OpenSocket, openSocket } from './socket.js';
import { encodeRow, type Insertable, type InsertValue } from './values.js';

export interface ClientOptions {
  /** Where the server answers: `http://localhost:8088`. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly reconnect?: Reconnect;
  /** For tests, and for places with a WebSocket or a fetch of their own. */
  readonly openSocket?: OpenSocket;
  readonly fetch?: typeof globalThis.fetch;
}

/** What goes with statements and pull queries. */
export interface RequestOptions {
  readonly properties?: Readonly<Record<string, Scalar>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An answer of `/ksql`; `@type` says which. */
export interface Entity {
  readonly '@type': string;
  readonly [member: string]: unknown;
}

/**
 * The streams and tables of a server by name, with the rows that can be inserted. `weir types` writes it for the live
 * catalog, as an augmentation of this interface.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be augmented.
export interface Sources {}

/** A row to insert: columns that are left out are NULL. */
export type InsertRow<N> = N extends keyof Sources
  ? { readonly [C in keyof Sources[N]]?: Insertable<Sources[N][C]> }
  : { readonly [column: string]: InsertValue };

export interface ServerInfo {
  readonly version: string;
  readonly kafkaClusterId: string;
  readonly ksqlServiceId: string;
  readonly serverStatus: string;
}

export interface SourceInfo {
  readonly name: string;
  readonly topic: string;
  readonly keyFormat: string;
  readonly valueFormat: string;
  readonly isWindowed: boolean;
}

/** Rows of one insert request; longer lists go in several. */
const INSERT_ROWS = 1000;

/** A Weir server, from Node or a page. */
export class WeirClient {
  private readonly api: HttpApi;
  private readonly connection: Connection;
  private serial = 0;

  constructor(options: ClientOptions) {
    const authorization =
      options.user === undefined ? undefined : basicAuthorization(options.user, options.password ?? '');
    this.api = new HttpApi(options.url, authorization, options.fetch);
    this.connection = new Connection({
      url: `${this.api.base.replace(/^http/, 'ws')}/ws/v1`,
      authorization,
      openSocket: options.openSocket ?? openSocket,
      reconnect: options.reconnect ?? {},
      random: Math.random,
      delay: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    });
  }

  /**
   * A push query: `for await (const row of client.push('SELECT … EMIT CHANGES;'))`. It begins at once; what is wrong with it
   * is thrown where it is iterated.
   */
  push<R = Row>(sql: string, options: PushOptions = {}): PushQuery<R> {
    return new PushQuery<R>(this.connection, `q${++this.serial}`, sql, options);
  }

  /** A table query's rows by key, kept up to date: yields the map whenever it has changed. */
  live<R extends object = Row>(sql: string, options: PushOptions = {}): AsyncGenerator<ReadonlyMap<string, R>> {
    return liveRows(this.push<R>(sql, { ...options, snapshot: true }));
  }

  /** All rows of a pull query. */
  async pull<R = Row>(sql: string, options: RequestOptions = {}): Promise<R[]> {
    const rows: R[] = [];
    for await (const row of this.pullEach<R>(sql, options)) rows.push(row);
    return rows;
  }

  /** The rows of a pull query as they come. */
  async *pullEach<R = Row>(sql: string, options: RequestOptions = {}): AsyncGenerator<R, void, undefined> {
    const { properties = {}, variables = {}, signal } = options;
    const body = { sql, properties, sessionVariables: variables };
    const response = await this.api.send('/query-stream', { body, signal });
    let reader: RowReader | undefined;
    for await (const line of textLines(response, signal)) {
      const json = parseExact(line);
      if (Array.isArray(json)) yield reader!.read<R>(json);
      else if ('columnNames' in (json as object)) reader = new RowReader(headerColumns(json as Header));
      else throw WeirClientError.from(json as ErrorBody);
    }
  }

  /** Runs statements that are no queries. */
  async execute(sql: string, options: RequestOptions = {}): Promise<readonly Entity[]> {
    const { properties = {}, variables = {}, signal } = options;
    const body = { ksql: sql, streamsProperties: properties, sessionVariables: variables };
    return this.api.json<Entity[]>('/ksql', { body, signal });
  }

  /**
   * Inserts rows into a stream or table, by its exact name. Resolves when all of them are durable; throws InsertError with
   * the index of the first that is not known to be: where the connection was lost (UNREACHABLE, CONNECTION_LOST) it and those
   * behind it may have been written all the same. A Date is a TIMESTAMP.
   */
  async insert<N extends keyof Sources | (string & {})>(
    target: N,
    rows: readonly InsertRow<N>[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    for (let from = 0; from < rows.length; from += INSERT_ROWS) {
      const some = rows.slice(from, from + INSERT_ROWS) as readonly { [column: string]: InsertValue }[];
      const lines = [JSON.stringify({ target }), ...some.map(encodeRow)];
      let acknowledged = 0;
      try {
        const response = await this.api.send('/inserts-stream', { body: `${lines.join('\n')}\n`, signal });
        for await (const line of textLines(response, signal)) {
          const answer = JSON.parse(line) as ErrorBody & { readonly status?: string; readonly seq?: number };
          if (answer.status !== 'ok') throw new InsertError(from + (answer.seq ?? acknowledged), answer);
          acknowledged++;
        }
      } catch (e) {
        if (!(e instanceof WeirClientError) || e instanceof InsertError) throw e;
        throw new InsertError(from + acknowledged, e);
      }
      if (acknowledged < some.length) throw new InsertError(from + acknowledged, { message: 'not acknowledged' });
    }
  }

  async info(): Promise<ServerInfo> {
    return (await this.api.json<{ KsqlServerInfo: ServerInfo }>('/info')).KsqlServerInfo;
  }

  /** Whether the server and its parts are well. */
  async health(): Promise<{ readonly isHealthy: boolean; readonly [part: string]: unknown }> {
    return this.api.json('/healthcheck');
  }

  async streams(): Promise<readonly SourceInfo[]> {
    return this.one<SourceInfo[]>('SHOW STREAMS;', 'streams');
  }

  async tables(): Promise<readonly SourceInfo[]> {
    return this.one<SourceInfo[]>('SHOW TABLES;', 'tables');
  }

  async queries(): Promise<readonly { readonly id: string; readonly state: string; readonly queryString: string }[]> {
    return this.one('SHOW QUERIES;', 'queries');
  }

  async topics(): Promise<readonly { readonly name: string; readonly replicaInfo: readonly number[] }[]> {
    return this.one('SHOW TOPICS;', 'topics');
  }

  /** A stream or table by its exact name. */
  async describe(source: string): Promise<Readonly<Record<string, unknown>>> {
    return this.one(`DESCRIBE \`${source.replaceAll('`', '``')}\`;`, 'sourceDescription');
  }

  /** Ends a persistent query. */
  async terminate(queryId: string): Promise<void> {
    await this.execute(`TERMINATE ${queryId};`);
  }

  /** Ends all queries of this client. */
  close(): void {
    this.connection.close();
  }

  private async one<T>(sql: string, member: string): Promise<T> {
    const [entity] = await this.execute(sql);
    return entity![member] as T;
  }
}

interface Header {
  readonly columnNames: readonly string[];
  readonly columnTypes: readonly string[];
}

const headerColumns = ({ columnNames, columnTypes }: Header): readonly Column[] =>
  columnNames.map((name, i) => ({ name, type: columnTypes[i]!, key: false }));
