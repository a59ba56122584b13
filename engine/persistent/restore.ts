import { WeirError } from '../base/errors.js';
import type { Log } from '../log/log.js';
import type { RestoreProgress } from '../observe/query-status.js';
import { BatchCursor, type RecordBatch } from '../records/batch.js';
import type { StateDatabase, Store, TaskId } from '../stores/store.js';

export interface RestoreOptions {
  readonly log: Log;
  readonly state: StateDatabase;
  readonly task: TaskId;
  readonly store: string;
  readonly changelog: string;
  readonly signal: AbortSignal;
  readonly progress: (p: RestoreProgress) => void;
}

/** How long one read waits; the loop then looks at the signal. */
const WAIT_MS = 200;

/**
 * Brings a store up to its changelog: only what is behind the offset that the store reflects is read, in batches, each
 * written with the offset that it reaches. What no longer fits the changelog (it was deleted and made anew, or trimmed
 * beyond that offset) is cleared and read from the beginning. The caller has fenced the task's former owner.
 */
export async function restoreStore(options: RestoreOptions): Promise<void> {
  const { log, state, task, store: name, changelog, signal } = options;
  const { from, end } = await restoreStart(options);
  if (from >= end) return;
  const reader = log.reader({ clientId: `restore-${task.queryId}-${task.subtopology}-${task.partition}` });
  const store = state.store(task, name);
  try {
    reader.assign(changelog, task.partition, from);
    let at = from;
    let records = 0;
    while (at < end) {
      signal.throwIfAborted();
      for (const fetched of await reader.poll(WAIT_MS)) {
        records += applyChangelog(fetched.batches, store, `${changelog}, partition ${task.partition}`);
        at = fetched.nextOffset;
        await state.write([...store.databaseOps(), state.checkpointOp(task, name, at)]);
        store.committed();
        options.progress({ store: name, from, at, to: end, records });
      }
      // Control batches at the end are never fetched: the position moves past them.
      at = Math.max(at, reader.position(changelog, task.partition)?.next ?? at);
    }
  } finally {
    await reader.close();
  }
}

/** Where a store's changelog is to be read from, and how far it goes. What does not fit the changelog is cleared. */
export async function restoreStart(
  options: Pick<RestoreOptions, 'log' | 'state' | 'task' | 'store' | 'changelog'>,
): Promise<{ readonly from: number; readonly end: number }> {
  const { log, state, task, store: name, changelog } = options;
  const range = (await log.offsets(changelog)).find((o) => o.partition === task.partition);
  if (range === undefined)
    throw new WeirError('LOG_ERROR', `Changelog ${changelog} has no partition ${task.partition}`);
  const from = await state.checkpoint(task, name);
  if (from !== undefined && from <= range.end && from >= range.earliest) return { from, end: range.end };
  await state.clear(task, name);
  return { from: range.earliest, end: range.end };
}

/**
 * Puts a changelog's entries into its store, and says how many they were; a null value deletes.
 * @throws WeirError DECODE_ERROR for a record that Weir has not written: nothing of it may become state.
 */
export function applyChangelog(batches: readonly RecordBatch[], store: Store, changelog: string): number {
  const cursor = new BatchCursor();
  let records = 0;
  for (const batch of batches) {
    cursor.reset(batch);
    while (cursor.next()) {
      const { buffer: b } = cursor;
      if (cursor.keyStart < 0 || cursor.headerCount > 0) {
        throw new WeirError(
          'DECODE_ERROR',
          `Changelog ${changelog}, offset ${cursor.offset}: a record ` +
            `${cursor.keyStart < 0 ? 'without a key' : 'with headers'} is none that this query has written`,
          'Something else writes to the topic. Drop and create the query again.',
        );
      }
      const key = Buffer.from(b.subarray(cursor.keyStart, cursor.keyEnd));
      if (cursor.valueStart < 0) store.delete(key);
      else store.put(key, Buffer.from(b.subarray(cursor.valueStart, cursor.valueEnd)));
      records++;
    }
  }
  return records;
}
