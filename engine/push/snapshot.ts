import type { ResultColumn, RowBatch, RowProgress, RowStream, RowStreamEnd } from '../api/row-stream.js';
import { isNotReady, WeirError } from '../base/errors.js';
import { GivenKeys, givenKey } from '../operators/given-keys.js';
import { JoinKeys } from '../operators/join-keys.js';
import { newRecord } from '../operators/task-record.js';
import type { TypedExpr } from '../plan/expr.js';
import { rowBytes } from '../pull/budget.js';
import { ByteWriter } from '../records/bytes.js';
import { KeyCodec } from '../records/key-codec.js';
import { PUSH } from '../settings.js';
import type { Value } from '../values/value.js';
import type { StatelessPlan } from './plan.js';
import type { PushQuery } from './push-query.js';

const BATCH_ROWS = 1000;
/** What a snapshot may hold while it is put together. */
const MAX_BYTES = 256 * 1024 * 1024;
/** What a row costs in the map besides its own bytes, about. */
const ENTRY_BYTES = 96;
const NOTHING_READ: RowProgress = {
  ...{ recordsIn: 0, rowsOut: 0, filtered: 0, undecodable: 0, firstError: null, late: 0 },
  ...{ earlier: 0, atEnd: false, lag: 0, streamTime: -1, heldBack: 0, unmatched: [] },
};

/** The reads of a table's topic that end a snapshot and follow it. */
export interface SnapshotReads {
  /** The topic from where the snapshot's rows may be older, up to where they cannot be newer. */
  readonly rest: PushQuery;
  /** From that end on. `given`: the rows of the snapshot, where the plan tracks what it has given. */
  changes(given?: GivenKeys): RowStream;
  /** What the last batch of the snapshot says of the place behind it. */
  readonly continuation: string | undefined;
}

export interface SnapshotSource {
  readonly queryId: string;
  readonly plan: StatelessPlan;
  /**
   * Rows of the table's state, all that its topic showed when the query began, and more. Undefined: there is no state that can
   * be read.
   */
  readonly state: RowStream | undefined;
  /** Told why the state can be read no more. */
  readonly stateLost: (e: unknown) => void;
  /** `afterState`: the topic is wanted from where it ended when the query began; else from its first record on. */
  reads(afterState: boolean): Promise<SnapshotReads>;
}

/**
 * A table as it is, and then how it changes: its state, where that can be read, with what its topic has had since, else the
 * last row of each key in its topic. The changes go on behind that place. Whoever applies rows and tombstones by the key
 * columns has the table, at any time.
 */
export class SnapshotQuery implements RowStream {
  readonly kind = 'push';
  readonly queryId: string;
  readonly columns: readonly ResultColumn[];
  private reads: SnapshotReads | null = null;
  private changes: RowStream | null = null;
  private rows: Iterator<readonly Value[]> | null = null;
  private pending: IteratorResult<readonly Value[]> | null = null;
  private inSnapshot = true;
  private snapshotRows = 0;
  private closed = false;

  constructor(private readonly source: SnapshotSource) {
    this.queryId = source.queryId;
    this.columns = snapshotColumns(source.plan);
  }

  get end(): RowStreamEnd {
    return this.changes?.end ?? 'terminated';
  }

  async next(): Promise<RowBatch | undefined> {
    if (this.closed) return undefined;
    if (!this.inSnapshot) return this.changes!.next();
    this.rows ??= (await this.read()).values();
    if (this.closed) return undefined;
    const rows: (readonly Value[])[] = [];
    let step = this.pending ?? this.rows.next();
    while (step.done !== true && rows.length < BATCH_ROWS) {
      rows.push(step.value);
      step = this.rows.next();
    }
    this.snapshotRows += rows.length;
    this.pending = step;
    if (step.done !== true) return { rows };
    this.inSnapshot = false;
    this.rows = null;
    const { continuation } = this.reads!;
    return { rows, snapshotEnd: true, ...(continuation === undefined ? {} : { continuation }) };
  }

  progress(): RowProgress {
    const rowsOut = this.snapshotRows;
    if (this.reads === null) return { ...NOTHING_READ, rowsOut };
    if (this.inSnapshot) return { ...this.reads.rest.progress(), rowsOut };
    const progress = this.changes!.progress!();
    return { ...progress, rowsOut: progress.rowsOut + rowsOut };
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.source.state?.close(), this.reads?.rest.close(), this.changes?.close()]);
  }

  private async read(): Promise<Map<string, readonly Value[]>> {
    const fold = new Fold(new RowKey(this.columns));
    const hasState = await this.readState(fold);
    if (this.closed) return fold.rows;
    this.reads = await this.source.reads(hasState);
    const { rest } = this.reads;
    const { plan } = this.source;
    // The readers are open from here on, so that nothing is missing behind the snapshot, however long it takes to read.
    if (!this.closed && !plan.tracksGiven) this.changes = this.reads.changes();
    if (!this.closed)
      for (let batch = await rest.next(); batch !== undefined; batch = await rest.next()) fold.apply(batch);
    await rest.close();
    if (!this.closed && plan.tracksGiven) this.changes = this.reads.changes(givenOf(plan, fold.rows.values()));
    return fold.rows;
  }

  /** False where there is no state, or where it can be read no more: then the topic tells it all. */
  private async readState(fold: Fold): Promise<boolean> {
    const { state } = this.source;
    if (state === undefined) return false;
    try {
      for (let batch = await state.next(); batch !== undefined; batch = await state.next()) fold.apply(batch);
      return true;
    } catch (e) {
      if (!isNotReady(e)) throw e;
      this.source.stateLost(e);
      fold.clear();
      return false;
    } finally {
      await state.close();
    }
  }
}

/** The last row of each key. */
class Fold {
  readonly rows = new Map<string, readonly Value[]>();
  private bytes = 0;

  constructor(private readonly key: RowKey) {}

  apply({ rows, tombstones }: RowBatch): void {
    rows.forEach((row, i) => {
      const key = this.key.of(row);
      const former = this.rows.get(key);
      if (former !== undefined) this.bytes -= costOf(former);
      if (tombstones?.[i] === true) this.rows.delete(key);
      else {
        this.rows.set(key, row);
        this.bytes += costOf(row);
      }
    });
    if (this.bytes > MAX_BYTES) throw tooLarge();
  }

  clear(): void {
    this.rows.clear();
    this.bytes = 0;
  }
}

const costOf = (row: readonly Value[]): number => ENTRY_BYTES + rowBytes(row);

/** The key of a row as a string: equal where the key columns are. */
class RowKey {
  private readonly positions: readonly number[];
  private readonly codec: KeyCodec;
  private readonly scratch = new ByteWriter();

  constructor(columns: readonly ResultColumn[]) {
    this.positions = columns.flatMap((c, i) => (c.key ? [i] : []));
    this.codec = new KeyCodec(this.positions.map((i) => columns[i]!.type));
  }

  of(row: readonly Value[]): string {
    this.scratch.reset();
    this.codec.encode(
      this.positions.map((i) => row[i]!),
      this.scratch,
    );
    return this.scratch.toBuffer().toString('latin1');
  }
}

/** The rows' keys as the query's filter knows them. `checkSnapshot` has made sure that the columns are selected. */
function givenOf({ source, result }: StatelessPlan, rows: Iterable<readonly Value[]>): GivenKeys {
  const keys = new JoinKeys(
    source.key.map((c) => c.type),
    source.window,
  );
  const at = (find: (expr: TypedExpr) => boolean): number => result.columns.findIndex((c) => find(c.expr));
  const columns = source.key.map((_, k) => at((e) => e.kind === 'column' && e.from === 'key' && e.index === k));
  const bound = (name: string): number => at((e) => e.kind === 'pseudo' && e.name === name);
  const [start, end] = [bound('WINDOWSTART'), bound('WINDOWEND')];
  const record = newRecord();
  const given = new GivenKeys();
  for (const row of rows) {
    record.key = columns.map((i) => row[i]!);
    if (start >= 0) record.windowStart = Number(row[start]);
    if (end >= 0) record.windowEnd = Number(row[end]);
    given.add(givenKey(keys, record));
  }
  return given;
}

/** The window's bounds are part of a windowed table's key. */
const snapshotColumns = ({ result }: StatelessPlan): readonly ResultColumn[] =>
  result.columns.map(({ name, expr, key }) => ({
    name,
    type: expr.type,
    key: key || (expr.kind === 'pseudo' && (expr.name === 'WINDOWSTART' || expr.name === 'WINDOWEND')),
  }));

/** @throws NO_SNAPSHOT, BAD_STATEMENT where the rows of a query cannot be applied by key */
export function checkSnapshot(plan: StatelessPlan | undefined): asserts plan is StatelessPlan {
  if (plan === undefined || !plan.source.table) {
    throw new WeirError(
      'NO_SNAPSHOT',
      `${PUSH.snapshot.name} is for SELECT … FROM a table, with a WHERE at most.`,
      'Make the query a table with CREATE TABLE … AS SELECT, and select from that.',
    );
  }
  if (plan.limit !== null) throw new WeirError('BAD_STATEMENT', `${PUSH.snapshot.name} and LIMIT do not go together.`);
  const { source, result } = plan;
  const given = new Set<string>();
  for (const { expr } of result.columns) {
    if (expr.kind === 'column' && expr.from === 'key') given.add(source.key[expr.index]!.name);
    if (expr.kind === 'pseudo') given.add(expr.name);
  }
  const wanted = source.key.map((c) => c.name);
  if (source.window !== null) wanted.push('WINDOWSTART');
  if (source.window?.kind === 'session') wanted.push('WINDOWEND');
  const missing = wanted.filter((name) => !given.has(name));
  if (missing.length > 0) {
    throw new WeirError(
      'BAD_STATEMENT',
      `${PUSH.snapshot.name} needs the whole key of the table in the SELECT list; missing: ${missing.join(', ')}.`,
      'Rows are replaced and deleted by their key.',
    );
  }
}

const tooLarge = (): WeirError =>
  new WeirError(
    'LIMIT_EXCEEDED',
    `The table is too large for a snapshot: more than ${MAX_BYTES / 1024 / 1024} MiB.`,
    'Narrow it down with WHERE, or with fewer columns.',
  );
