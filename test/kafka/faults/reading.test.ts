/** Known faults of kafkajs in reading: each shown by the stock client, and not to be had with Weir's log. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KafkaLog } from '../../../engine/log/kafka/index.js';
import {
  batchOf,
  collect,
  eventually,
  look,
  readFrom,
  recordsOf,
  topicOf,
  values,
  withReader,
  withWriter,
} from '../../contract/log-support.js';
import { message, type StockConsumer, stockClient, stockConsumer, transactionalProducer } from '../stock/kafkajs.js';
import { describeKafka, uniqueName } from '../support/broker.js';

describeKafka('faults of kafkajs: reading', (kafka) => {
  let log: KafkaLog;
  const consumers: StockConsumer[] = [];
  beforeAll(async () => {
    log = new KafkaLog({ brokers: [kafka.bootstrap] });
    await log.open();
  });
  afterAll(async () => {
    for (const { consumer } of consumers) await consumer.disconnect();
    await log?.close();
  });
  const stock = async (...args: Parameters<typeof stockConsumer>): Promise<StockConsumer> => {
    const started = await stockConsumer(...args);
    consumers.push(started);
    return started;
  };

  describe('a: records of aborted transactions leak', () => {
    test('where transactions are aborted in another order than they began in', async () => {
      const topic = await topicOf(log);
      const [a, b] = await Promise.all(['a', 'b'].map((n) => transactionalProducer(kafka.bootstrap, uniqueName(n))));
      const ta = await a!.transaction();
      await ta.send({ topic, messages: [message('k', 'aborted a')] });
      const tb = await b!.transaction();
      await tb.send({ topic, messages: [message('k', 'aborted b')] });
      await tb.abort();
      await ta.abort();
      await Promise.all([a!.disconnect(), b!.disconnect()]);
      await withWriter(log, undefined, async (writer) => {
        writer.append(topic, 0, values('kept'));
        await writer.flush();
      });
      await eventually('the transactions have ended', async () => (await log.offsets(topic))[0]!.end === 5);

      const { seen } = await stock(stockClient(kafka.bootstrap), topic);
      await eventually('kafkajs has read all', () => seen.includes('kept'));
      expect(seen).toEqual(['aborted a', 'kept']);

      expect((await readFrom(log, topic, 0, 0, 1)).map((r) => r.value)).toEqual(['kept']);
    });

    test('behind a record whose key looks like a marker', async () => {
      const topic = await topicOf(log);
      const producer = await transactionalProducer(kafka.bootstrap, uniqueName('tx'));
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [message('k', 'aborted 1')] });
      await transaction.send({ topic, messages: [message(Buffer.alloc(4), 'aborted 2')] });
      await transaction.send({ topic, messages: [message('k', 'aborted 3')] });
      await transaction.abort();
      const next = await producer.transaction();
      await next.send({ topic, messages: [message('k', 'kept')] });
      await next.commit();
      await producer.disconnect();
      await eventually('the transactions have ended', async () => (await log.offsets(topic))[0]!.end === 6);

      const { seen } = await stock(stockClient(kafka.bootstrap), topic);
      await eventually('kafkajs has read all', () => seen.includes('kept'));
      expect(seen).toEqual(['aborted 2', 'aborted 3', 'kept']);

      expect((await readFrom(log, topic, 0, 0, 1)).map((r) => r.value)).toEqual(['kept']);
    });
  });

  test('h: an offset that is out of range is reset, and nobody is told', async () => {
    const topic = await topicOf(log);
    const write = (...list: string[]) =>
      withWriter(log, undefined, async (writer) => {
        writer.append(topic, 0, values(...list));
        await writer.flush();
      });
    for (let i = 0; i < 8; i++) await write(String(i));
    const groupId = uniqueName('group');
    const admin = stockClient(kafka.bootstrap).admin();
    await admin.connect();
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '2' }] });
    await admin.disconnect();
    await log.deleteRecords([{ topic, partition: 0, offset: 5 }]);

    const { seen, crashes } = await stock(stockClient(kafka.bootstrap), topic, { groupId, fromBeginning: false });
    // It goes to the end: 5, 6 and 7, which are there, are passed over with what was deleted.
    for (let i = 8; seen.length === 0; i++) {
      await write(String(i));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(Number(seen[0])).toBeGreaterThanOrEqual(8);
    expect(crashes).toEqual([]);

    await withReader(log, async (reader) => {
      reader.assign(topic, 0, 2);
      await expect(collect(reader, 1)).rejects.toMatchObject({
        code: 'LOG_ERROR',
        message: expect.stringContaining(`Offset 2 of ${topic}/0 is out of range`),
      });
    });
  });

  test('f: a batch of 200,000 records overflows the stack', async () => {
    // Sending as many takes kafkajs minutes besides: it copies the list of messages for each message.
    const COUNT = 200_000;
    const topic = await topicOf(log, 1, { 'max.message.bytes': '20000000' });
    await withWriter(log, undefined, async (writer) => {
      writer.append(topic, 0, batchOf(Array.from({ length: COUNT }, (_, i) => ({ value: String(i) }))));
      await writer.flush();
    });
    const { seen, crashes } = await stock(stockClient(kafka.bootstrap), topic);
    await eventually('kafkajs has stopped', () => crashes.some((c) => c.includes('call stack')));
    expect(seen).toEqual([]);

    await withReader(log, async (reader) => {
      reader.assign(topic, 0, 0);
      let records = 0;
      await eventually('Weir has read it', async () => {
        for (const r of recordsOf(await reader.poll(100)))
          if (r.value !== String(records++)) expect.unreachable(`record ${records - 1} is ${r.value}`);
        return records === COUNT;
      });
    });
  });

  test('k: disconnect() waits for a fetch that waits at the end of its topic', async () => {
    const topic = await topicOf(log);
    const idle = await stock(stockClient(kafka.bootstrap), topic, { maxWaitTimeInMs: 3000 });
    await new Promise((resolve) => setTimeout(resolve, 1000)); // joined, and fetching
    const started = performance.now();
    await idle.consumer.disconnect();
    expect(performance.now() - started).toBeGreaterThan(500);

    const patient = new KafkaLog({ brokers: [kafka.bootstrap], fetchMaxWaitMs: 3000 });
    await patient.open();
    const reader = patient.reader({ clientId: 'test' });
    reader.assign(topic, 0, 0);
    expect(await look(reader)).toEqual([]);
    const before = performance.now();
    await reader.close();
    await patient.close();
    expect(performance.now() - before).toBeLessThan(500);
  });

  test("k: a change of one of a topic's settings takes away the others; Weir leaves topics that exist alone", async () => {
    const topic = await topicOf(log, 1, { 'cleanup.policy': 'compact' });
    const admin = stockClient(kafka.bootstrap).admin();
    await admin.connect();
    const overrides = async (): Promise<Record<string, string>> => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: topic }],
      });
      const own = resources[0]!.configEntries.filter((e) => !e.isDefault && e.configSource === 1);
      return Object.fromEntries(own.map((e) => [e.configName, e.configValue]));
    };
    const made = {
      'cleanup.policy': 'compact',
      'retention.ms': '-1',
      'message.timestamp.before.max.ms': '9223372036854775807',
      'message.timestamp.after.max.ms': '9223372036854775807',
    };
    expect(await overrides()).toEqual(made);
    await log.createTopics([{ name: topic, partitions: 1, config: { 'max.message.bytes': '1000' } }]);
    expect(await overrides()).toEqual(made);

    const configEntries = [{ name: 'max.message.bytes', value: '2000' }];
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries }] });
    expect(await overrides()).toEqual({ 'max.message.bytes': '2000' });
    await admin.disconnect();
  });
});
