import type { AssertSchema } from '../../parser/ast.js';
import { awaitAssertion } from './assertion.js';
import type { Prepared, StatementContext } from './context.js';
import type { KindsOf } from './kind.js';

/** ASSERT [NOT EXISTS] SCHEMA [SUBJECT s] [ID n] [TIMEOUT …]: with both, the subject has a version with that id. */
async function assertSchema(statement: AssertSchema, context: StatementContext): Promise<Prepared> {
  const { registry, clock } = context.parts;
  const { subject, id, exists, timeout } = statement;
  const named = [subject === undefined ? '' : ` subject name ${subject}`, id === undefined ? '' : ` id ${id}`].join('');
  const problem = async (): Promise<string | undefined> => {
    if ((await registry.has(subject, id)) === exists) return undefined;
    return `Schema with${named} ${exists ? 'does not exist' : 'exists'}`;
  };
  return {
    run: async () => {
      await awaitAssertion(problem, timeout, clock);
      return {
        '@type': 'assert_schema',
        statementText: context.sql,
        ...(subject === undefined ? {} : { subject }),
        ...(id === undefined ? {} : { id }),
        exists,
        warnings: [],
      };
    },
  };
}

export const ASSERT_SCHEMA: KindsOf<'AssertSchema'> = {
  AssertSchema: { effect: 'reads', subject: () => 'ASSERT SCHEMA', prepare: assertSchema },
};
