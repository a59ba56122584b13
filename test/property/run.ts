import { type CaseTools, MemoryEngine } from '../../cli/test-runner/memory-engine.js';
import type { DataSource } from '../../engine/catalog/index.js';
import type { DriverRecord, TopologyDriver } from '../../engine/dataflow/topology-driver.js';
import { formatByName } from '../../engine/formats/index.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import type { FormatRef } from '../../engine/plan/topology.js';
import { ByteWriter, readInt64 } from '../../engine/records/bytes.js';
import { Decimal } from '../../engine/values/decimal.js';
import type { Column } from '../../engine/values/schema.js';
import { printType } from '../../engine/values/sql-type.js';
import { bigintValue, type Value } from '../../engine/values/value.js';
import { parseScript, SourceText } from '../../parser/index.js';
import type { Col, Input } from './sources.js';
import { sqlType, type Val } from './values.js';

let clock = 0;
const tools: CaseTools = {
  functions: new FunctionRegistry(BUILT_IN_FUNCTIONS),
  // It never stands still: what waits for its time of the wall clock is always due.
  now: () => (clock += 10_000),
  random: () => 0.5,
  uuid: () => '00000000-0000-0000-0000-000000000000',
};

/** A record of the sink in the values of the batch evaluation. */
export interface Output {
  readonly key: readonly Val[];
  readonly window: { readonly start: number; readonly end: number } | null;
  readonly value: readonly Val[] | null;
  readonly timestamp: number;
}

export interface Ran {
  /** Key and value columns of the sink: ``K1 INTEGER KEY, A DOUBLE``. */
  readonly schema: string;
  readonly outputs: readonly Output[];
}

export const schemaText = (key: readonly Col[], value: readonly Col[]): string =>
  [...key.map((k) => `${k.name} ${sqlType(k.type)} KEY`), ...value.map((v) => `${v.name} ${sqlType(v.type)}`)].join(
    ', ',
  );

/** Runs the statements and feeds the inputs one by one through all of their queries; what the source `sink` then holds. */
export function run(sql: string, inputs: readonly Input[], sink: string): Ran {
  const engine = new MemoryEngine(tools);
  const source = new SourceText(sql);
  for (const statement of parseScript(sql)) engine.execute(statement, source);
  const drivers = [...engine.catalog.queries.values()].map((q) => engine.driver(q));
  const target = engine.catalog.sources.get(sink)!;
  const written: DriverRecord[] = [];
  for (const input of inputs) {
    feed(drivers, encode(input, engine.catalog.sources.get(input.source.name)!), (r) => {
      if (r.topic === target.topic.name) written.push(r);
    });
  }
  const own = (cs: readonly Column[], mark: string) => cs.map((c) => `${c.name} ${printType(c.type)}${mark}`);
  return {
    schema: [...own(target.schema.key, ' KEY'), ...own(target.schema.value, '')].join(', '),
    outputs: written.map((r) => decode(r, target)),
  };
}

function feed(drivers: readonly TopologyDriver[], record: DriverRecord, seen: (r: DriverRecord) => void): void {
  seen(record);
  for (const driver of drivers) {
    if (!driver.sources.includes(record.topic)) continue;
    driver.pipe(record);
    for (const out of driver.take()) feed(drivers, out, seen);
  }
}

function encode(input: Input, source: DataSource): DriverRecord {
  const bytes = (row: readonly Val[] | null, columns: readonly Column[], ref: FormatRef, isKey: boolean) => {
    if (row === null) return null;
    const out = new ByteWriter();
    const encoder = formatByName(ref.name).encoder({ columns, needed: columns.map((_, i) => i), ref, isKey });
    return encoder.encode(row.map(toEngine), out) ? out.toBuffer() : null;
  };
  return {
    topic: source.topic.name,
    key: bytes(input.key, source.schema.key, source.keyFormat, true),
    value: bytes(input.value, source.schema.value, source.valueFormat, false),
    timestamp: input.timestamp,
  };
}

function decode(r: DriverRecord, target: DataSource): Output {
  const row = (b: Uint8Array | null, columns: readonly Column[], ref: FormatRef, isKey: boolean): Val[] | null => {
    if (b === null) return null;
    const values: Value[] = columns.map(() => null);
    const decoder = formatByName(ref.name).decoder({ columns, needed: columns.map((_, i) => i), ref, isKey });
    const bytes = Buffer.from(b);
    return decoder.decode(bytes, 0, bytes.length, values) ? values.map((v, i) => fromEngine(v, columns[i]!)) : null;
  };
  const { key, window } = splitKey(r.key, target);
  return {
    key: row(key, target.schema.key, target.keyFormat, true) ?? target.schema.key.map(() => null),
    window,
    value: row(r.value, target.schema.value, target.valueFormat, false),
    timestamp: r.timestamp,
  };
}

/** A windowed key ends with the window's start; before it, for sessions, stands the end. */
function splitKey(
  key: Uint8Array | null,
  { window }: DataSource,
): { readonly key: Uint8Array | null; readonly window: Output['window'] } {
  if (key === null || window === null) return { key, window: null };
  const b = Buffer.from(key);
  const start = readInt64(b, b.length - 8);
  if (window.kind === 'time') return { key: b.subarray(0, -8), window: { start, end: start + window.sizeMs } };
  return { key: b.subarray(0, -16), window: { start, end: readInt64(b, b.length - 16) } };
}

export function toEngine(v: Val): Value {
  if (typeof v === 'bigint') return bigintValue(v);
  return typeof v === 'object' && v !== null ? new Decimal(v.unscaled, v.scale) : v;
}

export function fromEngine(v: Value, { type }: Column): Val {
  if (v instanceof Decimal) return { unscaled: v.unscaled, scale: v.scale };
  if (v !== null && type.kind === 'BIGINT') return BigInt(v as number | bigint);
  return v as Val;
}
