import { KafkaLog } from '../../engine/log/kafka/index.js';
import { logContract } from '../contract/log.contract.js';
import { describeKafka } from './support/broker.js';

describeKafka('KafkaLog', (kafka) => {
  logContract('kafka', async () => {
    const options = { brokers: [kafka.bootstrap], heartbeatIntervalMs: 200 };
    let log = new KafkaLog(options);
    await log.open();
    return {
      get log() {
        return log;
      },
      async reopen() {
        await log.close();
        log = new KafkaLog(options);
        await log.open();
        return log;
      },
      dispose: () => log.close(),
    };
  });
});
