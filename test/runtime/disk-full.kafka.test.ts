import { describeKafka } from '../kafka/support/broker.js';
import { diskFullSuite, FullDatabase } from './disk-full.suite.js';
import { kafkaNode, type StoredNode } from './nodes.js';

describeKafka('on a broker', (kafka) => {
  diskFullSuite(
    'a full disk under the state of queries on Kafka',
    () =>
      kafkaNode(kafka.bootstrap, (directory) => new FullDatabase({ directory })) as Promise<
        StoredNode & { database: FullDatabase }
      >,
  );
});
