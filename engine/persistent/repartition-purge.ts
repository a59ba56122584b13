import { messageOf } from '../base/errors.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import type { TopicPartitionOffset } from '../log/log.js';

/** How often a query removes what it has read from its repartition topics. */
const INTERVAL_MS = 30_000;

/**
 * Keeps repartition topics from growing for ever: what has been read and committed is of no use to anyone. Offsets are
 * gathered at commits, and handed to the log now and then. If that fails, the topics take more room, and results are the
 * same.
 */
export class RepartitionPurge {
  private readonly before = new Map<string, TopicPartitionOffset>();
  private running: Promise<void> | null = null;
  private last: number;

  constructor(
    private readonly services: Pick<RuntimeServices, 'log' | 'clock' | 'logger'>,
    private readonly isOwn: (topic: string) => boolean,
  ) {
    this.last = services.clock.now();
  }

  /** Everything below these offsets is read and committed. */
  committed(offsets: readonly TopicPartitionOffset[]): void {
    for (const o of offsets) if (this.isOwn(o.topic)) this.before.set(`${o.topic}/${o.partition}`, o);
    const { log, clock, logger } = this.services;
    if (this.running !== null || this.before.size === 0 || clock.now() - this.last < INTERVAL_MS) return;
    this.last = clock.now();
    const all = [...this.before.values()];
    this.before.clear();
    this.running = log
      .deleteRecords(all)
      .catch((e: unknown) => logger.warn({ error: messageOf(e) }, 'records of repartition topics could not be removed'))
      .finally(() => {
        this.running = null;
      });
  }

  /** Nothing of it is under way any more. */
  async settled(): Promise<void> {
    await this.running;
  }
}
