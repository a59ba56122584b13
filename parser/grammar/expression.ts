/**
 * Types and expressions. Binary operators are read flat, a list of operands and a list of operators, and get their
 * precedence when the tree is built: a rule for each level of precedence would make every expression a dozen calls deep.
 */
import type { CstNode, IToken, ParserMethod, TokenType } from 'chevrotain';
import { CstParser } from '../chevrotain.js';
import * as t from '../tokens.js';
import { LazyLookahead } from './lookahead.js';

export type Rule = ParserMethod<[], CstNode>;

const kw = t.kw;
const ARRAY = kw('ARRAY');
const MAP = kw('MAP');
const STRUCT = kw('STRUCT');
const AT = kw('AT');
const TIME = kw('TIME');
const ZONE = kw('ZONE');
const NOT = kw('NOT');
const TEMPORAL: ReadonlySet<TokenType> = new Set([kw('DATE'), TIME, kw('TIMESTAMP')]);
const DECIMAL: ReadonlySet<TokenType> = new Set([kw('DECIMAL'), kw('DEC'), kw('NUMERIC')]);

export interface GrammarOptions {
  /** Off by default: Chevrotain's checks of the grammar cost far more than building it, and belong in a test. */
  readonly validate?: boolean;
}

export class ExpressionGrammar extends CstParser {
  constructor(options: GrammarOptions = {}) {
    super(t.VOCABULARY as TokenType[], {
      lookaheadStrategy: new LazyLookahead({ maxLookahead: 1 }),
      maxLookahead: 1,
      nodeLocationTracking: 'full',
      recoveryEnabled: false,
      skipValidations: options.validate !== true,
    });
  }

  protected next(type: TokenType, ahead: number): boolean {
    return this.LA(ahead).tokenType === type;
  }

  protected tokenAt(ahead: number): IToken {
    return this.LA(ahead);
  }

  readonly identifier: Rule = this.RULE('identifier', () => {
    this.CONSUME(t.Name);
  });

  // --- Types -----------------------------------------------------------------------------------------------------

  readonly type: Rule = this.RULE('type', () => {
    this.OR([
      { GATE: () => this.next(t.Less, 2), ALT: () => this.SUBRULE(this.arrayType) },
      { GATE: () => this.next(t.Less, 2), ALT: () => this.SUBRULE(this.mapType) },
      {
        GATE: () => this.next(t.Less, 2) || this.next(t.NotEqual, 2),
        ALT: () => this.SUBRULE(this.structType),
      },
      { GATE: () => DECIMAL.has(this.LA(1).tokenType), ALT: () => this.SUBRULE(this.decimalType) },
      { ALT: () => this.SUBRULE(this.namedType), IGNORE_AMBIGUITIES: true },
    ]);
  });

  readonly arrayType: Rule = this.RULE('arrayType', () => {
    this.CONSUME(ARRAY);
    this.CONSUME(t.Less);
    this.SUBRULE(this.type);
    this.CONSUME(t.Greater);
  });

  readonly mapType: Rule = this.RULE('mapType', () => {
    this.CONSUME(MAP);
    this.CONSUME(t.Less);
    this.SUBRULE1(this.type);
    this.CONSUME(t.Comma);
    this.SUBRULE2(this.type);
    this.CONSUME(t.Greater);
  });

  readonly structType: Rule = this.RULE('structType', () => {
    this.CONSUME(STRUCT);
    this.OR([
      { ALT: () => this.CONSUME(t.NotEqual) }, // STRUCT<>
      {
        ALT: () => {
          this.CONSUME(t.Less);
          this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.structField) });
          this.CONSUME(t.Greater);
        },
      },
    ]);
  });

  readonly structField: Rule = this.RULE('structField', () => {
    this.SUBRULE(this.identifier);
    this.SUBRULE(this.type);
  });

  readonly decimalType: Rule = this.RULE('decimalType', () => {
    this.OR([
      { ALT: () => this.CONSUME(kw('DECIMAL')) },
      { ALT: () => this.CONSUME(kw('DEC')) },
      { ALT: () => this.CONSUME(kw('NUMERIC')) },
    ]);
    this.CONSUME(t.LParen);
    this.CONSUME1(t.IntegerToken);
    this.CONSUME(t.Comma);
    this.CONSUME2(t.IntegerToken);
    this.CONSUME(t.RParen);
  });

  /** `VARCHAR(10)` and `VARCHAR(STRING)`: the parameter means nothing, and any named type may have one. */
  readonly namedType: Rule = this.RULE('namedType', () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.LParen);
      this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.typeParameter) });
      this.CONSUME(t.RParen);
    });
  });

  readonly typeParameter: Rule = this.RULE('typeParameter', () => {
    this.OR([{ ALT: () => this.CONSUME(kw('STRING')) }, { ALT: () => this.CONSUME(t.IntegerToken) }]);
  });

  // --- Expressions -----------------------------------------------------------------------------------------------

  /** AND and OR over predicates, flat. */
  readonly expression: Rule = this.RULE('expression', () => {
    this.SUBRULE1(this.negation);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(kw('AND')) }, { ALT: () => this.CONSUME(kw('OR')) }]);
      this.SUBRULE2(this.negation);
    });
  });

  readonly negation: Rule = this.RULE('negation', () => {
    this.MANY(() => this.CONSUME(NOT));
    this.SUBRULE(this.valueExpression);
    this.OPTION(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.comparison) },
        { ALT: () => this.SUBRULE(this.isPredicate) },
        { ALT: () => this.SUBRULE(this.setPredicate) },
      ]);
    });
  });

  readonly comparison: Rule = this.RULE('comparison', () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Equal) },
      { ALT: () => this.CONSUME(t.NotEqual) },
      { ALT: () => this.CONSUME(t.Less) },
      { ALT: () => this.CONSUME(t.LessEqual) },
      { ALT: () => this.CONSUME(t.Greater) },
      { ALT: () => this.CONSUME(t.GreaterEqual) },
    ]);
    this.SUBRULE(this.valueExpression);
  });

  readonly isPredicate: Rule = this.RULE('isPredicate', () => {
    this.CONSUME(kw('IS'));
    this.OPTION(() => this.CONSUME(NOT));
    this.OR([
      { ALT: () => this.CONSUME(kw('NULL')) },
      {
        ALT: () => {
          this.CONSUME(kw('DISTINCT'));
          this.CONSUME(kw('FROM'));
          this.SUBRULE(this.valueExpression);
        },
      },
    ]);
  });

  readonly setPredicate: Rule = this.RULE('setPredicate', () => {
    this.OPTION1(() => this.CONSUME(NOT));
    this.OR([
      {
        ALT: () => {
          this.CONSUME(kw('BETWEEN'));
          this.SUBRULE1(this.valueExpression);
          this.CONSUME(kw('AND'));
          this.SUBRULE2(this.valueExpression);
        },
      },
      {
        ALT: () => {
          this.CONSUME(kw('IN'));
          this.CONSUME(t.LParen);
          this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.expression) });
          this.CONSUME(t.RParen);
        },
      },
      {
        ALT: () => {
          this.CONSUME(kw('LIKE'));
          this.SUBRULE3(this.valueExpression);
          this.OPTION2(() => {
            this.CONSUME(kw('ESCAPE'));
            this.CONSUME(t.StringToken);
          });
        },
      },
    ]);
  });

  /** Arithmetic and concatenation, flat. */
  readonly valueExpression: Rule = this.RULE('valueExpression', () => {
    this.SUBRULE1(this.signed);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.CONSUME(t.Plus) },
        { ALT: () => this.CONSUME(t.Minus) },
        { ALT: () => this.CONSUME(t.Star) },
        { ALT: () => this.CONSUME(t.Slash) },
        { ALT: () => this.CONSUME(t.Percent) },
        { ALT: () => this.CONSUME(t.ConcatOp) },
      ]);
      this.SUBRULE2(this.signed);
    });
  });

  readonly signed: Rule = this.RULE('signed', () => {
    this.MANY1(() => this.SUBRULE(this.sign));
    this.primary();
    this.MANY2(() => this.SUBRULE(this.postfix));
    this.MANY3({
      // AT alone may be an alias.
      GATE: () => this.next(TIME, 2) && this.next(ZONE, 3),
      DEF: () => this.SUBRULE(this.timeZone),
    });
  });

  readonly sign: Rule = this.RULE('sign', () => {
    this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]);
  });

  readonly timeZone: Rule = this.RULE('timeZone', () => {
    this.CONSUME(AT);
    this.CONSUME(TIME);
    this.CONSUME(ZONE);
    this.primary();
  });

  readonly postfix: Rule = this.RULE('postfix', () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.LBracket);
          this.SUBRULE(this.valueExpression);
          this.CONSUME(t.RBracket);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.StructArrow);
          this.OR1([
            { ALT: () => this.SUBRULE(this.identifier) },
            // `s->*`: legal only as a whole select item, which the tree builder checks.
            { ALT: () => this.CONSUME(t.Star) },
          ]);
        },
      },
    ]);
  });

  /** No rule of its own, but part of those that call it: every rule costs stack at every level of nesting. */
  private primary(): void {
    this.OR([
      {
        GATE: () => TEMPORAL.has(this.LA(1).tokenType) && this.next(t.StringToken, 2),
        ALT: () => this.SUBRULE(this.temporalLiteral),
      },
      { GATE: () => this.next(t.LBracket, 2), ALT: () => this.SUBRULE(this.arrayConstructor) },
      { GATE: () => this.next(t.LParen, 2), ALT: () => this.SUBRULE(this.mapConstructor) },
      { GATE: () => this.next(t.LParen, 2), ALT: () => this.SUBRULE(this.structConstructor) },
      { ALT: () => this.SUBRULE(this.literal) },
      { ALT: () => this.SUBRULE(this.nameExpression), IGNORE_AMBIGUITIES: true },
      { ALT: () => this.SUBRULE(this.parenthesized) },
      { ALT: () => this.SUBRULE(this.caseExpression) },
      { ALT: () => this.SUBRULE(this.cast) },
    ]);
  }

  readonly temporalLiteral: Rule = this.RULE('temporalLiteral', () => {
    this.OR([
      { ALT: () => this.CONSUME(kw('DATE')) },
      { ALT: () => this.CONSUME(TIME) },
      { ALT: () => this.CONSUME(kw('TIMESTAMP')) },
    ]);
    this.CONSUME(t.StringToken);
  });

  readonly literal: Rule = this.RULE('literal', () => {
    this.OR([
      { ALT: () => this.CONSUME(t.StringToken) },
      { ALT: () => this.CONSUME(t.IntegerToken) },
      { ALT: () => this.CONSUME(t.DecimalToken) },
      { ALT: () => this.CONSUME(t.FloatToken) },
      { ALT: () => this.CONSUME(kw('TRUE')) },
      { ALT: () => this.CONSUME(kw('FALSE')) },
      { ALT: () => this.CONSUME(kw('NULL')) },
    ]);
  });

  /** A column, a qualified column, a call or a lambda of one parameter. */
  readonly nameExpression: Rule = this.RULE('nameExpression', () => {
    this.SUBRULE1(this.identifier);
    this.OPTION(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.LambdaArrow);
            this.SUBRULE1(this.expression);
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.LParen);
            this.OPTION1(() => {
              this.OR1([
                { ALT: () => this.CONSUME(t.Star) },
                { ALT: () => this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE2(this.expression) }) },
              ]);
            });
            this.CONSUME(t.RParen);
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.Dot);
            this.SUBRULE2(this.identifier);
          },
        },
      ]);
    });
  });

  /** `(x)`, the `(a, b)` of GROUP BY, the `(x, y) => …` of a lambda: told apart when the tree is built. */
  readonly parenthesized: Rule = this.RULE('parenthesized', () => {
    this.CONSUME(t.LParen);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE1(this.expression) });
    this.CONSUME(t.RParen);
    this.OPTION(() => {
      this.CONSUME(t.LambdaArrow);
      this.SUBRULE2(this.expression);
    });
  });

  readonly caseExpression: Rule = this.RULE('caseExpression', () => {
    this.CONSUME(kw('CASE'));
    this.OPTION1(() => this.SUBRULE1(this.expression));
    this.AT_LEAST_ONE(() => this.SUBRULE(this.whenClause));
    this.OPTION2(() => {
      this.CONSUME(kw('ELSE'));
      this.SUBRULE2(this.expression);
    });
    this.CONSUME(kw('END'));
  });

  readonly whenClause: Rule = this.RULE('whenClause', () => {
    this.CONSUME(kw('WHEN'));
    this.SUBRULE1(this.expression);
    this.CONSUME(kw('THEN'));
    this.SUBRULE2(this.expression);
  });

  readonly cast: Rule = this.RULE('cast', () => {
    this.CONSUME(kw('CAST'));
    this.CONSUME(t.LParen);
    this.SUBRULE(this.expression);
    this.CONSUME(kw('AS'));
    this.SUBRULE(this.type);
    this.CONSUME(t.RParen);
  });

  readonly arrayConstructor: Rule = this.RULE('arrayConstructor', () => {
    this.CONSUME(ARRAY);
    this.CONSUME(t.LBracket);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.expression) });
    this.CONSUME(t.RBracket);
  });

  readonly mapConstructor: Rule = this.RULE('mapConstructor', () => {
    this.CONSUME(MAP);
    this.CONSUME(t.LParen);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.mapEntry) });
    this.CONSUME(t.RParen);
  });

  readonly mapEntry: Rule = this.RULE('mapEntry', () => {
    this.SUBRULE1(this.expression);
    this.CONSUME(t.Assign);
    this.SUBRULE2(this.expression);
  });

  readonly structConstructor: Rule = this.RULE('structConstructor', () => {
    this.CONSUME(STRUCT);
    this.CONSUME(t.LParen);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.structEntry) });
    this.CONSUME(t.RParen);
  });

  readonly structEntry: Rule = this.RULE('structEntry', () => {
    this.SUBRULE(this.identifier);
    this.CONSUME(t.Assign);
    this.SUBRULE(this.expression);
  });
}
