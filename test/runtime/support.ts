import type { CodecServices } from '../../engine/dataflow/runtime-services.js';
import type { DriverRecord } from '../../engine/dataflow/topology-driver.js';
import { TopologyDriver } from '../../engine/dataflow/topology-driver.js';
import { formatByName } from '../../engine/formats/index.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import type { AggregateCall, TypedExpr } from '../../engine/plan/expr.js';
import type {
  AggregateNode,
  FilterNode,
  FormatRef,
  RekeyNode,
  ResultNode,
  SinkNode,
  SourceNode,
  Topology,
  TopologyNode,
  WindowSpec,
} from '../../engine/plan/topology.js';
import type { Column } from '../../engine/values/schema.js';
import { BIGINT, BOOLEAN, type SqlType, STRING } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';

export const codecServices: CodecServices = {
  format: formatByName,
  functions: new FunctionRegistry(BUILT_IN_FUNCTIONS),
  clock: { now: () => 0 },
  random: () => 0.5,
  uuid: () => '00000000-0000-0000-0000-000000000000',
};

export const JSON_REF: FormatRef = { name: 'JSON', properties: {} };
export const JSON_KEY: FormatRef = { name: 'JSON', properties: {}, wrapSingle: false };
export const ROW_REF: FormatRef = { name: 'ROW', properties: {} };

export const col = (index: number, type: SqlType, from: 'key' | 'value' = 'value', name = `C${index}`): TypedExpr => ({
  kind: 'column',
  from,
  index,
  name,
  type,
});

export const literal = (value: string | number | boolean | null, type: SqlType): TypedExpr => ({
  kind: 'literal',
  value,
  type,
});

export const greater = (left: TypedExpr, value: number): TypedExpr => ({
  kind: 'compare',
  op: '>',
  left,
  right: literal(String(value), BIGINT),
  type: BOOLEAN,
});

export const COUNT: AggregateCall = { name: 'COUNT', overload: 'COUNT() -> BIGINT', args: [], init: [], type: BIGINT };

export const sumOf = (arg: TypedExpr): AggregateCall => ({
  name: 'SUM',
  overload: 'SUM(BIGINT) -> BIGINT',
  args: [arg],
  init: [],
  type: BIGINT,
});

/** The stream that most tests read: key ID BIGINT; value USER STRING, AMOUNT BIGINT. */
export const KEY: readonly Column[] = [{ name: 'ID', type: BIGINT }];
export const VALUE: readonly Column[] = [
  { name: 'USER', type: STRING },
  { name: 'AMOUNT', type: BIGINT },
];
export const USER = col(0, STRING);
export const AMOUNT = col(1, BIGINT);

export function source(over: Partial<SourceNode> = {}): SourceNode {
  return {
    kind: 'source',
    id: 'source',
    topic: 'in',
    internal: false,
    source: 'IN',
    keyFormat: JSON_KEY,
    valueFormat: JSON_REF,
    key: KEY,
    value: VALUE,
    neededKey: [0],
    neededValue: [0, 1],
    window: null,
    timestamp: null,
    table: false,
    store: null,
    ...over,
  };
}

export function sink(
  input: string,
  key: readonly Column[],
  value: readonly Column[],
  over: Partial<SinkNode> = {},
): SinkNode {
  return {
    kind: 'sink',
    id: 'sink',
    input,
    topic: 'out',
    keyFormat: JSON_KEY,
    valueFormat: JSON_REF,
    keyColumns: key,
    valueColumns: value,
    window: null,
    timestamp: null,
    table: false,
    ...over,
  };
}

export const filter = (input: string, predicate: TypedExpr, over: Partial<FilterNode> = {}): FilterNode => ({
  kind: 'filter',
  id: 'filter',
  input,
  predicate,
  table: false,
  store: null,
  ...over,
});

export const rekeyByUser = (input: string, table = false): RekeyNode => ({
  kind: 'rekey',
  id: 'rekey',
  input,
  key: [USER],
  value: [USER, AMOUNT],
  keyColumns: [{ name: 'USER', type: STRING }],
  valueColumns: VALUE,
  dropNullKey: true,
  table,
});

export const USER_KEY: readonly Column[] = [{ name: 'USER', type: STRING }];
export const AGG_VALUE: readonly Column[] = [
  { name: 'N', type: BIGINT },
  { name: 'TOTAL', type: BIGINT },
];

/** COUNT(*) and SUM(AMOUNT), by the record's key. */
export const aggregate = (
  input: string,
  window: WindowSpec | null,
  over: Partial<AggregateNode> = {},
): AggregateNode => ({
  kind: 'aggregate',
  id: 'aggregate',
  input,
  store: { name: 'agg', kind: window === null ? 'aggregate' : window.kind === 'SESSION' ? 'session' : 'window' },
  window,
  keyColumns: USER_KEY,
  carried: [],
  calls: [COUNT, sumOf(AMOUNT)],
  valueColumns: AGG_VALUE,
  inputTable: false,
  emit: 'changes',
  ...over,
});

/** The two ends of a repartition topic behind `rekeyByUser`. */
export const repartition = (table = false): TopologyNode => ({
  kind: 'repartition',
  id: 'repartition',
  input: 'rekey',
  topic: 'by-user',
  keyFormat: ROW_REF,
  valueFormat: ROW_REF,
  keyColumns: USER_KEY,
  valueColumns: VALUE,
  table,
});

export const repartitioned = (table = false): SourceNode =>
  source({
    id: 'repartitioned',
    topic: 'by-user',
    internal: true,
    source: null,
    keyFormat: ROW_REF,
    valueFormat: ROW_REF,
    key: USER_KEY,
    value: VALUE,
    table,
  });

export function topology(...subs: readonly (readonly TopologyNode[])[]): Topology {
  return { version: 1, subtopologies: subs.map((nodes, id) => ({ id, nodes })) };
}

/** GROUP BY user, over a repartition topic, to a JSON topic. */
export function groupByUser(window: WindowSpec | null, over: { table?: boolean; having?: TypedExpr } = {}): Topology {
  const table = over.table === true;
  const keyWindow =
    window === null
      ? null
      : window.kind === 'SESSION'
        ? ({ kind: 'session' } as const)
        : ({ kind: 'time', sizeMs: window.sizeMs } as const);
  const behind: TopologyNode[] = [aggregate('repartitioned', window, { inputTable: table })];
  let last = 'aggregate';
  if (over.having !== undefined) {
    behind.push(filter('aggregate', over.having, { table: true, store: { name: 'having', kind: 'table' } }));
    last = 'filter';
  }
  return topology(
    [
      source({ table, store: table ? { name: 'src', kind: 'table' } : null }),
      rekeyByUser('source', table),
      repartition(table),
    ],
    [repartitioned(table), ...behind, sink(last, USER_KEY, AGG_VALUE, { window: keyWindow, table: true })],
  );
}

export function result(input: string, columns: readonly TypedExpr[], over: Partial<ResultNode> = {}): ResultNode {
  return {
    kind: 'result',
    id: 'result',
    input,
    columns: columns.map((expr, i) => ({ name: `R${i}`, expr, key: expr.kind === 'column' && expr.from === 'key' })),
    limit: null,
    table: false,
    ...over,
  };
}

export const bytes = (v: unknown): Buffer | null => (v === null ? null : Buffer.from(JSON.stringify(v)));

export interface Input {
  readonly key: unknown;
  readonly value: unknown;
  readonly ts?: number;
}

export const record = ({ key, value, ts = 0 }: Input): DriverRecord => ({
  topic: 'in',
  key: bytes(key),
  value: bytes(value),
  timestamp: ts,
});

/** An output record as text: `key[@window] -> value (timestamp)`. */
export function show(
  r: { key: Uint8Array | null; value: Uint8Array | null; timestamp: number },
  window?: 'time' | 'session',
): string {
  let key = r.key === null ? 'null' : Buffer.from(r.key);
  let at = '';
  if (typeof key !== 'string' && window !== undefined) {
    const n = key.length - (window === 'time' ? 8 : 16);
    const first = Number(key.readBigInt64BE(n));
    at = window === 'time' ? `@${first}` : `@${Number(key.readBigInt64BE(n + 8))}-${first}`;
    key = key.subarray(0, n);
  }
  const value = r.value === null ? 'null' : Buffer.from(r.value).toString();
  return `${key.toString()}${at} -> ${value} (${r.timestamp})`;
}

export class Drive {
  readonly driver: TopologyDriver;

  constructor(
    topology: Topology,
    private readonly window?: 'time' | 'session',
  ) {
    this.driver = new TopologyDriver(topology, codecServices);
  }

  /** Feeds a record; what came out, as text. */
  in(key: unknown, value: unknown, ts = 0): string[] {
    this.driver.pipe(record({ key, value, ts }));
    return this.driver.take().map((r) => show(r, this.window));
  }
}

/** A row of the input stream. */
export const row = (user: string | null, amount: number | null): unknown => ({ USER: user, AMOUNT: amount });

export const values = (rows: readonly { readonly values: readonly Value[] }[]): readonly (readonly Value[])[] =>
  rows.map((r) => r.values);
