import { postgresMissing } from '../../testing/postgres.js';
import { describeWith } from '../connectors/support/require.js';
import { ctaSuite } from './cta.suite.js';

describeWith('postgres', postgresMissing(), 'CTA with PostgreSQL', () => {
  ctaSuite('on the embedded log', () => ({}));
});
