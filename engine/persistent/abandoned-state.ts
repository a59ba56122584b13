import type { Clock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { StateDatabase } from '../stores/store.js';
import type { StatefulTask } from './stateful-tasks.js';

type Abandoned = Pick<StatefulTask, 'key' | 'task' | 'stores'>;

/**
 * State of tasks that have moved to other nodes and that is followed no longer. It is kept for a while: a partition that
 * comes back soon has little to restore. Then it is removed, because a changelog that was compacted meanwhile no longer says
 * what was deleted long ago. State that is too old must not be built upon.
 */
export class AbandonedState {
  /** When each was left; milliseconds. */
  private readonly left = new Map<string, { readonly task: Abandoned; readonly at: number }>();
  private readonly removing = new Map<string, Promise<void>>();

  constructor(
    private readonly deps: {
      readonly state: StateDatabase;
      readonly clock: Pick<Clock, 'now'>;
      readonly logger: Logger;
      readonly delayMs: number;
    },
  ) {}

  /** Makes the abandoned these; one that was left before keeps its time. */
  set(abandoned: readonly Abandoned[]): void {
    const keys = new Set(abandoned.map((l) => l.key));
    for (const key of [...this.left.keys()]) if (!keys.has(key)) this.left.delete(key);
    for (const task of abandoned) {
      if (!this.left.has(task.key)) this.left.set(task.key, { task, at: this.deps.clock.now() });
    }
  }

  /** The state is needed again. Resolves when nothing of it is being removed. */
  async taken(key: string): Promise<void> {
    this.left.delete(key);
    await this.removing.get(key);
  }

  /** Begins to remove what was left long enough ago. */
  sweep(): void {
    const { clock, delayMs } = this.deps;
    for (const [key, { task, at }] of this.left) {
      if (clock.now() - at < delayMs || this.removing.has(key)) continue;
      this.left.delete(key);
      this.removing.set(
        key,
        this.remove(task).finally(() => this.removing.delete(key)),
      );
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.removing.values());
  }

  private async remove({ task, stores }: Abandoned): Promise<void> {
    const { state, logger } = this.deps;
    try {
      for (const store of stores) {
        if ((await state.checkpoint(task, store)) !== undefined) await state.clear(task, store);
      }
    } catch (e) {
      logger.warn({ ...task, error: messageOf(e) }, 'the state of a task that has moved away could not be removed');
    }
  }
}
