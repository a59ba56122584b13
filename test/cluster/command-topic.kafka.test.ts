import { Kafka, logLevel } from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { openKafka } from '../../server/main.js';
import { describeKafka, uniqueName } from '../kafka/support/broker.js';
import { ask, produce, run, type TestServer } from '../server/support.js';
import { Nodes, pull, until } from './support/nodes.js';

const health = async (node: TestServer): Promise<boolean> =>
  (
    JSON.parse((await ask(node, { path: '/healthcheck' })).text) as {
      details: { commandRunner: { isHealthy: boolean } };
    }
  ).details.commandRunner.isHealthy;

describeKafka('a damaged command topic', (kafka) => {
  async function counting(): Promise<{ nodes: Nodes; a: TestServer; topic: string; commands: string }> {
    const topic = uniqueName('cmd');
    const nodes = new Nodes(kafka.bootstrap, uniqueName('svc'));
    const a = await nodes.start();
    await run(
      a,
      `CREATE STREAM src (k STRING KEY, n BIGINT) WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='JSON', PARTITIONS=2);
      CREATE TABLE counts WITH (KAFKA_TOPIC='${topic}-counts') AS SELECT k, COUNT(*) AS c FROM src GROUP BY k;`,
    );
    await produce(a, topic, [{ key: 'x', value: '{"N":1}' }], 2);
    await until('it counts', async () => (await pull(a, 'SELECT * FROM counts;')).length === 1);
    return { nodes, a, topic, commands: `_weir_${nodes.service}_command_topic` };
  }

  const client = (): Kafka => new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });

  test('an entry that cannot be read: nodes serve what they have, refuse statements, and start again all the same', async () => {
    const { nodes, a, topic, commands } = await counting();
    const b = await nodes.start();
    const producer = client().producer();
    await producer.connect();
    onTestFinished(() => producer.disconnect());
    await producer.send({ topic: commands, messages: [{ key: 'x', value: '{"version":1,"id":' }] });
    for (const node of [a, b]) await until('it is noticed', async () => !(await health(node)));
    const late = await nodes.start();
    expect(await health(late)).toBe(false);
    await produce(a, topic, [{ key: 'x', value: '{"N":1}' }], 2);
    for (const node of [a, b, late]) {
      await until(
        'reads go on, and so do queries',
        async () => JSON.stringify(await pull(node, 'SELECT * FROM counts;')) === '[["x",2]]',
      );
      const refused = await ask(node, { path: '/ksql', body: { ksql: 'CREATE TYPE t AS BIGINT;' } });
      expect(refused.status).toBe(500);
      expect(JSON.parse(refused.text)).toMatchObject({
        code: 'COMMAND_LOG_DAMAGED',
        message: expect.stringMatching(/statements are refused, running queries go on.*cannot be read/),
      });
      const [streams] = (await run(node, 'SHOW STREAMS;')) as unknown as { streams: { name: string }[] }[];
      expect(streams!.streams.map((s) => s.name)).toEqual(['SRC']);
    }
  }, 120_000);

  test('a beginning that is lost, and a topic that was deleted, are noticed', async () => {
    const { a, commands } = await counting();
    const admin = client().admin();
    await admin.connect();
    onTestFinished(() => admin.disconnect());
    const log = await openKafka({ 'bootstrap.servers': kafka.bootstrap });
    onTestFinished(() => log.close());
    await log.deleteRecords([{ topic: commands, partition: 0, offset: 1 }]);
    const refused = await ask(a, { path: '/ksql', body: { ksql: 'CREATE TYPE t AS BIGINT;' } });
    expect(refused.text).toMatch(/has lost its first 1 commands/);
    expect(await health(a)).toBe(false);

    const { a: other, commands: theirs } = await counting();
    await admin.deleteTopics({ topics: [theirs] });
    await until('it is noticed', async () => !(await health(other)));
    expect(await pull(other, 'SELECT * FROM counts;')).toEqual([['x', 1]]);
  }, 120_000);
});
