import { expect, test } from 'vitest';
import { KafkaAdmin } from '../../engine/log/kafka/admin.js';
import type { Cluster } from '../../engine/log/kafka/cluster.js';
import { CODE } from '../../engine/log/kafka/errors.js';
import type { NewTopic } from '../../engine/log/log.js';

/** What a broker before Kafka 3.6 knows of a topic's configs. */
const KNOWN = ['retention.ms', 'cleanup.policy', 'max.message.bytes'];

interface Asked {
  readonly topics: readonly { topic: string; configEntries: readonly { name: string; value: string }[] }[];
}

/** A cluster of brokers that refuse topics with configs that they do not know, as LogConfig of Kafka does it. */
function oldCluster() {
  const made = new Map<string, Record<string, string>>();
  const requests: Asked[] = [];
  const cluster = {
    config: { requestTimeoutMs: 1000 },
    retrying: (run: () => Promise<unknown>) => run(),
    topics: async (names: readonly string[]) =>
      names
        .filter((name) => made.has(name))
        .map((name) => ({ name, internal: false, partitions: [{ partition: 0, leader: 1, replicas: 1 }] })),
    callController: async (_: string, args: Asked) => {
      requests.push(args);
      const topicErrors = args.topics.map(({ topic, configEntries }) => {
        const unknown = configEntries.find((e) => !KNOWN.includes(e.name));
        if (unknown !== undefined) {
          return { topic, errorCode: CODE.INVALID_CONFIG, errorMessage: `Unknown topic config name: ${unknown.name}` };
        }
        made.set(topic, Object.fromEntries(configEntries.map((e) => [e.name, e.value])));
        return { topic, errorCode: 0, errorMessage: null };
      });
      return { topicErrors };
    },
  };
  return { admin: new KafkaAdmin(cluster as unknown as Cluster), made, requests };
}

const topic = (name: string, config?: NewTopic['config']): NewTopic => ({
  name,
  partitions: 1,
  ...(config === undefined ? {} : { config }),
});

test('topics are made without the bounds of timestamps, which such brokers do not have', async () => {
  const { admin, made, requests } = oldCluster();
  await admin.createTopics([topic('plain'), topic('changelog', { 'cleanup.policy': 'compact', 'retention.ms': '5' })]);
  expect(Object.fromEntries(made)).toEqual({
    plain: { 'retention.ms': '-1' },
    changelog: { 'cleanup.policy': 'compact', 'retention.ms': '5' },
  });
  expect(requests).toHaveLength(2);
  expect(requests[0]!.topics[0]!.configEntries.map((e) => e.name)).toContain('message.timestamp.after.max.ms');
});

test('a config of its own that is wrong is said', async () => {
  const { admin, made } = oldCluster();
  const wrong = admin.createTopics([topic('wrong', { 'retention.msec': '5' })]);
  await expect(wrong).rejects.toThrow('Unknown topic config name: retention.msec');
  expect(made.size).toBe(0);
});
