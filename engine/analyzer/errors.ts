import { didYouMean as nearest } from '../../parser/similar.js';
import { type Span, SqlError } from '../../parser/source.js';
import type { ErrorCode } from '../base/errors.js';

/** Throws a BAD_STATEMENT that points at `span`. */
export function fail(message: string, span: Span | undefined, hint?: string): never {
  throw new SqlError({ code: 'BAD_STATEMENT' satisfies ErrorCode, message, span, hint });
}

/** Throws NOT_SUPPORTED; `what` names it: "JOIN", "The AVRO format". */
export function notSupported(what: string, span: Span | undefined): never {
  throw new SqlError({
    code: 'NOT_SUPPORTED' satisfies ErrorCode,
    message: `${what} is not supported yet.`,
    span,
    hint: 'The statement is valid SQL; this version of Weir cannot run it.',
  });
}

/** ksqlDB's place prefix of errors about names. */
export const at = (span: Span): string => `Line: ${span.line}, Col: ${span.column}: `;

/** A name as ksqlDB prints it in schemas: always in back quotes. */
export const tick = (name: string): string => `\`${name}\``;

/** `A, B and C`. */
export function listed(items: readonly string[], word = 'and'): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${word} ${items[items.length - 1]}`;
}

/** "Did you mean X?" where a candidate is near `name`; undefined where none is. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const near = nearest(name, candidates);
  return near === undefined ? undefined : `Did you mean ${near}?`;
}
