/** Text to tokens. */
import type { IToken, TokenType } from 'chevrotain';
import { otherSign } from './dialects.js';
import { endOfBlockComment, endOfLineComment, endOfQuoted, isDigit, isNamePart, isNameStart, isSpace } from './scan.js';
import { type SourceText, SqlError } from './source.js';
import {
  DecimalToken,
  DigitIdentifier,
  FloatToken,
  IntegerToken,
  KEYWORDS,
  PlainIdentifier,
  QuotedIdentifier,
  RBracket,
  RParen,
  StringToken,
  SYMBOLS,
  VariableToken,
} from './tokens.js';

const DOT = 46;

/** All tokens of the text; comments and white space are gone. Throws `SqlError` where a character starts no token. */
export function tokenize(source: SourceText): IToken[] {
  const text = source.text;
  const tokens: IToken[] = [];
  let line = 1;
  let lineStart = 0;
  let at = 0;
  const push = (type: TokenType, end: number): void => {
    tokens.push({
      image: text.slice(at, end),
      startOffset: at,
      startLine: line,
      startColumn: at - lineStart + 1,
      endOffset: end - 1,
      tokenType: type,
      tokenTypeIdx: type.tokenTypeIdx as number,
    });
  };
  /** Moves to `end` over text that may hold line ends. */
  const move = (end: number): void => {
    for (let nl = text.indexOf('\n', at); nl !== -1 && nl < end; nl = text.indexOf('\n', nl + 1)) {
      line++;
      lineStart = nl + 1;
    }
    at = end;
  };

  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 10) {
      at++;
      line++;
      lineStart = at;
    } else if (isSpace(code)) {
      at++;
    } else if (isNameStart(code)) {
      let end = at + 1;
      while (end < text.length && isNamePart(text.charCodeAt(end))) end++;
      push(KEYWORDS.get(text.slice(at, end).toUpperCase()) ?? PlainIdentifier, end);
      at = end;
    } else if (isDigit(code) || (code === DOT && isDigit(text.charCodeAt(at + 1)) && !isQualifier(tokens.at(-1), at))) {
      const number = scanNumber(text, at);
      push(number.type, number.end);
      at = number.end;
    } else if (code === 39) {
      const end = endOfQuoted(text, at);
      if (end === -1) throw lexError(source, at, text.length, "The string that begins here has no closing quote (').");
      push(StringToken, end);
      move(end);
    } else if (code === 96 || code === 34) {
      const end = endOfQuoted(text, at);
      const quote = text[at];
      if (end === -1) {
        throw lexError(source, at, text.length, `The name that begins here has no closing quote (${quote}).`);
      }
      if (end === at + 2) throw lexError(source, at, end, 'A name cannot be empty.');
      push(QuotedIdentifier, end);
      move(end);
    } else if (code === 45 && text[at + 1] === '-') {
      at = endOfLineComment(text, at);
    } else if (code === 47 && text[at + 1] === '*') {
      const end = endOfBlockComment(text, at);
      if (end === -1) throw lexError(source, at, text.length, 'The comment that begins here has no closing */.');
      move(end);
    } else if (code === 36 && text[at + 1] === '{') {
      const end = text.indexOf('}', at);
      if (end === -1) throw lexError(source, at, text.length, 'The variable that begins here has no closing }.');
      push(VariableToken, end + 1);
      move(end + 1);
    } else {
      const two = at + 1 < text.length ? SYMBOLS.get(text.slice(at, at + 2)) : undefined;
      const type = two ?? SYMBOLS.get(text[at]!);
      if (type === undefined) throw unknownCharacter(source, at);
      const end = at + (two === undefined ? 1 : 2);
      push(type, end);
      at = end;
    }
  }
  return tokens;
}

/** Whether a `.` at `at` right behind `previous` qualifies a name (`t.1ST`), and begins no number. */
function isQualifier(previous: IToken | undefined, at: number): boolean {
  if (previous === undefined || (previous.endOffset as number) + 1 !== at) return false;
  const type = previous.tokenType;
  return (
    type === PlainIdentifier ||
    type === QuotedIdentifier ||
    type === DigitIdentifier ||
    type === RParen ||
    type === RBracket ||
    KEYWORDS.get(previous.image.toUpperCase()) === type
  );
}

function scanNumber(text: string, start: number): { readonly type: TokenType; readonly end: number } {
  let end = start;
  const digits = (): void => {
    while (isDigit(text.charCodeAt(end))) end++;
  };
  digits();
  let fraction = false;
  // `5.` and `5.E2` are numbers too; `5.x` is none.
  if (text.charCodeAt(end) === DOT && (!isNamePart(text.charCodeAt(end + 1)) || /[\deE]/.test(text[end + 1]!))) {
    fraction = true;
    end++;
    digits();
  }
  const mantissa = end;
  if (text[end] === 'e' || text[end] === 'E') {
    let exponent = end + 1;
    if (text[exponent] === '+' || text[exponent] === '-') exponent++;
    if (isDigit(text.charCodeAt(exponent))) {
      end = exponent;
      digits();
      if (!isNamePart(text.charCodeAt(end))) return { type: FloatToken, end };
    }
  }
  if (fraction) return { type: DecimalToken, end: mantissa };
  end = mantissa;
  if (!isNamePart(text.charCodeAt(end))) return { type: IntegerToken, end };
  while (isNamePart(text.charCodeAt(end))) end++;
  return { type: DigitIdentifier, end };
}

function lexError(source: SourceText, start: number, end: number, detail: string): SqlError {
  const span = source.span(start, end);
  return new SqlError({
    code: 'SYNTAX_ERROR',
    message: `line ${span.line}:${span.column}: Syntax Error\n${detail}`,
    span,
  });
}

function unknownCharacter(source: SourceText, at: number): SqlError {
  const character = String.fromCodePoint(source.text.codePointAt(at) as number);
  const span = source.span(at, at + character.length);
  const letter = /\p{L}/u.test(character);
  return new SqlError({
    code: 'SYNTAX_ERROR',
    message:
      `line ${span.line}:${span.column}: Syntax Error\n` +
      `Syntax error at or near '${character}' at line ${span.line}:${span.column}`,
    span,
    hint: letter ? 'Names with letters beyond a to z need back quotes.' : otherSign(character),
  });
}
