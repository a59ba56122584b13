import type { Column } from '../../values/schema.js';
import type { CallExpr, TypedExpr } from '../expr.js';
import {
  type FactsOf,
  type NodeBase,
  type NodeFacts,
  type NodeGraph,
  type NodeId,
  passesKey,
  readsKeyColumn,
  type StoreRef,
} from '../node-facts.js';
import { columnsText, printExpr } from '../print.js';

/* Steps that keep nothing: a record comes, some go on. */

export type RowNode = FilterNode | ProjectNode | FlatMapNode | RekeyNode;

/** Keeps the rows for which `predicate` is true. On a table, a row that stops matching becomes a tombstone. */
export interface FilterNode extends NodeBase {
  readonly kind: 'filter';
  readonly input: NodeId;
  readonly predicate: TypedExpr;
  readonly table: boolean;
  /** Null. HAVING of older versions has a store, which nobody uses: the aggregate knows what it has given. */
  readonly store: StoreRef | null;
}

const filter: NodeFacts<FilterNode> = {
  ...passesKey,
  table: (n) => n.table,
  keyColumns: (n, graph) => graph.keyColumns(n.input),
  readsKey: (n, graph) => readsKeyColumn(n.predicate) || (n.table && remembersKeys(n, graph)) || graph.needsKey(n.id),
  usesPrevious: (n) => n.table,
  tellsPrevious: (n, graph) => graph.tellsPrevious(n.input),
  tellsRemovals: (n, graph) => graph.tellsRemovals(n.input),
  perRecord: (n) => n.store === null,
  stores: (n) => (n.store === null ? [] : [n.store]),
  keepsKey: () => true,
  pull: () => 'step',
  explain: (n) =>
    `keep ${printExpr(n.predicate)}${n.table ? ' table' : ''}${n.store === null ? '' : ` store ${n.store.name}`}`,
};

/** Whether a filter of a table may have to know keys that it has seen: nothing else says whether their rows went on. */
const remembersKeys = (node: FilterNode, graph: NodeGraph): boolean =>
  graph.tellsPrevious(node.input) ? graph.hasFormer(node.input) : !isOfKey(node);

/** Whether a predicate looks at nothing but the key and its window: then the key says whether its row went on. */
export const isOfKey = ({ predicate }: Pick<FilterNode, 'predicate'>): boolean => readsKeyAlone(predicate);

const WINDOW: ReadonlySet<unknown> = new Set(['WINDOWSTART', 'WINDOWEND']);

function readsKeyAlone(part: unknown): boolean {
  if (part === null || typeof part !== 'object') return true;
  if (Array.isArray(part)) return part.every(readsKeyAlone);
  const node = part as { readonly [name in 'kind' | 'from' | 'name' | 'args']?: unknown };
  // Calls without arguments (RANDOM, UNIX_TIMESTAMP, UUID) differ from time to time.
  if (node.kind === 'call' && Array.isArray(node.args) && node.args.length === 0) return false;
  if (node.kind === 'column') return node.from === 'key';
  if (node.kind === 'pseudo') return WINDOW.has(node.name);
  return Object.values(node).every(readsKeyAlone);
}

/** Computes new value columns; the key passes through, unless `key` computes another of the same partitioning (renames). */
export interface ProjectNode extends NodeBase {
  readonly kind: 'project';
  readonly input: NodeId;
  readonly key: readonly TypedExpr[] | null;
  readonly value: readonly TypedExpr[];
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
  readonly table: boolean;
}

const project: NodeFacts<ProjectNode> = {
  ...passesKey,
  table: (n) => n.table,
  keyColumns: (n) => n.keyColumns,
  readsKey: (n, graph) => n.key !== null || readsKeyColumn(n.value) || graph.needsKey(n.id),
  usesPrevious: (n, graph) => graph.wantsPrevious(n.id),
  tellsPrevious: (n, graph) => graph.tellsPrevious(n.input),
  perRecord: () => true,
  keepsKey: (n) => n.key === null,
  column: (n, from, index) => n[from]?.[index],
  pull: () => 'step',
  explain: (n) =>
    `[${columnsText(n.valueColumns, n.value)}]${n.key === null ? '' : ` key [${columnsText(n.keyColumns, n.key)}]`}`,
};

/**
 * Table functions: a record gives as many rows as the longest of its calls, the others padded with NULL (none at all where
 * every call gives none). The output's value columns are the input's and then one for each call. Streams only.
 */
export interface FlatMapNode extends NodeBase {
  readonly kind: 'flatMap';
  readonly input: NodeId;
  readonly calls: readonly CallExpr[];
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
}

const flatMap: NodeFacts<FlatMapNode> = {
  ...passesKey,
  table: () => false,
  keyColumns: (n) => n.keyColumns,
  readsKey: (n, graph) => readsKeyColumn(n.calls) || graph.needsKey(n.id),
  usesPrevious: () => false,
  tellsPrevious: () => false,
  perRecord: () => true,
  keepsKey: () => true,
  column: (n, from, index) =>
    from === 'value' ? n.calls[index - (n.valueColumns.length - n.calls.length)] : undefined,
  explain: (n) => `rows of [${n.calls.map(printExpr).join(', ')}]`,
};

/**
 * Gives each record a new key. `dropNullKey`: rows any of whose key columns is null are dropped (GROUP BY). Else (PARTITION
 * BY) a single key column that is null makes a null key, several make a key even if all of them are null, none (`key` is
 * empty) a null key; of a row whose value is null, an expression that looks at anything but key columns is null.
 *
 * `table` (default false): the input is a table. The previous row moves as the new one does: where their new keys differ,
 * the output is first a removal (value null, `previous` the old row) under the old row's key, then an addition (`previous`
 * null) under the new row's; where they are equal it is one record with both. `key` and `value` are over either row.
 */
export interface RekeyNode extends NodeBase {
  readonly kind: 'rekey';
  readonly input: NodeId;
  readonly key: readonly TypedExpr[];
  readonly value: readonly TypedExpr[];
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
  readonly dropNullKey: boolean;
  readonly table?: boolean;
}

const rekey: NodeFacts<RekeyNode> = {
  inputs: (n) => [n.input],
  table: (n, graph) => graph.isTable(n.input),
  window: (n, graph) => (keepsWindow(n, graph) ? graph.window(n.input) : null),
  keyColumns: (n) => n.keyColumns,
  readsKey: (n) => readsKeyColumn(n.key) || readsKeyColumn(n.value),
  usesPrevious: (n, graph) => graph.isTable(n.input),
  tellsPrevious: () => false,
  perRecord: (n) => n.table !== true,
  column: (n, from, index) => n[from][index],
  explain: (n) =>
    `key [${columnsText(n.keyColumns, n.key)}] value [${columnsText(n.valueColumns, n.value)}]${n.dropNullKey ? ' drop null keys' : ''}`,
};

/** Rows that are only spread anew, under the key that they have, stay in its window; GROUP BY leaves it. */
export function keepsWindow(node: RekeyNode, graph: NodeGraph): boolean {
  const own = graph.keyColumns(node.input);
  return (
    !node.dropNullKey &&
    node.key.length === own.length &&
    node.key.every((e, i) => e.kind === 'column' && e.from === 'key' && e.index === i)
  );
}

export const ROWS: FactsOf<RowNode> = { filter, project, flatMap, rekey };
