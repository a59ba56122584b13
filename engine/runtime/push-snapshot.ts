import { ByteWriter } from '../types/bytes.js';
import { WeirError } from '../types/errors.js';
import { KeyCodec } from '../types/key-codec.js';
import type { Value } from '../types/value.js';
import type { StatelessPlan } from './push-plan.js';
import type { PushQuery } from './push-query.js';
import type { ResultColumn, RowBatch, RowProgress, RowStream, RowStreamEnd } from './row-stream.js';

/** Weir's setting: first the rows that a table has, then its changes. */
export const SNAPSHOT = 'weir.push.snapshot';

const BATCH_ROWS = 1000;
/** What a snapshot may hold while it is put together. */
const MAX_BYTES = 256 * 1024 * 1024;
/** What a row costs besides its record's bytes, about. */
const ROW_OVERHEAD = 128;

/**
 * A table as it is, and then how it changes. The table's topic is read to its end as it was when the query began, and of each
 * key the last row is given; the changes go on behind that end. Whoever applies rows and tombstones by the key columns has
 * the table, at any time.
 */
export class SnapshotQuery implements RowStream {
  readonly kind = 'push';
  readonly columns: readonly ResultColumn[];
  private readonly key: RowKey;
  private rows: Iterator<readonly Value[]> | null = null;
  private pending: IteratorResult<readonly Value[]> | null = null;
  private inSnapshot = true;
  private snapshotRows = 0;
  private closed = false;

  constructor(
    plan: StatelessPlan,
    /** The topic up to its end, once. */
    private readonly table: PushQuery,
    /** From that end on. */
    private readonly changes: RowStream,
    /** What the last batch of the snapshot says of the place behind it. */
    private readonly continuation: string | undefined,
  ) {
    this.columns = snapshotColumns(plan);
    this.key = new RowKey(this.columns);
  }

  get queryId(): string {
    return this.changes.queryId;
  }

  get end(): RowStreamEnd {
    return this.changes.end;
  }

  async next(): Promise<RowBatch | undefined> {
    if (!this.inSnapshot || this.closed) return this.changes.next();
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
    const { continuation } = this;
    return { rows, snapshotEnd: true, ...(continuation === undefined ? {} : { continuation }) };
  }

  progress(): RowProgress {
    const changes = this.changes.progress!();
    if (this.inSnapshot) return { ...this.table.progress(), rowsOut: this.snapshotRows };
    return { ...changes, rowsOut: changes.rowsOut + this.snapshotRows };
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.table.close(), this.changes.close()]);
  }

  private async read(): Promise<Map<string, readonly Value[]>> {
    const rows = new Map<string, readonly Value[]>();
    for (let batch = await this.table.next(); batch !== undefined; batch = await this.table.next()) {
      const { tombstones } = batch;
      batch.rows.forEach((row, i) => {
        const key = this.key.of(row);
        if (tombstones?.[i] === true) rows.delete(key);
        else rows.set(key, row);
      });
      if (rows.size * (this.table.recordBytes + ROW_OVERHEAD) > MAX_BYTES) throw tooLarge();
    }
    await this.table.close();
    return rows;
  }
}

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

/** The window's bounds are part of a windowed table's key. */
export const snapshotColumns = ({ result }: StatelessPlan): readonly ResultColumn[] =>
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
      `${SNAPSHOT} is for SELECT … FROM a table, with a WHERE at most.`,
      'Make the query a table with CREATE TABLE … AS SELECT, and select from that.',
    );
  }
  if (plan.limit !== null) throw new WeirError('BAD_STATEMENT', `${SNAPSHOT} and LIMIT do not go together.`);
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
      `${SNAPSHOT} needs the whole key of the table in the SELECT list; missing: ${missing.join(', ')}.`,
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
