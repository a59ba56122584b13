/**
 * Places in SQL text, and the error that points at one.
 */

/** A stretch of the source: offsets are UTF-16 code units, `end` is exclusive, `line` and `column` count from 1. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly column: number;
}

/** The span of code that no one typed (synthesised nodes). */
export const NO_SPAN: Span = Object.freeze({ start: 0, end: 0, line: 1, column: 1 });

/** The smallest span that holds both; `first` must begin first. */
export function joinSpans(first: Span, last: Span): Span {
  return { start: first.start, end: Math.max(first.end, last.end), line: first.line, column: first.column };
}

/** SQL text with its line starts, so that offsets can be turned into lines and columns. */
export class SourceText {
  readonly text: string;
  #lineStarts: number[] | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get length(): number {
    return this.text.length;
  }

  /** Line and column of an offset, both from 1; an offset past the end is taken as the end. */
  position(offset: number): { readonly line: number; readonly column: number } {
    const starts = this.#starts();
    const at = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - starts[low]! + 1 };
  }

  span(start: number, end: number): Span {
    return { start, end, ...this.position(start) };
  }

  slice(span: Span): string {
    return this.text.slice(span.start, span.end);
  }

  /** The text of a line (from 1) without its line end; empty for a line that does not exist. */
  lineText(line: number): string {
    const starts = this.#starts();
    if (line < 1 || line > starts.length) return '';
    const end = line < starts.length ? starts[line]! - 1 : this.text.length;
    const text = this.text.slice(starts[line - 1], end);
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }

  #starts(): number[] {
    if (this.#lineStarts === undefined) {
      const starts = [0];
      for (let at = this.text.indexOf('\n'); at !== -1; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1);
      this.#lineStarts = starts;
    }
    return this.#lineStarts;
  }
}

/** Longest excerpt of a source line in an error: a one-line script of a megabyte must not come back whole. */
const MAX_EXCERPT = 120;

/** The source line of `span` with a caret line under it; long lines are cut around the place. */
export function excerpt(source: SourceText, span: Span): string {
  const line = source.lineText(span.line);
  const column = Math.min(span.column - 1, line.length);
  let from = 0;
  if (line.length > MAX_EXCERPT) {
    from = Math.max(0, Math.min(column - MAX_EXCERPT / 2, line.length - MAX_EXCERPT));
  }
  const shown = line.slice(from, from + MAX_EXCERPT);
  const before = shown.slice(0, column - from);
  const width = Math.max(1, Math.min(span.end - span.start, shown.length - before.length));
  // Tabs stay tabs under the line, so that the caret lands under its place at any tab width.
  const pad = before.replace(/[^\t]/g, ' ');
  const lead = from > 0 ? '…' : '';
  const tail = from + MAX_EXCERPT < line.length ? '…' : '';
  return `${lead}${shown}${tail}\n${lead === '' ? '' : ' '}${pad}${'^'.repeat(width)}`;
}

/** Codes of errors that concern SQL text; the engine adds codes of its own. */
export type SqlErrorCode =
  | 'SYNTAX_ERROR'
  | 'NESTING_TOO_DEEP'
  | 'SOURCE_TOO_LONG'
  | 'TOO_MANY_STATEMENTS'
  | 'NUMBER_OUT_OF_RANGE'
  | (string & {});

export interface SqlErrorOptions {
  readonly code: SqlErrorCode;
  readonly message: string;
  /** Lines that follow `message`: what Weir adds to ksqlDB's text. */
  readonly explanation?: string | undefined;
  readonly span?: Span | undefined;
  readonly hint?: string | undefined;
  /** What would have been accepted at the place, likeliest first; at most three are kept. */
  readonly expected?: readonly string[] | undefined;
  /** The text of the statement in which the error lies, with its semicolon. */
  readonly statement?: string | undefined;
  readonly cause?: unknown;
}

/** Characters of a message at most. */
const MAX_MESSAGE = 3000;
const MESSAGE_END = 800;

/** A message that repeats what the user wrote (a name, a text, an expression) is cut in its middle where that is very long. */
export function cutMessage(text: string): string {
  if (text.length <= MAX_MESSAGE) return text;
  return `${text.slice(0, MAX_MESSAGE - MESSAGE_END)} … ${text.slice(-MESSAGE_END)}`;
}

/**
 * An error in what the user wrote. `message` is whole and self-contained (it starts with `line L:C: ` where the place
 * is known to matter); `format` adds the source line with a caret and the hint.
 */
export class SqlError extends Error {
  override readonly name: string = 'SqlError';
  readonly code: SqlErrorCode;
  readonly span: Span | undefined;
  readonly hint: string | undefined;
  readonly expected: readonly string[];
  /** The message as ksqlDB words it, without the explanation. */
  readonly brief: string;
  readonly explanation: string | undefined;
  readonly statement: string | undefined;

  constructor(options: SqlErrorOptions) {
    const { cause } = options;
    const message = cutMessage(options.message);
    const explanation = options.explanation === undefined ? undefined : cutMessage(options.explanation);
    const whole = explanation === undefined ? message.trimEnd() : `${message.trimEnd()}\n${explanation}`;
    super(whole, cause === undefined ? undefined : { cause });
    this.code = options.code;
    this.span = options.span;
    this.hint = options.hint === undefined ? undefined : cutMessage(options.hint);
    this.expected = (options.expected ?? []).slice(0, 3);
    this.brief = message;
    this.explanation = explanation;
    this.statement = options.statement;
  }

  /** Message, source line with a caret, hint: a line each. */
  format(source: SourceText | string): string {
    const text = typeof source === 'string' ? new SourceText(source) : source;
    const parts = [this.message];
    if (this.span !== undefined && text.length > 0) parts.push(excerpt(text, this.span));
    if (this.hint !== undefined) parts.push(`Hint: ${this.hint}`);
    return parts.join('\n');
  }
}
