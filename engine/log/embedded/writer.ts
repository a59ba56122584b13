import { messageOf, WeirError } from '../../base/errors.js';
import { batchLength } from '../../records/batch.js';
import type { CommitResult, CommitWork, GroupMember, LogWriter, TopicPartition, TopicPartitionOffset } from '../log.js';
import type { Committer, Unit, Write } from './committer.js';
import type { Partition } from './partitions.js';
import { pack } from './stored-batch.js';

export interface WriterLimits {
  /** Bytes that may be on their way before `ready` waits. */
  readonly inFlightBytes: number;
  /** Bytes of one transaction: it waits in memory until it commits. */
  readonly transactionBytes: number;
}

/**
 * Without a transactional id, what is appended is written at the next turn of the event loop, together with what others
 * append. With one, everything waits in memory and is written by `commit` as one unit.
 */
export class EmbeddedWriter implements LogWriter {
  /** Appended and not yet handed over: of the open transaction, or of the unit that still takes more. */
  private open: Write[] = [];
  private openBytes = 0;
  private unit: Unit | undefined;
  private ends = new Map<Partition, number>();
  private inFlight = 0;
  private readonly waiting: (() => void)[] = [];
  private failure: WeirError | undefined;
  private closed = false;

  constructor(
    private readonly committer: Committer,
    /** Undefined: not transactional. Else why this writer may not commit any more, if so. */
    private readonly fenced: (() => WeirError | undefined) | undefined,
    /** Why a member may not commit offsets of these partitions, if so. */
    private readonly notOwned: (member: GroupMember, of: readonly TopicPartition[]) => WeirError | undefined,
    private readonly limits: WriterLimits,
    private readonly onClose: () => void,
  ) {}

  append(topic: string, partition: number, batch: Uint8Array): void {
    if (this.failure !== undefined || this.closed) return;
    const raw = Buffer.from(batch.buffer, batch.byteOffset, batch.length);
    if (batchLength(raw, 0) !== raw.length || raw[16] !== 2) {
      this.fail(new WeirError('INTERNAL', `What was appended to ${topic} is not one record batch of format 2`));
      return;
    }
    const packed = pack(raw);
    // Whoever awaits it reports a failure; this keeps it from counting as unhandled until then.
    if (packed instanceof Promise) packed.catch(() => undefined);
    const write = { topic, partition, raw, packed };
    if (this.fenced === undefined) this.appendNow(write);
    else this.appendToTransaction(write);
  }

  ready(): Promise<void> {
    return this.below(this.limits.inFlightBytes);
  }

  flush(): Promise<void> {
    return this.below(1);
  }

  async commit(work: CommitWork): Promise<CommitResult> {
    if (this.closed) throw new WeirError('LOG_ERROR', 'The writer is closed');
    // A batch of a plain writer that was refused must not be left behind by an offset that runs ahead of it.
    await this.flush();
    const writes = this.open;
    this.open = [];
    this.openBytes = 0;
    const { group, offsets, state, member } = work;
    if (writes.length > 0 || offsets.length > 0 || state.length > 0) {
      await new Promise<void>((resolve, reject) => {
        this.committer.submit({
          writes,
          offsets,
          state,
          ...(group === undefined ? {} : { group }),
          refused: () => this.failure ?? this.fenced?.() ?? (member && this.notOwned(member, offsets)),
          taken: false,
          done: (ends) => {
            this.note(ends);
            resolve();
          },
          failed: (error) => {
            this.fail(error);
            reject(error);
          },
        });
      });
    } else {
      const refused = this.fenced?.();
      if (refused !== undefined) throw this.fail(refused);
    }
    const ends = [...this.ends].map(
      ([{ topic, index }, offset]): TopicPartitionOffset => ({ topic, partition: index, offset }),
    );
    this.ends = new Map();
    return { stateWritten: true, ends };
  }

  async abort(): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.open = [];
    this.openBytes = 0;
    this.ends = new Map();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.open = [];
    this.openBytes = 0;
    // What a plain writer has appended is still written; that it failed was told by `ready`, `flush` or `commit`.
    while (this.inFlight > 0 && this.failure === undefined) await new Promise<void>((done) => this.waiting.push(done));
    this.onClose();
  }

  private appendNow(write: Write): void {
    this.started(write.raw.length);
    if (this.unit !== undefined && !this.unit.taken) {
      this.unit.writes.push(write);
      return;
    }
    const unit: Unit = {
      writes: [write],
      offsets: [],
      state: [],
      refused: () => this.failure,
      taken: false,
      done: (ends) => {
        this.note(ends);
        this.finished(unit);
      },
      failed: (error) => {
        this.fail(error);
        this.finished(unit);
      },
    };
    this.unit = unit;
    this.committer.submit(unit);
  }

  private appendToTransaction(write: Write): void {
    this.openBytes += write.raw.length;
    if (this.openBytes > this.limits.transactionBytes) {
      const mib = Math.floor(this.limits.transactionBytes / 1048576);
      this.open = [];
      this.fail(new WeirError('LIMIT_EXCEEDED', `A transaction exceeds ${mib} MiB`, 'Commit more often.'));
      return;
    }
    this.open.push(write);
    if (write.packed instanceof Promise) {
      // What is being compressed counts as in flight, so that `ready` holds back one who appends faster than that.
      this.started(write.raw.length);
      write.packed.then(
        () => this.landed(write.raw.length),
        (e: unknown) => {
          this.fail(new WeirError('LOG_ERROR', `A batch could not be compressed: ${messageOf(e)}`));
          this.landed(write.raw.length);
        },
      );
    }
  }

  private note(ends: ReadonlyMap<Partition, number>): void {
    for (const [partition, end] of ends) this.ends.set(partition, end);
  }

  private finished(unit: Unit): void {
    if (this.unit === unit) this.unit = undefined;
    let bytes = 0;
    for (const write of unit.writes) bytes += write.raw.length;
    this.landed(bytes);
  }

  private started(bytes: number): void {
    this.inFlight += bytes;
  }

  private landed(bytes: number): void {
    this.inFlight -= bytes;
    for (const go of this.waiting.splice(0)) go();
  }

  private async below(bytes: number): Promise<void> {
    while (this.failure === undefined && this.inFlight >= bytes) {
      await new Promise<void>((done) => this.waiting.push(done));
    }
    if (this.failure !== undefined) throw this.failure;
    if (this.closed) throw new WeirError('LOG_ERROR', 'The writer is closed');
  }

  private fail(error: WeirError): WeirError {
    this.failure ??= error;
    for (const go of this.waiting.splice(0)) go();
    return this.failure;
  }
}
