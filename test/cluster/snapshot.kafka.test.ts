import { expect, test } from 'vitest';
import { WeirClient } from '../../client/index.js';
import { KafkaLog } from '../../engine/log/kafka/index.js';
import { describeKafka, uniqueName } from '../kafka/support/broker.js';
import { produce, run, type TestServer } from '../server/support.js';
import { Nodes, pull, until } from './support/nodes.js';

const PARTITIONS = 4;
const KEYS = 20;
const BATCH = 50;
const BATCHES = 60;
const SETTINGS = { 'session.timeout.ms': '20000' };

/** A page that shows COUNT(*) by key, which only ever grows: what a key is told twice, or an earlier value, is a fault. */
class Page {
  readonly counts = new Map<string, number>();
  readonly faults: string[] = [];
  inSnapshot = true;
  private readonly query;

  constructor(private readonly client: WeirClient) {
    this.query = client.push<{ K: string; C: number | bigint }>('SELECT * FROM counts EMIT CHANGES;', {
      snapshot: true,
    });
  }

  /** Reads until all keys together have been counted so often. */
  async readTo(total: number): Promise<void> {
    for await (const change of this.query.changes()) {
      if (change.op === 'snapshotEnd') this.inSnapshot = false;
      else if (change.op !== 'upsert') this.faults.push(change.op);
      else {
        const { K: key, C } = change.row;
        const before = this.counts.get(key);
        const count = Number(C);
        if (before !== undefined && (this.inSnapshot || count <= before))
          this.faults.push(`${key}: ${before}, ${count}`);
        this.counts.set(key, count);
      }
      if (!this.inSnapshot && this.total >= total) return;
    }
  }

  get total(): number {
    return [...this.counts.values()].reduce((a, b) => a + b, 0);
  }

  close(): void {
    this.client.close();
  }
}

const write = async (node: TestServer, topic: string, batch: number): Promise<void> => {
  const records = Array.from({ length: BATCH }, (_, i) => ({ key: null, value: `{"K":"k${(batch * 7 + i) % KEYS}"}` }));
  await produce(node, topic, records, PARTITIONS);
};

describeKafka('a snapshot of a table that several nodes keep', (kafka) => {
  test('has each key once, and each change behind it once, whenever it is asked for', async () => {
    const topic = uniqueName('snap');
    // All tasks write one partition: a transaction of one hides what others have committed.
    const nodes = new Nodes(kafka.bootstrap, uniqueName('svc'), SETTINGS);
    const [a, b] = [await nodes.start(), await nodes.start()];
    await run(
      a,
      `CREATE STREAM src (k STRING) WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='JSON', PARTITIONS=${PARTITIONS});
       CREATE TABLE counts WITH (KAFKA_TOPIC='${topic}-counts', PARTITIONS=1) AS
         SELECT k, COUNT(*) AS c FROM src GROUP BY k;`,
    );
    await write(a, topic, 0);
    await until('both give all rows', async () => {
      const each = await Promise.all([a, b].map((node) => pull(node, 'SELECT * FROM counts;')));
      return each.every((rows) => rows.length === KEYS);
    });
    const pages: Page[] = [];
    const read: Promise<void>[] = [];
    for (let batch = 1; batch < BATCHES; batch++) {
      if (batch % 6 === 0) {
        const page = new Page(new WeirClient({ url: (batch % 12 === 0 ? a : b).address }));
        pages.push(page);
        read.push(page.readTo(BATCHES * BATCH));
      }
      await write(a, topic, batch);
    }
    await Promise.all(read);
    for (const page of pages) {
      expect(page.faults).toEqual([]);
      expect([page.counts.size, page.total]).toEqual([KEYS, BATCHES * BATCH]);
      page.close();
    }
  }, 120_000);

  test('is read from the state: it needs nothing of what the topic has had', async () => {
    const topic = uniqueName('bare');
    const nodes = new Nodes(kafka.bootstrap, uniqueName('svc'), SETTINGS);
    const node = await nodes.start();
    await run(
      node,
      `CREATE STREAM src (k STRING) WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='JSON', PARTITIONS=${PARTITIONS});
       CREATE TABLE counts WITH (KAFKA_TOPIC='${topic}-counts') AS SELECT k, COUNT(*) AS c FROM src GROUP BY k;`,
    );
    await write(node, topic, 0);
    await until('all is counted', async () => (await pull(node, 'SELECT * FROM counts;')).length === KEYS);
    const log = new KafkaLog({ brokers: [kafka.bootstrap] });
    await log.open();
    const ends = await log.offsets(`${topic}-counts`);
    await log.deleteRecords(ends.map(({ partition, end }) => ({ topic: `${topic}-counts`, partition, offset: end })));
    expect((await log.offsets(`${topic}-counts`)).every((o) => o.earliest === o.end)).toBe(true);
    await log.close();
    const page = new Page(new WeirClient({ url: node.address }));
    await page.readTo(BATCH);
    expect([page.faults, page.counts.size, page.total]).toEqual([[], KEYS, BATCH]);
    page.close();
  }, 120_000);
});
