import type { Statement } from '../../parser/ast.js';
import type { KindsOf, StatementFacts } from './kind.js';
import { notSupported } from './not-supported.js';

/** A statement that the language knows and the server does not run. */
const unsupported = <S extends Statement>(
  effect: StatementFacts<S>['effect'],
  subject: string,
  what: (statement: S) => string = () => subject,
): StatementFacts<S> => ({
  effect,
  subject: () => subject,
  prepare: async (statement) => {
    throw notSupported(what(statement), statement.span);
  },
});

const ROWS = 'ASSERT of rows and sources outside the test runner';

export const UNSUPPORTED: KindsOf<'RunScript' | 'AssertValues' | 'AssertNullValues' | 'AssertStream' | 'AssertTable'> =
  {
    RunScript: unsupported('writes', 'RUN SCRIPT', () => 'RUN SCRIPT on the server (the shell runs scripts itself)'),
    AssertValues: unsupported('writes', 'ASSERT VALUES', () => ROWS),
    AssertNullValues: unsupported('writes', 'ASSERT NULL VALUES', () => ROWS),
    AssertStream: unsupported('writes', 'ASSERT STREAM', () => ROWS),
    AssertTable: unsupported('writes', 'ASSERT TABLE', () => ROWS),
  };
