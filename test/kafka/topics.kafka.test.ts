import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../server/config.js';
import { launch } from '../../server/main.js';
import type { RunningServer } from '../../server/server.js';
import { eventually } from '../contract/log-support.js';
import { ksql } from '../main-job/client.js';
import { makeDir, removeDir } from '../support/temp.js';
import { stockClient } from './stock/kafkajs.js';
import { consoleConsume, consoleProduce, describeKafka, uniqueName } from './support/broker.js';

type Admin = ReturnType<ReturnType<typeof stockClient>['admin']>;

describeKafka('topics of statements', (kafka) => {
  let folder: string;
  let server: RunningServer;
  let admin: Admin;
  beforeAll(async () => {
    folder = makeDir();
    const settings = {
      'bootstrap.servers': kafka.bootstrap,
      listeners: 'http://127.0.0.1:0',
      'weir.data.dir': folder,
      'weir.log.level': 'error',
      'ksql.service.id': uniqueName('topics'),
    };
    server = await launch(loadConfig(settings, {}));
    admin = stockClient(kafka.bootstrap).admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.disconnect();
    await server?.stop();
    if (folder !== undefined) removeDir(folder);
  });
  const run = (sql: string, properties: object = {}) => ksql(server.address, sql, properties);
  const configOf = async (name: string, config: string): Promise<string | undefined> => {
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name }] });
    return resources[0]!.configEntries.find((e) => e.configName === config)?.configValue;
  };
  const source = (name: string, topic: string, more = '') =>
    run(`CREATE STREAM ${name} (id INT KEY, v VARCHAR) WITH (KAFKA_TOPIC='${topic}', FORMAT='JSON'${more});`);

  test('are made as WITH says, checked where they exist, missed where they do not, and deleted where asked', async () => {
    const topic = uniqueName('made');
    await expect(source('S0', topic)).rejects.toThrow(`Kafka topic does not exist: ${topic}`);
    await source('S1', topic, ', PARTITIONS=3, REPLICAS=1');
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]!.partitions).toHaveLength(3);
    expect(await configOf(topic, 'retention.ms')).toBe('-1');
    await source('S2', topic, ', PARTITIONS=3, REPLICAS=1');
    await expect(source('S3', topic, ', PARTITIONS=2')).rejects.toThrow('KSQL expects 2 partitions (topic has 3)');
    await expect(source('S3', topic, ', REPLICAS=3')).rejects.toThrow('3 replication factor (topic has 1)');
    await run('DROP STREAM S2;');
    expect(await admin.listTopics()).toContain(topic);
    await run('DROP STREAM S1 DELETE TOPIC;');
    await eventually('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
    await expect(source('S4', uniqueName('many'), ', PARTITIONS=1, REPLICAS=5')).rejects.toThrow(/replication/i);
  });

  test.each(['exactly_once_v2', 'at_least_once'])(
    '%s by choice of a query, in a codec of its choice',
    async (guarantee) => {
      const topic = uniqueName('in');
      const out = uniqueName('out');
      const name = `Q_${guarantee.toUpperCase()}`;
      await source(name, topic, ', PARTITIONS=1');
      const lines = Array.from({ length: 50 }, (_, i) => `${i}:{"V":"${'long '.repeat(50)}${i}"}`);
      await consoleProduce(kafka, topic, lines, { keySeparator: ':' });
      const properties = {
        'auto.offset.reset': 'earliest',
        'processing.guarantee': guarantee,
        'producer.compression.type': 'zstd',
      };
      await run(`CREATE STREAM ${name}_OUT WITH (KAFKA_TOPIC='${out}') AS SELECT * FROM ${name};`, properties);
      const records = await consoleConsume(kafka, out, 50);
      expect(records.map((r) => `${r.key}:${r.value}`)).toEqual(lines);
      // One offset more where a marker ends a transaction.
      const [end] = await admin.fetchTopicOffsets(out);
      if (guarantee === 'at_least_once') expect(end!.high).toBe('50');
      else expect(Number(end!.high)).toBeGreaterThan(50);
      await run(`DROP STREAM ${name}_OUT;`);
    },
  );
});
