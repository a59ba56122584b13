import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import {
  consoleConsume,
  consoleProduce,
  describeKafka,
  kcatConsume,
  kcatProduce,
  missingKcat,
  NULL_MARKER,
  startBroker,
  uniqueName,
} from './support/broker.js';

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';

function client(bootstrap: string): Kafka {
  return new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 8 } });
}

async function createTopic(kafka: Kafka, topic: string, numPartitions: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
  await admin.disconnect();
}

async function highWatermarks(kafka: Kafka, topic: string): Promise<Map<number, number>> {
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
}

/** The first `count` values that a consumer of a new group sees, from the beginning. */
async function consume(kafka: Kafka, topic: string, count: number): Promise<(string | null)[]> {
  const consumer = kafka.consumer({ groupId: uniqueName('group'), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const values: (string | null)[] = [];
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        values.push(message.value?.toString() ?? null);
        if (values.length === count) resolve();
      },
    });
  });
  await consumer.disconnect();
  return values;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describeKafka('the broker for tests', (address) => {
  test('keeps what kafkajs writes, in partitions, with event times that are years old', async () => {
    const kafka = client(address.bootstrap);
    const topic = uniqueName('old');
    await createTopic(kafka, topic, 2);
    const producer = kafka.producer();
    await producer.connect();
    const messages = [0, 1].map((partition) => ({ partition, value: `in ${partition}`, timestamp: '1000000000000' }));
    await producer.send({ topic, messages });
    await producer.disconnect();
    expect(await highWatermarks(kafka, topic)).toEqual(
      new Map([
        [0, 1],
        [1, 1],
      ]),
    );
    expect((await consume(kafka, topic, 2)).sort()).toEqual(['in 0', 'in 1']);
  });

  test("Java's console producer writes keys, values and tombstones, which kafkajs and Java read back", async () => {
    const kafka = client(address.bootstrap);
    const topic = uniqueName('java');
    await createTopic(kafka, topic, 1);
    const lines = ['k1:{"A":"ü"}', `k2:${NULL_MARKER}`, `${NULL_MARKER}:no key`];
    await consoleProduce(address, topic, lines, { keySeparator: ':' });
    expect(await consume(kafka, topic, 3)).toEqual(['{"A":"ü"}', null, 'no key']);
    const records = await consoleConsume(address, topic, 3);
    expect(records.map(({ key, value, partition, offset }) => ({ key, value, partition, offset }))).toEqual([
      { key: 'k1', value: '{"A":"ü"}', partition: 0, offset: 0 },
      { key: 'k2', value: null, partition: 0, offset: 1 },
      { key: null, value: 'no key', partition: 0, offset: 2 },
    ]);
    expect(records[0]!.timestamp).toBeGreaterThan(1_700_000_000_000);
  });

  test("Java's console consumer sees committed transactions only, and headers", async () => {
    const kafka = client(address.bootstrap);
    const topic = uniqueName('tx');
    await createTopic(kafka, topic, 1);
    const producer = kafka.producer({ transactionalId: uniqueName('tx'), maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    for (const [value, end] of [
      ['lost', 'abort'],
      ['kept', 'commit'],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ key: 'k', value, timestamp: '123', headers: { h: 'v' } }] });
      await transaction[end]();
    }
    await producer.disconnect();
    const committed = await consoleConsume(address, topic, 1);
    expect(committed).toMatchObject([{ key: 'k', value: 'kept', timestamp: 123, headers: 'h:v' }]);
    const all = await consoleConsume(address, topic, 2, { isolation: 'read_uncommitted' });
    expect(all.map((record) => record.value)).toEqual(['lost', 'kept']);
  });

  test.skipIf(missingKcat() !== undefined)('kcat reads what kcat wrote', async () => {
    const topic = uniqueName('kcat');
    await createTopic(client(address.bootstrap), topic, 1);
    await kcatProduce(address, topic, ['a:1', 'b:'], { keySeparator: ':', headers: { h: 'v' } });
    expect(await kcatConsume(address, topic)).toMatchObject([
      { key: 'a', value: '1', headers: 'h=v', offset: 0 },
      { key: 'b', value: null, offset: 1 },
    ]);
  });

  test('comes back after SIGKILL with its data, on the same port, and is gone after stop', async () => {
    const broker = await startBroker();
    try {
      const kafka = client(broker.bootstrap);
      await createTopic(kafka, 'kept', 1);
      const producer = kafka.producer();
      await producer.connect();
      await producer.send({ topic: 'kept', messages: [{ value: 'before' }] });
      await producer.disconnect();
      const first = broker.pid!;
      await broker.kill();
      expect(isAlive(first)).toBe(false);
      expect(broker.pid).toBeUndefined();
      await broker.restart();
      expect(broker.pid).not.toBe(first);
      expect(await consume(kafka, 'kept', 1)).toEqual(['before']);
    } finally {
      const pid = broker.pid;
      await broker.stop();
      expect(pid === undefined || isAlive(pid)).toBe(false);
    }
  });

  test('ends with the process that started it, even when that is killed', async () => {
    // A child cannot import TypeScript, so it starts the same two shells as the harness, over a `sleep`.
    const source = await readFile(new URL('../../testing/kafka-broker.ts', import.meta.url), 'utf8');
    const [keeper, sweeper] = ['KEEPER', 'SWEEPER'].map(
      (name) => new RegExp(`const ${name} = \`\n([^\`]+)\``).exec(source)![1]!,
    ) as [string, string];
    const folder = join(tmpdir(), uniqueName('weir-keeper'));
    const script = `
      const { spawn } = require('node:child_process');
      const [folder, keeper, sweeper] = process.argv.slice(1);
      require('node:fs').mkdirSync(folder);
      const stdio = ['pipe', 'pipe', 'ignore'];
      spawn('sh', ['-c', sweeper, 'sh', folder], { detached: true, stdio });
      const child = spawn('sh', ['-c', keeper, 'sh', folder, 'sleep', '300'], { detached: true, stdio });
      child.stdout.once('data', (line) => process.stdout.write(String(line)));
      setInterval(() => {}, 1000);`;
    const args = ['-e', script, folder, keeper, sweeper];
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve)));
      await writeFile(join(folder, 'data'), '');
      expect(isAlive(pid)).toBe(true);
      parent.kill('SIGKILL');
      await expect.poll(() => isAlive(pid) || existsSync(folder), { timeout: 20_000 }).toBe(false);
    } finally {
      parent.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  });
});
