import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Latencies, PushClients } from '../../bench/push/clients.js';
import { produce } from '../../bench/push/producer.js';
import { eventually, run, startServer, type TestServer } from '../server/support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe('the push benchmark, small', () => {
  it('many readers get every row in order, beside some that do not read', async () => {
    await run(
      server,
      "CREATE STREAM ticks (id BIGINT, ts BIGINT) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', PARTITIONS=1);",
    );
    const clients = new PushClients({
      host: '127.0.0.1',
      port: server.port,
      healthy: 40,
      stalled: 2,
      sql: 'SELECT id, ts FROM ticks EMIT CHANGES;',
    });
    await clients.open();
    const { records } = await produce(server.address, 'ticks', 2000, 0.5);
    expect(records).toBeGreaterThan(0);
    await eventually(
      async () => clients.counts(),
      (c) => c.lastId === records - 1,
    );
    expect(clients.counts()).toMatchObject({ open: 40, closed: 0, gaps: 0, rows: 40 * records, stalledClosed: 0 });
    expect(clients.latencies.count).toBe(clients.counts().frames);
    clients.close();
  });

  it('latencies are counted within 5 %', () => {
    const latencies = new Latencies();
    for (let ms = 1; ms <= 1000; ms++) latencies.add(ms);
    for (const q of [0.5, 0.99]) expect(Math.abs(latencies.quantile(q) / (q * 1000) - 1)).toBeLessThan(0.06);
    expect(latencies.max).toBe(1000);
  });
});
