import { MAX_WAITING_BYTES } from '../dataflow/input-set.js';
import type { FetchedPartition, LogReader } from '../log/log.js';
import type { Slot } from './slot.js';
import type { Task } from './task.js';

/** Fetched bytes of an input at which fetching stops, and at which it goes on. */
const PAUSE_BYTES = 4 * 1024 * 1024;
const RESUME_BYTES = 1024 * 1024;

/** Brings what a reader fetches to the tasks that read it, and holds the reader back where a task has enough. */
export class InputFlow {
  constructor(
    private readonly reader: LogReader,
    private readonly slots: () => Iterable<Slot>,
  ) {}

  distribute(fetched: readonly FetchedPartition[]): void {
    for (const part of fetched) {
      const position = this.reader.position(part.topic, part.partition);
      // Fetched for a task that has failed meanwhile, and whose successor begins further back.
      if (position === undefined || position.next < part.nextOffset) continue;
      for (const { partition, task } of this.slots()) {
        if (partition !== part.partition || task === null) continue;
        for (const input of task.inputs) if (input.source.topic === part.topic) task.add(input, part);
        this.balance(task);
      }
    }
  }

  /** Stops fetching an input that has enough, and goes on when that is worked off. Never all for one: a task may wait for another. */
  balance(task: Task): void {
    for (const input of task.inputs) {
      // What rows wait for may be behind them on the log.
      const most = input.waits ? MAX_WAITING_BYTES : input.paused ? RESUME_BYTES : PAUSE_BYTES;
      if (input.paused ? input.bufferedBytes > most : input.bufferedBytes < most) continue;
      input.paused = !input.paused;
      const { topic } = input.source;
      if (input.paused) this.reader.pause(topic, input.partition);
      else this.reader.resume(topic, input.partition);
    }
  }

  /** A task's inputs are not to be fetched any more. */
  release(task: Task): void {
    for (const { source, partition } of task.inputs) this.reader.unassign(source.topic, partition);
  }
}
