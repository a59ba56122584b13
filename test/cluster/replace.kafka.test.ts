import { expect, test } from 'vitest';
import { describeKafka, uniqueName } from '../kafka/support/broker.js';
import { produce, run, type TestServer } from '../server/support.js';
import { Nodes, pull, until } from './support/nodes.js';

const PARTITIONS = 4;
const KEYS = 40;

describeKafka('CREATE OR REPLACE on several nodes', (kafka) => {
  test('tables are the rule of the versions on each node, also when one goes and its state is read anew', async () => {
    const topic = uniqueName('replaced');
    const nodes = new Nodes(kafka.bootstrap, uniqueName('svc'), { 'session.timeout.ms': '20000' });
    const a = await nodes.start();
    const b = await nodes.start();
    const filtered = new Map<string, number>();
    const sums = new Map<string, number>();
    const summed = new Map<string, number>();
    let bound = 0;
    const replace = (node: TestServer) =>
      run(
        node,
        `CREATE OR REPLACE TABLE t WITH (KAFKA_TOPIC='${topic}-t') AS SELECT k, v FROM n WHERE v > ${bound};
         CREATE OR REPLACE TABLE s WITH (KAFKA_TOPIC='${topic}-s') AS
           SELECT k, SUM(v) AS v FROM e GROUP BY k HAVING SUM(v) > ${bound * 2};`,
      );
    const put = async (node: TestServer, salt: number): Promise<void> => {
      const records = Array.from({ length: 200 }, (_, i) => ({
        key: `k${(i * 7 + salt) % KEYS}`,
        v: ((i * 37 + salt * 11) % 101) - 50,
      }));
      for (const { key, v } of records) {
        if (v > bound) filtered.set(key, v);
        else filtered.delete(key);
        sums.set(key, (sums.get(key) ?? 0) + v);
        if (sums.get(key)! > bound * 2) summed.set(key, sums.get(key)!);
        else summed.delete(key);
      }
      await produce(
        node,
        topic,
        records.map(({ key, v }) => ({ key, value: JSON.stringify({ V: v }) })),
        PARTITIONS,
      );
    };
    const ordered = (rows: ReadonlyMap<string, number>) =>
      [...rows].sort((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1));
    const alike = async (): Promise<void> => {
      for (const node of nodes.all) {
        await until(`node ${node.port} has both tables`, async () => {
          const [t, s] = [await pull(node, 'SELECT k, v FROM t;'), await pull(node, 'SELECT k, v FROM s;')];
          return JSON.stringify([t, s]) === JSON.stringify([ordered(filtered), ordered(summed)]);
        });
      }
    };

    await produce(a, topic, [], PARTITIONS);
    await run(
      a,
      `CREATE TABLE n (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='JSON');
       CREATE STREAM e (k STRING KEY, v INT) WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='JSON');`,
    );
    await replace(a);
    await put(a, 1);
    await alike();
    bound = 20;
    await replace(b);
    await alike();
    await put(a, 2);
    await alike();
    bound = -10;
    await replace(a);
    await put(b, 3);
    await alike();
    await nodes.stop(b);
    await alike();
    const c = await nodes.start();
    bound = 30;
    await replace(c);
    await put(c, 4);
    await alike();

    // Whoever reads the topics from their beginning has the same tables.
    await run(
      a,
      `CREATE TABLE t2 (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='${topic}-t', VALUE_FORMAT='JSON');
       CREATE TABLE s2 (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='${topic}-s', VALUE_FORMAT='JSON');
       CREATE TABLE t3 AS SELECT * FROM t2;
       CREATE TABLE s3 AS SELECT * FROM s2;`,
      { 'auto.offset.reset': 'earliest' },
    );
    await until('copies of both', async () => {
      const [t, s] = [await pull(a, 'SELECT k, v FROM t3;'), await pull(a, 'SELECT k, v FROM s3;')];
      return JSON.stringify([t, s]) === JSON.stringify([ordered(filtered), ordered(summed)]);
    });
    expect(nodes.all).toHaveLength(2);
  }, 240_000);
});
