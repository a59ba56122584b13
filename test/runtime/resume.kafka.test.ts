import { describeKafka } from '../kafka/support/broker.js';
import { kafkaNode } from './nodes.js';
import { resumeSuite } from './resume.suite.js';

describeKafka('on a broker', (kafka) => {
  resumeSuite('RESUME on Kafka', () => kafkaNode(kafka.bootstrap));
});
