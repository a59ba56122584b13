import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { Cluster } from '../../engine/log/kafka/cluster.js';
import { withDefaults } from '../../engine/log/kafka/config.js';
import { KafkaLog } from '../../engine/log/kafka/index.js';
import { KafkaMember } from '../../engine/log/kafka/member.js';
import { eventually, Member, topicOf, unique } from '../contract/log-support.js';
import { stockClient } from './stock/kafkajs.js';
import { describeKafka, run } from './support/broker.js';

describeKafka('membership in a Kafka group', (kafka) => {
  const options = { brokers: [kafka.bootstrap], heartbeatIntervalMs: 150, metadataMaxAgeMs: 300 };
  let log: KafkaLog;
  beforeAll(async () => {
    log = new KafkaLog(options);
    await log.open();
  });
  afterAll(() => log?.close());

  const client = (): Cluster => new Cluster(withDefaults(options), 'test', systemClock);

  test('what stays with a member is not interrupted when others come and go', async () => {
    const topic = await topicOf(log, 6);
    const group = unique('g');
    const one = new Member(log, group, [topic]);
    await one.join();
    expect(one.owned.size).toBe(6);
    const two = new Member(log, group, [topic]);
    await two.join();
    await eventually('they share', () => one.owned.size === 3 && two.owned.size === 3);
    const kept = [...one.owned];
    await two.leave();
    await eventually('the first has all again', () => one.owned.size === 6);
    for (const name of kept) expect(one.told.filter((t) => t.endsWith(name))).toEqual([`+${name}`]);
    await one.leave();
    expect([...one.faults, ...two.faults]).toEqual([]);
  });

  test('who is thrown out of the group loses its partitions, and joins again', async () => {
    const topic = await topicOf(log, 2);
    const group = unique('g');
    const cluster = client();
    const member = new KafkaMember(client(), { group, clientId: 'test', topics: [topic], copartitioned: [] });
    const told: string[] = [];
    await member.join({
      assigned: async (list) => void told.push(`+${list.length}`),
      revoked: async (list) => void told.push(`-${list.length}`),
      lost: (list) => void told.push(`!${list.length}`),
      failed: (e) => void told.push(e.message),
    });
    const first = member.identity();
    await cluster.coordinator('group', group).run(async (connection) => {
      await connection.call('LeaveGroup', { groupId: group, memberId: first.memberId });
    });
    await eventually('it is back', () => told.length === 3);
    expect(told).toEqual(['+2', '!2', '+2']);
    expect(member.identity().memberId).not.toBe(first.memberId);
    await member.leave();
    expect(told.slice(3)).toEqual(['-2']);
    expect(() => member.identity()).toThrow(expect.objectContaining({ fenced: true }));
    cluster.close();
  });

  test('partitions that are added, and topics that come later, are shared out', async () => {
    const topic = await topicOf(log, 2);
    const later = unique('later');
    const group = unique('g');
    const members = [new Member(log, group, [topic, later]), new Member(log, group, [topic, later])];
    for (const m of members) await m.join();
    await eventually('they share', () => members.every((m) => m.owned.size === 1));
    const admin = stockClient(kafka.bootstrap).admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    await admin.disconnect();
    await eventually('they share the new ones', () => members.every((m) => m.owned.size === 2));
    await log.createTopics([{ name: later, partitions: 2 }]);
    await eventually('and the new topic', () => members.every((m) => m.owned.size === 3));
    for (const m of members) await m.leave();
    expect(members.flatMap((m) => [...m.faults, ...m.failures])).toEqual([]);
  });

  test('a handler that fails ends the membership, and is told so', async () => {
    const topic = await topicOf(log, 1);
    const group = unique('g');
    const make = () => log.member({ group, clientId: 'test', topics: [topic], copartitioned: [] });
    const failing = make();
    const nothing = { revoked: async () => {}, lost: () => {}, failed: () => {} };
    const broken = async (): Promise<void> => {
      throw new Error('no disk');
    };
    await expect(failing.join({ ...nothing, assigned: broken })).rejects.toThrow('no disk');
    // It has left: the next one need not wait for a session to time out.
    const other = new Member(log, group, [topic]);
    await other.join();
    await eventually('the other has it', () => other.owned.size === 1);
    await failing.leave();
    await other.leave();
  });

  test("another assignor's group is refused, with a hint", async () => {
    const topic = await topicOf(log, 1);
    const group = unique('g');
    const consumer = stockClient(kafka.bootstrap).consumer({ groupId: group });
    await consumer.connect();
    await consumer.subscribe({ topic });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ eachMessage: async () => {} });
    await joined;
    const member = log.member({ group, clientId: 'test', topics: [topic], copartitioned: [] });
    const handler = { assigned: async () => {}, revoked: async () => {}, lost: () => {}, failed: () => {} };
    await expect(member.join(handler)).rejects.toMatchObject({
      code: 'LOG_ERROR',
      hint: expect.stringContaining('group'),
    });
    await consumer.disconnect();
  });

  test("Kafka's own tool shows members and their partitions", async () => {
    const topic = await topicOf(log, 2);
    const group = unique('g');
    const member = new Member(log, group, [topic]);
    await member.join();
    const tool = ['-Xmx96m', '-cp', `${kafka.libs}/*`, 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'];
    const describe = ['--bootstrap-server', kafka.bootstrap, '--describe', '--group', group, '--members', '--verbose'];
    const { stdout } = await run('java', [...tool, ...describe], { timeoutMs: 60_000 });
    expect(stdout.toString()).toMatch(new RegExp(`${topic}[:(]0,1`));
    await member.leave();
  }, 60_000);
});
