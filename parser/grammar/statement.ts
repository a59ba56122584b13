/** Every statement. `performSelfAnalysis` runs here, at the end of the chain of grammar classes. */
import type { CstNode } from 'chevrotain';
import * as t from '../tokens.js';
import type { GrammarOptions, Rule } from './expression.js';
import { PartsGrammar } from './parts.js';

const kw = t.kw;

export interface Dialect {
  /** ORDER BY and OFFSET in pull queries. */
  readonly orderBy: boolean;
}

export class StatementGrammar extends PartsGrammar {
  constructor(options: GrammarOptions = {}) {
    super(options);
    this.performSelfAnalysis();
  }

  setDialect(dialect: Dialect): void {
    this.orderBy = dialect.orderBy;
  }

  /** One statement with or without its semicolon. */
  readonly singleStatement: Rule = this.RULE('singleStatement', () => {
    this.SUBRULE(this.statement);
    this.OPTION(() => this.CONSUME(t.Semicolon));
  });

  readonly statement: Rule = this.RULE('statement', () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.query) },
      { ALT: () => this.SUBRULE(this.create) },
      { ALT: () => this.SUBRULE(this.insert) },
      { ALT: () => this.SUBRULE(this.drop) },
      { ALT: () => this.SUBRULE(this.alter) },
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.describe) },
      { ALT: () => this.SUBRULE(this.explain) },
      { ALT: () => this.SUBRULE(this.print) },
      { ALT: () => this.SUBRULE(this.control) },
      { ALT: () => this.SUBRULE(this.setProperty) },
      { ALT: () => this.SUBRULE(this.unsetProperty) },
      { ALT: () => this.SUBRULE(this.define) },
      { ALT: () => this.SUBRULE(this.undefine) },
      { ALT: () => this.SUBRULE(this.runScript) },
      { ALT: () => this.SUBRULE(this.assert) },
    ]);
  });

  // --- Definitions -----------------------------------------------------------------------------------------------

  readonly create: Rule = this.RULE('create', () => {
    this.CONSUME(kw('CREATE'));
    this.OR({
      MAX_LOOKAHEAD: 4, // OR REPLACE SOURCE STREAM or OR REPLACE SOURCE CONNECTOR
      DEF: [
        { ALT: () => this.SUBRULE(this.createSource) },
        { ALT: () => this.SUBRULE(this.createConnector) },
        { ALT: () => this.SUBRULE(this.createType) },
      ],
    });
  });

  readonly createSource: Rule = this.RULE('createSource', () => {
    this.OPTION1(() => {
      this.CONSUME(kw('OR'));
      this.CONSUME(kw('REPLACE'));
    });
    this.OPTION2(() => this.CONSUME(kw('SOURCE')));
    this.SUBRULE(this.sourceKind);
    this.OPTION3({ MAX_LOOKAHEAD: 2, DEF: () => this.SUBRULE(this.ifNotExists) });
    this.SUBRULE(this.identifier);
    this.OPTION4(() => {
      this.CONSUME(t.LParen);
      this.SUBRULE(this.columnDefs);
      this.CONSUME(t.RParen);
    });
    this.OPTION5(() => this.SUBRULE(this.properties));
    this.OPTION6(() => {
      this.CONSUME(kw('AS'));
      this.SUBRULE(this.query);
    });
  });

  readonly createConnector: Rule = this.RULE('createConnector', () => {
    this.OPTION1(() => {
      this.CONSUME(kw('OR'));
      this.CONSUME(kw('REPLACE'));
    });
    this.SUBRULE(this.connectorKind);
    this.CONSUME(kw('CONNECTOR'));
    this.OPTION2({ MAX_LOOKAHEAD: 2, DEF: () => this.SUBRULE(this.ifNotExists) });
    this.SUBRULE(this.externalName);
    this.SUBRULE(this.properties);
  });

  readonly createType: Rule = this.RULE('createType', () => {
    this.CONSUME(kw('TYPE'));
    this.OPTION({ MAX_LOOKAHEAD: 2, DEF: () => this.SUBRULE(this.ifNotExists) });
    this.SUBRULE(this.identifier);
    this.CONSUME(kw('AS'));
    this.SUBRULE(this.type);
  });

  readonly insert: Rule = this.RULE('insert', () => {
    this.CONSUME(kw('INSERT'));
    this.CONSUME(kw('INTO'));
    this.SUBRULE(this.identifier);
    this.OR([
      {
        ALT: () => {
          this.OPTION1(() => this.SUBRULE(this.properties));
          this.SUBRULE(this.query);
        },
      },
      {
        ALT: () => {
          this.OPTION2(() => this.SUBRULE(this.columnNames));
          this.CONSUME(kw('VALUES'));
          this.SUBRULE(this.values);
        },
      },
    ]);
  });

  readonly drop: Rule = this.RULE('drop', () => {
    this.CONSUME(kw('DROP'));
    this.OR([
      {
        ALT: () => {
          this.SUBRULE(this.sourceKind);
          this.OPTION1({ MAX_LOOKAHEAD: 2, DEF: () => this.SUBRULE1(this.ifExists) });
          this.SUBRULE1(this.identifier);
          this.OPTION2(() => {
            this.CONSUME(kw('DELETE'));
            this.CONSUME(kw('TOPIC'));
          });
        },
      },
      {
        ALT: () => {
          this.CONSUME(kw('TYPE'));
          this.OPTION3({ MAX_LOOKAHEAD: 2, DEF: () => this.SUBRULE2(this.ifExists) });
          this.SUBRULE2(this.identifier);
        },
      },
      {
        ALT: () => {
          this.CONSUME(kw('CONNECTOR'));
          this.OPTION4({ MAX_LOOKAHEAD: 2, DEF: () => this.SUBRULE3(this.ifExists) });
          this.SUBRULE(this.externalName);
        },
      },
    ]);
  });

  readonly alter: Rule = this.RULE('alter', () => {
    this.CONSUME(kw('ALTER'));
    this.OR([
      {
        ALT: () => {
          this.SUBRULE(this.sourceKind);
          this.SUBRULE(this.identifier);
          this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.addColumn) });
        },
      },
      {
        ALT: () => {
          this.CONSUME(kw('SYSTEM'));
          this.CONSUME1(t.StringToken);
          this.CONSUME(t.Equal);
          this.CONSUME2(t.StringToken);
        },
      },
    ]);
  });

  readonly addColumn: Rule = this.RULE('addColumn', () => {
    this.CONSUME(kw('ADD'));
    // `ADD COLUMN INT` adds a column called COLUMN.
    this.OPTION({
      GATE: () => {
        const third = this.tokenAt(3).tokenType;
        return third !== t.Comma && third !== t.Semicolon && third.name !== 'EOF';
      },
      DEF: () => this.CONSUME(kw('COLUMN')),
    });
    this.SUBRULE(this.structField);
  });

  // --- Looking ---------------------------------------------------------------------------------------------------

  readonly list: Rule = this.RULE('list', () => {
    this.OR([{ ALT: () => this.CONSUME(kw('LIST')) }, { ALT: () => this.CONSUME(kw('SHOW')) }]);
    this.OR1([
      {
        ALT: () => {
          this.OR2([
            { ALT: () => this.CONSUME(kw('STREAMS')) },
            { ALT: () => this.CONSUME(kw('TABLES')) },
            { ALT: () => this.CONSUME(kw('QUERIES')) },
            {
              ALT: () => {
                this.OPTION1(() => this.CONSUME(kw('ALL')));
                this.CONSUME(kw('TOPICS'));
              },
            },
          ]);
          this.OPTION2(() => this.CONSUME(kw('EXTENDED')));
        },
      },
      { ALT: () => this.CONSUME(kw('PROPERTIES')) },
      { ALT: () => this.CONSUME(kw('FUNCTIONS')) },
      { ALT: () => this.CONSUME(kw('TYPES')) },
      { ALT: () => this.CONSUME(kw('VARIABLES')) },
      { ALT: () => this.CONSUME(kw('ERRORS')) },
      {
        ALT: () => {
          this.OPTION3(() => this.SUBRULE(this.connectorKind));
          this.CONSUME(kw('CONNECTORS'));
        },
      },
      {
        ALT: () => {
          this.CONSUME(kw('CONNECTOR'));
          this.CONSUME(kw('PLUGINS'));
        },
      },
    ]);
  });

  readonly describe: Rule = this.RULE('describe', () => {
    this.CONSUME(kw('DESCRIBE'));
    const last = (ahead: number): boolean => {
      const type = this.tokenAt(ahead).tokenType;
      return type === t.Semicolon || type.name === 'EOF';
    };
    this.OR([
      {
        GATE: () => !last(2),
        ALT: () => {
          this.CONSUME(kw('FUNCTION'));
          this.SUBRULE1(this.identifier);
        },
      },
      {
        GATE: () => !last(2),
        ALT: () => {
          this.CONSUME(kw('CONNECTOR'));
          this.SUBRULE(this.externalName);
        },
      },
      {
        ALT: () => {
          this.SUBRULE(this.sourcesKind);
          this.OPTION1(() => this.CONSUME1(kw('EXTENDED')));
        },
      },
      {
        // Older scripts say DESCRIBE EXTENDED name.
        GATE: () => !last(2),
        ALT: () => {
          this.CONSUME2(kw('EXTENDED'));
          this.SUBRULE2(this.identifier);
        },
      },
      {
        ALT: () => {
          this.SUBRULE3(this.identifier);
          this.OPTION2(() => this.CONSUME3(kw('EXTENDED')));
        },
        IGNORE_AMBIGUITIES: true,
      },
    ]);
  });

  readonly explain: Rule = this.RULE('explain', () => {
    this.CONSUME(kw('EXPLAIN'));
    const lastName = (): boolean => {
      const second = this.tokenAt(2).tokenType;
      return second === t.Semicolon || second.name === 'EOF';
    };
    this.OPTION({ GATE: () => !lastName(), DEF: () => this.CONSUME(kw('ANALYZE')) });
    this.OR([
      { GATE: lastName, ALT: () => this.SUBRULE(this.identifier) },
      { ALT: () => this.SUBRULE(this.statement), IGNORE_AMBIGUITIES: true },
    ]);
  });

  readonly print: Rule = this.RULE('print', () => {
    this.CONSUME(kw('PRINT'));
    this.SUBRULE(this.externalName);
    this.OPTION1(() => {
      this.CONSUME(kw('FROM'));
      this.CONSUME(kw('BEGINNING'));
    });
    this.OPTION2(() => {
      this.OR([{ ALT: () => this.CONSUME(kw('INTERVAL')) }, { ALT: () => this.CONSUME(kw('SAMPLE')) }]);
      this.CONSUME(t.IntegerToken);
    });
    this.OPTION3(() => this.SUBRULE(this.limitClause));
  });

  // --- Control ---------------------------------------------------------------------------------------------------

  readonly control: Rule = this.RULE('control', () => {
    this.OR([
      {
        ALT: () => {
          this.OR1([{ ALT: () => this.CONSUME(kw('TERMINATE')) }, { ALT: () => this.CONSUME(kw('PAUSE')) }]);
          this.SUBRULE(this.controlled);
        },
      },
      {
        ALT: () => {
          this.CONSUME(kw('RESUME'));
          this.SUBRULE1(this.controlled);
          this.OPTION(() => {
            this.CONSUME(kw('FROM'));
            this.OR2([{ ALT: () => this.CONSUME(kw('EARLIEST')) }, { ALT: () => this.CONSUME(kw('LATEST')) }]);
          });
        },
      },
    ]);
  });

  readonly controlled: Rule = this.RULE('controlled', () => {
    // A query may be called CONNECTOR.
    const named = (): boolean => {
      const { tokenType } = this.tokenAt(2);
      return tokenType !== t.Semicolon && tokenType.name !== 'EOF' && tokenType !== kw('FROM');
    };
    this.OR([
      { ALT: () => this.CONSUME(kw('ALL')) },
      {
        GATE: named,
        ALT: () => {
          this.CONSUME(kw('CONNECTOR'));
          this.SUBRULE(this.externalName);
        },
      },
      { ALT: () => this.SUBRULE(this.identifier), IGNORE_AMBIGUITIES: true },
    ]);
  });

  readonly setProperty: Rule = this.RULE('setProperty', () => {
    this.CONSUME(kw('SET'));
    this.CONSUME1(t.StringToken);
    this.CONSUME(t.Equal);
    this.CONSUME2(t.StringToken);
  });

  readonly unsetProperty: Rule = this.RULE('unsetProperty', () => {
    this.CONSUME(kw('UNSET'));
    this.CONSUME(t.StringToken);
  });

  readonly define: Rule = this.RULE('define', () => {
    this.CONSUME(kw('DEFINE'));
    this.SUBRULE(this.identifier);
    this.CONSUME(t.Equal);
    this.CONSUME(t.StringToken);
  });

  readonly undefine: Rule = this.RULE('undefine', () => {
    this.CONSUME(kw('UNDEFINE'));
    this.SUBRULE(this.identifier);
  });

  readonly runScript: Rule = this.RULE('runScript', () => {
    this.CONSUME(kw('RUN'));
    this.CONSUME(kw('SCRIPT'));
    this.CONSUME(t.StringToken);
  });

  // --- Assertions ------------------------------------------------------------------------------------------------

  readonly assert: Rule = this.RULE('assert', () => {
    this.CONSUME(kw('ASSERT'));
    this.OR([
      {
        ALT: () => {
          this.OPTION1(() => {
            this.CONSUME(kw('NOT'));
            this.CONSUME(kw('EXISTS'));
          });
          this.OR1([{ ALT: () => this.SUBRULE(this.assertTopic) }, { ALT: () => this.SUBRULE(this.assertSchema) }]);
          this.OPTION2(() => {
            this.CONSUME(kw('TIMEOUT'));
            this.SUBRULE(this.duration);
          });
        },
      },
      { ALT: () => this.SUBRULE(this.assertValues) },
      { ALT: () => this.SUBRULE(this.assertNullValues) },
      { ALT: () => this.SUBRULE(this.assertSource) },
    ]);
  });

  readonly assertTopic: Rule = this.RULE('assertTopic', () => {
    this.CONSUME(kw('TOPIC'));
    this.SUBRULE(this.externalName);
    this.OPTION(() => this.SUBRULE(this.properties));
  });

  readonly assertSchema: Rule = this.RULE('assertSchema', () => {
    this.CONSUME(kw('SCHEMA'));
    this.OPTION1(() => {
      this.CONSUME(kw('SUBJECT'));
      this.SUBRULE(this.externalName);
    });
    this.OPTION2(() => {
      this.CONSUME(kw('ID'));
      this.CONSUME(t.IntegerToken);
    });
  });

  readonly assertValues: Rule = this.RULE('assertValues', () => {
    this.CONSUME1(kw('VALUES'));
    this.SUBRULE(this.identifier);
    this.OPTION(() => this.SUBRULE(this.columnNames));
    this.CONSUME2(kw('VALUES'));
    this.SUBRULE(this.values);
  });

  readonly assertNullValues: Rule = this.RULE('assertNullValues', () => {
    this.CONSUME(kw('NULL'));
    this.CONSUME(kw('VALUES'));
    this.SUBRULE(this.identifier);
    this.OPTION(() => this.SUBRULE(this.columnNames));
    this.CONSUME(kw('KEY'));
    this.SUBRULE(this.values);
  });

  readonly assertSource: Rule = this.RULE('assertSource', () => {
    this.SUBRULE(this.sourceKind);
    this.SUBRULE(this.identifier);
    this.OPTION1(() => {
      this.CONSUME(t.LParen);
      this.SUBRULE(this.columnDefs);
      this.CONSUME(t.RParen);
    });
    this.OPTION2(() => this.SUBRULE(this.properties));
  });
}

/** A rule by the name that errors and content assist use. */
export type StartRule = 'singleStatement' | 'expression' | 'type' | 'columnDefs';

export function runRule(grammar: StatementGrammar, rule: StartRule): CstNode {
  return grammar[rule]();
}
