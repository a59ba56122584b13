/**
 * Known faults of kafkajs in groups and connections: each shown by the stock client on a real broker, between which and the
 * clients a proxy may lose, delay and damage what is sent, and not to be had with Weir's log.
 *
 * Not provoked here: negative waits make Node 20 wait 1 ms, so that their test looks at the timers alone (K#1704, K#1751);
 * members that stop silently (K#659) and rebalance loops (K#1720) have no known cause to provoke; kafkajs 2.2.4 was not seen
 * stuck on a compacted topic (K#562, K#1072; Weir reads one in ../reading.test.ts), nor does a broker of today give more than
 * `maxBytes` but for a first batch that is larger (K#1694): Weir bounds what it holds by its own count.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { KafkaLog } from '../../../engine/log/kafka/index.js';
import type { TopicPartition } from '../../../engine/log/log.js';
import {
  collect,
  eventually,
  Member,
  readFrom,
  topicOf,
  values,
  withReader,
  withWriter,
} from '../../contract/log-support.js';
import { type StockConsumer, stockClient, stockConsumer, transactionalProducer } from '../stock/kafkajs.js';
import { type Broker, describeKafka, startBroker, uniqueName } from '../support/broker.js';
import { API, BrokerProxy } from '../support/proxy.js';

const SESSION_TIMEOUT_MS = 1000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describeKafka('faults of kafkajs: groups and connections', () => {
  let proxy: BrokerProxy;
  let broker: Broker;
  /** By the proxy. */
  let log: KafkaLog;
  const consumers: StockConsumer[] = [];

  beforeAll(async () => {
    proxy = await BrokerProxy.start();
    const config = { 'group.min.session.timeout.ms': '500', 'log.cleaner.backoff.ms': '100' };
    broker = await startBroker({ proxyPorts: [proxy.port], config });
    proxy.to(broker.listeners.PROXIED!);
    log = new KafkaLog({
      brokers: [proxy.address],
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      heartbeatIntervalMs: 100,
      requestTimeoutMs: 1000,
    });
    await log.open();
  });
  afterEach(async () => {
    proxy.rule = () => 'pass';
    for (const { consumer } of consumers.splice(0)) await consumer.disconnect();
  });
  afterAll(async () => {
    await log?.close();
    await proxy?.stop();
    await broker?.stop();
  });
  const stock = async (...args: Parameters<typeof stockConsumer>): Promise<StockConsumer> => {
    const started = await stockConsumer(...args);
    consumers.push(started);
    return started;
  };
  const fill = (topic: string, ...list: string[]) =>
    withWriter(log, undefined, async (writer) => {
      writer.append(topic, 0, values(...list));
      await writer.flush();
    });

  describe('g: offsets in a transaction', () => {
    test('are taken from one who has lost its partitions', async () => {
      const topic = await topicOf(log);
      const group = uniqueName('g');
      const producer = await transactionalProducer(broker.bootstrap, uniqueName('tx'));
      const zombie = new Member(log, group, [topic]);
      await zombie.join();
      await eventually('it owns the partition', () => zombie.owned.size === 1);
      await zombie.leave();
      const other = new Member(log, group, [topic]);
      await other.join();
      await eventually('the other one owns it', () => other.owned.size === 1);

      const transaction = await producer.transaction();
      const topics = [{ topic, partitions: [{ partition: 0, offset: '100' }] }];
      await transaction.sendOffsets({ consumerGroupId: group, topics }); // says nothing of a member or a generation
      await transaction.commit();
      await producer.disconnect();
      expect(await log.committed(group, [topic])).toEqual([{ topic, partition: 0, offset: 100 }]);

      const writer = await log.writer({ clientId: 'weir', transactionalId: uniqueName('tx') });
      const offsets = [{ topic, partition: 0, offset: 200 }];
      await expect(writer.commit({ group, member: zombie.member, offsets, state: [] })).rejects.toMatchObject({
        fenced: true,
      });
      await writer.close();
      expect(await log.committed(group, [topic])).toEqual([{ topic, partition: 0, offset: 100 }]);
      await other.leave();
    });

    test('are read as they were before a transaction that is about to end', async () => {
      const topic = await topicOf(log);
      const groupId = uniqueName('g');
      const admin = stockClient(broker.bootstrap).admin();
      await admin.connect();
      await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '1' }] });
      const producer = await transactionalProducer(broker.bootstrap, uniqueName('tx'));
      const transaction = await producer.transaction();
      const topics = [{ topic, partitions: [{ partition: 0, offset: '2' }] }];
      await transaction.sendOffsets({ consumerGroupId: groupId, topics });
      const stale = await admin.fetchOffsets({ groupId, topics: [topic] });
      expect(stale[0]!.partitions[0]!.offset).toBe('1');
      await admin.disconnect();
      const stable = log.committed(groupId, [topic]);
      await transaction.commit();
      expect(await stable).toEqual([{ topic, partition: 0, offset: 2 }]);
      await producer.disconnect();
    });
  });

  describe('i: groups', () => {
    test('a member that works for longer than the session timeout is thrown out', async () => {
      const topic = await topicOf(log);
      await fill(topic, 'one', 'two');
      const busy = { sessionTimeout: SESSION_TIMEOUT_MS, heartbeatInterval: 100 };
      const work = 3 * SESSION_TIMEOUT_MS;
      let first = true;
      const { seen } = await stock(stockClient(broker.bootstrap), topic, busy, async () => {
        if (first) await pause(work);
        first = false;
      });
      await eventually('kafkajs has seen all', () => seen.includes('two'));
      expect(seen.filter((v) => v === 'one').length).toBeGreaterThan(1); // worked on, thrown out, worked on again

      const group = uniqueName('g');
      const member = new Member(log, group, [topic]);
      await member.join();
      await eventually('it owns the partition', () => member.owned.size === 1);
      await pause(work); // in which nobody asks the log for anything
      expect(member.told).toEqual([`+${topic}/0`]);
      const writer = await log.writer({ clientId: 'weir', transactionalId: uniqueName('tx') });
      await writer.commit({ group, member: member.member, offsets: [{ topic, partition: 0, offset: 2 }], state: [] });
      await writer.close();
      await member.leave();
      expect(member.failures).toEqual([]);
    });

    test('who stays loses partitions when another one leaves', async () => {
      const topic = await topicOf(log, 4);
      const groupId = uniqueName('g');
      const owned = new Map<string, readonly number[]>();
      const join = async (clientId: string): Promise<StockConsumer> => {
        const kafka = stockClient(broker.bootstrap, { clientId });
        const consumer = kafka.consumer({
          groupId,
          heartbeatInterval: 100,
          sessionTimeout: 3000,
          rebalanceTimeout: 3000,
          maxWaitTimeInMs: 100,
        });
        consumer.on(
          'consumer.group_join',
          ({ payload }) => void owned.set(clientId, payload.memberAssignment[topic] ?? []),
        );
        await consumer.connect();
        await consumer.subscribe({ topic });
        await consumer.run({ eachMessage: async () => {} });
        const started = { consumer, seen: [], crashes: [] };
        consumers.push(started);
        return started;
      };
      const shared = (...sizes: number[]) =>
        [...owned.values()]
          .map((list) => list.length)
          .sort()
          .join() === sizes.join() && new Set([...owned.values()].flat()).size === 4;
      const a = await join('a');
      await join('b');
      await join('c');
      await eventually('the three share', () => shared(1, 1, 2));
      const before = new Map(owned);
      await a.consumer.disconnect();
      consumers.splice(consumers.indexOf(a), 1);
      owned.delete('a');
      await eventually('the two share', () => shared(2, 2));
      const taken = ['b', 'c'].flatMap((id) => before.get(id)!.filter((p) => !owned.get(id)!.includes(p)));
      expect(taken.length).toBeGreaterThan(0);

      const group = uniqueName('g');
      const members = [1, 2, 3].map(() => new Member(log, group, [topic]));
      for (const m of members) await m.join();
      const sizes = (list: readonly Member[]) =>
        list
          .map((m) => m.owned.size)
          .sort()
          .join();
      await eventually('the three share', () => sizes(members) === '1,1,2');
      const [leaver, ...stay] = members;
      const had = stay.map((m) => [...m.owned]);
      await leaver!.leave();
      await eventually('the two share', () => sizes(stay) === '2,2');
      for (const [i, m] of stay.entries()) expect([...m.owned]).toEqual(expect.arrayContaining(had[i]!));
      for (const m of stay) await m.leave();
    });

    test('nobody is told that its partitions go, before they are gone', async () => {
      // In kafkajs there is no such call: its events tell of a rebalance when it is over.
      const events: string[] = Object.values(stockClient(broker.bootstrap).consumer({ groupId: 'x' }).events);
      expect(events.filter((e) => /revok|lost|unassign/i.test(e))).toEqual([]);

      const topic = await topicOf(log, 2);
      const group = uniqueName('g');
      const first = new Member(log, group, [topic]);
      const second = new Member(log, group, [topic]);
      let atRevoke: readonly TopicPartition[] = [];
      let othersThen = -1;
      first.beforeRevoked = async (partitions) => {
        if (partitions.length === 0 || atRevoke.length > 0) return;
        atRevoke = partitions;
        await pause(300); // the last work on them
        othersThen = second.owned.size;
      };
      await first.join();
      await eventually('it owns both', () => first.owned.size === 2);
      await second.join();
      await eventually('they share', () => second.owned.size === 1);
      expect(atRevoke).toHaveLength(1);
      expect(othersThen).toBe(0);
      await second.leave();
      await first.leave();
    });
  });

  describe('j: connections and bounds', () => {
    test('a connection that has become silent is used on and on', async () => {
      let silent = 0;
      proxy.rule = (f) => {
        if (silent === 0 && f.kind === 'response' && f.api === API.metadata) silent = f.connection;
        return f.connection === silent ? 'swallow' : 'pass';
      };
      const kafka = stockClient(proxy.address, { requestTimeout: 300, retry: { retries: 3, initialRetryTime: 50 } });
      const topic = await (async () => {
        const direct = new KafkaLog({ brokers: [broker.bootstrap] });
        try {
          return await topicOf(direct);
        } finally {
          await direct.close();
        }
      })();
      const admin = kafka.admin();
      await admin.connect();
      await expect(admin.fetchTopicMetadata({ topics: [topic] })).rejects.toThrow(/timed out/i);
      // Its end closes nothing that still waits: the broker has to.
      await Promise.race([admin.disconnect().catch(() => undefined), pause(500)]);

      silent = 0;
      const patient = new KafkaLog({ brokers: [proxy.address], requestTimeoutMs: 300 });
      const { accepted } = proxy;
      await patient.open(); // which asks already, and is not answered
      expect(await patient.describeTopic(topic)).toMatchObject({ name: topic });
      expect(proxy.accepted).toBeGreaterThan(accepted + 1); // by another connection
      const dead = proxy.isOpen(silent);
      expect(dead).toBe(false);
      await patient.close();
    });

    test('a bit that flips on its way is handed out as data', async () => {
      const topic = await topicOf(log);
      await fill(topic, 'the truth');
      const flip = (): void => {
        proxy.rule = (f) => {
          const at = f.kind === 'response' && f.api === API.fetch ? f.bytes.indexOf('the truth') : -1;
          if (at >= 0) f.bytes.write('u', at + 5);
          return 'pass';
        };
      };
      flip();
      const { seen } = await stock(stockClient(proxy.address), topic);
      await eventually('kafkajs has read it', () => seen.length > 0);
      expect(seen).toEqual(['the tuuth']);

      await withReader(log, async (reader) => {
        reader.assign(topic, 0, 0);
        await expect(collect(reader, 1)).rejects.toMatchObject({
          code: 'LOG_ERROR',
          message: expect.stringMatching(/checksum|CRC/i),
        });
      });
      proxy.rule = () => 'pass';
      expect((await readFrom(log, topic, 0, 0, 1)).map((r) => r.value)).toEqual(['the truth']);
    });

    test('timers of negative length', async () => {
      const negative: number[] = [];
      const original = globalThis.setTimeout;
      const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((f: () => void, ms?: number) => {
        if (ms !== undefined && ms < 0) negative.push(ms);
        return original(f, ms);
      }) as typeof setTimeout);
      try {
        const topic = await topicOf(log);
        await fill(topic, 'one', 'two');
        expect(await readFrom(log, topic, 0, 0, 2)).toHaveLength(2);
        expect(negative).toEqual([]);
        const admin = stockClient(broker.bootstrap).admin();
        await admin.connect();
        await admin.listTopics();
        await admin.disconnect();
        expect(negative.length).toBeGreaterThan(0);
      } finally {
        spy.mockRestore();
      }
    });
  });
});
