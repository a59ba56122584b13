import { motoMissing } from '../../testing/moto.js';
import { postgresMissing } from '../../testing/postgres.js';
import { describeWith } from '../connectors/support/require.js';
import { describeKafka } from '../kafka/support/broker.js';
import { fleetSuite } from './fleet.suite.js';

describeKafka('on a broker', (kafka) => {
  describeWith('postgres', postgresMissing(), 'the fleet with PostgreSQL', () => {
    describeWith('s3', motoMissing(), 'and a bucket', () => {
      fleetSuite('on Kafka', () => kafka.bootstrap);
    });
  });
});
