import type { Clock } from '../base/clock.js';
import { yieldToLoop } from '../base/yield.js';
import type { FetchedPartition, LogReader } from '../log/log.js';

/** How long one works at a stretch; the event loop runs between two slices. */
const SLICE_MS = 8;

/** One that works through records: a task, a push query, what push queries share. */
export interface Worker {
  /** Whether there is something for a slice. */
  readonly hasWork: boolean;
  /** Processes until `untilMs`, until there is no more, or until it has enough; stream time advances with it. */
  slice(untilMs: number): void;
  /** After a slice, and where there was none: gives readers what is due to them. Left out: nobody reads along. */
  flush?(): void;
  /** After a slice: resolves when the next one may begin, as its schemas are there and there is room for what comes of it. */
  ready(): Promise<void>;
  /** Last: begins a commit where one is due, which goes on by itself. Left out: nothing is committed. */
  commit?(): void;
  /** Takes what one of the above has thrown. Left out: the loop ends with it. */
  failed?(error: unknown): void;
}

/** What is driven: the workers on one reader. */
export interface Driven {
  readonly reader: Pick<LogReader, 'poll'>;
  /** Before each poll; it may wait. False: it is over. */
  goesOn(): Promise<boolean>;
  /** How long the poll may wait where nothing comes, milliseconds. */
  waitMs(): number;
  /** Gives each worker what was fetched for it; then they have their turns. */
  distribute(fetched: readonly FetchedPartition[]): Iterable<Worker>;
}

/** Runs queries until they are over: poll, and for each worker a slice, a turn for everybody else, and its commit. */
export async function drive(driven: Driven, clock: Clock): Promise<void> {
  while (await driven.goesOn()) {
    const fetched = await driven.reader.poll(driven.waitMs());
    for (const worker of driven.distribute(fetched)) {
      try {
        const { hasWork } = worker;
        if (hasWork) worker.slice(clock.now() + SLICE_MS);
        worker.flush?.();
        if (hasWork) {
          await yieldToLoop(clock);
          await worker.ready();
        }
        worker.commit?.();
      } catch (e) {
        if (worker.failed === undefined) throw e;
        worker.failed(e);
      }
    }
  }
}
