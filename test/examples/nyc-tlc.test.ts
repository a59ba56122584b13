import { postgresMissing } from '../../testing/postgres.js';
import { describeWith } from '../connectors/support/require.js';
import { nycTlcSuite, tripsMissing } from './nyc-tlc.suite.js';

describeWith('trips', tripsMissing(), 'NYC-TLC', () => {
  describeWith('postgres', postgresMissing(), 'with PostgreSQL', () => {
    nycTlcSuite('on the embedded log', () => undefined);
  });
});
