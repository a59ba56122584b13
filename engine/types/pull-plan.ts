import type { TypedExpr } from './expr.js';
import type { Column } from './schema.js';
import type { KeyWindow, Topology, TopologyNode } from './topology.js';

/** What the planner makes of a pull query and the runtime answers from committed state. */
export interface PullPlan {
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
  readonly window: KeyWindow | null;
  /** Which keys are read: each an array of constants, one a key column; or everything. */
  readonly keys:
    | { readonly kind: 'points'; readonly keys: readonly (readonly TypedExpr[])[] }
    | { readonly kind: 'scan' };
  /** Bounds on WINDOWSTART and WINDOWEND, inclusive, milliseconds; undefined: none. */
  readonly windowStart: { readonly from?: number; readonly to?: number };
  readonly windowEnd: { readonly from?: number; readonly to?: number };
  /** What is left of WHERE, over the table's row. */
  readonly where: TypedExpr | null;
  readonly columns: readonly { readonly name: string; readonly expr: TypedExpr; readonly key: boolean }[];
  readonly limit: number | null;
}

/**
 * A pull query on a stream: a bounded read. `topology` is transient (it ends in a result node, which holds the LIMIT) and is
 * read from the earliest offsets to where the topic ended when the query started; then the query is complete.
 */
export interface StreamPullPlan {
  readonly source: string;
  readonly topology: Topology;
}
