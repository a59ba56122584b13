import type { Clock } from '../../base/clock.js';
import { ConnectorFailed } from '../connector.js';
import { type CdcPosition, lsnOf } from './position.js';
import type { Session } from './session.js';

/** A slot of logical replication, as the server shows it. */
export interface SlotState {
  readonly plugin: string;
  readonly database: string;
  readonly active: boolean;
  /** `lost`: the server has thrown away log that the slot needs. */
  readonly status: string | null;
  /** Up to here the reader has said that it is done; null: never. */
  readonly confirmed: string | null;
  /** Bytes of log between that and the end. */
  readonly lagBytes: number;
}

export async function slotState(name: string, session: Session): Promise<SlotState | undefined> {
  const [row] = await session.rows<Record<keyof SlotState, string | null>>(
    `SELECT plugin, database, active::text, wal_status AS status, confirmed_flush_lsn::text AS confirmed,
            (pg_current_wal_lsn() - confirmed_flush_lsn)::text AS "lagBytes"
       FROM pg_replication_slots WHERE slot_name = $1`,
    [name],
  );
  if (row === undefined) return undefined;
  return {
    plugin: row.plugin ?? '',
    database: row.database ?? '',
    active: row.active === 'true',
    status: row.status,
    confirmed: row.confirmed,
    lagBytes: Number(row.lagBytes ?? 0),
  };
}

/** Of the cluster that a walsender belongs to. */
export async function systemOf(walsender: Session): Promise<string> {
  const [row] = await walsender.rows<{ systemid: string }>('IDENTIFY_SYSTEM');
  return row!.systemid;
}

export interface ConsistentPoint {
  /** What commits before this place is in the snapshot, and nothing else. */
  readonly lsn: string;
  /** Until the walsender is asked something else. */
  readonly snapshot: string;
}

/** Makes a slot. It waits for transactions that are open. A temporary one goes with its connection. */
export async function createSlot(name: string, temporary: boolean, walsender: Session): Promise<ConsistentPoint> {
  const [row] = await walsender.rows<{ consistent_point: string; snapshot_name: string }>(
    `CREATE_REPLICATION_SLOT "${name}" ${temporary ? 'TEMPORARY ' : ''}LOGICAL pgoutput EXPORT_SNAPSHOT`,
  );
  return { lsn: row!.consistent_point, snapshot: row!.snapshot_name };
}

/** How long the server may take to see that a reader is gone. */
const FREE_MS = 10_000;

/** Waits until nobody reads a slot: the server may not have seen yet that the task before is gone. @throws Error where somebody does */
export async function slotFree(name: string, session: Session, clock: Clock): Promise<SlotState | undefined> {
  const until = clock.now() + FREE_MS;
  for (;;) {
    const state = await slotState(name, session);
    if (state?.active !== true) return state;
    if (clock.now() >= until) throw new Error(`The replication slot ${name} is being read by another connection.`);
    await clock.sleep(100);
  }
}

/** Drops it, where it is there. */
export async function dropSlot(name: string, session: Session, clock: Clock): Promise<void> {
  if ((await slotFree(name, session, clock)) === undefined) return;
  await session.ask('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [
    name,
  ]);
}

/** @throws ConnectorFailed where the server cannot give what comes behind a position any more, saying what is lost */
export function refuseGap(position: CdcPosition, slot: SlotState | undefined): void {
  const since = `What changed in the tables after ${position.lsn ?? 'the start'} is not in Weir`;
  const again =
    'Drop the connector and create it again: it then begins with the rows that are there. Rows that were deleted in between must be deleted in Weir by hand, or write into a new table.';
  if (slot === undefined) {
    throw new ConnectorFailed(
      `The replication slot ${position.slot} is gone: somebody has dropped it, or the server was replaced. ${since}, and Postgres no longer keeps it.`,
      again,
    );
  }
  if (slot.status === 'lost') {
    throw new ConnectorFailed(
      `The replication slot ${position.slot} has been invalidated: its log grew beyond max_slot_wal_keep_size. ${since}, and Postgres no longer keeps it.`,
      again,
    );
  }
  if (position.lsn !== undefined && slot.confirmed !== null && lsnOf(slot.confirmed) > lsnOf(position.lsn)) {
    throw new ConnectorFailed(
      `The replication slot ${position.slot} stands at ${slot.confirmed}, beyond ${position.lsn}, up to where Weir has written: another reader moved it, or it was made anew. ${since} up to ${slot.confirmed}, and Postgres no longer keeps it.`,
      again,
    );
  }
}
