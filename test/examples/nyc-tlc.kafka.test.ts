import { postgresMissing } from '../../testing/postgres.js';
import { describeWith } from '../connectors/support/require.js';
import { describeKafka } from '../kafka/support/broker.js';
import { nycTlcSuite, tripsMissing } from './nyc-tlc.suite.js';

describeKafka('on a broker', (kafka) => {
  describeWith('trips', tripsMissing(), 'NYC-TLC', () => {
    describeWith('postgres', postgresMissing(), 'with PostgreSQL', () => {
      nycTlcSuite('on Kafka', () => kafka.bootstrap);
    });
  });
});
