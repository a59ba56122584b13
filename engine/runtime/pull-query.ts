import { compileConstant } from '../expression/index.js';
import { StreamFilter } from '../operators/filter.js';
import { Folds } from '../operators/folds.js';
import { newRecord, type Operator, type OperatorEnv, type TaskRecord } from '../operators/operator.js';
import { Project } from '../operators/project.js';
import { SessionCodec } from '../operators/session-codec.js';
import { storedRowTypes } from '../operators/table-rows.js';
import { storedTableTypes } from '../operators/table-source.js';
import type { StoreReader } from '../stores/store.js';
import { ByteWriter } from '../types/bytes.js';
import { WeirError } from '../types/errors.js';
import { appendWindowStart, KeyCodec, WINDOW_BYTES, windowStartOf } from '../types/key-codec.js';
import type { PullPlan } from '../types/pull-plan.js';
import { NO_WINDOW } from '../types/record.js';
import { RowCodec } from '../types/row-codec.js';
import type { AggregateNode, KeyWindow, MaterializeNode, SourceNode } from '../types/topology.js';
import type { Value } from '../types/value.js';
import { Counters } from './counters.js';
import type { ResultColumn, RowBatch, RowStream, RowStreamEnd } from './row-stream.js';
import { functionConfig, operatorEnv, type Properties, type RuntimeServices } from './services.js';

export interface PullSpec {
  readonly queryId: string;
  readonly plan: PullPlan;
  readonly properties: Properties;
  /** Partitions of the sub-topology that owns the state. */
  readonly partitions: number;
}

/** Rows of one batch at most. */
const BATCH_ROWS = 1000;

type Visit = (record: TaskRecord) => void;

/** A pull query on a table: reads committed state once, and ends. */
export class PullQuery implements RowStream {
  readonly queryId: string;
  readonly kind = 'pull-table';
  readonly columns: readonly ResultColumn[];
  end: RowStreamEnd = 'completed';
  private readonly rows: AsyncGenerator<readonly Value[][]>;
  private rest: Value[][] = [];
  private left: number;

  constructor(services: RuntimeServices, spec: PullSpec) {
    this.queryId = spec.queryId;
    this.columns = spec.plan.columns.map((c) => ({ name: c.name, type: c.expr.type, key: c.key }));
    this.left = spec.plan.limit ?? Number.POSITIVE_INFINITY;
    this.rows = new TableRead(services, spec).rows();
  }

  async next(): Promise<RowBatch | undefined> {
    while (this.left > 0) {
      const step = await this.rows.next();
      if (step.done === true) break;
      this.rest.push(...step.value);
      if (this.rest.length >= Math.min(BATCH_ROWS, this.left)) break;
    }
    const rows = this.rest.splice(0, Math.min(BATCH_ROWS, this.left));
    this.left -= rows.length;
    if (this.left <= 0) this.end = 'limit';
    return rows.length === 0 ? undefined : { rows };
  }

  async close(): Promise<void> {
    this.left = 0;
    this.rest = [];
    await this.rows.return(undefined);
  }
}

/** Walks a table's state: keys or all of it, the windows asked for, through the plan's steps to result rows. */
class TableRead {
  private readonly plan: PullPlan;
  private readonly keys: KeyCodec;
  private readonly node: AggregateNode | SourceNode | MaterializeNode;
  private readonly decode: (value: Buffer, record: TaskRecord, visit: Visit) => void;
  private readonly input: Operator;
  /** How a stored key's columns are followed by a window; an aggregate keeps its sessions in the value. */
  private readonly window: KeyWindow | null;
  private found: Value[][] = [];

  constructor(
    private readonly services: RuntimeServices,
    private readonly spec: PullSpec,
  ) {
    const { plan } = spec;
    if (plan.node.kind !== 'aggregate' && plan.node.kind !== 'source' && plan.node.kind !== 'materialize') {
      throw new WeirError('INTERNAL', `A ${plan.node.kind} keeps no table`);
    }
    this.plan = plan;
    this.node = plan.node;
    const env = this.env();
    const columns = this.node.kind === 'source' ? this.node.key : this.node.keyColumns;
    this.keys = new KeyCodec(columns.map((c) => c.type));
    this.decode = decoderOf(this.node, env);
    this.window = windowOf(this.node, plan.window);
    this.input = this.steps(env);
  }

  async *rows(): AsyncGenerator<readonly Value[][]> {
    const { plan, spec, services } = this;
    const points = plan.keys.kind === 'points' ? plan.keys.keys.map((k) => this.pointKey(k)) : undefined;
    for (let partition = 0; partition < spec.partitions; partition++) {
      const task = { queryId: plan.queryId, subtopology: plan.subtopology, partition };
      const reader = services.state.reader(task, this.node.store!.name);
      if (points === undefined) yield* this.scan(reader);
      else for (const key of points) yield* this.point(reader, key);
    }
  }

  private async *point(reader: StoreReader, key: Buffer): AsyncGenerator<readonly Value[][]> {
    if (this.window === null) {
      const value = await reader.get(key);
      if (value !== undefined) this.take(key, value);
      yield this.taken();
      return;
    }
    const { from, to } = this.plan.windowStart;
    const lower = windowKey(key, Math.max(from ?? 0, 0));
    const upper = windowKey(key, Math.min(to ?? MAX_TIME, MAX_TIME) + 1);
    if (Buffer.compare(lower, upper) >= 0) return;
    yield* this.walk(reader.range(lower, upper));
  }

  private scan(reader: StoreReader): AsyncGenerator<readonly Value[][]> {
    return this.walk(reader.range(undefined, undefined));
  }

  private async *walk(entries: AsyncIterable<readonly [Uint8Array, Uint8Array]>): AsyncGenerator<readonly Value[][]> {
    for await (const [key, value] of entries) {
      // The empty key holds the step's stream time.
      if (key.length > 0) this.take(key, value);
      if (this.found.length >= BATCH_ROWS) yield this.taken();
    }
    yield this.taken();
  }

  private taken(): Value[][] {
    const rows = this.found;
    this.found = [];
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
      if (r.windowStart === NO_WINDOW || this.wanted(r)) this.input.process(r);
    });
  }

  private wanted(record: TaskRecord): boolean {
    const { windowStart, windowEnd } = this.plan;
    return inBounds(record.windowStart, windowStart) && inBounds(record.windowEnd, windowEnd);
  }

  private pointKey(
    exprs: PullPlan['keys'] extends infer K ? (K extends { keys: readonly (infer P)[] } ? P : never) : never,
  ): Buffer {
    const { services, spec } = this;
    const context = { functions: services.functions, config: functionConfig(services, spec.properties) };
    const out = new ByteWriter();
    this.keys.encode(
      exprs.map((e) => compileConstant(e, context)),
      out,
    );
    return out.toBuffer();
  }

  /** The plan's steps, its rest of WHERE and its columns, from the table's stored row on. */
  private steps(env: OperatorEnv): Operator {
    const { plan } = this;
    const columns = plan.columns.map((c) => env.compile(c.expr, 'pull'));
    const where = plan.where === null ? null : env.compile(plan.where, 'pull');
    let next: Operator = {
      process: (r) => {
        if (r.value !== null && (where === null || where(r) === true)) this.found.push(columns.map((c) => c(r)));
      },
    };
    for (const step of plan.steps.toReversed()) {
      if (step.kind === 'filter') next = new StreamFilter(step, env, next);
      else if (step.kind === 'project') next = new Project(step, env, next, false);
      else throw new WeirError('INTERNAL', `A pull query cannot go through a ${step.kind}`);
    }
    return next;
  }

  private env(): OperatorEnv {
    const { services, spec } = this;
    return operatorEnv({
      services,
      properties: spec.properties,
      context: new Counters(spec.queryId, services),
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
    const codec = new RowCodec(
      node.kind === 'source' ? storedTableTypes(node) : storedRowTypes(node.valueColumns.map((c) => c.type)),
    );
    return (value, record, visit) => {
      const row = codec.decode(value);
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
    folds.result(states, 0, record.value);
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
  const codec = new RowCodec(folds.storedTypes);
  return (value, record, visit) => result(codec.decode(value), record, visit);
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
