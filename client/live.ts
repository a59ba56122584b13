import type { PushQuery } from './push-query.js';

/**
 * The rows of a table query by their key, kept up to date: yields the same map each time it has changed, after the snapshot
 * and then after each batch of changes. Keys are the JSON of the key columns' values.
 */
export async function* liveRows<R extends object>(query: PushQuery<R>): AsyncGenerator<ReadonlyMap<string, R>> {
  const rows = new Map<string, R>();
  const changes = query.changes();
  let keys: readonly string[] | undefined;
  let complete = false;
  try {
    for await (const change of changes) {
      keys ??= (await query.columns).filter((c) => c.key).map((c) => c.name);
      if (change.op === 'reset') {
        rows.clear();
        complete = false;
      } else if (change.op === 'snapshotEnd') complete = true;
      else {
        const key = keyOf(change.row, keys);
        if (change.op === 'delete') rows.delete(key);
        else rows.set(key, change.row);
      }
      if (complete && query.waitingChanges === 0) yield rows;
    }
  } finally {
    await changes.return();
  }
}

const keyOf = (row: object, keys: readonly string[]): string =>
  JSON.stringify(
    keys.map((k) => (row as Record<string, unknown>)[k]),
    (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v),
  );
