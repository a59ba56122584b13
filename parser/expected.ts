/** What could have stood at the place of a syntax error, in words, likeliest first. */
import type { CstParser as CstParserType, IToken, TokenType } from 'chevrotain';
import { tokenMatcher } from './chevrotain.js';

type Assist = ReturnType<CstParserType['computeContentAssist']>[number];

export interface ExpectedItem {
  /** For people: `FROM`, `')'`, `a name`. */
  readonly text: string;
  /** As ksqlDB's `Expecting {…}` writes a single token; undefined for what stands for many tokens. */
  readonly tokenLabel: string | undefined;
  /** The keyword, where it is one. */
  readonly keyword: string | undefined;
  readonly rank: number;
}

const TYPE_STARTS: ReadonlySet<string> = new Set(['arrayType', 'mapType', 'structType', 'decimalType', 'namedType']);
const OPERATOR_RULES: ReadonlySet<string> = new Set([
  'valueExpression',
  'comparison',
  'isPredicate',
  'setPredicate',
  'postfix',
  'timeZone',
  'expression',
  'nameExpression',
]);
/** The tokens with which these rules begin, as against those further on in them. */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  parenthesized: ['LParen'],
  caseExpression: ['CASE'],
  cast: ['CAST'],
  arrayConstructor: ['ARRAY'],
  mapConstructor: ['MAP'],
  structConstructor: ['STRUCT'],
  arrayType: ['ARRAY'],
  mapType: ['MAP'],
  structType: ['STRUCT'],
  decimalType: ['DECIMAL', 'DEC', 'NUMERIC'],
  namedType: ['Name'],
  temporalLiteral: ['DATE', 'TIME', 'TIMESTAMP'],
  negation: ['NOT'],
};

/** How likely a token is to be what was forgotten; unlisted keywords come at 40. */
const RANKS: Readonly<Record<string, number>> = {
  Semicolon: 75,
  FROM: 74,
  STREAM: 73,
  TABLE: 72,
  SIZE: 72,
  RParen: 72,
  RBracket: 72,
  Greater: 70,
  AS: 66,
  SELECT: 65,
  WITH: 64,
  END: 62,
  LParen: 60,
  ON: 60,
  WITHIN: 58,
  Comma: 56,
  WHERE: 54,
  VALUES: 52,
  GROUP: 50,
  EMIT: 48,
};

const CATEGORY = {
  expression: { text: 'an expression', tokenLabel: undefined, keyword: undefined, rank: 80 },
  type: { text: 'a type', tokenLabel: undefined, keyword: undefined, rank: 82 },
  name: { text: 'a name', tokenLabel: undefined, keyword: undefined, rank: 84 },
  value: { text: 'a value', tokenLabel: undefined, keyword: undefined, rank: 80 },
  unit: { text: 'a time unit', tokenLabel: undefined, keyword: undefined, rank: 84 },
  operator: { text: 'an operator', tokenLabel: undefined, keyword: undefined, rank: 12 },
  alias: { text: 'an alias', tokenLabel: undefined, keyword: undefined, rank: 10 },
} as const satisfies Record<string, ExpectedItem>;

/** Items for the tokens that the grammar allows next, likeliest first. */
export function describeExpected(assists: readonly Assist[]): ExpectedItem[] {
  const items = new Map<string, ExpectedItem>();
  for (const assist of assists) {
    const item = describe(assist);
    const known = items.get(item.text);
    if (known === undefined || known.rank < item.rank) items.set(item.text, item);
  }
  // Behind `a NOT` and `a IS` the operator has begun, and only its own words are left.
  if (items.size === 1 && items.has(CATEGORY.operator.text)) {
    for (const { nextTokenType } of assists) {
      const item = token(nextTokenType);
      if (item.keyword !== undefined) items.set(item.text, item);
    }
    if (items.size > 1) items.delete(CATEGORY.operator.text);
  }
  return [...items.values()].sort((a, b) => b.rank - a.rank || (a.text < b.text ? -1 : 1));
}

/** What the grammar takes only so that an error can say more; and a window's name, which nobody has forgotten. */
export function isTakenToBeRefused({ ruleStack, nextTokenType }: Assist): boolean {
  const rule = ruleStack.at(-1);
  if (rule === 'limitClause') return nextTokenType.name === 'Minus';
  if (rule === 'count') return nextTokenType.name !== 'IntegerToken';
  return rule === 'identifier' && ruleStack.at(-2) === 'windowClause';
}

function describe(assist: Assist): ExpectedItem {
  const { ruleStack, occurrenceStack, nextTokenType: type } = assist;
  const rule = ruleStack.at(-1) as string;
  const parent = ruleStack.at(-2);
  const opens = OPENERS[rule]?.includes(type.name) ?? false;
  if (rule === 'identifier') {
    return parent === 'nameExpression' && occurrenceStack.at(-1) === 1 ? CATEGORY.expression : CATEGORY.name;
  }
  if (rule === 'externalName') return CATEGORY.name;
  if (rule === 'literal' || rule === 'sign') {
    return parent === 'propertyValue' ? CATEGORY.value : CATEGORY.expression;
  }
  if (rule === 'timeUnit') return CATEGORY.unit;
  if (opens && TYPE_STARTS.has(rule)) return CATEGORY.type;
  if (opens) return CATEGORY.expression;
  if (rule === 'alias' && type.name === 'AliasName') return CATEGORY.alias;
  if (OPERATOR_RULES.has(rule) && !isCloser(type)) return CATEGORY.operator;
  return token(type);
}

/** Tokens inside operator rules that are no operators: `a[1` lacks its bracket, `f(x` its parenthesis. */
function isCloser(type: TokenType): boolean {
  return type.name === 'RParen' || type.name === 'RBracket' || type.name === 'Comma';
}

function token(type: TokenType): ExpectedItem {
  const label = type.LABEL ?? type.name;
  const keyword = /^'[A-Z]+'$/.test(label) ? label.slice(1, -1) : undefined;
  const words: Readonly<Record<string, string>> = {
    Name: 'a name',
    StringToken: "a string in single quotes ('…')",
    IntegerToken: 'a whole number',
  };
  return {
    text: keyword ?? words[type.name] ?? label,
    tokenLabel: type.name === 'Name' ? undefined : label,
    keyword,
    rank: RANKS[type.name] ?? (keyword === undefined ? 60 : 40),
  };
}

/** Whether the grammar would have taken `found` at a place with these assists. */
export function allows(assists: readonly Assist[], found: IToken): boolean {
  return assists.some((assist) => tokenMatcher(found, assist.nextTokenType));
}
