/**
 * The token vocabulary. Chevrotain's own lexer is not used: `lexer.ts` looks words up in `KEYWORDS`, which takes the
 * same time however many keywords there are.
 */
import type { TokenType } from 'chevrotain';
import { createToken, Lexer } from './chevrotain.js';

const all: TokenType[] = [];

function token(name: string, label: string, categories: TokenType[] = []): TokenType {
  const type = createToken({ name, label, pattern: Lexer.NA, categories });
  all.push(type);
  return type;
}

/** Whatever can be a name: plain and quoted identifiers and every keyword that is not reserved. */
export const Name = token('Name', 'IDENTIFIER');
/** A name that may follow an expression or a source as its alias without AS. */
export const AliasName = token('AliasName', 'IDENTIFIER', [Name]);

export const PlainIdentifier = token('PlainIdentifier', 'IDENTIFIER', [AliasName]);
/** `1ST`: starts with a digit. */
export const DigitIdentifier = token('DigitIdentifier', 'DIGIT_IDENTIFIER', [AliasName]);
/** `` `name` `` or `"name"`. */
export const QuotedIdentifier = token('QuotedIdentifier', 'BACKQUOTED_IDENTIFIER', [AliasName]);
/** `${name}` that no one substituted. */
export const VariableToken = token('Variable', 'VARIABLE');

export const StringToken = token('StringToken', 'STRING');
export const IntegerToken = token('IntegerToken', 'INTEGER_VALUE');
export const DecimalToken = token('DecimalToken', 'DECIMAL_VALUE');
export const FloatToken = token('FloatToken', 'FLOATING_POINT_VALUE');

function symbol(name: string, text: string): TokenType {
  return token(name, `'${text}'`);
}
export const Semicolon = symbol('Semicolon', ';');
export const LParen = symbol('LParen', '(');
export const RParen = symbol('RParen', ')');
export const LBracket = symbol('LBracket', '[');
export const RBracket = symbol('RBracket', ']');
export const Comma = symbol('Comma', ',');
export const Dot = symbol('Dot', '.');
export const Plus = symbol('Plus', '+');
export const Minus = symbol('Minus', '-');
export const Star = symbol('Star', '*');
export const Slash = symbol('Slash', '/');
export const Percent = symbol('Percent', '%');
export const ConcatOp = symbol('ConcatOp', '||');
export const Equal = symbol('Equal', '=');
export const NotEqual = symbol('NotEqual', '!=');
export const Less = symbol('Less', '<');
export const LessEqual = symbol('LessEqual', '<=');
export const Greater = symbol('Greater', '>');
export const GreaterEqual = symbol('GreaterEqual', '>=');
export const StructArrow = symbol('StructArrow', '->');
export const LambdaArrow = symbol('LambdaArrow', '=>');
export const Assign = symbol('Assign', ':=');

/** Signs of one and of two characters. */
export const SYMBOLS: ReadonlyMap<string, TokenType> = new Map([
  [';', Semicolon],
  ['(', LParen],
  [')', RParen],
  ['[', LBracket],
  [']', RBracket],
  [',', Comma],
  ['.', Dot],
  ['+', Plus],
  ['-', Minus],
  ['*', Star],
  ['/', Slash],
  ['%', Percent],
  ['||', ConcatOp],
  ['=', Equal],
  ['!=', NotEqual],
  ['<>', NotEqual],
  ['<', Less],
  ['<=', LessEqual],
  ['>', Greater],
  ['>=', GreaterEqual],
  ['->', StructArrow],
  ['=>', LambdaArrow],
  [':=', Assign],
]);

/** Words that are never names, unless quoted. */
const RESERVED =
  `AND AS BETWEEN BY CASE CAST CREATE DROP ELSE END FALSE FROM FULL GROUP HAVING IN INNER INSERT INTO IS JOIN LEFT
  LIKE NOT NULL ON OR OUTER RIGHT SELECT THEN TRUE VALUES WHEN WHERE WITH`.split(/\s+/);

/** Names, but not aliases without AS: each of them may begin what follows an expression or a source. */
const CLAUSE_WORDS = 'EMIT ESCAPE LIMIT OFFSET PARTITION WINDOW WITHIN'.split(/\s+/);

const PLAIN_WORDS = `ADD ADVANCE ALL ALTER ANALYZE ARRAY ASC ASSERT AT BEGINNING CHANGES COLUMN CONNECTOR CONNECTORS
  DATE DAY DAYS DEC DECIMAL DEFINE DELETE DESC DESCRIBE DISTINCT EARLIEST ERRORS EXISTS EXPLAIN EXTENDED FINAL FIRST FUNCTION FUNCTIONS
  GRACE HEADER HEADERS HOPPING HOUR HOURS ID IF INTERVAL KEY LAST LATEST LIST MAP MILLISECOND MILLISECONDS MINUTE MINUTES
  MONTH MONTHS NULLS NUMERIC ORDER PAUSE PAYLOAD PERIOD PLUGINS PRIMARY PRINT PROPERTIES QUERIES REPLACE RESUME RETENTION RUN
  SAMPLE SCHEMA SCRIPT SECOND SECONDS SESSION SET SHOW SINK SIZE SOURCE STREAM STREAMS STRING STRUCT SUBJECT
  SYSTEM TABLE TABLES TERMINATE TIME TIMEOUT TIMESTAMP TOPIC TOPICS TUMBLING TYPE TYPES UNDEFINE UNSET VARIABLES
  WEEK WEEKS YEAR YEARS ZONE`.split(/\s+/);

function keywords(): ReadonlyMap<string, TokenType> {
  const map = new Map<string, TokenType>();
  const add = (words: readonly string[], categories: TokenType[]): void => {
    for (const word of words) map.set(word, token(word, `'${word}'`, categories));
  };
  add(RESERVED, []);
  add(CLAUSE_WORDS, [Name]);
  add(PLAIN_WORDS, [AliasName]);
  return map;
}

export const KEYWORDS: ReadonlyMap<string, TokenType> = keywords();
const reserved: ReadonlySet<string> = new Set(RESERVED);

/** True where `word` (upper case) can be a name only in quotes. */
export function isReserved(word: string): boolean {
  return reserved.has(word);
}

/** A keyword's token type; the grammar names keywords by their text. */
export function kw(word: string): TokenType {
  const type = KEYWORDS.get(word);
  if (type === undefined) throw new Error(`no keyword ${word} in the vocabulary`);
  return type;
}

export const VOCABULARY: readonly TokenType[] = all;
