import type { Clock } from '../base/clock.js';
import type { SettingValues } from '../base/setting.js';
import type { GroupMember } from '../log/log.js';
import type { COMMON_OPTIONS } from './common-options.js';
import type { TaskContext } from './connector.js';
import type { ConnectorServices } from './services.js';

/** What runs one task, from its opening to its end. After a failure it is dead, and another one is made. */
export interface TaskWorker {
  /**
   * Works until `stopping` is aborted or all there is has been read. `leave` is aborted where the task must not commit any more.
   * Resolves when it has let go of everything.
   */
  run(stopping: AbortSignal, leave: AbortSignal): Promise<void>;
  lag(): { readonly amount: number; readonly unit: 'records' | 'bytes' | 'ms' } | undefined;
}

/** What a worker is given of its connector. */
export interface WorkerOptions {
  readonly services: ConnectorServices;
  readonly connector: string;
  /** Group, client ids and transactional id begin with it. */
  readonly owner: string;
  readonly common: SettingValues<typeof COMMON_OPTIONS>;
  readonly member: GroupMember;
  /** Without `signal`, which is the worker's. */
  readonly context: Omit<TaskContext<never>, 'signal'>;
  readonly counters: ConnectorCounters;
  /** The task has been opened. */
  readonly opened: () => void;
  /** Something has been written for good. */
  readonly progressed: () => void;
}

export interface ConnectorCounters {
  rows: number;
  deadLetters: number;
  skipped: number;
  retries: number;
}

/** What a task that ends in order gets to finish its work with the other side, milliseconds. */
const LAST_WORK_MS = 10_000;

/**
 * Does `work` with the signal that a task is given for its calls to the outside. It is aborted at once where the task must `leave`, some
 * seconds after it was asked to end in order, and when the work is over.
 */
export async function withOutside(
  clock: Clock,
  stopping: AbortSignal,
  leave: AbortSignal,
  work: (outside: AbortSignal) => Promise<void>,
): Promise<void> {
  const outside = new AbortController();
  const over = new AbortController();
  const onLeave = (): void => outside.abort(leave.reason);
  const onStop = (): void => {
    clock.sleep(LAST_WORK_MS, over.signal).then(
      () => outside.abort(new Error('the task had no more time')),
      () => {}, // the work was over before
    );
  };
  stopping.addEventListener('abort', onStop);
  leave.addEventListener('abort', onLeave);
  if (leave.aborted) onLeave();
  try {
    await work(outside.signal);
  } finally {
    stopping.removeEventListener('abort', onStop);
    leave.removeEventListener('abort', onLeave);
    over.abort(new Error('the work is over'));
    outside.abort(new Error('the task ends'));
  }
}

/** What a connector's user can do about a record that cannot be taken further. */
export const BAD_RECORD_HINT =
  'To go on without such records, set errors.deadletterqueue.topic.name, which keeps them, or errors.tolerance=all.';
