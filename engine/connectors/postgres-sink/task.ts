import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { Value } from '../../values/value.js';
import { ConnectorFailed, type SinkBatch, type SinkContext, type SinkRow, type SinkTask } from '../connector.js';
import { type Connection, sqlState } from '../postgres/connection.js';
import { quoted } from '../postgres/identifiers.js';
import type { RowColumns } from '../row-columns.js';
import type { TargetOffset } from './offsets.js';
import type { PostgresSinkOptions } from './options.js';
import type { TargetTable } from './table.js';
import { copyLine } from './values.js';

/** COPY's lines go in pieces of about so many characters. */
const PIECE = 64 * 1024;
const STAGE = 'weir_stage';

/** What a row is for the table. */
interface Change {
  readonly row: SinkRow;
  readonly values: readonly Value[];
  readonly deletes: boolean;
}

/** The server refuses a row for what it is, and would refuse it again: no such value, a constraint, too large. */
const isOfARow = (e: unknown): boolean => /^(22|23|54)/.test(sqlState(e) ?? '');
/** What is wrong with the table or the rights, which trying again does not mend. */
const isHopeless = (e: unknown): boolean => /^(42|3F|0A)/.test(sqlState(e) ?? '');

/**
 * Writes the rows of a partition and where it is in one transaction. A row that the server refuses is found by halving, within that
 * transaction; it is a dead letter before the transaction is committed without it.
 */
export class PostgresSinkTask implements SinkTask {
  private readonly line: (row: readonly Value[]) => string;
  private readonly upserts: boolean;
  private readonly deletes: boolean;

  constructor(
    private readonly context: SinkContext<PostgresSinkOptions>,
    private readonly connection: Connection,
    private readonly table: TargetTable,
    private readonly columns: RowColumns,
    private readonly offset: TargetOffset,
  ) {
    this.line = copyLine(table.columns);
    this.upserts = table.key.length > 0;
    this.deletes = this.upserts && (context.options.deletes ?? context.source.kind === 'TABLE');
  }

  async position(): Promise<number | undefined> {
    return this.offset.next;
  }

  async write(batch: SinkBatch): Promise<number> {
    try {
      await this.transaction(batch, batch.rows, batch.next);
    } catch (e) {
      if (e instanceof Refusal && e.failure instanceof ConnectorFailed) {
        // All before it is written; it is the next one.
        const before = batch.rows.filter((r) => r.offset < e.row.offset);
        if (before.length > 0) await this.transaction(batch, before, e.row.offset);
        throw e.failure;
      }
      if (e instanceof Refusal) throw e.failure;
      if (isHopeless(e)) throw new ConnectorFailed(`Postgres says: ${(e as Error).message}`, hintFor(e), { cause: e });
      throw e;
    }
    return batch.next;
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private get client() {
    return this.connection.client;
  }

  private async transaction(batch: SinkBatch, rows: readonly SinkRow[], next: number): Promise<void> {
    await this.client.query('BEGIN');
    try {
      const refused: { readonly row: SinkRow; readonly reason: string }[] = [];
      await this.store(this.changesOf(rows), refused);
      for (const { row, reason } of refused.sort((a, b) => a.row.offset - b.row.offset)) {
        await batch.reject(row, reason).catch((failure: unknown) => {
          throw new Refusal(row, failure);
        });
      }
      await this.offset.move(next);
      await this.client.query('COMMIT');
    } catch (e) {
      await this.client.query('ROLLBACK').catch(() => undefined); // the connection has gone, and the transaction with it
      throw e;
    }
    this.offset.moved(next);
  }

  /** Tombstones without a use are left out. Of several rows with one key the last counts. */
  private changesOf(rows: readonly SinkRow[]): readonly Change[] {
    const { columns, table } = this;
    const changes: Change[] = [];
    for (const row of rows) {
      const deletes = row.value === null;
      if (deletes && (!this.deletes || row.key === null)) continue;
      const whole = deletes ? { ...shown(row), value: NO_VALUES } : row;
      changes.push({ row, values: columns.valuesOf(whole), deletes });
    }
    if (!this.upserts) return changes;
    const last = new Map<string, Change>();
    for (const change of changes) {
      const key = this.line(table.columns.map((_, i) => (table.key.includes(i) ? (change.values[i] ?? null) : null)));
      last.delete(key);
      last.set(key, change);
    }
    return [...last.values()];
  }

  /** Stores what the server takes. Halves again and again where it refuses, down to the row. */
  private async store(changes: readonly Change[], refused: { row: SinkRow; reason: string }[]): Promise<void> {
    if (changes.length === 0) return;
    await this.client.query('SAVEPOINT weir');
    try {
      await this.put(changes);
      await this.client.query('RELEASE SAVEPOINT weir');
    } catch (e) {
      if (!isOfARow(e)) throw e;
      await this.client.query('ROLLBACK TO SAVEPOINT weir');
      await this.client.query('RELEASE SAVEPOINT weir');
      const [only] = changes;
      if (changes.length === 1) {
        refused.push({ row: only!.row, reason: (e as Error).message });
        return;
      }
      const middle = changes.length >> 1;
      await this.store(changes.slice(0, middle), refused);
      await this.store(changes.slice(middle), refused);
    }
  }

  private async put(changes: readonly Change[]): Promise<void> {
    const { sql, columns } = this.table;
    if (!this.upserts) return this.copy(sql, changes);
    const names = columns.map((c) => quoted(c.name));
    const key = this.table.key.map((i) => names[i]!);
    const kept = changes.filter((c) => !c.deletes);
    const gone = changes.filter((c) => c.deletes);
    if (gone.length > 0) {
      await this.copy(STAGE, gone);
      const same = key.map((name) => `t.${name} = s.${name}`).join(' AND ');
      await this.client.query(`DELETE FROM ${sql} t USING ${STAGE} s WHERE ${same}`);
      await this.client.query(`TRUNCATE ${STAGE}`);
    }
    if (kept.length === 0) return;
    await this.copy(STAGE, kept);
    const rest = names.filter((name) => !key.includes(name));
    const action =
      rest.length === 0 ? 'NOTHING' : `UPDATE SET ${rest.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}`;
    await this.client.query(
      `INSERT INTO ${sql} (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${STAGE} ON CONFLICT (${key.join(', ')}) DO ${action}`,
    );
    await this.client.query(`TRUNCATE ${STAGE}`);
  }

  private async copy(into: string, changes: readonly Change[]): Promise<void> {
    const names = this.table.columns.map((c) => quoted(c.name)).join(', ');
    const stream = this.client.query(copyFrom(`COPY ${into} (${names}) FROM STDIN`));
    await pipeline(Readable.from(this.pieces(changes)), stream);
  }

  private *pieces(changes: readonly Change[]): Generator<Buffer> {
    let text = '';
    for (const { values } of changes) {
      text += this.line(values);
      if (text.length < PIECE) continue;
      yield Buffer.from(text, 'utf8');
      text = '';
    }
    if (text !== '') yield Buffer.from(text, 'utf8');
  }
}

const NO_VALUES: readonly Value[] = [];

/** The members of a row, without its bytes. */
const shown = ({ offset, timestamp, key, headers, windowStart, windowEnd }: SinkRow) => ({
  offset,
  timestamp,
  key,
  headers,
  windowStart,
  windowEnd,
  keyBytes: null,
  valueBytes: null,
});

/** The runner does not take a dead letter: the transaction ends with its reason. */
class Refusal extends Error {
  constructor(
    readonly row: SinkRow,
    readonly failure: unknown,
  ) {
    super('a row was refused');
  }
}

/** The staging table of a session, for upserts. */
export const stageSql = ({ sql, columns }: TargetTable): string =>
  `CREATE TEMPORARY TABLE ${STAGE} AS SELECT ${columns.map((c) => quoted(c.name)).join(', ')} FROM ${sql} WITH NO DATA`;

function hintFor(e: unknown): string {
  switch (sqlState(e)) {
    case '42P10':
      return 'insert.mode=upsert needs a primary key or a unique index over the columns of the key (pk.fields).';
    case '42501':
      return "Give the connector's user the right to write there.";
    default:
      return 'Mend the table or the options, then resume the connector.';
  }
}
