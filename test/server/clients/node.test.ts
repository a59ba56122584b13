import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, letters, run, startServer, type TestServer } from '../support.js';
import { fetchClients } from './fetched.js';

/** Clients of ksqlDB from the npm registry, as they are, against this server. */
const folder = await fetchClients({
  language: 'node',
  name: 'node-ksqldb-client-1.0.5-ksqldb-js-1.1.2',
  files: {
    'package.json': JSON.stringify({
      private: true,
      dependencies: { 'ksqldb-client': '1.0.5', 'ksqldb-js': '1.1.2' },
    }),
  },
  steps: [['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=1']],
  timeoutMs: 90_000,
});
const load = folder === undefined ? undefined : createRequire(join(folder, 'package.json'));

interface ClientAnswer {
  readonly status: number;
  readonly error?: { readonly message: string; readonly error_code: number };
  readonly data?: {
    readonly rows: unknown[];
    readonly metadata: { readonly queryId: string; readonly columnNames: string[] };
  };
}
interface KsqldbClient {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  executeStatement(sql: string, extra?: object): Promise<ClientAnswer>;
  query(sql: string, extra?: object): Promise<ClientAnswer>;
  streamQuery(
    sql: string,
    take: (data: NonNullable<ClientAnswer['data']>) => void,
    extra?: object,
  ): Promise<ClientAnswer>;
  terminatePushQuery(id: string): Promise<ClientAnswer>;
  insertInto(target: string, row: object): Promise<ClientAnswer>;
  listStreams(): Promise<{ readonly name: string }[]>;
  listTables(): Promise<{ readonly name: string }[]>;
  listTopics(): Promise<{ readonly name: string }[]>;
  listQueries(): Promise<{ readonly id: string }[]>;
  describeSource(name: string): Promise<{ readonly name: string }>;
}

interface KsqldbJs {
  pull(sql: string): Promise<unknown[]>;
  push(sql: string, take: (chunk: string) => void): Promise<string>;
  terminate(id: string): Promise<Record<string, unknown>>;
  ksql(sql: string): Promise<Record<string, unknown>>;
  createStream(name: string, columns: string[], topic: string, format: string, partitions: number): Promise<unknown>;
  createStreamAs(
    name: string,
    columns: string[],
    source: string,
    properties: object,
    where: string,
    by: string,
  ): Promise<string>;
  createTableAs(
    name: string,
    source: string,
    columns: string[],
    properties: object,
    conditions: object,
  ): Promise<{ readonly status: number }>;
  insertStream(name: string, rows: object[]): Promise<unknown[]>;
  inspectQueryStatus(id: string): Promise<{ readonly data: unknown }>;
  inspectServerInfo(): Promise<{ readonly data: { readonly KsqlServerInfo: { readonly version: string } } }>;
  inspectServerHealth(): Promise<{ readonly data: { readonly isHealthy: boolean } }>;
  inspectClusterStatus(): Promise<{ readonly data: { readonly clusterStatus: object } }>;
  isValidProperty(name: string): Promise<{ readonly data: boolean }>;
  terminateCluster(topics: string[]): Promise<{ readonly status: number }>;
}

describe.skipIf(load === undefined)('existing clients (need the npm registry)', () => {
  let server: TestServer;
  beforeAll(async () => {
    // Queries that are made just before rows are inserted must not begin behind them.
    server = await startServer({ 'auto.offset.reset': 'earliest' });
    await letters(server);
  });
  afterAll(() => server.stop());

  it('ksqldb-client 1.0.5', async () => {
    const Client = load!('ksqldb-client') as new (options: object) => KsqldbClient;
    const client = new Client({ host: 'http://127.0.0.1', port: server.port });
    await client.connect();
    try {
      const created = await client.executeStatement(
        "CREATE STREAM notes (id INT KEY, text STRING) WITH (KAFKA_TOPIC='notes', VALUE_FORMAT='JSON', PARTITIONS=1);",
      );
      expect([created.status, created.error]).toEqual([200, undefined]);
      const rows: unknown[] = [];
      let queryId = '';
      const push = client.streamQuery('SELECT id, text FROM notes EMIT CHANGES;', (data) => {
        queryId = data.metadata.queryId;
        rows.push(...(data.rows ?? []));
      });
      await eventually(
        async () => queryId,
        (id) => id !== '',
      );
      for (const [id, text] of [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ] as const) {
        const inserted = await client.insertInto('notes', { id, text });
        expect([inserted.status, inserted.data?.rows]).toEqual([200, [{ status: 'ok', seq: 0 }]]);
      }
      await eventually(
        async () => rows.length,
        (n) => n === 3,
      );
      expect(rows).toEqual([
        { ID: 1, TEXT: 'a' },
        { ID: 2, TEXT: 'b' },
        { ID: 3, TEXT: 'c' },
      ]);
      expect((await client.terminatePushQuery(queryId)).error).toBeUndefined();
      expect((await push).status).toBe(200);
      expect((await client.terminatePushQuery(queryId)).error).toMatchObject({ error_code: 40000 });

      const pulled = await client.query("SELECT * FROM counts WHERE b = '${who}';", { sessionVariables: { who: 'x' } });
      expect(pulled.data?.rows).toEqual([{ B: 'x', N: 2 }]);
      expect(pulled.data?.metadata.columnNames).toEqual(['B', 'N']);
      const refused = await client.query('SELECT nope FROM counts;');
      expect([refused.status, refused.error]).toMatchObject([
        400,
        { error_code: 40001, message: expect.stringContaining('NOPE') },
      ]);

      expect((await client.listStreams()).map((s) => s.name)).toContain('NOTES');
      expect((await client.listTables()).map((s) => s.name)).toContain('COUNTS');
      expect((await client.listTopics()).map((s) => s.name)).toContain('notes');
      expect((await client.listQueries()).map((s) => s.id)).toContain('CTAS_COUNTS_0');
      expect((await client.describeSource('notes')).name).toBe('NOTES');
      expect((await client.executeStatement('DROP STREAM notes;')).status).toBe(200);
    } finally {
      await client.disconnect();
    }
  });

  it('ksqldb-js 1.1.2', async () => {
    const Client = load!('ksqldb-js') as new (options: object) => KsqldbJs;
    const client = new Client({ ksqldbURL: server.address });
    await client.createStream('people', ['id INT KEY', 'name VARCHAR'], 'people', 'json', 1);
    const as = await client.createStreamAs(
      'loud',
      ['id', 'UCASE(name) AS name'],
      'people',
      { kafka_topic: 'loud' },
      'id > 0',
      '',
    );
    expect(as).toMatch(/^CSAS_LOUD_/);
    expect(
      (
        await client.createTableAs(
          'tally',
          'people',
          ['name', 'COUNT(*) AS n'],
          {},
          { WHERE: 'id > 0', GROUP_BY: 'name' },
        )
      ).status,
    ).toBe(200);
    expect(
      await client.insertStream('people', [
        { id: 1, name: 'ada' },
        { id: 2, name: 'bob' },
        { id: 3, name: 'ada' },
      ]),
    ).toEqual([
      { status: 'ok', seq: 0 },
      { status: 'ok', seq: 1 },
      { status: 'ok', seq: 2 },
    ]);
    const tally = () => client.pull("SELECT name, n FROM tally WHERE name = 'ada';");
    expect(await eventually(tally, (r) => JSON.stringify(r[1]) === '["ada",2]')).toMatchObject([
      { queryId: expect.any(String), columnNames: ['NAME', 'N'], columnTypes: ['STRING', 'BIGINT'] },
      ['ada', 2],
    ]);

    const chunks: string[] = [];
    const queryId = await client.push('SELECT name FROM loud EMIT CHANGES;', (c) => chunks.push(c));
    await client.insertStream('people', [{ id: 4, name: 'eve' }]);
    await eventually(
      async () => chunks.length,
      (n) => n === 5,
    );
    expect(chunks.map((c) => JSON.parse(c) as unknown)).toMatchObject([
      { queryId },
      ['ADA'],
      ['BOB'],
      ['ADA'],
      ['EVE'],
    ]);
    expect(await client.terminate(queryId)).toMatchObject({ '@type': 'terminate_query', wasTerminated: true });

    expect(await client.ksql('LIST STREAMS;')).toMatchObject({ '@type': 'streams' });
    await expect(client.ksql('SELECT * FROM people;')).rejects.toMatchObject({
      message: expect.stringContaining('SELECT'),
    });
    expect((await client.inspectQueryStatus('stream/LOUD/create')).data).toMatchObject({ status: 'SUCCESS' });
    expect((await client.inspectServerInfo()).data.KsqlServerInfo.version).toBe('0.29.0');
    expect((await client.inspectServerHealth()).data.isHealthy).toBe(true);
    expect(Object.keys((await client.inspectClusterStatus()).data.clusterStatus)).toHaveLength(1);
    expect((await client.isValidProperty('auto.offset.reset')).data).toBe(true);
    expect((await client.terminateCluster(['LOUD'])).status).toBe(200);
    expect(await run(server, 'SHOW QUERIES;')).toMatchObject([{ queries: [] }]);
  });
});
