import { motoMissing } from '../../testing/moto.js';
import { postgresMissing } from '../../testing/postgres.js';
import { describeWith } from '../connectors/support/require.js';
import { fleetSuite } from './fleet.suite.js';

describeWith('postgres', postgresMissing(), 'the fleet with PostgreSQL', () => {
  describeWith('s3', motoMissing(), 'and a bucket', () => {
    fleetSuite('on the embedded log', () => undefined);
  });
});
