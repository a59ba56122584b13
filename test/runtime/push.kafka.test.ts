import { afterAll, beforeAll } from 'vitest';
import { KafkaLog } from '../../engine/log/kafka/index.js';
import { describeKafka } from '../kafka/support/broker.js';
import { pushSuite } from './push.suite.js';

describeKafka('push queries on Kafka', (kafka) => {
  let log: KafkaLog;
  beforeAll(async () => {
    log = new KafkaLog({ brokers: [kafka.bootstrap], heartbeatIntervalMs: 200 });
    await log.open();
  });
  afterAll(() => log.close());
  pushSuite(() => log);
});
