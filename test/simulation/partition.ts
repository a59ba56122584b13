import type { CommittedOffset } from '../../engine/log/log.js';
import { batchAt, type RecordBatch } from '../../engine/records/batch.js';

/** A transaction at the broker. */
export interface Transaction {
  readonly producer: ProducerState;
  outcome: 'open' | 'commit' | 'abort';
  readonly partitions: Set<SimPartition>;
  /** Offsets by group, to be committed with it. */
  readonly offsets: Map<string, CommittedOffset[]>;
  /** Markers still to be written. */
  remaining: number;
}

/** Producers of one transactional id, one after another. */
export interface ProducerState {
  readonly id: string;
  epoch: number;
  current: Transaction | null;
  /** Who waits for the end of `current`, in order. */
  waiting: (() => void)[];
}

export interface Entry {
  /** Null: a control batch. */
  readonly batch: RecordBatch | null;
  readonly first: number;
  readonly last: number;
  readonly transaction: Transaction | null;
  /** Only of a broker that is broken on purpose. */
  lost: boolean;
}

/** One partition of a topic: entries in order of offsets, and what read-committed readers may see of them. */
export class SimPartition {
  readonly entries: Entry[] = [];
  earliest = 0;
  end = 0;
  /** First offset of each transaction whose marker is not written yet. */
  private readonly open = new Map<Transaction, number>();
  private readonly waiting = new Set<() => void>();
  /** Last sequence number of each producer, and the end that its batch had. */
  private readonly sequences = new Map<string, { readonly sequence: number; readonly end: number }>();

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  /** The read-committed end. */
  get stable(): number {
    let offset = this.end;
    for (const first of this.open.values()) if (first < offset) offset = first;
    return offset;
  }

  get hasOpen(): boolean {
    return this.open.size > 0;
  }

  /** Appends a batch once, however often it is sent. Returns the end behind it. */
  append(batch: Buffer, producer: string, sequence: number, transaction: Transaction | null): number {
    const known = this.sequences.get(producer);
    if (known !== undefined && sequence <= known.sequence) return known.end;
    batch.writeBigInt64BE(BigInt(this.end), 0);
    const read = batchAt(batch, 0);
    if (transaction !== null && !this.open.has(transaction)) this.open.set(transaction, this.end);
    this.entries.push({ batch: read, first: this.end, last: read.lastOffset, transaction, lost: false });
    this.end = read.lastOffset + 1;
    this.sequences.set(producer, { sequence, end: this.end });
    this.changed();
    return this.end;
  }

  /** Writes the marker that ends a transaction here. */
  mark(transaction: Transaction): void {
    this.open.delete(transaction);
    this.entries.push({ batch: null, first: this.end, last: this.end, transaction, lost: false });
    this.end++;
    this.changed();
  }

  /** Entries from an offset on, below the read-committed end: at most `count` that hold anything. */
  read(from: number, count: number): { batches: RecordBatch[]; next: number } {
    const { stable } = this;
    const batches: RecordBatch[] = [];
    let next = from;
    for (let i = this.entryAt(from); i < this.entries.length; i++) {
      const entry = this.entries[i]!;
      if (entry.first >= stable || batches.length >= count) break;
      next = entry.last + 1;
      if (visible(entry)) batches.push({ ...entry.batch!, firstWanted: from });
    }
    return { batches, next };
  }

  /** Whether everything that may be seen has been read up to this offset. */
  readTo(offset: number): boolean {
    if (this.open.size > 0) return false;
    for (let i = this.entries.length - 1; i >= 0; i--) {
      const entry = this.entries[i]!;
      if (entry.last < offset) return true;
      if (visible(entry)) return false;
    }
    return true;
  }

  deleteBefore(offset: number): void {
    this.earliest = Math.max(this.earliest, Math.min(offset, this.stable));
    while (this.entries.length > 0 && this.entries[0]!.last < this.earliest) this.entries.shift();
  }

  /** Calls once when something has changed. Returns how to stop that. */
  onChange(call: () => void): () => void {
    this.waiting.add(call);
    return () => this.waiting.delete(call);
  }

  private changed(): void {
    const calls = [...this.waiting];
    this.waiting.clear();
    for (const call of calls) call();
  }

  private entryAt(offset: number): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.entries[middle]!.last < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const visible = (e: Entry): boolean => e.batch !== null && !e.lost && e.transaction?.outcome !== 'abort';
