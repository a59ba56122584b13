/** A statement of a request failed: which one it was stands beside what went wrong. */
export class StatementFailure extends Error {
  constructor(
    readonly statementText: string,
    override readonly cause: Error,
  ) {
    super(cause.message);
    this.name = 'StatementFailure';
  }
}
