import { randomBytes } from 'node:crypto';
import type { ClientConfig } from 'pg';
import type { Pgoutput } from 'pg-logical-replication';
import {
  ConnectorFailed,
  type JsonValue,
  type RowRecord,
  type SourceBatch,
  type SourceContext,
  type SourceTask,
} from '../connector.js';
import { type Captured, captured, ensurePublication, tablesOf } from './captured.js';
import { Changes, type Of } from './changes.js';
import type { Options } from './options.js';
import { type CdcPosition, cdcPosition, lsnOf, lsnText } from './position.js';
import { Session } from './session.js';
import { dropSlot, refuseGap, slotFree, slotState, systemOf } from './slot.js';
import { Snapshot } from './snapshot.js';
import { ChangeStream } from './stream.js';
import type { Types } from './values.js';

const WAIT_MS = 1000;
/** How often the slot is looked at, and how often it is moved on where nothing comes for the connector. */
const [LOOK_MS, QUIET_MS] = [5000, 10_000];
const BATCH_BYTES = 4 * 1024 * 1024;

interface Own {
  readonly context: SourceContext<Options>;
  readonly config: ClientConfig;
  readonly session: Session;
  readonly types: Types;
}

export const slotNameOf = (o: Options, serviceId: string, connector: string): string =>
  o.slot ??
  `weir_${serviceId}_${connector}`
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .slice(0, 63);

export const publicationOf = (o: Options, slot: string): string => o.publication ?? slot;

/** Mode cdc: the rows that are there, in one snapshot, and from its place on every change, in the order of commits. */
export class CdcTask implements SourceTask {
  private snapshot: Snapshot | undefined;
  private stream: ChangeStream | undefined;
  private changes: Changes | undefined;
  /** The transaction whose changes are coming, and how many have. */
  private transaction: (Of & { seen: number }) | undefined;
  private lagBytes: number | undefined;
  private lookedAt = 0;
  private movedAt = 0;
  private begunIsDurable: boolean;
  private toldBegun = false;
  /** The position of the last batch. */
  private given: CdcPosition | undefined;

  private constructor(
    private readonly own: Own,
    private readonly tables: readonly Captured[],
    private readonly publication: string,
    /** Of what has been given. */
    private position: CdcPosition,
    resumed: boolean,
  ) {
    this.begunIsDurable = resumed;
  }

  static async start(own: Own, at: JsonValue | undefined): Promise<CdcTask> {
    const { context, config, session } = own;
    const { options, signal } = context;
    const known = cdcPosition(at);
    await refuseNoLog(session);
    const tables = await tablesOf(context, session);
    const slot = slotNameOf(options, context.serviceId, context.connector);
    const publication = publicationOf(options, slot);
    const begins = known === undefined || known.phase === 'begun';
    await ensurePublication(publication, tables, begins, options, session);
    const read = await captured(tables, publication, context, session);
    const walsender = await Session.open(config, signal, true);
    const system = await systemOf(walsender).finally(() => walsender.close());
    const oids = Object.fromEntries(read.map((t) => [t.name, t.table.oid]));
    if (known !== undefined) refuseOthers(known, system, slot, oids);
    const state = await slotFree(slot, session, context.clock);
    if (known === undefined && state !== undefined) refuseTakenSlot(slot, options);
    if (known !== undefined && !begins) refuseGap(known, state);
    const position = known ?? { mode: 'cdc', phase: 'begun', system, slot, tables: oids };
    return new CdcTask(own, read, publication, position, known !== undefined);
  }

  async poll(): Promise<SourceBatch | undefined> {
    const { signal } = this.own.context;
    if (signal.aborted) return undefined;
    if (this.position.phase === 'begun') return this.begin();
    if (this.position.phase === 'snapshot') return this.readSnapshot();
    return this.readStream();
  }

  async committed(position: JsonValue): Promise<void> {
    const at = cdcPosition(position)!;
    this.begunIsDurable = true;
    // While the snapshot is read the slot stays where it begins: what comes behind is needed whole.
    if (at.phase === 'stream' && at.lsn !== undefined) await this.stream?.acknowledge(lsnOf(at.lsn));
  }

  lag(): { readonly amount: number; readonly unit: 'bytes' } | undefined {
    return this.lagBytes === undefined ? undefined : { amount: this.lagBytes, unit: 'bytes' };
  }

  async close(): Promise<void> {
    await this.stream?.close();
    await this.snapshot?.close();
    await this.own.session.close();
  }

  /** First it is kept that a slot of this name is the connector's own; then the slot is made. */
  private async begin(): Promise<SourceBatch | undefined> {
    const { context, session } = this.own;
    if (!this.begunIsDurable) {
      if (this.toldBegun) {
        await this.rest(100);
        return undefined;
      }
      this.toldBegun = true;
      return { records: [], position: json(this.position) };
    }
    const { slot } = this.position;
    // A slot that a task has made that died before it gave a row.
    await dropSlot(slot, session, context.clock);
    const wanted = context.options.snapshot === 'initial' ? this.tables : [];
    this.snapshot = await Snapshot.take({ name: slot, temporary: false }, wanted, {}, this.place());
    this.position = { ...this.position, phase: 'snapshot', lsn: this.snapshot.point.lsn };
    return this.readSnapshot();
  }

  private async readSnapshot(): Promise<SourceBatch | undefined> {
    const { batchRows } = this.own.context.options;
    // The snapshot of the slot is gone with the task that took it: what is left is read at a later place.
    this.snapshot ??= await Snapshot.take(
      { name: `${this.position.slot.slice(0, 40)}_${randomBytes(4).toString('hex')}`, temporary: true },
      this.tables,
      this.position.regions ?? {},
      this.place(),
    );
    const next = await this.snapshot.next(batchRows);
    const regions = this.snapshot.done;
    if (next !== undefined) {
      this.position = { ...this.position, regions };
      const { of } = next;
      return { records: next.rows.map((row) => snapshotRecord(of, row)), position: json(this.position) };
    }
    await this.snapshot.close();
    this.snapshot = undefined;
    const from = lsnOf(this.position.lsn!);
    const later = Object.entries(regions).filter(([, list]) => list.some((r) => lsnOf(r.lsn) > from));
    const { regions: _done, ...rest } = this.position;
    this.position = { ...rest, phase: 'stream', ...(later.length === 0 ? {} : { regions: Object.fromEntries(later) }) };
    return { records: [], position: json(this.position) };
  }

  private async readStream(): Promise<SourceBatch | undefined> {
    const { context, session, types } = this.own;
    const { clock, options, logger } = context;
    this.changes ??= new Changes({ tables: this.tables, types, session, options, logger }, this.position.regions ?? {});
    this.stream ??= await ChangeStream.open(this.position.slot, this.publication, lsnOf(this.position.lsn!), {
      ...this.place(),
      clock,
    });
    await this.stream.keepAlive();
    if (clock.now() - this.lookedAt >= LOOK_MS) await this.look();
    await this.stream.wait(WAIT_MS);
    const records: RowRecord[] = [];
    let bytes = 0;
    while (records.length < options.batchRows && bytes < BATCH_BYTES) {
      const next = this.stream.take();
      if (next === undefined) break;
      bytes += next.bytes;
      for (const r of await this.handle(next.message)) records.push(r);
    }
    if (this.transaction !== undefined) this.note();
    if (records.length > 0) {
      this.movedAt = clock.now();
      this.given = this.position;
      return { records, position: json(this.position) };
    }
    return this.moveOn();
  }

  /** The slot is moved on where nothing has come for the connector, so that the server can let go of its log. */
  private moveOn(): SourceBatch | undefined {
    const now = this.own.context.clock.now();
    if (now - this.movedAt < QUIET_MS) return undefined;
    this.movedAt = now;
    const quiet = this.transaction === undefined ? this.stream!.quietAt : undefined;
    if (quiet !== undefined && quiet > lsnOf(this.position.lsn!)) this.position = this.ending(quiet);
    if (this.position === this.given) return undefined;
    this.given = this.position;
    return { records: [], position: json(this.position) };
  }

  private async handle(m: Pgoutput.Message): Promise<RowRecord[]> {
    switch (m.tag) {
      case 'begin':
        this.transaction = {
          commit: lsnOf(m.commitLsn!),
          timestamp: Number((m.commitTime as bigint) / 1000n),
          seen: 0,
        };
        return [];
      case 'commit':
        this.changes!.ended(lsnOf(m.commitLsn!));
        this.transaction = undefined;
        this.position = this.ending(lsnOf(m.commitEndLsn!));
        return [];
      case 'relation':
        await this.changes!.relation(m);
        return [];
      case 'insert':
      case 'update':
      case 'delete':
      case 'truncate':
        return this.change(m);
      default:
        return [];
    }
  }

  private change(m: Parameters<Changes['records']>[0]): Promise<RowRecord[]> | RowRecord[] {
    const of = this.transaction!;
    of.seen++;
    const { lsn, transaction } = this.position;
    // Of a transaction that was written in part before, the first changes are there.
    if (of.commit < lsnOf(lsn!)) return [];
    if (transaction !== undefined && lsnOf(transaction.commit) === of.commit && of.seen <= transaction.changes)
      return [];
    return this.changes!.records(m, of);
  }

  /** The position within the transaction that is coming. */
  private note(): void {
    const { commit, seen } = this.transaction!;
    const before = this.position.transaction;
    const text = lsnText(commit);
    if (before?.commit === text && before.changes >= seen) return;
    if (seen > 0) this.position = { ...this.position, transaction: { commit: text, changes: seen } };
  }

  /** The position behind all that ends at `lsn`. */
  private ending(lsn: bigint): CdcPosition {
    const { transaction: _done, regions: _old, ...rest } = this.position;
    const regions = this.changes!.regionsLeft;
    return { ...rest, lsn: lsnText(lsn), ...(regions === undefined ? {} : { regions }) };
  }

  private async look(): Promise<void> {
    const { context, session } = this.own;
    this.lookedAt = context.clock.now();
    const state = await slotState(this.position.slot, session);
    refuseGap(this.position, state);
    this.lagBytes = state!.lagBytes;
    const published = await session.rows<{ oid: string }>(
      `SELECT c.oid::text FROM pg_publication_tables p JOIN pg_namespace n ON n.nspname = p.schemaname
         JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename WHERE p.pubname = $1`,
      [this.publication],
    );
    const lost = this.tables.find(({ table }) => !published.some((p) => p.oid === table.oid));
    if (lost === undefined) return;
    throw new ConnectorFailed(
      `The table ${lost.name} is gone, or it is no longer in the publication ${this.publication}: its changes do not come any more.`,
      'Drop the connector and create it again: it then begins with the rows that are there.',
    );
  }

  private place(): { readonly config: ClientConfig; readonly signal: AbortSignal; readonly types: Types } {
    return { config: this.own.config, signal: this.own.context.signal, types: this.own.types };
  }

  private async rest(ms: number): Promise<void> {
    const { clock, signal } = this.own.context;
    // A task that is to end ends its wait; that is no error.
    await clock.sleep(ms, signal).catch(() => undefined);
  }
}

const json = (position: CdcPosition): JsonValue => position as unknown as JsonValue;

function snapshotRecord(of: Captured, row: RowRecord['value'] & object): RowRecord {
  const key = of.key.length === 0 ? {} : { key: Object.fromEntries(of.key.map((k) => [k, row[k] ?? null])) };
  return { ...key, value: row, origin: `table ${of.name}`, ...(of.topic === undefined ? {} : { topic: of.topic }) };
}

async function refuseNoLog(session: Session): Promise<void> {
  const [row] = await session.rows<{ level: string }>("SELECT current_setting('wal_level') AS level");
  if (row!.level === 'logical') return;
  throw new ConnectorFailed(
    `The server has wal_level = ${row!.level}: its log does not have what mode cdc reads.`,
    "ALTER SYSTEM SET wal_level = 'logical', and restart the server. Modes incrementing and timestamp do not need it.",
  );
}

function refuseTakenSlot(slot: string, options: Options): void {
  throw new ConnectorFailed(
    `There is a replication slot ${slot} already, which this connector has not made: another may need it.`,
    `Where nobody does: SELECT pg_drop_replication_slot('${slot}'). Else name another with slot.name${options.slot === undefined ? '' : `, which is ${options.slot} now`}.`,
  );
}

function refuseOthers(known: CdcPosition, system: string, slot: string, oids: Readonly<Record<string, string>>): void {
  const again = 'Drop the connector and create it again: it then begins with the rows that are there.';
  if (known.system !== system) {
    throw new ConnectorFailed(
      `The server is another one than before (${system}, not ${known.system}): where the connector would go on in its log is not known, and changes in between are not in Weir.`,
      again,
    );
  }
  if (known.slot !== slot) {
    throw new ConnectorFailed(`The connector has read the slot ${known.slot} until now, not ${slot}.`, again);
  }
  const names = new Set([...Object.keys(oids), ...Object.keys(known.tables)]);
  for (const name of names) {
    if (oids[name] === known.tables[name]) continue;
    const what =
      known.tables[name] === undefined
        ? 'is new to the connector: the rows that it has are not in Weir'
        : oids[name] === undefined
          ? 'is not read any more'
          : 'has been made anew: what changed in between is not in Weir';
    throw new ConnectorFailed(`The table ${name} ${what}.`, again);
  }
}
