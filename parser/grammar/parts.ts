/** What several statements are made of: column lists, properties, names. */
import * as t from '../tokens.js';
import type { Rule } from './expression.js';
import { QueryGrammar } from './query.js';

const kw = t.kw;

export class PartsGrammar extends QueryGrammar {
  readonly ifNotExists: Rule = this.RULE('ifNotExists', () => {
    this.CONSUME(kw('IF'));
    this.CONSUME(kw('NOT'));
    this.CONSUME(kw('EXISTS'));
  });

  readonly ifExists: Rule = this.RULE('ifExists', () => {
    this.CONSUME(kw('IF'));
    this.CONSUME(kw('EXISTS'));
  });

  readonly sourceKind: Rule = this.RULE('sourceKind', () => {
    this.OR([{ ALT: () => this.CONSUME(kw('STREAM')) }, { ALT: () => this.CONSUME(kw('TABLE')) }]);
  });

  readonly sourcesKind: Rule = this.RULE('sourcesKind', () => {
    this.OR([{ ALT: () => this.CONSUME(kw('STREAMS')) }, { ALT: () => this.CONSUME(kw('TABLES')) }]);
  });

  readonly connectorKind: Rule = this.RULE('connectorKind', () => {
    this.OR([{ ALT: () => this.CONSUME(kw('SOURCE')) }, { ALT: () => this.CONSUME(kw('SINK')) }]);
  });

  /** Names of things outside SQL: case is kept, a string will do. */
  readonly externalName: Rule = this.RULE('externalName', () => {
    this.OR([{ ALT: () => this.CONSUME(t.Name) }, { ALT: () => this.CONSUME(t.StringToken) }]);
  });

  readonly columnDefs: Rule = this.RULE('columnDefs', () => {
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.columnDef) });
  });

  readonly columnDef: Rule = this.RULE('columnDef', () => {
    this.SUBRULE(this.identifier);
    this.SUBRULE(this.type);
    this.OPTION1(() => {
      this.OR([
        {
          ALT: () => {
            this.OPTION2(() => this.CONSUME(kw('PRIMARY')));
            this.CONSUME(kw('KEY'));
          },
        },
        { ALT: () => this.CONSUME(kw('HEADERS')) },
        { ALT: () => this.CONSUME(kw('PAYLOAD')) },
        {
          ALT: () => {
            this.CONSUME(kw('HEADER'));
            this.CONSUME(t.LParen);
            this.CONSUME(t.StringToken);
            this.CONSUME(t.RParen);
          },
        },
      ]);
    });
  });

  readonly columnNames: Rule = this.RULE('columnNames', () => {
    this.CONSUME(t.LParen);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.identifier) });
    this.CONSUME(t.RParen);
  });

  readonly values: Rule = this.RULE('values', () => {
    this.CONSUME(t.LParen);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.expression) });
    this.CONSUME(t.RParen);
  });

  readonly properties: Rule = this.RULE('properties', () => {
    this.CONSUME(kw('WITH'));
    this.CONSUME(t.LParen);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.property) });
    this.CONSUME(t.RParen);
  });

  readonly property: Rule = this.RULE('property', () => {
    this.SUBRULE(this.externalName);
    this.CONSUME(t.Equal);
    this.SUBRULE(this.propertyValue);
  });

  readonly propertyValue: Rule = this.RULE('propertyValue', () => {
    this.OPTION(() => this.SUBRULE(this.sign));
    this.SUBRULE(this.literal);
  });
}
