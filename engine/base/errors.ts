import { cutMessage } from '../../parser/source.js';

/**
 * Every error that a user can meet has a code from this table. `SqlError` (parser) carries one too, with a place in the
 * SQL; `WeirError` is for what has no place. `http` is ksqlDB's error_code on the wire (see server/).
 */
export const ERROR_CODES = {
  SYNTAX_ERROR: { http: 40001, domain: 'sql' },
  NESTING_TOO_DEEP: { http: 40001, domain: 'sql' },
  SOURCE_TOO_LONG: { http: 40001, domain: 'sql' },
  TOO_MANY_STATEMENTS: { http: 40001, domain: 'sql' },
  NUMBER_OUT_OF_RANGE: { http: 40001, domain: 'sql' },
  /** KEY where a table has PRIMARY KEY, or the other way round. */
  WRONG_KEY_KIND: { http: 40001, domain: 'sql' },
  BAD_STATEMENT: { http: 40001, domain: 'sql' },
  /** `weir.push.snapshot` for a query whose rows are no rows of one table. */
  NO_SNAPSHOT: { http: 40001, domain: 'sql' },
  NOT_SUPPORTED: { http: 40001, domain: 'sql' },
  BAD_REQUEST: { http: 40000, domain: 'request' },
  UNAUTHORIZED: { http: 40100, domain: 'request' },
  FORBIDDEN: { http: 40300, domain: 'request' },
  WRONG_ENDPOINT: { http: 40002, domain: 'request' },
  TOO_MANY_QUERIES: { http: 40003, domain: 'limit' },
  KAFKA_DENIED: { http: 40301, domain: 'log' },
  NOT_FOUND: { http: 40400, domain: 'request' },
  ASSERT_FAILED: { http: 41700, domain: 'request' },
  LIMIT_EXCEEDED: { http: 42900, domain: 'limit' },
  NO_SCHEMA_REGISTRY: { http: 42801, domain: 'registry' },
  CONNECT_ERROR: { http: 50000, domain: 'connect' },
  REGISTRY_ERROR: { http: 50000, domain: 'registry' },
  LOG_ERROR: { http: 50000, domain: 'log' },
  STATE_ERROR: { http: 50000, domain: 'state' },
  DISK_FULL: { http: 50000, domain: 'state' },
  DECODE_ERROR: { http: 50000, domain: 'record' },
  ENCODE_ERROR: { http: 50000, domain: 'record' },
  INTERNAL: { http: 50000, domain: 'internal' },
  COMMAND_LOG_DAMAGED: { http: 50000, domain: 'server' },
  COMMAND_TIMEOUT: { http: 50301, domain: 'server' },
  NOT_READY: { http: 50302, domain: 'server' },
  SHUTTING_DOWN: { http: 50303, domain: 'server' },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export class WeirError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly hint?: string,
    options?: { cause?: unknown },
  ) {
    super(cutMessage(message), options);
    this.name = 'WeirError';
  }
}

/** The message of whatever was thrown. */
export const messageOf = (e: unknown): string => (e instanceof Error ? e.message : String(e));

/** The message of whatever was thrown, with the hint of the error that it comes of. */
export function explained(e: unknown): string {
  const message = messageOf(e);
  for (let at = e; at instanceof Error; at = at.cause) {
    if (!(at instanceof WeirError) || at.hint === undefined) continue;
    return `${message}${/[.!?]$/.test(message) ? '' : '.'} ${at.hint}`;
  }
  return message;
}

/** Another try, or another node, may have what is asked for. */
export const isNotReady = (e: unknown): boolean => e instanceof WeirError && e.code === 'NOT_READY';

/** There is no room on the disk. What was to be written was not; the same write works once there is room. */
export function isDiskFull(e: unknown): boolean {
  for (let at: unknown = e; at instanceof Error; at = at.cause) {
    if (at instanceof WeirError && at.code === 'DISK_FULL') return true;
  }
  return false;
}
