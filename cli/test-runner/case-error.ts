import { messageOf, SqlError } from '../../engine/index.js';
import type { ExpectedError } from './case.js';

type ErrorType =
  | 'AssertionError'
  | 'KsqlException'
  | 'KsqlStatementException'
  | 'ParseFailedException'
  | 'StreamsException';

/** An error of a script or of a record, with what the suite calls its class. */
export class CaseError extends Error {
  constructor(
    readonly type: ErrorType,
    readonly statement: string,
    override readonly cause: Error,
  ) {
    super(cause.message);
  }
}

const SUPERCLASSES: Readonly<Record<ErrorType, readonly string[]>> = {
  AssertionError: ['AssertionError'],
  KsqlException: ['KsqlException'],
  KsqlStatementException: ['KsqlStatementException', 'KsqlException'],
  ParseFailedException: ['ParseFailedException', 'KsqlStatementException', 'KsqlException'],
  StreamsException: ['StreamsException'],
};

/** Null where the error is the expected one; else how it differs. */
export function errorDifference(expected: ExpectedError, e: CaseError): string | null {
  const type = expected.type?.split('.').at(-1);
  if (type !== undefined && !SUPERCLASSES[e.type].includes(type)) {
    return `it failed with ${e.type} instead of ${type}: ${e.message}`;
  }
  const texts = [e.message, `${e.message}\nStatement: ${e.statement}`, messageOf(e.cause.cause ?? '')];
  // What the suite calls the death of a query by a record, whatever killed it.
  if (e.type === 'StreamsException') texts.push('Exception caught in process');
  for (const wanted of [expected.message, expected.causeMessage]) {
    if (wanted !== undefined && !texts.some((t) => t.includes(wanted))) {
      return `the error does not say\n    ${wanted}\n  but\n    ${e.message}`;
    }
  }
  return null;
}

/** Runs a step of a case: what it throws becomes a CaseError. */
export function attempt<T>(type: ErrorType, statement: string, work: () => T): T {
  try {
    return work();
  } catch (e) {
    if (e instanceof CaseError) throw e;
    const error = e instanceof Error ? e : new Error(messageOf(e));
    const actual =
      type === 'KsqlStatementException' && error instanceof SqlError && error.code === 'SYNTAX_ERROR'
        ? 'ParseFailedException'
        : type;
    throw new CaseError(actual, statement, error);
  }
}
