import { tokenize } from '../parser/lexer.js';
import { SourceText, SqlError } from '../parser/source.js';
import {
  DecimalToken,
  FloatToken,
  IntegerToken,
  isReserved,
  KEYWORDS,
  LParen,
  QuotedIdentifier,
  StringToken,
  VariableToken,
} from '../parser/tokens.js';
import type { StyledSpan } from './editor/frame.js';
import type { Style } from './theme.js';
import { unitsOf } from './units.js';

/** Shown as types wherever they stand: a column called DATE as well. */
const TYPE_WORDS = new Set(
  `ARRAY BIGINT BOOLEAN BYTES DATE DECIMAL DOUBLE INT INTEGER MAP NUMERIC STRING STRUCT TIME TIMESTAMP VARCHAR`.split(
    ' ',
  ),
);
const NUMBERS: ReadonlySet<unknown> = new Set([IntegerToken, DecimalToken, FloatToken]);

/** The colours of a text that is being typed. */
export function highlight(text: string): readonly StyledSpan[] {
  const spans: StyledSpan[] = [];
  let at = 0;
  for (const unit of unitsOf(text).units) {
    if (unit.kind !== 'command') continue;
    statementSpans(text.slice(at, unit.start), at, spans);
    const word = /^(?:\\\S*|run\s+script|\w+)/i.exec(unit.text)![0];
    spans.push({ start: unit.start, end: unit.start + word.length, style: 'command' });
    at = unit.start + word.length;
  }
  statementSpans(text.slice(at), at, spans);
  return spans;
}

function statementSpans(text: string, offset: number, spans: StyledSpan[]): void {
  const { tokens, end, broken } = tokensOf(text);
  const add = (start: number, stop: number, style: Style) => {
    if (style !== 'plain' && stop > start) spans.push({ start: offset + start, end: offset + stop, style });
  };
  let at = 0;
  tokens.forEach((token, i) => {
    if (text.slice(at, token.startOffset).trim() !== '') add(at, token.startOffset, 'comment');
    at = (token.endOffset as number) + 1;
    add(token.startOffset, at, styleOf(token, tokens[i + 1]?.tokenType === LParen, tokens[i - 1]?.image === '.'));
  });
  if (end > at && text.slice(at, end).trim() !== '') add(at, end, 'comment');
  if (broken !== undefined) add(end, text.length, broken);
}

type Token = ReturnType<typeof tokenize>[number];

function styleOf(token: Token, beforeParenthesis: boolean, afterDot: boolean): Style {
  const type = token.tokenType;
  if (type === StringToken) return 'string';
  if (type === VariableToken) return 'variable';
  if (type === QuotedIdentifier) return 'name';
  if (NUMBERS.has(type)) return 'number';
  if (!/^[A-Za-z_]/.test(token.image)) return 'plain';
  const word = token.image.toUpperCase();
  if (isReserved(word)) return 'keyword';
  if (afterDot) return 'name';
  if (TYPE_WORDS.has(word)) return 'type';
  if (KEYWORDS.has(word)) return 'keyword';
  return beforeParenthesis ? 'function' : 'name';
}

/** The tokens up to where the text is no longer SQL, or is not finished. */
function tokensOf(text: string): { readonly tokens: readonly Token[]; readonly end: number; readonly broken?: Style } {
  try {
    return { tokens: tokenize(new SourceText(text)), end: text.length };
  } catch (e) {
    if (!(e instanceof SqlError) || e.span === undefined) throw e;
    const end = e.span.start;
    const begins = text[end];
    const broken =
      begins === "'" ? 'string' : begins === '/' ? 'comment' : begins === '`' || begins === '"' ? 'name' : 'plain';
    return { tokens: tokenize(new SourceText(text.slice(0, end))), end, broken };
  }
}
