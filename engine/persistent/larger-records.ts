import { messageOf } from '../base/errors.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import type { RefusedRecord } from '../log/log.js';

/** What a topic is made to take: a request to a broker holds 100 MiB. */
const MOST_BYTES = 64 * 1024 * 1024;
/** A broker may hear of it later than the others. */
const SPREADS_MS = 10_000;

/**
 * Makes the topics that a query has made for itself take what it writes to them: its state must not differ from its
 * changelog, and nobody else looks after a row on its way to the next step. Where such a topic refuses a record as too
 * large, its `max.message.bytes` is raised, and the task begins anew from its last commit. It is not raised from the start,
 * as some clusters bound what a topic may ask for.
 */
export class LargerRecords {
  private readonly raised = new Map<string, { readonly bytes: number; readonly at: number }>();
  private raising: Promise<void> = Promise.resolve();

  constructor(
    private readonly services: Pick<RuntimeServices, 'log' | 'logger' | 'clock'>,
    private readonly own: readonly string[],
  ) {}

  /** Whether the topic of a record that was refused is to take it from now on. False: it never will. */
  takes({ topic, tooLarge, bytes }: RefusedRecord): boolean {
    const { log, clock } = this.services;
    if (!tooLarge || bytes > MOST_BYTES || !this.own.includes(topic) || log.raiseMessageLimit === undefined)
      return false;
    const before = this.raised.get(topic);
    if (before !== undefined && before.bytes >= bytes) return clock.now() - before.at < SPREADS_MS;
    const next = Math.min(bytes * 2, MOST_BYTES);
    this.raised.set(topic, { bytes: next, at: clock.now() });
    this.raising = this.raising.then(() => this.raise(topic, next));
    return true;
  }

  /** Resolves when what was asked for is so, or cannot be had: then the record is refused again, with the reason. */
  settled(): Promise<void> {
    return this.raising;
  }

  private async raise(topic: string, bytes: number): Promise<void> {
    const { log, logger } = this.services;
    try {
      await log.raiseMessageLimit!(topic, bytes);
      logger.info({ topic, bytes }, 'a topic of a query takes larger records from now on: max.message.bytes');
    } catch (e) {
      // There is nothing to wait for.
      this.raised.set(topic, { bytes, at: Number.NEGATIVE_INFINITY });
      logger.warn({ topic, bytes, error: messageOf(e) }, 'max.message.bytes of a topic of a query could not be raised');
    }
  }
}
