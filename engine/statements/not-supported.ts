import { type Span, SqlError } from '../../parser/source.js';

/** The language knows it, the engine does not do it yet: say so by name, at its place. */
export const notSupported = (what: string, span: Span): SqlError =>
  new SqlError({
    code: 'NOT_SUPPORTED',
    message: `line ${span.line}:${span.column}: ${what} is not supported yet.`,
    span,
  });
