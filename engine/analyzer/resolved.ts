import type { Statement } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import type { DataSource, QueryDef, SourceKind } from '../catalog/index.js';
import type { AggregateCall, CallExpr, TypedExpr } from '../plan/expr.js';
import type { SortKey } from '../plan/pull-plan.js';
import type { KeyWindow, WindowSpec } from '../plan/topology.js';
import type { Column, Schema, ValueColumn } from '../values/schema.js';
import type { SqlType } from '../values/sql-type.js';

/**
 * A statement with every name, type and overload decided: columns by index, implicit casts explicit, properties checked.
 * Nothing after this stage looks at SQL text again. `sql` is the statement's text as written, without the semicolon.
 */
export type ResolvedStatement =
  | ResolvedCreateSource
  | ResolvedCreateAs
  | ResolvedInsertInto
  | ResolvedInsertValues
  | ResolvedSelect
  | {
      readonly kind: 'alterSource';
      readonly source: DataSource;
      readonly columns: readonly ValueColumn[];
      readonly sql: string;
    }
  | {
      readonly kind: 'dropSource';
      readonly name: string;
      readonly sourceKind: SourceKind;
      /** Null: it does not exist and IF EXISTS was said. */
      readonly source: DataSource | null;
      readonly deleteTopic: boolean;
      readonly ifExists: boolean;
      readonly sql: string;
    }
  | {
      readonly kind: 'createType';
      readonly name: string;
      readonly type: SqlType;
      /** It is there already and IF NOT EXISTS was said. */
      readonly exists: boolean;
      readonly ifNotExists: boolean;
      readonly sql: string;
    }
  | {
      readonly kind: 'dropType';
      readonly name: string;
      readonly exists: boolean;
      readonly ifExists: boolean;
      readonly sql: string;
    }
  /** TERMINATE, PAUSE, RESUME of an existing query, or of all (null). */
  | {
      readonly kind: 'controlQuery';
      readonly action: 'terminate' | 'pause' | 'resume';
      readonly queryId: string | null;
      /** RESUME … FROM. */
      readonly from?: 'earliest' | 'latest';
      readonly sql: string;
    }
  /** Statements that have nothing to resolve: SHOW, DESCRIBE, SET, PRINT…. */
  | { readonly kind: 'other'; readonly statement: Statement; readonly sql: string };

export interface ResolvedCreateSource {
  readonly kind: 'createSource';
  readonly source: DataSource;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  /** It is there already and IF NOT EXISTS was said: nothing to do. */
  readonly exists: boolean;
  /** Id of the query that keeps a CREATE SOURCE TABLE; null for everything else. */
  readonly queryId: string | null;
  readonly sql: string;
}

export interface ResolvedCreateAs {
  readonly kind: 'createAs';
  readonly sink: DataSource;
  readonly query: ResolvedQuery;
  readonly queryId: string;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly exists: boolean;
  readonly sql: string;
}

export interface ResolvedInsertInto {
  readonly kind: 'insertInto';
  readonly target: DataSource;
  readonly query: ResolvedQuery;
  readonly queryId: string;
  readonly sql: string;
}

/** INSERT … VALUES: constants of the columns' types, NULL where a column is left out. */
export interface ResolvedInsertValues {
  readonly kind: 'insertValues';
  readonly target: DataSource;
  /** One a key column; null: no key column was given, the record's key is null. */
  readonly key: readonly TypedExpr[];
  /** One a value column; null for a tombstone (a table's row without any value). */
  readonly value: readonly TypedExpr[];
  /** The record's timestamp; null: now. */
  readonly rowtime: TypedExpr | null;
  readonly sql: string;
}

/** A SELECT that stands alone. */
export interface ResolvedSelect {
  readonly kind: 'select';
  readonly mode: 'push' | 'pull';
  readonly query: ResolvedQuery;
  /** Pull queries: for each table that is read, by its name, the query whose stores answer. */
  readonly materializations: ReadonlyMap<string, QueryDef>;
  readonly sql: string;
}

/**
 * A query over one row layout at a time:
 *
 * 1. the relation gives rows (`relation.schema`);
 * 2. `where` and `tableFunctions` see those rows; table function k adds value column `relation.schema.value.length + k`;
 * 3. `shape` says whether rows are grouped, re-keyed or passed on;
 * 4. `having`, the select list and `orderBy` see what the shape gives: for `grouped` key columns are the group keys and value column
 *    k is the result of call k; otherwise they see the rows of step 2.
 */
export interface ResolvedQuery {
  readonly relation: ResolvedRelation;
  readonly where: TypedExpr | null;
  readonly tableFunctions: readonly TableFunctionCall[];
  readonly shape: QueryShape;
  readonly having: TypedExpr | null;
  readonly select: readonly SelectColumn[];
  /** What the query gives is a stream of facts or a table of updates. */
  readonly output: SourceKind;
  /** The window of the output's keys. */
  readonly window: KeyWindow | null;
  readonly emit: 'changes' | 'final' | null;
  readonly limit: number | null;
  /** Pull queries alone have the rest. Each row of the select list once. */
  readonly distinct: boolean;
  readonly orderBy: readonly SortKey[];
  /** Rows that are left out at the front. */
  readonly offset: number;
}

/** `column`: the value column that it adds. */
export interface TableFunctionCall {
  readonly call: CallExpr;
  readonly column: Column;
}

export type QueryShape =
  | { readonly kind: 'plain' }
  /** PARTITION BY: `keys` over the rows of step 2; empty: PARTITION BY NULL, no key at all. */
  | { readonly kind: 'partitioned'; readonly keys: readonly KeyExpr[] }
  | {
      readonly kind: 'grouped';
      readonly keys: readonly KeyExpr[];
      readonly window: WindowSpec | null;
      readonly calls: readonly AggregateCall[];
    };

/** A key column made of an expression. */
export interface KeyExpr {
  readonly name: string;
  readonly expr: TypedExpr;
}

export interface SelectColumn {
  /** Where it stands in the statement; absent in a list that no statement wrote. */
  readonly span?: Span;
  readonly name: string;
  /** As for a column, where names keep their case. */
  readonly written?: string;
  readonly expr: TypedExpr;
  /** Index of the output's key column that it is; null: a value column. */
  readonly key: number | null;
}

export type ResolvedRelation = ResolvedSourceRelation | ResolvedJoin;

export interface ResolvedSourceRelation {
  readonly kind: 'source';
  readonly source: DataSource;
  readonly alias: string;
  readonly schema: Schema;
  readonly output: SourceKind;
  readonly window: KeyWindow | null;
}

/**
 * Rows of two relations with equal keys. The row of a join: as key the join key (for `foreignKey` the left relation's key),
 * as value everything that both sides know, left then right: of a source its key columns, value columns, ROWTIME,
 * ROWPARTITION, ROWOFFSET and, if windowed, WINDOWSTART and WINDOWEND (`sideColumns`).
 */
export interface ResolvedJoin {
  readonly kind: 'join';
  readonly flavour: 'streamStream' | 'streamTable' | 'tableTable' | 'foreignKey' | 'pull';
  readonly joinType: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL';
  readonly left: ResolvedRelation;
  readonly right: ResolvedSourceRelation;
  /** What must be equal: over the rows of the left relation, and of the right. */
  readonly leftKey: TypedExpr;
  readonly rightKey: TypedExpr;
  /** Pull: what else must be equal. */
  readonly more?: readonly { readonly left: TypedExpr; readonly right: TypedExpr }[];
  /** Stream-stream: how far apart the two times may be. `graceMs` null: no GRACE PERIOD. */
  readonly within: { readonly beforeMs: number; readonly afterMs: number; readonly graceMs: number | null } | null;
  readonly schema: Schema;
  /**
   * For each key column the value columns that may stand for it in a projection, the likeliest first; none: only the key
   * column itself, which then is made up (ROWKEY).
   */
  readonly keyChoices: readonly (readonly number[])[];
  /** Those of `keyChoices` that are never NULL where the key is not: a side that may be missing is left out. */
  readonly certainKeys: readonly (readonly number[])[];
  /** Expressions over the joined row that are equal to the key; `certain` as above. Empty for `foreignKey`. */
  readonly equalToKey: readonly { readonly expr: TypedExpr; readonly certain: boolean }[];
  readonly output: SourceKind;
  readonly window: KeyWindow | null;
}
