import type { ClientConfig } from 'pg';
import type { JsonRow } from '../connector.js';
import { quoted } from '../postgres/identifiers.js';
import type { Captured } from './captured.js';
import type { Region } from './position.js';
import { rowReader } from './rows.js';
import { Session } from './session.js';
import { type ConsistentPoint, createSlot } from './slot.js';
import type { Types } from './values.js';

export interface SnapshotRows {
  readonly of: Captured;
  readonly rows: readonly JsonRow[];
}

/** Reads the rows of tables as they are at one place of the log, table by table, in the order of their keys. */
export class Snapshot {
  private at = 0;
  private read: ((row: readonly (string | null)[]) => JsonRow) | undefined;
  /** Of the key's columns among those that are read. */
  private keyAt: readonly number[] = [];
  private readonly regions: Map<string, readonly Region[]>;

  private constructor(
    private readonly session: Session,
    readonly point: ConsistentPoint,
    private readonly tables: readonly Captured[],
    private readonly types: Types,
    private readonly again: boolean,
    regions: Readonly<Record<string, readonly Region[]>>,
  ) {
    this.regions = new Map(Object.entries(regions));
  }

  /**
   * Makes a slot, and takes the snapshot in which all is that commits before its place. `regions`: what earlier snapshots, which
   * were cut short, have read. It is not read again where the order of keys is known.
   */
  static async take(
    slot: { readonly name: string; readonly temporary: boolean },
    tables: readonly Captured[],
    regions: Readonly<Record<string, readonly Region[]>>,
    on: { readonly config: ClientConfig; readonly signal: AbortSignal; readonly types: Types },
  ): Promise<Snapshot> {
    const walsender = await Session.open(on.config, on.signal, true);
    let session: Session | undefined;
    try {
      const point = await createSlot(slot.name, slot.temporary, walsender);
      session = await Session.open(on.config, on.signal);
      await session.ask('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await session.ask(`SET TRANSACTION SNAPSHOT '${point.snapshot}'`);
      return new Snapshot(session, point, tables, on.types, slot.temporary, regions);
    } catch (e) {
      await session?.close();
      throw e;
    } finally {
      await walsender.close();
    }
  }

  /** The next rows, at most `most`; undefined: all have been given. */
  async next(most: number): Promise<SnapshotRows | undefined> {
    for (;;) {
      const of = this.tables[this.at];
      if (of === undefined) return undefined;
      const done = this.regions.get(of.name)?.at(-1);
      if (this.read === undefined && done?.upTo === null) {
        this.at++;
        continue;
      }
      this.read ??= await this.open(of, done);
      const { rows } = await this.session.ask(`FETCH ${most} FROM weir`);
      const records = rows.map(this.read);
      const last = rows.at(-1);
      if (rows.length < most) {
        this.note(of, null);
        await this.session.ask('CLOSE weir');
        this.read = undefined;
        this.at++;
      } else if (of.order !== undefined)
        this.note(
          of,
          this.keyAt.map((i) => String(last![i])),
        );
      if (records.length > 0) return { of, rows: records };
    }
  }

  /** How far it has come. */
  get done(): Readonly<Record<string, readonly Region[]>> {
    return Object.fromEntries(this.regions);
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private async open(of: Captured, done: Region | undefined): Promise<(row: readonly (string | null)[]) => JsonRow> {
    const { table, order, columns, where } = of;
    const conditions = [
      ...(where === undefined ? [] : [`(${where})`]),
      ...(done?.upTo == null || order === undefined ? [] : [order.behind(done.upTo)]),
    ];
    const from = table.kind === 'p' ? table.sql : `ONLY ${table.sql}`;
    await this.session.ask(
      `DECLARE weir NO SCROLL CURSOR FOR SELECT ${columns.map(quoted).join(', ')} FROM ${from}` +
        (conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`) +
        (order === undefined ? '' : ` ORDER BY ${order.sql}`),
    );
    const { fields } = await this.session.ask('FETCH 0 FROM weir');
    this.keyAt = (order?.columns ?? []).map((c) => columns.indexOf(c.name));
    return rowReader(fields, this.types, this.session);
  }

  /** The region that is read at this snapshot's place now reaches up to a key. */
  private note(of: Captured, upTo: readonly string[] | null): void {
    const { lsn } = this.point;
    const before = (this.regions.get(of.name) ?? []).filter((r) => r.lsn !== lsn);
    if (of.order !== undefined) this.regions.set(of.name, [...before, { upTo, lsn }]);
    // Without an order a table is read again as a whole. What changed since the slot's place is replayed over it, deletes too.
    else this.regions.set(of.name, [{ upTo, lsn: this.again ? '0/0' : lsn }]);
  }
}
