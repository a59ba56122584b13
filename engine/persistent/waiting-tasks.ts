import type { LogReader } from '../log/log.js';
import type { Slot } from './slot.js';
import type { WatchedTask } from './watchdog.js';

type Slots = ReadonlyMap<string, Slot>;

/**
 * A task that is far ahead of others of its sub-topology lets them go first. What it writes waits, in the task that reads
 * it, for what those others have yet to write, and would all have to be kept there.
 */
export function isAhead({ sub, partition, feeds }: Slot, slots: Slots): boolean {
  if (feeds.length === 0) return false;
  const writer = { subtopology: sub.id, partition };
  for (const { task } of slots.values()) {
    if (task !== null && feeds.some((topic) => task.isBehind(writer, topic))) return true;
  }
  return false;
}

/** The running tasks, for the watchdog. */
export function watchedTasks(slots: Slots, reader: Pick<LogReader, 'position'>): readonly WatchedTask[] {
  return [...slots.values()].flatMap((slot) => {
    const { key, task } = slot;
    if (task === null) return [];
    const inputs = task.inputs.map(({ source: { topic }, partition, next, empty }) => {
      const position = reader.position(topic, partition);
      // Behind the last record there may be control batches, which are never given.
      return {
        topic,
        partition,
        next: empty ? Math.max(next, position?.next ?? next) : next,
        end: position?.end ?? -1,
      };
    });
    const busy = task.committing || task.hasInput;
    const waits = task.waiting || isAhead(slot, slots);
    return [{ key, inputs, busy, waits, done: task.recordsIn + task.commits }];
  });
}
