import type { Session } from './session.js';

/**
 * Rows that are committed late: a transaction may take its number or its time before another, and commit behind it. Whoever reads
 * by number or time alone never sees its rows. So a reader takes a bound, lists who may still write below it, and reads up to the
 * bound once these have ended, in a snapshot that it takes then.
 */
export interface Bound {
  /** Rows below are complete once the writers have ended: text of Postgres. */
  readonly below: string;
  /** Transactions, as `pg_locks` names them. */
  readonly writers: ReadonlySet<string>;
}

/**
 * Numbers: an INSERT locks its table before a default of the table takes a number. So who has a number below one that is seen has
 * ended, or holds a lock on the table that is in the list now. `relations` are those that the session's transaction has read.
 */
const NUMBER_WRITERS = `
  WITH read AS (
    SELECT relation FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation >= 16384
  ), tables AS (
    SELECT relation FROM read UNION SELECT a.relid FROM read, LATERAL pg_partition_ancestors(read.relation) AS a(relid)
  )
  SELECT DISTINCT virtualtransaction AS writer FROM pg_locks
   WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND pid IS DISTINCT FROM pg_backend_pid()
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND relation IN (SELECT relation FROM tables)`;

/** Whoever writes to what the open transaction has read. */
export async function numberWriters(session: Session): Promise<Set<string>> {
  return new Set((await session.rows<{ writer: string }>(NUMBER_WRITERS)).map((r) => r.writer));
}

/** A transaction shows its start some moments after it took the time that now() gives. */
const SHOWN_AFTER = '250 milliseconds';

/**
 * Times: a transaction writes no time before its own start, which now() gives. So times below the oldest start are complete.
 * Transactions whose start the user may not see (another role's, without pg_read_all_stats; prepared ones) are waited for.
 */
const TIME_BOUND = `
  WITH others AS (
    SELECT pid, xact_start, query = '<insufficient privilege>' AND usesysid IS NOT NULL AS hidden
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND coalesce(backend_type, '') NOT IN ('autovacuum worker', 'parallel worker', 'walsender')
  ), held AS (
    SELECT l.virtualtransaction AS writer FROM pg_locks l JOIN others o ON o.pid = l.pid AND o.hidden
     WHERE l.locktype = 'virtualxid'
     UNION
    SELECT l.virtualtransaction FROM pg_locks l JOIN pg_prepared_xacts p ON p.transaction = l.transactionid
     WHERE p.database = current_database() AND l.locktype = 'transactionid' AND l.pid IS NULL
  )
  SELECT least(clock_timestamp() - $1::interval - interval '${SHOWN_AFTER}', (SELECT min(xact_start) FROM others))::text AS below,
         (SELECT json_agg(writer) FROM held)::text AS writers`;

export async function timeBound(session: Session, delayMs: number): Promise<Bound> {
  const [row] = await session.rows<{ below: string; writers: string | null }>(TIME_BOUND, [`${delayMs} milliseconds`]);
  return { below: row!.below, writers: new Set(JSON.parse(row!.writers ?? '[]') as string[]) };
}

/** Those of them that are still there. */
export async function stillRunning(writers: ReadonlySet<string>, session: Session): Promise<Set<string>> {
  if (writers.size === 0) return new Set();
  const rows = await session.rows<{ writer: string }>(
    'SELECT DISTINCT virtualtransaction AS writer FROM pg_locks WHERE virtualtransaction = ANY($1::text[])',
    [[...writers]],
  );
  return new Set(rows.map((r) => r.writer));
}
