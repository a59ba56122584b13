import type { JsonValue, SourceBatch, SourceContext, SourceTask } from '../connector.js';
import { ConnectorFailed } from '../connector.js';
import type { Bound } from './late.js';
import { stillRunning } from './late.js';
import type { Options } from './options.js';
import { type Mark, type Reading, readingsOf } from './reading.js';
import { recordOf } from './rows.js';
import type { Session } from './session.js';
import type { Types } from './values.js';

/** Where a task of these modes goes on: for each table, the last row that has been read, by what it is ordered. */
interface Position {
  readonly mode: string;
  readonly marks: Readonly<Record<string, Mark>>;
}

/** How long a task that waits for others' transactions waits before it says so. */
const TOLD_AFTER_MS = 60_000;
/** The longest that a poll waits, and how often it looks whether the writers that it waits for have ended. */
const [WAIT_MS, LOOK_MS] = [1000, 100];

/** One table or query, and how far it has been read. */
class Progress {
  /** Rows up to here are complete once the writers have ended, and are being read. */
  bound: Bound | undefined;
  /** When to ask again, once all below the bound has been read. */
  nextAt = 0;
  waitsSince: number | undefined;

  constructor(
    readonly reading: Reading,
    public mark: Mark | undefined,
  ) {}
}

/** Modes incrementing, timestamp and both: what is above the last row that has been read. */
export class PolledTask implements SourceTask {
  private turn = 0;

  private constructor(
    private readonly context: SourceContext<Options>,
    private readonly session: Session,
    private readonly parts: readonly Progress[],
  ) {}

  static async start(
    context: SourceContext<Options>,
    position: JsonValue | undefined,
    session: Session,
    types: Types,
  ): Promise<PolledTask> {
    const { options } = context;
    const known = position as unknown as Position | undefined;
    if (known !== undefined && known.mode !== options.mode) {
      throw new ConnectorFailed(
        `The connector has read with mode ${known.mode} until now: from where mode ${options.mode} would go on is not known.`,
        'Drop the connector, and create one with the new mode.',
      );
    }
    const readings = await readingsOf(options, session, types);
    return new PolledTask(
      context,
      session,
      readings.map((r) => new Progress(r, known?.marks[r.name])),
    );
  }

  async poll(): Promise<SourceBatch | undefined> {
    const { clock } = this.context;
    for (let tried = 0; tried < this.parts.length; tried++) {
      const part = this.parts[this.turn % this.parts.length]!;
      const batch = part.nextAt <= clock.now() ? await this.read(part) : undefined;
      if (batch !== undefined) return batch;
      this.turn++;
    }
    const next = Math.min(...this.parts.map((p) => p.nextAt)) - clock.now();
    await this.rest(Math.max(0, Math.min(WAIT_MS, next)));
    return undefined;
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private async read(part: Progress): Promise<SourceBatch | undefined> {
    const { clock, options } = this.context;
    part.bound ??= await part.reading.bound(part.mark);
    if (part.bound === undefined) {
      part.nextAt = clock.now() + options.pollMs;
      return undefined;
    }
    const writers = await stillRunning(part.bound.writers, this.session);
    part.bound = { below: part.bound.below, writers };
    if (writers.size > 0) {
      this.tellOfWait(part);
      part.nextAt = clock.now() + LOOK_MS;
      return undefined;
    }
    part.waitsSince = undefined;
    const { rows, mark, last } = await part.reading.rows(part.mark, part.bound.below);
    if (last) {
      part.bound = undefined;
      part.nextAt = clock.now() + options.pollMs;
      this.turn++;
    }
    if (mark === undefined) return undefined;
    part.mark = mark;
    return {
      records: rows.map((r) => recordOf(r, part.reading.topic, part.reading.origin)),
      position: this.position(),
    };
  }

  private position(): JsonValue {
    const marks = this.parts.flatMap((p) => (p.mark === undefined ? [] : [[p.reading.name, p.mark] as const]));
    return { mode: this.context.options.mode, marks: Object.fromEntries(marks) };
  }

  private tellOfWait(part: Progress): void {
    const { clock, logger } = this.context;
    part.waitsSince ??= clock.now();
    if (clock.now() - part.waitsSince < TOLD_AFTER_MS) return;
    part.waitsSince = clock.now();
    logger.warn(
      { table: part.reading.name, transactions: [...part.bound!.writers] },
      'Rows are held back: transactions that were open before them can still commit rows that belong in front. pg_locks says whose they are',
    );
  }

  private async rest(ms: number): Promise<void> {
    const { clock, signal } = this.context;
    // A task that is to end ends its wait; that is no error.
    await clock.sleep(ms, signal).catch(() => undefined);
  }
}
