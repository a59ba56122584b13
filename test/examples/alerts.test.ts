import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Prometheus, prometheusMissing, startPrometheus } from '../../testing/prometheus.js';
import { describeWith } from '../connectors/support/require.js';
import { until } from '../runtime/nodes.js';
import { run, startServer, type TestServer } from '../server/support.js';

const RULES = join(import.meta.dirname, '../../docker/prometheus/rules.yml');

describeWith('prometheus', prometheusMissing(), 'the alerts of docker/prometheus/rules.yml', () => {
  let server: TestServer;
  let prometheus: Prometheus;
  beforeAll(async () => {
    server = await startServer({ 'auto.offset.reset': 'earliest' });
    await run(
      server,
      `CREATE STREAM trips (fare DOUBLE) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', PARTITIONS=1);
       CREATE STREAM dear AS SELECT fare * 1.2 AS fare FROM trips;
       CREATE STREAM timed (t STRING) WITH (KAFKA_TOPIC='timed', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='t', TIMESTAMP_FORMAT='yyyy-MM-dd');
       SET 'ksql.timestamp.throw.on.invalid'='true';
       CREATE STREAM strict AS SELECT * FROM timed;`,
    );
    prometheus = await startPrometheus(`127.0.0.1:${server.port}`, RULES);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await server?.stop();
  });
  const firing = async (name: string) =>
    (await prometheus.alerts())
      .filter((a) => a.labels['alertname'] === name && a.state === 'firing')
      .map((a) => a.labels['query'] ?? a.labels['connector'] ?? '');

  it('the one of lag fires while a query is paused, and clears', async () => {
    await run(server, 'PAUSE CSAS_DEAR_0;');
    await server.running.engine.ingest(
      'trips',
      Array.from({ length: 500 }, () => '{"fare":1}'),
    );
    await until('it fires', async () => (await firing('WeirQueryBehind')).includes('CSAS_DEAR_0'), 60_000);
    await run(server, 'RESUME CSAS_DEAR_0;');
    await until('it is clear', async () => (await firing('WeirQueryBehind')).length === 0, 60_000);
  }, 130_000);

  it('the one of failures fires for a query in ERROR, and for a connector that retries', async () => {
    await server.running.engine.ingest('timed', ['{"t":"no date"}']);
    await run(
      server,
      "CREATE SINK CONNECTOR away WITH ('connector.class'='postgres-sink', 'connection.url'='postgres://127.0.0.1:1/x', 'from'='trips');",
    );
    await until(
      'the query',
      async () => (await firing('WeirQueryFailed')).some((q) => q.startsWith('CSAS_STRICT')),
      90_000,
    );
    await until('the connector', async () => (await firing('WeirConnectorFailed')).includes('AWAY'), 60_000);
    expect(await firing('WeirDown')).toEqual([]);
  }, 160_000);
});
