import { WeirError } from '../base/errors.js';
import { Counters } from '../dataflow/counters.js';
import { functionConfig, operatorEnv, type RuntimeServices } from '../dataflow/runtime-services.js';
import { compileConstant } from '../expression/index.js';
import { StreamFilter } from '../operators/filter.js';
import { Folds } from '../operators/folds.js';
import type { Operator, OperatorEnv } from '../operators/operator.js';
import { Project } from '../operators/project.js';
import { SessionCodec } from '../operators/session-codec.js';
import { CLOCK_KEY, timeOf } from '../operators/stream-clock.js';
import { storedRowTypes } from '../operators/table-rows.js';
import { storedTableTypes } from '../operators/table-source.js';
import { newRecord, type TaskRecord } from '../operators/task-record.js';
import type { TypedExpr } from '../plan/expr.js';
import type { TableReadPlan } from '../plan/pull-plan.js';
import {
  type AggregateNode,
  isExpired,
  type KeyWindow,
  type MaterializeNode,
  type SourceNode,
  type TopologyNode,
  type WindowSpec,
} from '../plan/topology.js';
import { ByteWriter } from '../records/bytes.js';
import { appendWindowStart, KeyCodec, WINDOW_BYTES, windowStartOf } from '../records/key-codec.js';
import { NO_WINDOW } from '../records/record.js';
import { VersionedRowCodec } from '../records/row-codec.js';
import type { StoreReader } from '../stores/store.js';
import type { Value } from '../values/value.js';
import { BATCH_BYTES, BATCH_ROWS, type PullReader, type Row, type RowBatches } from './rows.js';

/** Reads the state that this node has. */
export class LocalTableRows {
  constructor(private readonly services: RuntimeServices) {}

  openPartitions(read: TableReadPlan, reader: PullReader, partitions: readonly number[]): RowBatches {
    return new TableRead(this.services, read, reader, partitions).rows();
  }
}

type Visit = (record: TaskRecord) => void;

/** Walks a table's state: keys, a range or all of it, the windows asked for, through the plan's steps to rows. */
class TableRead {
  private readonly keys: KeyCodec;
  private readonly node: AggregateNode | SourceNode | MaterializeNode;
  private readonly decode: (value: Buffer, record: TaskRecord, visit: Visit) => void;
  /** Where rows enter, by the version of the query that has stored them. */
  private readonly inputs: readonly Operator[];
  /** How a stored key's columns are followed by a window; an aggregate keeps its sessions in the value. */
  private readonly window: KeyWindow | null;
  /** Of an aggregate, which forgets windows. */
  private readonly spec: WindowSpec | null;
  /** Of the partition that is read. */
  private streamTime = -1;
  private found: Row[] = [];
  /** Stored bytes behind `found`. */
  private bytes = 0;
  private left: number;

  constructor(
    private readonly services: RuntimeServices,
    private readonly plan: TableReadPlan,
    private readonly reader: PullReader,
    private readonly partitions: readonly number[],
  ) {
    if (plan.node.kind !== 'aggregate' && plan.node.kind !== 'source' && plan.node.kind !== 'materialize') {
      throw new WeirError('INTERNAL', `A ${plan.node.kind} keeps no table`);
    }
    this.node = plan.node;
    const env = this.env();
    const columns = this.node.kind === 'source' ? this.node.key : this.node.keyColumns;
    this.keys = new KeyCodec(columns.map((c) => c.type));
    this.decode = decoderOf(this.node, env);
    this.window = windowOf(this.node, plan.window);
    this.spec = this.node.kind === 'aggregate' ? this.node.window : null;
    this.inputs = this.steps(env);
    this.left = plan.limit ?? Number.POSITIVE_INFINITY;
  }

  async *rows(): RowBatches {
    const { plan, services } = this;
    const points = plan.keys.kind === 'points' ? plan.keys.keys.map((k) => this.keyBytes(k)) : undefined;
    const [from, to] = this.range();
    for (const partition of this.partitions) {
      if (this.left <= 0) return;
      const task = { queryId: plan.queryId, subtopology: plan.subtopology, partition };
      const reader = services.state.reader(task, this.node.store!.name);
      if (this.spec !== null) this.streamTime = timeOf(await reader.get(CLOCK_KEY));
      if (points === undefined) yield* this.walk(reader.range(from, to));
      else for (const key of points) yield* this.point(reader, key);
    }
  }

  private async *point(reader: StoreReader, key: Buffer): RowBatches {
    if (this.window === null) {
      const value = await reader.get(key);
      if (value !== undefined) this.take(key, value);
      if (this.found.length > 0) yield this.taken();
      return;
    }
    const { from, to } = this.plan.windowStart;
    const lower = windowKey(key, Math.max(from ?? 0, 0));
    const upper = windowKey(key, Math.min(to ?? MAX_TIME, MAX_TIME) + 1);
    if (Buffer.compare(lower, upper) >= 0) return;
    yield* this.walk(reader.range(lower, upper));
  }

  private async *walk(entries: AsyncIterable<readonly [Uint8Array, Uint8Array]>): RowBatches {
    for await (const [key, value] of entries) {
      // The empty key holds the step's stream time.
      if (key.length > 0) this.take(key, value);
      this.bytes += value.length;
      if (this.found.length >= BATCH_ROWS || this.bytes >= BATCH_BYTES || this.left <= 0) yield this.taken();
      if (this.left <= 0) return;
    }
    if (this.found.length > 0) yield this.taken();
  }

  private taken(): readonly Row[] {
    const rows = this.found;
    this.found = [];
    this.bytes = 0;
    return rows;
  }

  private take(storedKey: Uint8Array, value: Uint8Array): void {
    const key = Buffer.from(storedKey.buffer, storedKey.byteOffset, storedKey.length);
    const record = newRecord();
    const { window } = this;
    const end = key.length - (window === null ? 0 : window.kind === 'time' ? WINDOW_BYTES : 2 * WINDOW_BYTES);
    record.key = this.keys.decode(key, 0, end);
    if (window !== null) {
      record.windowStart = windowStartOf(key, end + WINDOW_BYTES);
      record.windowEnd = window.kind === 'time' ? record.windowStart + window.sizeMs : windowStartOf(key);
      if (!this.wanted(record)) return;
    }
    this.decode(Buffer.from(value.buffer, value.byteOffset, value.length), record, (r) => {
      if (r.windowStart === NO_WINDOW || this.wanted(r)) this.inputs[r.previousVersion]!.process(r);
    });
  }

  private wanted(record: TaskRecord): boolean {
    const { windowStart, windowEnd } = this.plan;
    if (this.spec !== null && isExpired(this.spec, record.windowStart, record.windowEnd, this.streamTime)) return false;
    return inBounds(record.windowStart, windowStart) && inBounds(record.windowEnd, windowEnd);
  }

  private constant(expr: TypedExpr): Value {
    const { services, reader } = this;
    return compileConstant(expr, {
      functions: services.functions,
      config: functionConfig(services, reader.properties),
    });
  }

  /** The stored key, or what all keys with these first columns begin with. */
  private keyBytes(exprs: readonly TypedExpr[]): Buffer {
    return this.prefix(exprs.map((e) => this.constant(e)));
  }

  private prefix(values: readonly Value[]): Buffer {
    const out = new ByteWriter();
    this.keys.encodePrefix(values, values.length, out);
    return out.toBuffer();
  }

  /** The stored keys that are walked: from the first, up to the second. */
  private range(): readonly [from: Buffer | undefined, to: Buffer | undefined] {
    const { keys } = this.plan;
    if (keys.kind !== 'range') return [undefined, undefined];
    const equal = keys.equal.map((e) => this.constant(e));
    const bound = (e: TypedExpr | null): readonly Value[] => {
      const v = e === null ? null : this.constant(e);
      return v !== null && isOrderedAlike(v) ? [...equal, v] : equal;
    };
    return [this.prefix(bound(keys.from)), after(this.prefix(bound(keys.to)))];
  }

  /** The plan's steps, its rest of WHERE and its columns, from the table's stored row on: those of each version of the query. */
  private steps(env: OperatorEnv): readonly Operator[] {
    const { plan, services } = this;
    const { valueColumns, valueFormat } = plan;
    const readBack =
      valueColumns.length === 0 ? undefined : services.format(valueFormat.name).readBack?.(valueColumns, valueFormat);
    const columns = plan.columns.map((c) => env.compile(c, 'pull'));
    const where = plan.where === null ? null : env.compile(plan.where, 'pull');
    const last: Operator = {
      process: (r) => {
        if (this.left <= 0 || r.value === null) return;
        if (readBack !== undefined) r.value = readBack(r.value);
        if (where !== null && where(r) !== true) return;
        this.left--;
        this.found.push(columns.map((c) => c(r)));
      },
    };
    const through = (steps: readonly TopologyNode[], end: Operator): Operator =>
      steps.reduceRight<Operator>((next, step) => {
        if (step.kind === 'filter') return new StreamFilter(step, env, next);
        if (step.kind === 'project') return new Project(step, env, next, false);
        throw new WeirError('INTERNAL', `A pull query cannot go through a ${step.kind}`);
      }, end);
    // A version before may have had fewer columns.
    const widened: Operator = {
      process: (r) => {
        if (r.value !== null && r.value.length < valueColumns.length) {
          r.value = valueColumns.map((_, i) => r.value![i] ?? null);
        }
        last.process(r);
      },
    };
    const former = this.node.kind === 'materialize' ? [] : (this.node.former ?? []);
    return [...former.map((steps) => through(steps, widened)), through(plan.steps, last)];
  }

  private env(): OperatorEnv {
    const { services, reader } = this;
    return operatorEnv({
      services,
      properties: reader.properties,
      context: new Counters(reader.queryId, services),
      cached: true,
      cacheEntries: 0,
      openStore: () => {
        throw new Error('a pull query opens no store');
      },
    });
  }
}

/** What follows the columns of a node's stored keys; `window`: that of the table. */
function windowOf(node: AggregateNode | SourceNode | MaterializeNode, window: KeyWindow | null): KeyWindow | null {
  if (node.kind !== 'aggregate') return window;
  return node.window === null || node.window.kind === 'SESSION' ? null : { kind: 'time', sizeMs: node.window.sizeMs };
}

/** What turns a stored value into rows: one for each session, else one. */
function decoderOf(
  node: AggregateNode | SourceNode | MaterializeNode,
  env: OperatorEnv,
): (value: Buffer, record: TaskRecord, visit: Visit) => void {
  if (node.kind !== 'aggregate') {
    const types =
      node.kind === 'source' ? storedTableTypes(node) : storedRowTypes(node.valueColumns.map((c) => c.type));
    const codec = new VersionedRowCodec(types, 0);
    const row = new Array<Value>(types.length);
    return (value, record, visit) => {
      record.previousVersion = codec.decodeInto(value, row);
      record.timestamp = Number(row[0]);
      record.value = row.slice(1);
      visit(record);
    };
  }
  const folds = new Folds(node, env);
  const states = new Array<unknown>(folds.width);
  const result = (row: readonly Value[], record: TaskRecord, visit: Visit) => {
    folds.load(row, states, 0);
    record.timestamp = Number(row[0]);
    record.value = new Array<Value>(node.valueColumns.length).fill(null);
    folds.result(states, 0, record.value, record);
    visit(record);
  };
  if (node.window?.kind === 'SESSION') {
    const codec = new SessionCodec(folds.storedTypes);
    return (value, record, visit) =>
      codec.read(value, (start, end, row) => {
        record.windowStart = start;
        record.windowEnd = end;
        result(row, record, visit);
      });
  }
  const codec = new VersionedRowCodec(folds.storedTypes, 0);
  const row = new Array<Value>(folds.storedTypes.length);
  return (value, record, visit) => {
    record.previousVersion = codec.decodeInto(value, row);
    result(row, record, visit);
  };
}

/** The largest time that a window can start at: what a number holds exactly, with room for one more. */
const MAX_TIME = Number.MAX_SAFE_INTEGER - 1;

function windowKey(key: Buffer, start: number): Buffer {
  const out = new ByteWriter(key.length + WINDOW_BYTES);
  out.copy(key);
  appendWindowStart(out, start);
  return out.toBuffer();
}

const inBounds = (v: number, { from, to }: { readonly from?: number; readonly to?: number }): boolean =>
  (from === undefined || v >= from) && (to === undefined || v <= to);

/** The first key behind all that begin with `prefix`; undefined: there is none. */
function after(prefix: Buffer): Buffer | undefined {
  for (let end = prefix.length; end > 0; end--) {
    if (prefix[end - 1]! === 0xff) continue;
    const next = Buffer.from(prefix.subarray(0, end));
    next[end - 1]!++;
    return next;
  }
  return undefined;
}

/**
 * Whether encoded keys are on the same side of `v` as SQL's order has them. Not so: text with surrogates or what comes behind
 * them (SQL compares UTF-16, the encoding is UTF-8).
 */
function isOrderedAlike(v: Value): boolean {
  return typeof v !== 'string' || !/[\ud800-\uffff]/.test(v);
}
