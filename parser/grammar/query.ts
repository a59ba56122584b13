/** SELECT and its clauses, in ksqlDB's order. */
import type { TokenType } from 'chevrotain';
import * as t from '../tokens.js';
import { ExpressionGrammar, type Rule } from './expression.js';

const kw = t.kw;

/** Both numbers of each time unit, as keyword pairs. */
const UNIT_WORDS = ['MILLISECOND', 'SECOND', 'MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'YEAR'].flatMap((unit) => [
  unit,
  `${unit}S`,
]);
const UNITS: readonly TokenType[] = UNIT_WORDS.map(kw);

const NEGATED: readonly TokenType[] = ['BETWEEN', 'IN', 'LIKE'].map(kw);
/** What may stand behind a name that begins an item of the select list, `*`, NOT and AT apart. */
const AFTER_NAME: ReadonlySet<TokenType> = new Set([
  ...['AND', 'AS', 'FROM', 'IS', 'OR'].map(kw),
  ...NEGATED,
  ...[t.Comma, t.Dot, t.StructArrow, t.LBracket, t.Plus, t.Minus, t.Slash, t.Percent, t.ConcatOp],
  ...[t.Equal, t.NotEqual, t.Less, t.LessEqual, t.Greater, t.GreaterEqual, t.LambdaArrow],
]);

export class QueryGrammar extends ExpressionGrammar {
  /** ORDER BY, OFFSET and DISTINCT are Weir's own; without them `FROM s ORDER BY x` means an alias ORDER and then an error. */
  protected orderBy = true;

  readonly query: Rule = this.RULE('query', () => {
    this.CONSUME(kw('SELECT'));
    this.OPTION({ GATE: () => this.orderBy && this.startsDistinct(), DEF: () => this.CONSUME(kw('DISTINCT')) });
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.selectItem) });
    this.CONSUME(kw('FROM'));
    this.SUBRULE(this.relation);
    this.OPTION1(() => this.SUBRULE(this.windowClause));
    this.OPTION2(() => this.SUBRULE(this.whereClause));
    this.OPTION3(() => this.SUBRULE(this.groupByClause));
    this.OPTION4(() => this.SUBRULE(this.partitionByClause));
    this.OPTION5(() => this.SUBRULE(this.havingClause));
    this.OPTION6({
      GATE: () => this.orderBy,
      DEF: () => this.SUBRULE(this.orderByClause),
    });
    this.OPTION7(() => this.SUBRULE(this.emitClause));
    this.OPTION8(() => this.SUBRULE(this.limitClause));
    this.OPTION9({ GATE: () => this.orderBy, DEF: () => this.SUBRULE(this.offsetClause) });
  });

  /** DISTINCT may be a column's name: so it is read where what follows goes on with an expression, or ends it. */
  private startsDistinct(): boolean {
    if (!this.next(kw('DISTINCT'), 1)) return false;
    if (this.next(t.Star, 2)) return this.next(kw('FROM'), 3) || this.next(t.Comma, 3);
    if (this.next(kw('NOT'), 2)) return !NEGATED.some((type) => this.next(type, 3));
    if (this.next(kw('AT'), 2)) return !this.next(kw('TIME'), 3);
    return !AFTER_NAME.has(this.tokenAt(2).tokenType);
  }

  readonly selectItem: Rule = this.RULE('selectItem', () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Star) },
      {
        GATE: () => this.next(t.Dot, 2) && this.next(t.Star, 3),
        ALT: () => this.SUBRULE(this.sourceStar),
      },
      { ALT: () => this.SUBRULE(this.aliasedExpression), IGNORE_AMBIGUITIES: true },
    ]);
  });

  readonly sourceStar: Rule = this.RULE('sourceStar', () => {
    this.SUBRULE(this.identifier);
    this.CONSUME(t.Dot);
    this.CONSUME(t.Star);
  });

  readonly aliasedExpression: Rule = this.RULE('aliasedExpression', () => {
    this.SUBRULE(this.expression);
    this.OPTION(() => this.SUBRULE(this.alias));
  });

  readonly alias: Rule = this.RULE('alias', () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(kw('AS'));
          this.CONSUME(t.Name);
        },
      },
      { ALT: () => this.CONSUME(t.AliasName) },
    ]);
  });

  readonly relation: Rule = this.RULE('relation', () => {
    this.SUBRULE(this.sourceRef);
    this.MANY(() => this.SUBRULE(this.join));
  });

  readonly sourceRef: Rule = this.RULE('sourceRef', () => {
    this.SUBRULE(this.identifier);
    this.OPTION({
      GATE: () => !(this.orderBy && this.next(kw('ORDER'), 1) && this.next(kw('BY'), 2)),
      DEF: () => this.SUBRULE(this.alias),
    });
  });

  readonly join: Rule = this.RULE('join', () => {
    this.OPTION1(() => {
      this.OR([
        { ALT: () => this.CONSUME(kw('INNER')) },
        {
          ALT: () => {
            this.OR1([
              { ALT: () => this.CONSUME(kw('LEFT')) },
              { ALT: () => this.CONSUME(kw('RIGHT')) },
              { ALT: () => this.CONSUME(kw('FULL')) },
            ]);
            this.OPTION2(() => this.CONSUME(kw('OUTER')));
          },
        },
      ]);
    });
    this.CONSUME(kw('JOIN'));
    this.SUBRULE(this.sourceRef);
    this.OPTION3(() => this.SUBRULE(this.withinClause));
    this.CONSUME(kw('ON'));
    this.SUBRULE(this.expression);
  });

  readonly withinClause: Rule = this.RULE('withinClause', () => {
    this.CONSUME(kw('WITHIN'));
    this.OR([
      { ALT: () => this.SUBRULE1(this.duration) },
      {
        ALT: () => {
          this.CONSUME(t.LParen);
          this.SUBRULE2(this.duration);
          this.CONSUME(t.Comma);
          this.SUBRULE3(this.duration);
          this.CONSUME(t.RParen);
        },
      },
    ]);
    this.OPTION(() => this.SUBRULE(this.gracePeriod));
  });

  readonly gracePeriod: Rule = this.RULE('gracePeriod', () => {
    this.CONSUME(kw('GRACE'));
    this.CONSUME(kw('PERIOD'));
    this.SUBRULE(this.duration);
  });

  readonly duration: Rule = this.RULE('duration', () => {
    this.CONSUME(t.IntegerToken);
    this.SUBRULE(this.timeUnit);
  });

  readonly timeUnit: Rule = this.RULE('timeUnit', () => {
    this.OR(UNITS.map((unit, index) => ({ ALT: () => this.consume(index, unit) })));
  });

  readonly windowClause: Rule = this.RULE('windowClause', () => {
    this.CONSUME(kw('WINDOW'));
    // ksqlDB takes a name here that nothing refers to. What stands before the parenthesis is the kind.
    this.OPTION({ GATE: () => !this.next(t.LParen, 2), DEF: () => this.SUBRULE(this.identifier) });
    this.OR([
      {
        ALT: () => {
          this.OR1([{ ALT: () => this.CONSUME(kw('TUMBLING')) }, { ALT: () => this.CONSUME(kw('HOPPING')) }]);
          this.CONSUME1(t.LParen);
          this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.windowOption) });
          this.CONSUME1(t.RParen);
        },
      },
      {
        ALT: () => {
          this.CONSUME(kw('SESSION'));
          this.CONSUME2(t.LParen);
          this.SUBRULE(this.duration);
          this.MANY(() => {
            this.CONSUME(t.Comma);
            this.SUBRULE(this.sessionOption);
          });
          this.CONSUME2(t.RParen);
        },
      },
    ]);
  });

  /** In any order; the tree builder checks which are there. */
  readonly windowOption: Rule = this.RULE('windowOption', () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(kw('SIZE'));
          this.SUBRULE1(this.duration);
        },
      },
      {
        ALT: () => {
          this.CONSUME(kw('ADVANCE'));
          this.CONSUME(kw('BY'));
          this.SUBRULE2(this.duration);
        },
      },
      {
        ALT: () => {
          this.CONSUME(kw('RETENTION'));
          this.SUBRULE3(this.duration);
        },
      },
      { ALT: () => this.SUBRULE(this.gracePeriod) },
    ]);
  });

  readonly sessionOption: Rule = this.RULE('sessionOption', () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(kw('RETENTION'));
          this.SUBRULE(this.duration);
        },
      },
      { ALT: () => this.SUBRULE(this.gracePeriod) },
    ]);
  });

  readonly whereClause: Rule = this.RULE('whereClause', () => {
    this.CONSUME(kw('WHERE'));
    this.SUBRULE(this.expression);
  });

  readonly groupByClause: Rule = this.RULE('groupByClause', () => {
    this.CONSUME(kw('GROUP'));
    this.CONSUME(kw('BY'));
    this.SUBRULE(this.grouping);
  });

  readonly partitionByClause: Rule = this.RULE('partitionByClause', () => {
    this.CONSUME(kw('PARTITION'));
    this.CONSUME(kw('BY'));
    this.SUBRULE(this.grouping);
  });

  /** Values, not conditions: a condition needs parentheses here. */
  readonly grouping: Rule = this.RULE('grouping', () => {
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.valueExpression) });
  });

  readonly havingClause: Rule = this.RULE('havingClause', () => {
    this.CONSUME(kw('HAVING'));
    this.SUBRULE(this.expression);
  });

  readonly orderByClause: Rule = this.RULE('orderByClause', () => {
    this.CONSUME(kw('ORDER'));
    this.CONSUME(kw('BY'));
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.orderItem) });
  });

  readonly orderItem: Rule = this.RULE('orderItem', () => {
    this.SUBRULE(this.valueExpression);
    this.OPTION(() => {
      this.OR([{ ALT: () => this.CONSUME(kw('ASC')) }, { ALT: () => this.CONSUME(kw('DESC')) }]);
    });
    this.OPTION1(() => {
      this.CONSUME(kw('NULLS'));
      this.OR1([{ ALT: () => this.CONSUME(kw('FIRST')) }, { ALT: () => this.CONSUME(kw('LAST')) }]);
    });
  });

  readonly emitClause: Rule = this.RULE('emitClause', () => {
    this.CONSUME(kw('EMIT'));
    this.OR([{ ALT: () => this.CONSUME(kw('CHANGES')) }, { ALT: () => this.CONSUME(kw('FINAL')) }]);
  });

  readonly limitClause: Rule = this.RULE('limitClause', () => {
    this.CONSUME(kw('LIMIT'));
    this.OPTION(() => this.CONSUME(t.Minus)); // a negative limit is for the query to refuse
    this.SUBRULE(this.count);
  });

  readonly offsetClause: Rule = this.RULE('offsetClause', () => {
    this.CONSUME(kw('OFFSET'));
    this.SUBRULE(this.count);
  });

  /** Any number; the tree builder takes whole ones alone. */
  readonly count: Rule = this.RULE('count', () => {
    this.OR([
      { ALT: () => this.CONSUME(t.IntegerToken) },
      { ALT: () => this.CONSUME(t.DecimalToken) },
      { ALT: () => this.CONSUME(t.FloatToken) },
    ]);
  });
}
