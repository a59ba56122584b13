import type { Column } from '../../values/schema.js';
import { typeEquals } from '../../values/sql-type.js';
import type { TypedExpr } from '../expr.js';
import type { FormatRef } from '../format-ref.js';
import {
  type FactsOf,
  type NodeBase,
  type NodeFacts,
  type NodeGraph,
  type NodeId,
  passesKey,
  readsKeyColumn,
} from '../node-facts.js';
import { formatText, keyWindowText, printExpr, schemaText } from '../print.js';
import type { KeyWindow } from '../window.js';

/* Where the rows of a sub-topology go. */

export type EndNode = RepartitionNode | SinkNode | ResultNode;

/**
 * End of a sub-topology: writes to an internal topic, partitioned by key, that a source node of another reads.
 * The topic's full name is `_weir-<serviceId>-<queryId>-<topic>-repartition` (`-topic` for those of foreign-key joins).
 *
 * `table` (default false): records carry `previous` beside `value` through the topic, so that the aggregation behind it can
 * undo. The payload is then a ROW over BOOLEAN, the columns of `previous`, BOOLEAN, the columns of `value`, each BOOLEAN
 * saying whether the row behind it is there. The source node that reads the topic has `internal` and `table` set.
 */
export interface RepartitionNode extends NodeBase {
  readonly kind: 'repartition';
  readonly input: NodeId;
  readonly topic: string;
  readonly keyFormat: FormatRef;
  readonly valueFormat: FormatRef;
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
  readonly table?: boolean;
  /** The key is followed by its window, as in a sink. Default null. */
  readonly window?: KeyWindow | null;
}

/** Facts that all ends share: nothing comes behind them. */
const end = {
  ...passesKey,
  table: () => false,
  usesPrevious: () => false,
  tellsPrevious: () => false,
} as const;

const repartition: NodeFacts<RepartitionNode> = {
  ...end,
  keyColumns: (n) => n.keyColumns,
  readsKey: (n, graph) => !writesRawKey(n, null, graph),
  perRecord: () => false,
  keeps: () => true,
  topic: (n) => ({ name: n.topic, internal: true }),
  explain: (n) => `internal topic ${n.topic} ${schemaText(n.keyColumns, n.valueColumns)}`,
};

/** Whether the key of what is written is, byte for byte, the key of the record that it comes from. */
export function writesRawKey(node: SinkNode | RepartitionNode, window: KeyWindow | null, graph: NodeGraph): boolean {
  const origin = graph.keyOrigin(node.input);
  if (origin === undefined || origin.window !== null || window !== null) return false;
  if (origin.key.length !== 1 || node.keyColumns.length !== 1) return false;
  const { name } = node.keyFormat;
  // Of these two, bytes that decode are the only bytes of their value.
  return (
    (name === 'KAFKA' || name === 'ROW') &&
    origin.keyFormat.name === name &&
    typeEquals(origin.key[0]!.type, node.keyColumns[0]!.type)
  );
}

/** Writes to a topic. Key columns of a windowed step are followed by the window, as `window` says. */
export interface SinkNode extends NodeBase {
  readonly kind: 'sink';
  readonly input: NodeId;
  readonly topic: string;
  readonly keyFormat: FormatRef;
  readonly valueFormat: FormatRef;
  readonly keyColumns: readonly Column[];
  readonly valueColumns: readonly Column[];
  readonly window: KeyWindow | null;
  readonly timestamp: { readonly from: 'key' | 'value'; readonly index: number; readonly format: string | null } | null;
  readonly table: boolean;
}

const sink: NodeFacts<SinkNode> = {
  ...end,
  keyColumns: (n) => n.keyColumns,
  readsKey: (n, graph) => !writesRawKey(n, n.window, graph) || n.timestamp?.from === 'key',
  perRecord: () => false,
  topic: (n) => ({ name: n.topic, internal: false }),
  pull: () => 'passes',
  explain: (n) =>
    `topic ${n.topic} ${formatText(n.keyFormat)}/${formatText(n.valueFormat)}${keyWindowText(n.window)} ${schemaText(n.keyColumns, n.valueColumns)}`,
};

/** End of a push query: evaluates the SELECT list over each record and hands the row to whoever asked. */
export interface ResultNode extends NodeBase {
  readonly kind: 'result';
  readonly input: NodeId;
  readonly columns: readonly {
    readonly name: string;
    readonly expr: TypedExpr;
    readonly key: boolean;
    /** A tombstone shows it though it is no key: what a FULL JOIN joins on, which is not there on both sides of a row. */
    readonly identifies?: boolean;
  }[];
  readonly limit: number | null;
  readonly table: boolean;
}

const result: NodeFacts<ResultNode> = {
  ...end,
  keyColumns: (n) => {
    throw new Error(`${n.id}: nothing comes behind a result`);
  },
  readsKey: (n) => readsKeyColumn(n.columns),
  perRecord: () => true,
  explain: (n) =>
    `[${n.columns.map((c) => `${c.name} = ${printExpr(c.expr)}`).join(', ')}]${n.limit === null ? '' : ` limit ${n.limit}`}`,
};

export const ENDS: FactsOf<EndNode> = { repartition, sink, result };
