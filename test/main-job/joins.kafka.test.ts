import { Kafka, logLevel } from 'kafkajs';
import { it } from 'vitest';
import { loadConfig } from '../../server/config.js';
import { launch } from '../../server/main.js';
import { describeKafka, startBroker } from '../kafka/support/broker.js';
import { tempDir } from '../support/temp.js';
import { ksql } from './client.js';
import { CREATE_JOINS, checkJoins, JOIN_INPUTS } from './joins.js';

describeKafka('joins on Kafka', () => {
  it('are what plain code says, with rows from another client, and again from changelogs alone', async ({ signal }) => {
    const broker = await startBroker();
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    const producer = kafka.producer();
    try {
      await Promise.all([admin.connect(), producer.connect()]);
      await admin.createTopics({
        topics: JOIN_INPUTS.map(({ topic, partitions }) => ({ topic, numPartitions: partitions })),
      });
      for (const { topic, records } of JOIN_INPUTS) {
        const messages = records.map((r) => ({ ...r, timestamp: String(r.timestamp) }));
        await producer.send({ topic, messages });
      }
      const start = () =>
        launch(
          loadConfig(
            {
              listeners: 'http://127.0.0.1:0',
              'weir.data.dir': tempDir(),
              'weir.log.level': 'error',
              'bootstrap.servers': broker.bootstrap,
              'ksql.service.id': 'joins_',
            },
            {},
          ),
        );
      const first = await start();
      try {
        await ksql(first.address, CREATE_JOINS, { 'auto.offset.reset': 'earliest' });
        await checkJoins(first.address, signal);
      } finally {
        await first.stop();
      }
      // Another data folder: all state comes from the changelogs.
      const second = await start();
      try {
        await checkJoins(second.address, signal);
      } finally {
        await second.stop();
      }
    } finally {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
      await broker.stop();
    }
  });
});
