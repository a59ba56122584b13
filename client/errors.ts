/** What the server's `/ksql`, `/query-stream`, `/ws/v1` say of an error. */
export interface ErrorBody {
  readonly code?: string;
  readonly error_code?: number;
  readonly message?: string;
  readonly hint?: string | undefined;
}

/**
 * A request that failed. `code` is the server's (docs/errors.md), or one of the client's own: `UNREACHABLE` (no server
 * answers), `CONNECTION_LOST` (the connection broke in the middle of an answer, or a query cannot go on where it was),
 * `BAD_ANSWER` (something else than Weir answered), `CLOSED` (the client was closed).
 */
export class WeirClientError extends Error {
  /** Of the answer over HTTP, where there was one. */
  readonly status: number | undefined;

  constructor(
    readonly code: string,
    message: string,
    readonly hint?: string | undefined,
    options: { readonly cause?: unknown; readonly status?: number } = {},
  ) {
    super(message, options);
    this.name = 'WeirClientError';
    this.status = options.status;
  }

  /** Of a server before it told codes: by its number. */
  static from(body: ErrorBody, status?: number): WeirClientError {
    return new WeirClientError(
      body.code ?? String(body.error_code ?? 'BAD_ANSWER'),
      body.message ?? 'The server gave no reason.',
      body.hint,
      status === undefined ? {} : { status },
    );
  }

  /** An answer that has broken off. */
  static lost(cause: unknown): WeirClientError {
    const message = 'The connection was lost in the middle of an answer.';
    return new WeirClientError('CONNECTION_LOST', message, undefined, { cause });
  }

  /** Another try later may go well. */
  get isTransient(): boolean {
    return TRANSIENT.has(this.code);
  }
}

const TRANSIENT = new Set([
  'NOT_READY',
  'SHUTTING_DOWN',
  'TOO_MANY_QUERIES',
  'COMMAND_TIMEOUT',
  'LIMIT_EXCEEDED',
  'UNREACHABLE',
  'CONNECTION_LOST',
]);

/** Rows of an insert that were not written: the first of them, and why. Those before it are durable. */
export class InsertError extends WeirClientError {
  constructor(
    /** Index of the first row that was not written. */
    readonly index: number,
    body: ErrorBody,
  ) {
    super(body.code ?? 'BAD_REQUEST', `Row ${index}: ${body.message ?? 'not acknowledged'}`, body.hint);
    this.name = 'InsertError';
  }
}
