import type { ErrorCode } from '../../engine/index.js';
import { ERROR_CODES, messageOf, SqlError, StatementFailure, WeirError } from '../../engine/index.js';
import { anything, described, integer, list, named, object, oneOf, text } from './json-schema.js';

/** The body of a failed request. Some clients match the prefix `{"@type":"generic_error"`: keep the order of members. */
export interface ErrorBody {
  readonly '@type': 'generic_error' | 'statement_error';
  readonly error_code: number;
  readonly message: string;
  readonly hint?: string;
  readonly code?: string;
  readonly statementText?: string;
  readonly entities?: readonly unknown[];
  /** One Python client reads it unguarded. */
  readonly stackTrace: readonly string[];
}

export const ERROR = named(
  'Error',
  object(
    {
      '@type': oneOf('generic_error', 'statement_error'),
      error_code: described(integer, 'Its first three digits are the HTTP status.'),
      message: text,
      hint: text,
      code: described(text, "Weir's own name of the error (docs/errors.md)."),
      statementText: text,
      entities: list(anything),
      stackTrace: list(text),
    },
    ['hint', 'code', 'statementText', 'entities'],
  ),
);

function codeOf(e: unknown): ErrorCode {
  const code = e instanceof WeirError || e instanceof SqlError ? e.code : undefined;
  return code !== undefined && code in ERROR_CODES
    ? (code as ErrorCode)
    : e instanceof SqlError
      ? 'BAD_STATEMENT'
      : 'INTERNAL';
}

/** A body for what no thrown error stands for: HTTP's own refusals. */
export const genericError = (code: number, message: string): ErrorBody => ({
  '@type': 'generic_error',
  error_code: code,
  message,
  stackTrace: [],
});

export function errorBody(thrown: unknown): ErrorBody {
  const failure = thrown instanceof StatementFailure ? thrown : undefined;
  const e = failure?.cause ?? thrown;
  const code = codeOf(e);
  const hint = (e as { hint?: string }).hint;
  const isStatement = failure !== undefined || ERROR_CODES[code].domain === 'sql';
  return {
    '@type': isStatement ? 'statement_error' : 'generic_error',
    error_code: ERROR_CODES[code].http,
    message: messageOf(failure ?? e),
    ...(hint === undefined ? {} : { hint }),
    code: e instanceof WeirError || e instanceof SqlError ? e.code : 'INTERNAL',
    ...(isStatement ? { statementText: failure?.statementText ?? '', entities: [] } : {}),
    stackTrace: [],
  };
}

/** The HTTP status of an error code: its first three digits. */
export const statusOf = (body: ErrorBody): number => Math.floor(body.error_code / 100);
