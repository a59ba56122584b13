import { describeKafka } from '../kafka/support/broker.js';
import { nycTaxiStreamingSuite } from './nyc-taxi-streaming.suite.js';

describeKafka('on a broker', (kafka) => {
  nycTaxiStreamingSuite('NYC taxi streaming on Kafka', () => kafka.bootstrap);
});
