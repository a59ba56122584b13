import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EMPTY_CONTEXT } from '../../engine/index.js';
import { type ConnectWorker, startConnect } from '../../testing/kafka-connect.js';
import { describeKafka, uniqueName } from '../kafka/support/broker.js';
import { until } from '../runtime/nodes.js';
import { ask, run, startServer, type TestServer } from '../server/support.js';
import { makeDir, removeDir } from '../support/temp.js';

describeKafka('classes that are Kafka Connect’s', (kafka) => {
  let worker: ConnectWorker;
  let server: TestServer;
  let dir: string;
  const topic = uniqueName('rides');
  beforeAll(async () => {
    worker = await startConnect(kafka.bootstrap);
    dir = makeDir();
    server = await startServer({
      'bootstrap.servers': kafka.bootstrap,
      'ksql.service.id': uniqueName('svc'),
      'ksql.connect.url': worker.url,
    });
    await run(
      server,
      `CREATE STREAM rides (id STRING, n INT) WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='JSON', PARTITIONS=1);`,
    );
  }, 200_000);
  afterAll(async () => {
    await server?.stop();
    await worker?.stop();
    removeDir(dir);
  });
  const one = async (sql: string) => (await server.running.engine.execute(sql, EMPTY_CONTEXT)).at(-1) as never;
  const create = (more = '') =>
    `CREATE SINK CONNECTOR ${more} \`to-file\` WITH ('connector.class'='org.apache.kafka.connect.file.FileStreamSinkConnector',
      'topics'='${topic}', 'file'='${join(dir, 'out.txt')}', 'tasks.max'='1');`;

  it('are made, shown, paused and dropped there', async () => {
    expect(await one(create())).toMatchObject({
      '@type': 'connector_info',
      info: { name: 'to-file', type: 'sink', config: { topics: topic } },
    });
    await run(server, `INSERT INTO rides (id, n) VALUES ('a', 1);`);
    await until(
      'the file',
      () => {
        try {
          return readFileSync(join(dir, 'out.txt'), 'utf8').includes('ID=a');
        } catch {
          return false; // not yet
        }
      },
      60_000,
    );
    await until(
      'it runs',
      async () =>
        ((await one('SHOW CONNECTORS;')) as { connectors: { state: string }[] }).connectors[0]?.state ===
        'RUNNING (1/1 tasks RUNNING)',
    );
    expect(await one('SHOW SINK CONNECTORS;')).toMatchObject({
      connectors: [
        { name: 'to-file', type: 'sink', className: 'org.apache.kafka.connect.file.FileStreamSinkConnector' },
      ],
    });
    expect(await one('DESCRIBE CONNECTOR `to-file`;')).toMatchObject({
      connectorClass: 'org.apache.kafka.connect.file.FileStreamSinkConnector',
      status: { name: 'to-file', connector: { state: 'RUNNING' }, tasks: [{ id: 0, state: 'RUNNING' }], type: 'sink' },
      topics: [topic],
      sources: [{ name: 'RIDES' }],
    });
    const plugins = (await one('SHOW CONNECTOR PLUGINS;')) as {
      connectorsPlugins: { className: string; type: string }[];
    };
    const classes = plugins.connectorsPlugins.map((p) => p.className);
    expect(classes).toEqual(
      expect.arrayContaining(['file-sink', 'postgres-source', 'org.apache.kafka.connect.file.FileStreamSinkConnector']),
    );
    expect(await one(create('IF NOT EXISTS'))).toMatchObject({
      '@type': 'warning_entity',
      message: 'Connector to-file already exists',
    });
    await expect(one(create())).rejects.toThrow(/Failed to create connector: .*already exists/);
    await run(server, 'PAUSE CONNECTOR `to-file`;');
    await until(
      'it is paused',
      async () =>
        ((await one('DESCRIBE CONNECTOR `to-file`;')) as { status: { connector: { state: string } } }).status.connector
          .state === 'PAUSED',
    );
    await run(server, 'RESUME CONNECTOR `to-file`;');
    expect(await one('DROP CONNECTOR `to-file`;')).toMatchObject({
      '@type': 'drop_connector',
      connectorName: 'to-file',
    });
    await until(
      'it is gone',
      async () => ((await one('SHOW CONNECTORS;')) as { connectors: unknown[] }).connectors.length === 0,
    );
    await expect(one('DESCRIBE CONNECTOR `to-file`;')).rejects.toThrow('Connector to-file does not exist.');
    expect(await one('DROP CONNECTOR IF EXISTS `to-file`;')).toMatchObject({ '@type': 'warning_entity' });
  }, 180_000);

  it('are refused in the words of Kafka Connect', async () => {
    const sql = readFileSync(join(import.meta.dirname, '../../examples/taxiflow/bigquery.sql'), 'utf8');
    const answer = await ask(server, { path: '/ksql', body: { ksql: sql } });
    const body = JSON.parse(answer.text) as { message: string };
    expect(answer.status).toBe(400);
    const own = await fetch(`${worker.url}/connectors`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'bigquery',
        config: { 'connector.class': 'com.wepay.kafka.connect.bigquery.BigQuerySinkConnector', topics: 'x' },
      }),
    });
    const said = ((await own.json()) as { message: string }).message;
    // A worker that is asked again puts the name of its exception before it.
    const words = said.replace(/^[\w.]+Exception: /, '').slice(0, 150);
    expect(words).toMatch(/^Failed to find any class that implements Connector and which name matches com.wepay/);
    expect(body.message).toContain(`Failed to create connector: ${words}`);
  });

  it('wait for a worker that is away: Weir says so, and its own connectors are shown', async () => {
    await worker.stop();
    await expect(one(create())).rejects.toThrow(/Kafka Connect at .* cannot be reached/);
    const list = (await one('SHOW CONNECTORS;')) as { connectors: unknown[]; warnings: { message: string }[] };
    expect(list.connectors).toEqual([]);
    expect(list.warnings[0]!.message).toMatch(/cannot be reached/);
  });
});
