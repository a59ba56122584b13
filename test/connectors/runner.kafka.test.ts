import { describeKafka } from '../kafka/support/broker.js';
import { kafkaNode } from '../runtime/nodes.js';
import { runnerSuite } from './runner.suite.js';

describeKafka('on a broker', (kafka) => {
  runnerSuite('connectors on Kafka', () => kafkaNode(kafka.bootstrap));
});
