import { isDiskFull, messageOf, WeirError } from '../../base/errors.js';
import type { CommittedOffset, KeyValueOp } from '../log.js';
import type { OrderedDatabase } from './database.js';
import type { GroupOffsets } from './group-offsets.js';
import { batchKey, partitionKey } from './keys.js';
import type { Partition, Tails } from './partitions.js';
import { seal } from './stored-batch.js';

/** One batch on its way into the log. */
export interface Write {
  readonly topic: string;
  readonly partition: number;
  readonly raw: Buffer;
  /** As it will be stored: perhaps still being compressed. */
  readonly packed: Buffer | Promise<Buffer>;
}

/** What becomes visible and durable together. */
export interface Unit {
  readonly writes: Write[];
  readonly group?: string;
  readonly offsets: readonly CommittedOffset[];
  readonly state: readonly KeyValueOp[];
  /** Why it must not be written, if so: asked at the last moment. */
  readonly refused: () => WeirError | undefined;
  /** Set once nothing more can be added. */
  taken: boolean;
  readonly done: (ends: ReadonlyMap<Partition, number>) => void;
  readonly failed: (error: WeirError) => void;
}

type Job = { readonly unit: Unit } | { readonly task: () => Promise<void>; readonly failed: (error: unknown) => void };

/** Bytes of batches in one database batch: more are written in the next one. */
const GROUP_BYTES = 8 * 1024 * 1024;

/**
 * The one place that writes. Units that wait are written together in one atomic database batch; only when that has
 * succeeded are their offsets, ends and batches shown to anyone, so nobody ever sees what a crash could take back.
 * Since there is one write at a time, offsets are given out without locks and without gaps.
 *
 * After a failed write nothing more is written: what reached the disk is known only after the database is opened anew.
 */
export class Committer {
  private readonly queue: Job[] = [];
  private running = false;
  private failure: WeirError | undefined;

  constructor(
    private readonly database: OrderedDatabase,
    private readonly find: (topic: string, partition: number) => Partition | undefined,
    private readonly tails: Tails,
    private readonly groups: GroupOffsets,
  ) {}

  submit(unit: Unit): void {
    this.enqueue({ unit });
  }

  /** Runs `task` when everything that was submitted before is written, and before anything that comes later. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.enqueue({ task: () => task().then(resolve, reject), failed: reject });
    });
  }

  /** Everything submitted so far has been written or refused. */
  settled(): Promise<void> {
    return this.exclusive(async () => {});
  }

  /** Writes by `task` of `exclusive`; a failure stops the log as one of a unit does. */
  async write(ops: readonly KeyValueOp[]): Promise<void> {
    try {
      await this.database.batch(ops);
    } catch (e) {
      throw isDiskFull(e) ? asLogError(e) : this.stop(e);
    }
  }

  private enqueue(job: Job): void {
    this.queue.push(job);
    if (this.running) return;
    this.running = true;
    // A turn of the event loop lets what is appended now go into the same write.
    setImmediate(() => void this.run());
  }

  private async run(): Promise<void> {
    while (this.queue.length > 0) {
      const job = this.queue[0]!;
      if ('task' in job) {
        this.queue.shift();
        if (this.failure === undefined) await job.task();
        else job.failed(this.failure);
      } else {
        await this.commit(this.take());
      }
    }
    this.running = false;
  }

  private take(): Unit[] {
    const units: Unit[] = [];
    let bytes = 0;
    while (this.queue.length > 0 && bytes < GROUP_BYTES) {
      const job = this.queue[0]!;
      if ('task' in job) break;
      this.queue.shift();
      job.unit.taken = true;
      units.push(job.unit);
      for (const write of job.unit.writes) bytes += write.raw.length;
    }
    return units;
  }

  private async commit(units: readonly Unit[]): Promise<void> {
    const group = new WriteGroup(this.find);
    for (const unit of units) {
      try {
        if (this.failure !== undefined) throw this.failure;
        const stored = await Promise.all(unit.writes.map((w) => w.packed));
        const refused = unit.refused();
        if (refused !== undefined) throw refused;
        group.add(unit, stored);
      } catch (e) {
        unit.failed(asLogError(e));
      }
    }
    if (group.units.length === 0) return;
    try {
      await this.database.batch(group.operations(this.groups));
    } catch (e) {
      // Without room nothing of it was written: the log stands where it stood.
      const error = isDiskFull(e) ? asLogError(e) : this.stop(e);
      for (const { unit } of group.units) unit.failed(error);
      return;
    }
    group.publish(this.tails, this.groups);
    for (const { unit, ends } of group.units) unit.done(ends);
  }

  private stop(e: unknown): WeirError {
    this.failure ??= new WeirError(
      'LOG_ERROR',
      `The embedded log stopped: a write failed: ${messageOf(e)}`,
      'Restart once the cause is removed. Nothing is half written: a unit of work is there as a whole or not at all.',
      { cause: e },
    );
    return this.failure;
  }
}

interface Placed {
  readonly partition: Partition;
  readonly write: Write;
  readonly stored: Buffer;
  readonly base: number;
  readonly last: number;
}

/** Units that are written together: gives out offsets, makes the operations, and shows the result. */
class WriteGroup {
  readonly units: { readonly unit: Unit; readonly ends: Map<Partition, number> }[] = [];
  private readonly placed: Placed[] = [];
  private readonly ends = new Map<Partition, { end: number; bytes: number }>();

  constructor(private readonly find: (topic: string, partition: number) => Partition | undefined) {}

  /** @throws WeirError where a partition does not exist: then nothing of the unit is taken */
  add(unit: Unit, stored: readonly Buffer[]): void {
    const partitions = unit.writes.map((w) => this.find(w.topic, w.partition) ?? missing(w));
    const ends = new Map<Partition, number>();
    for (const [i, write] of unit.writes.entries()) {
      const partition = partitions[i]!;
      const at = this.ends.get(partition) ?? { end: partition.end, bytes: partition.bytes };
      const base = at.end;
      const last = base + write.raw.readInt32BE(23);
      this.placed.push({ partition, write, stored: stored[i]!, base, last });
      this.ends.set(partition, { end: last + 1, bytes: at.bytes + stored[i]!.length });
      ends.set(partition, last + 1);
    }
    this.units.push({ unit, ends });
  }

  operations(groups: GroupOffsets): KeyValueOp[] {
    const ops: KeyValueOp[] = [];
    for (const { partition, stored, base, last } of this.placed) {
      seal(stored, base);
      ops.push({ type: 'put', key: batchKey(partition.id, partition.index, last), value: stored });
    }
    for (const [partition, { end, bytes }] of this.ends)
      ops.push(partitionOp(partition, partition.earliest, end, bytes));
    for (const { unit } of this.units) {
      if (unit.group !== undefined) ops.push(...groups.operations(unit.group, unit.offsets));
      for (const op of unit.state) ops.push(op);
    }
    return ops;
  }

  publish(tails: Tails, groups: GroupOffsets): void {
    for (const { partition, write, base, last } of this.placed) {
      write.raw.writeBigInt64BE(BigInt(base), 0);
      tails.push(partition, { base, last, buffer: write.raw });
    }
    for (const { unit } of this.units) if (unit.group !== undefined) groups.apply(unit.group, unit.offsets);
    for (const [partition, { end, bytes }] of this.ends) {
      partition.end = end;
      partition.bytes = bytes;
    }
    for (const partition of this.ends.keys()) partition.notify();
  }
}

/** Records where a partition begins and ends. */
export function partitionOp(partition: Partition, earliest: number, end: number, bytes: number): KeyValueOp {
  const value = Buffer.allocUnsafe(24);
  value.writeBigInt64BE(BigInt(earliest), 0);
  value.writeBigInt64BE(BigInt(end), 8);
  value.writeBigInt64BE(BigInt(bytes), 16);
  return { type: 'put', key: partitionKey(partition.id, partition.index), value };
}

function missing(write: Write): never {
  throw new WeirError('LOG_ERROR', `There is no partition ${write.partition} of a topic ${write.topic}`);
}

const asLogError = (e: unknown): WeirError =>
  e instanceof WeirError ? e : new WeirError('LOG_ERROR', messageOf(e), undefined, { cause: e });
