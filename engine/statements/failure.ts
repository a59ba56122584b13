import { excerpt, type SourceText, SqlError } from '../../parser/source.js';

/** A statement of a request failed: which one it was, and the text that places in the error refer to. */
export class StatementFailure extends Error {
  constructor(
    readonly statementText: string,
    override readonly cause: Error,
    source?: SourceText,
  ) {
    super(withPlace(cause, source));
    this.name = 'StatementFailure';
  }
}

/** The message, and under it the line of the SQL with a caret at the place. */
function withPlace(e: Error, source: SourceText | undefined): string {
  if (!(e instanceof SqlError) || e.span === undefined || source === undefined || source.length === 0) return e.message;
  return `${e.message}\n${excerpt(source, e.span)}`;
}
