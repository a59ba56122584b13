import { describeKafka } from '../kafka/support/broker.js';
import { taxiflowSuite } from './taxiflow.suite.js';

describeKafka('on a broker', (kafka) => {
  taxiflowSuite('TaxiFlow on Kafka', () => kafka.bootstrap);
});
