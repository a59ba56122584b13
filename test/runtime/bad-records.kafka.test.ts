import { describeKafka } from '../kafka/support/broker.js';
import { badRecordSuite } from './bad-records.suite.js';
import { kafkaNode } from './nodes.js';

describeKafka('on a broker', (kafka) => {
  badRecordSuite('bad records on Kafka', () => kafkaNode(kafka.bootstrap));
});
