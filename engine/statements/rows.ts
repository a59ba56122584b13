import { WeirError } from '../base/errors.js';
import { type KindsOf, notDeployed, type StatementFacts } from './kind.js';
import { openPrint } from './print.js';
import { openSelect, queryIdPrefix } from './select.js';

/** What is common to the statements whose rows are read as they come. */
const rows = (subject: 'SELECT' | 'PRINT'): Omit<StatementFacts<unknown>, 'query'> => ({
  effect: 'reads',
  subject: () => subject,
  prepare: async () => {
    throw new WeirError(
      'WRONG_ENDPOINT',
      `The following statement types should be issued to the websocket endpoint '/query': ${subject}`,
      'Send queries to /query, /query-stream or /ws/query.',
    );
  },
  deploy: notDeployed(
    `${subject} cannot be deployed: there is nobody to read its rows.`,
    'CREATE STREAM … AS SELECT and CREATE TABLE … AS SELECT keep a query running.',
  ),
});

export const ROWS: KindsOf<'Query' | 'Print'> = {
  Query: {
    ...rows('SELECT'),
    query: {
      idPrefix: queryIdPrefix,
      isEndless: (s) => s.emit !== undefined,
      open: (_s, context, id) => openSelect(context, id),
    },
  },
  Print: {
    ...rows('PRINT'),
    query: {
      idPrefix: () => 'transient_',
      isEndless: () => true,
      open: (s, { parts }, id) => openPrint(s, id, parts),
    },
  },
};
