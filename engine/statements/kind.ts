import type { Statement, StatementOf } from '../../parser/ast.js';
import type { QueryStream } from '../api/engine-api.js';
import { WeirError } from '../base/errors.js';
import type { Catalog } from '../catalog/index.js';
import type { Prepared, StatementContext } from './context.js';

/** What becomes of a statement of deployed files, given what there is. */
export interface Decision {
  readonly action: 'unchanged' | 'create' | 'replace' | 'run';
  /** What is to be run: a changed CREATE as CREATE OR REPLACE. */
  readonly statement: Statement;
  /** INSERT INTO … SELECT that runs: its query. */
  readonly queryId?: string;
}

/** What a statement gives a name to. */
export interface Definition {
  readonly kind: 'source' | 'type' | 'connector';
  readonly name: string;
  /** It may be there already: OR REPLACE, IF NOT EXISTS. */
  readonly mayExist: boolean;
}

/** What a kind of statement is, said once: whoever treats statements by their kind asks these facts. */
export interface StatementFacts<S> {
  /** `session`: it changes the settings and variables of its request; `reads`: it changes nothing; `writes`: all others. */
  readonly effect: 'session' | 'reads' | 'writes';
  /** What it is about, for people: `STREAM ORDERS`. */
  subject(statement: S): string;
  /** Checks it against the context's catalog and says what it does. */
  prepare(statement: S, context: StatementContext): Promise<Prepared>;
  /**
   * What is to be done for it in deployed files; left out: it is run each time.
   * @throws BAD_STATEMENT for one that would repeat its effect at every start, or that is refused
   */
  deploy?(statement: S, catalog: Catalog): Decision;
  /** What it gives a name to, where it does. */
  defines?(statement: S): Definition;
  /** Its text as answers and logs may show it; left out: as it is. */
  masked?(statement: S): string;
  /** Its rows are read as they come: `/ksql` does not take it. */
  readonly query?: {
    /** What its id begins with. */
    idPrefix(statement: S, context: StatementContext): string;
    /** It has no end of its own. */
    isEndless(statement: S): boolean;
    open(statement: S, context: StatementContext, queryId: string): Promise<QueryStream>;
  };
}

/** The facts of each kind of a family: a file of this folder. */
export type KindsOf<K extends Statement['kind']> = { readonly [N in K]: StatementFacts<StatementOf<N>> };

/** For `deploy`: the statement has no place in deployed files. */
export const notDeployed = (message: string, hint: string) => (): never => {
  throw new WeirError('BAD_STATEMENT', message, hint);
};

/** For `deploy`: DROP in any form. */
export const dropsNothing = notDeployed(
  'DROP cannot be deployed: it would be repeated at every start.',
  'Take away the statement that makes it; weir apply --prune drops streams and tables that are in no file.',
);
