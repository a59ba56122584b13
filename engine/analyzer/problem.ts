import { type Span, SqlError } from '../../parser/source.js';
import { WeirError } from '../base/errors.js';

/**
 * A type error inside an expression. It does not know the clause that the expression stands in: whoever analyses the
 * clause turns it into a SqlError with that clause's wording (`inClause`).
 */
class ExpressionProblem extends Error {
  override readonly name = 'ExpressionProblem';
  constructor(
    message: string,
    readonly span: Span,
    readonly hint?: string,
  ) {
    super(message);
  }
}

export function problem(message: string, span: Span, hint?: string): never {
  throw new ExpressionProblem(message, span, hint);
}

/** Runs `work`; an expression problem in it becomes a SqlError, its message through `wording`. */
export function inClause<T>(wording: (message: string) => string, work: () => T): T {
  try {
    return work();
  } catch (e) {
    if (!(e instanceof ExpressionProblem)) throw e;
    throw new SqlError({ code: 'BAD_STATEMENT', message: wording(e.message), span: e.span, hint: e.hint, cause: e });
  }
}

/** Runs `work`, which knows nothing of places (the registry, a format): its WeirError gets one, and `hint` where it has none. */
export function located<T>(span: Span, work: () => T, hint?: () => string | undefined): T {
  try {
    return work();
  } catch (e) {
    if (e instanceof WeirError) problem(e.message, span, e.hint ?? hint?.());
    throw e;
  }
}

/** Runs `work`; an expression problem in it is said to be in `what`. */
export function invalidIn<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (e) {
    if (e instanceof ExpressionProblem) throw new ExpressionProblem(`${what}: ${e.message}`, e.span, e.hint);
    throw e;
  }
}
