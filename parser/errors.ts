/** From Chevrotain's exceptions to errors that people can use, in ksqlDB's wording where it has one. */
import type { IToken } from 'chevrotain';
import { EOF } from './chevrotain.js';
import { foreign } from './dialects.js';
import { allows, describeExpected, type ExpectedItem, isTakenToBeRefused } from './expected.js';
import type { StartRule, StatementGrammar } from './grammar/statement.js';
import { didYouMean } from './similar.js';
import { type SourceText, type Span, SqlError } from './source.js';
import {
  Comma,
  isReserved,
  kw,
  PlainIdentifier,
  QuotedIdentifier,
  RParen,
  StringToken,
  VariableToken,
} from './tokens.js';

/** Looking for what else could have stood at a place replays the tokens before it: past this many it is left out. */
const MAX_REPLAYED_TOKENS = 2_000;

export interface Failure {
  readonly source: SourceText;
  readonly grammar: StatementGrammar;
  readonly rule: StartRule;
  /** The tokens of the statement alone. */
  readonly tokens: readonly IToken[];
  /** Where the parser gave up; the EOF token stands for the end. */
  readonly token: IToken;
  /** Rules that the chosen dialect does not take at all. */
  readonly disabled: ReadonlySet<string>;
}

export function toSyntaxError(failure: Failure): SqlError {
  const { tokens } = failure;
  let index = failure.token.tokenType === EOF ? tokens.length : tokens.indexOf(failure.token);
  let items: ExpectedItem[] = [];
  if (index <= MAX_REPLAYED_TOKENS) {
    const assists = (): ReturnType<StatementGrammar['computeContentAssist']> =>
      failure.grammar
        .computeContentAssist(failure.rule, tokens.slice(0, index))
        .filter(
          (assist) => !isTakenToBeRefused(assist) && !assist.ruleStack.some((rule) => failure.disabled.has(rule)),
        );
    let found = assists();
    // A choice with two tokens of lookahead fails at the first of them, though only the second is wrong.
    while (index < tokens.length && index - tokens.indexOf(failure.token) < 2 && allows(found, tokens[index]!)) {
      index++;
      found = assists();
    }
    items = describeExpected(found);
  }
  return compose(failure, index, items);
}

function compose(failure: Failure, index: number, items: readonly ExpectedItem[]): SqlError {
  const { source, tokens, rule } = failure;
  const other =
    rule === 'singleStatement'
      ? foreign(
          tokens.map((t) => t.image.toUpperCase()),
          index,
        )
      : undefined;
  if (other !== undefined && other.at !== index) {
    const { image } = tokens[other.at]!;
    const { line, column } = placeOf(source, tokens, other.at);
    return misplacedStatement(
      source,
      tokens,
      other.at,
      `Syntax error at or near '${shorten(image)}' at line ${line}:${column}`,
      other.hint,
    );
  }
  const found = tokens[index] as IToken | undefined;
  const span = placeOf(source, tokens, index);
  const where = `line ${span.line}:${span.column}`;
  const foundText = found === undefined ? '<EOF>' : shorten(found.image);
  const keywords = items.flatMap((item) => item.keyword ?? []);
  const previous = tokens[index - 1] as IToken | undefined;
  const statement = statementText(source, tokens);

  if (index === 0 && rule === 'singleStatement') {
    const near = other === undefined ? didYouMean(foundText, keywords) : undefined;
    return new SqlError({
      code: 'SYNTAX_ERROR',
      message: `${where}: Syntax Error\nUnknown statement '${foundText}'`,
      explanation: near === undefined ? undefined : `Did you mean '${near}'?`,
      span,
      hint: other?.hint,
      expected: near === undefined ? [] : [near],
      statement,
    });
  }

  // A misspelt keyword is often taken for an alias, and the parser fails only behind it.
  const suspects = [
    found !== undefined && /^[A-Za-z_]/.test(found.image) ? found : undefined,
    previous?.tokenType === PlainIdentifier ? previous : undefined,
  ];
  const misspelt = suspects.find((token) => token !== undefined && didYouMean(token.image, keywords) !== undefined);
  const near = misspelt && didYouMean(misspelt.image, keywords);
  const ranked = near === undefined ? items : [...items].sort((a, b) => rankWith(near, b) - rankWith(near, a));
  const labels = items.map((item) => item.tokenLabel);
  const open = items.some((item) => item.tokenLabel === undefined);

  let detail = '';
  const explanation: string[] = [];
  if (items.length > 0 && items.length <= 3 && !open) {
    detail = `Expecting ${expecting(labels as string[])}`;
  } else {
    if (open && items.some((item) => /^an? (name|type|expression|value)$/.test(item.text))) {
      detail = `Syntax error at or near '${foundText}' at ${where}`;
    }
    const wanted = ranked.slice(0, 3).map((item) => item.text);
    const foundWords = found === undefined ? 'the end of the statement' : quoteFound(found);
    if (wanted.length > 0) {
      explanation.push(`Found ${foundWords}; expected ${list(wanted)}${items.length > 3 ? ', among others' : ''}.`);
    }
  }
  if (near !== undefined && misspelt !== undefined) {
    explanation.push(
      misspelt === found ? `Did you mean '${near}'?` : `Did you mean '${near}' instead of '${misspelt.image}'?`,
    );
  }
  return new SqlError({
    code: 'SYNTAX_ERROR',
    message: `${where}: Syntax Error\n${detail}`,
    explanation: explanation.length === 0 ? undefined : explanation.join('\n'),
    span,
    hint: other?.hint ?? hint(found, previous, items),
    expected: ranked.slice(0, 3).map((item) => item.text),
    statement,
  });
}

function rankWith(near: string, item: ExpectedItem): number {
  return item.keyword === near ? 1000 : item.rank;
}

/** ksqlDB's way: keywords and signs in quotes first, then kinds of tokens; one stands alone, more in braces. */
function expecting(labels: readonly string[]): string {
  const sorted = [...labels].sort((a, b) => {
    const quoted = Number(b.startsWith("'")) - Number(a.startsWith("'"));
    return quoted !== 0 ? quoted : a < b ? -1 : 1;
  });
  return sorted.length === 1 ? sorted[0]! : `{${sorted.join(', ')}}`;
}

function list(words: readonly string[]): string {
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** Long texts and names are cut: the error is not the place to repeat them. */
function shorten(image: string): string {
  return image.length > 40 ? `${image.slice(0, 40)}…` : image;
}

function quoteFound(token: IToken): string {
  return token.tokenType === StringToken ? shorten(token.image) : `'${shorten(token.image)}'`;
}

const FROM = kw('FROM');

function hint(
  found: IToken | undefined,
  previous: IToken | undefined,
  items: readonly ExpectedItem[],
): string | undefined {
  if (found === undefined) return undefined;
  const wants = (text: string): boolean => items.some((item) => item.text === text);
  const type = found.tokenType;
  if (type === VariableToken) return `Variable ${found.image} has no value: DEFINE it first.`;
  if (previous?.tokenType === Comma && (type === FROM || type === RParen)) {
    return `There is a comma too many before '${found.image}'.`;
  }
  const wantsText = wants('a value') || items.some((item) => item.tokenLabel === 'STRING');
  if (wantsText && (type === PlainIdentifier || type === QuotedIdentifier)) {
    return "Texts are written in single quotes: 'text'.";
  }
  const isName = /^[A-Za-z_]/.test(found.image);
  if (isName && isReserved(found.image.toUpperCase()) && (wants('a name') || wants('an expression'))) {
    return `${found.image.toUpperCase()} is a reserved word; in back quotes, \`${found.image}\`, it can be a name.`;
  }
  if (found.image === '=' && previous?.image === '=') return 'Equality is a single =.';
  const sign = { '-': 'a dash', '.': 'a dot' }[found.image];
  if (sign !== undefined && !wants('an operator') && previous?.tokenType === PlainIdentifier) {
    return `Names with ${sign} need back quotes.`;
  }
  return undefined;
}

/** The place of a token, or the end of the last one where the text simply stops. */
function placeOf(source: SourceText, tokens: readonly IToken[], index: number): Span {
  const token = tokens[index] as IToken | undefined;
  if (token !== undefined) return source.span(token.startOffset, (token.endOffset as number) + 1);
  const last = tokens.at(-1);
  const end = last === undefined ? source.length : (last.endOffset as number) + 1;
  return source.span(end, end);
}

/** The statement as written, from its first token to its last. */
export function statementText(source: SourceText, tokens: readonly IToken[]): string {
  const first = tokens[0] as IToken | undefined;
  const last = tokens.at(-1);
  if (first === undefined || last === undefined) return '';
  return source.text.slice(first.startOffset, (last.endOffset as number) + 1);
}

/** A statement that Weir knows but that has no meaning where it was given. */
export function misplacedStatement(
  source: SourceText,
  tokens: readonly IToken[],
  at: number,
  detail: string,
  hint: string,
): SqlError {
  const span = placeOf(source, tokens, at);
  return new SqlError({
    code: 'SYNTAX_ERROR',
    message: `line ${span.line}:${span.column}: Syntax Error\n${detail}`,
    span,
    hint,
    statement: statementText(source, tokens),
  });
}
