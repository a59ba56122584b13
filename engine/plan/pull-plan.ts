import type { Column } from '../values/schema.js';
import type { SqlType } from '../values/sql-type.js';
import type { AggregateCall, TypedExpr } from './expr.js';
import type { FormatRef, KeyWindow, Topology, TopologyNode } from './topology.js';

/**
 * Which rows of one table are read, and what of them: plain data, the unit in which a node asks another for rows. Where the
 * owner of the state evaluates it (`TableRows`), `where` and `limit` hold already for what it gives.
 */
export interface TableReadPlan {
  /** The table's name in the catalog. */
  readonly source: string;
  /** The store that the table is read from: `node` is the aggregate or source node that owns it. */
  readonly queryId: string;
  readonly subtopology: number;
  readonly node: TopologyNode;
  /** Stateless steps between the store and the table: filter and project nodes, in order. */
  readonly steps: readonly TopologyNode[];
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
  /** Of the table's topic: what it does not keep, the table has not. */
  readonly valueFormat: FormatRef;
  readonly window: KeyWindow | null;
  readonly keys: ReadKeys;
  /** Bounds on WINDOWSTART and WINDOWEND, inclusive, milliseconds; undefined: none. */
  readonly windowStart: { readonly from?: number; readonly to?: number };
  readonly windowEnd: { readonly from?: number; readonly to?: number };
  /** What is left of WHERE, over the table's row. */
  readonly where: TypedExpr | null;
  /** What each row given consists of, over the table's row. */
  readonly columns: readonly TypedExpr[];
  /** Rows that are asked for at most; null: all. */
  readonly limit: number | null;
}

/** Which keys are read. Constants are of their key column's type. */
export type ReadKeys =
  /** Each an array of constants, one a key column. */
  | { readonly kind: 'points'; readonly keys: readonly (readonly TypedExpr[])[] }
  /**
   * Keys whose first columns equal `equal` and whose next column is between `from` and `to` (both inclusive, null: open).
   * No more than a hint for what to skip: the conditions themselves are in `where`.
   */
  | {
      readonly kind: 'range';
      readonly equal: readonly TypedExpr[];
      readonly from: TypedExpr | null;
      readonly to: TypedExpr | null;
    }
  | { readonly kind: 'scan' };

/**
 * A pull query as operators over rows. A row is an array; an expression of a node names a column of its input's rows as value
 * column `index`, whatever it was in the table.
 */
export type PullNode =
  | { readonly kind: 'table'; readonly read: TableReadPlan }
  /** A bounded read of a stream: from the earliest offsets to where the topic ended when the query started. */
  | { readonly kind: 'stream'; readonly source: string; readonly topology: Topology }
  | PullJoin
  | { readonly kind: 'filter'; readonly input: PullNode; readonly predicate: TypedExpr }
  /** A row for each group: its `keys`, then the results of `calls`. Without keys there is exactly one group. */
  | {
      readonly kind: 'aggregate';
      readonly input: PullNode;
      readonly keys: readonly TypedExpr[];
      readonly calls: readonly AggregateCall[];
    }
  | { readonly kind: 'project'; readonly input: PullNode; readonly columns: readonly TypedExpr[] }
  /** Each row once; its columns are those of the result. */
  | { readonly kind: 'distinct'; readonly input: PullNode }
  /** `top`: no more than so many rows are wanted of the result; null: all. */
  | { readonly kind: 'sort'; readonly input: PullNode; readonly keys: readonly SortKey[]; readonly top: number | null }
  | { readonly kind: 'limit'; readonly input: PullNode; readonly offset: number; readonly limit: number | null };

export interface SortKey {
  readonly expr: TypedExpr;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** Rows of both sides whose keys are equal, pair by pair (NULL equals nothing): the left's columns, then the right's. */
export interface PullJoin {
  readonly kind: 'join';
  readonly joinType: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL';
  readonly left: PullNode;
  readonly right: PullNode;
  readonly leftKeys: readonly TypedExpr[];
  readonly rightKeys: readonly TypedExpr[];
  /** How many columns each side's rows have: what is NULL where the side is missing. */
  readonly leftWidth: number;
  readonly rightWidth: number;
}

/** What the planner makes of a pull query and the runtime answers once. */
export interface PullPlan {
  readonly root: PullNode;
  readonly columns: readonly { readonly name: string; readonly type: SqlType; readonly key: boolean }[];
}

/**
 * A pull query that is nothing but a bounded read of a stream. `topology` is transient: it ends in a result node, which holds
 * the LIMIT.
 */
export interface StreamPullPlan {
  readonly source: string;
  readonly topology: Topology;
}
