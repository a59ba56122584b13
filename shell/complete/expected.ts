import type { IToken } from 'chevrotain';
import { StatementGrammar } from '../../parser/grammar/statement.js';
import { tokenize } from '../../parser/lexer.js';
import { SourceText, SqlError } from '../../parser/source.js';
import { Dot, isReserved, KEYWORDS, Name, StructArrow } from '../../parser/tokens.js';

/** What the grammar takes at a place in a statement. */
export interface Expected {
  readonly keywords: readonly string[];
  /** What a name at this place names. */
  readonly names: ReadonlySet<NameRole>;
}

export type NameRole =
  | 'source'
  | 'expression'
  | 'column'
  | 'type'
  | 'query'
  | 'topic'
  | 'function'
  | 'property'
  | 'connector'
  | 'variable';

let grammar: StatementGrammar | undefined;

/** Past so many tokens the grammar is not asked any more: it reads them all again. */
const MAX_TOKENS = 2_000;

/** @param tokens of the statement, up to the place */
export function expectedAfter(tokens: readonly IToken[]): Expected {
  const keywords = new Set<string>();
  const names = new Set<NameRole>();
  if (tokens.length > MAX_TOKENS) return { keywords: [], names };
  grammar ??= new StatementGrammar();
  grammar.setDialect({ orderBy: true });
  for (const { nextTokenType, ruleStack } of grammar.computeContentAssist('singleStatement', [...tokens])) {
    const word = nextTokenType.name;
    if (KEYWORDS.has(word)) {
      if (!ruleStack.some((r) => r.startsWith('assertVal') || r.startsWith('assertNull') || r === 'assertSource'))
        keywords.add(word);
    } else if (nextTokenType === Name) {
      const role = roleOf(ruleStack, tokens);
      if (role !== undefined) names.add(role);
    }
  }
  return { keywords: [...keywords], names };
}

function roleOf(rules: readonly string[], tokens: readonly IToken[]): NameRole | undefined {
  const has = (rule: string) => rules.includes(rule);
  const last = tokens.at(-1)?.image.toUpperCase();
  const rule = rules.at(-1);
  if (rule === 'namedType' || has('namedType')) return 'type';
  if (rule === 'externalName') {
    if (has('property')) return 'property';
    if (has('print') || has('assertTopic')) return 'topic';
    return has('createConnector') || has('assertSchema') ? undefined : 'connector';
  }
  if (has('nameExpression') || has('expression') || has('valueExpression')) return 'expression';
  if (has('sourceRef')) return 'source';
  if (has('sourceStar')) return 'expression';
  if (has('columnNames')) return 'column';
  if (has('columnDef') || has('structField') || has('alias')) return undefined;
  if (has('insert') || has('explain') || has('control')) return has('insert') ? 'source' : 'query';
  if (has('describe')) return last === 'FUNCTION' ? 'function' : 'source';
  if (has('drop')) return tokens.some((t) => t.image.toUpperCase() === 'TYPE') ? 'type' : 'source';
  if (has('alter')) return 'source';
  if (has('undefine')) return 'variable';
  // CREATE names something new, unless it replaces what there is.
  if (has('createSource')) return tokens.some((t) => t.image.toUpperCase() === 'REPLACE') ? 'source' : undefined;
  return undefined;
}

/** The tokens of a text, as far as it is SQL. */
export function tokensOf(text: string): readonly IToken[] {
  try {
    return tokenize(new SourceText(text));
  } catch (e) {
    if (!(e instanceof SqlError) || e.span === undefined) throw e;
    return tokenize(new SourceText(text.slice(0, e.span.start)));
  }
}

export interface SourceUse {
  /** As the catalog has it. */
  readonly name: string;
  readonly alias: string;
}

/** A name as SQL means it: upper case, unless it is quoted. */
const nameOf = (image: string): string =>
  /^[`"]/.test(image) ? image.slice(1, -1).replaceAll(image[0]! + image[0]!, image[0]!) : image.toUpperCase();

const isName = (token: IToken | undefined): token is IToken =>
  token !== undefined && /^[A-Za-z_`"]/.test(token.image) && !isReserved(token.image.toUpperCase());

const NO_ALIAS = new Set('EMIT LIMIT OFFSET PARTITION WINDOW WITHIN ORDER'.split(' '));

/** The sources that a statement reads from, or writes into. */
export function sourcesIn(tokens: readonly IToken[]): SourceUse[] {
  const uses: SourceUse[] = [];
  tokens.forEach((token, i) => {
    if (!/^(FROM|JOIN|INTO)$/i.test(token.image) || !isName(tokens[i + 1])) return;
    const name = nameOf(tokens[i + 1]!.image);
    let next = tokens[i + 2];
    if (/^as$/i.test(next?.image ?? '')) next = tokens[i + 3];
    const alias = isName(next) && !NO_ALIAS.has(next.image.toUpperCase()) ? nameOf(next.image) : name;
    uses.push({ name, alias });
  });
  return uses;
}

/** Names before the place that qualify the one at it: `t.` gives [T], `t.address->` gives [T, ADDRESS]. */
export function qualifiersBefore(tokens: readonly IToken[]): {
  readonly path: readonly string[];
  readonly field: boolean;
} {
  const path: string[] = [];
  const field = tokens.at(-1)?.tokenType === StructArrow;
  let at = tokens.length - 1;
  while (
    at >= 1 &&
    (tokens[at]!.tokenType === Dot || tokens[at]!.tokenType === StructArrow) &&
    isName(tokens[at - 1])
  ) {
    path.unshift(nameOf(tokens[at - 1]!.image));
    at -= 2;
  }
  return { path, field };
}
