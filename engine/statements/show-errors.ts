import type { ProcessingErrorsEntity } from '../api/entities.js';
import type { Prepared, StatementContext } from './context.js';

/** Entries that one answer holds: the latest. */
const SHOWN = 100;

/** SHOW ERRORS: the latest entries of this node's processing log, the oldest first. */
export function showErrors(context: StatementContext): Prepared {
  return {
    run: async (): Promise<ProcessingErrorsEntity> => {
      const history = context.parts.runtime.errorHistory;
      const entries = history?.entries() ?? [];
      return {
        '@type': 'processing_errors',
        statementText: context.sql,
        errors: entries.slice(-SHOWN),
        kept: entries.length,
        unwritten: history?.unwritten ?? 0,
        warnings: [],
      };
    },
  };
}
