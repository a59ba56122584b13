import { WeirError } from '../base/errors.js';
import type { FetchedPartition } from '../log/log.js';
import { BatchCursor } from '../records/batch.js';
import { ByteWriter } from '../records/bytes.js';
import { AT_END, type Origin, originOf } from '../records/progress.js';
import type { SourceEntry } from './chain.js';
import { InputQueue, type TaskInput } from './input-queue.js';

const VERSION = 1;
/**
 * With more writers, their rows are taken as they come, because what a commit says of each lane must fit beside its offset
 * (4 KB).
 */
const MAX_LANES = 256;
/** What one writer may be ahead of the others in one partition, and all of them together. */
const LANE_BYTES = 2 * 1024 * 1024;
const LANES_BYTES = 16 * 1024 * 1024;

/**
 * A partition of a repartition topic. The rows of each task that writes to it are a lane of their own, in their order. Rows
 * of all lanes are taken by event time (`InputSet`), whichever task was faster. So lanes are at different offsets. A commit
 * says the lowest one and, beside it, which lanes are further, and which had nothing more to come.
 */
export class LanedInput implements TaskInput {
  readonly lanes: readonly InputQueue[];
  paused = false;
  private readonly byOrigin = new Map<string, InputQueue>();
  /** Batches that begin with no marker (an earlier version wrote them), or all where there are too many writers. */
  private readonly unmarked: InputQueue;
  private readonly cursor = new BatchCursor();
  private fetchedTo: number;

  /** `metadata` is what was committed with `start`. `writers` are always the same, in the same order. */
  constructor(
    readonly source: SourceEntry,
    readonly partition: number,
    start: number,
    allWriters: readonly Origin[],
    metadata: string,
  ) {
    this.fetchedTo = start;
    const writers = allWriters.length > MAX_LANES ? [] : allWriters;
    const known = decode(metadata, writers.length);
    const at = (i: number) => Math.max(start, known?.offsets.get(i) ?? 0);
    const lanes = writers.map((writer, i) => {
      const lane = InputQueue.lane(source, partition, at(i), known?.ended.has(i) === true ? AT_END : undefined);
      this.byOrigin.set(keyOf(writer), lane);
      return lane;
    });
    this.unmarked = InputQueue.mixedLane(source, partition, at(writers.length));
    this.lanes = [...lanes, this.unmarked];
  }

  add(fetched: FetchedPartition): void {
    for (const lane of this.lanes) lane.own();
    for (const batch of fetched.batches) {
      const origin = originOf(batch, this.cursor);
      const lane = (origin && this.byOrigin.get(keyOf(origin))) ?? this.unmarked;
      if (lane.taken > batch.baseOffset) lane.retell(batch, this.cursor);
      if (batch.lastOffset >= lane.taken) lane.push(batch);
    }
    this.fetchedTo = fetched.nextOffset;
  }

  get bufferedBytes(): number {
    return this.lanes.reduce((n, lane) => n + lane.bufferedBytes, 0);
  }

  get empty(): boolean {
    return this.lanes.every((lane) => lane.empty);
  }

  get next(): number {
    let next = this.fetchedTo;
    for (const lane of this.lanes) next = Math.min(next, lane.firstHeld);
    return next;
  }

  get metadata(): string {
    const { next } = this;
    const w = new ByteWriter(64);
    w.byte(VERSION);
    const writers = this.lanes.length - 1;
    uvarint(w, writers);
    for (let i = 0; i < writers; i += 8) {
      let bits = 0;
      for (let j = i; j < Math.min(i + 8, writers); j++) {
        const lane = this.lanes[j]!;
        if (lane.progress === AT_END && lane.empty) bits |= 1 << (j - i);
      }
      w.byte(bits);
    }
    for (const [i, lane] of this.lanes.entries()) {
      if (lane.taken <= next) continue;
      uvarint(w, i);
      uvarint(w, lane.taken);
    }
    return w.bytes().toString('base64');
  }

  get waits(): boolean {
    return this.lanes.some((lane) => lane.empty && lane.progress !== AT_END && !lane.silent);
  }

  /** Whether a writer is so far ahead of the others that it had better wait for them. */
  isAhead(writer: Origin): boolean {
    const lane = this.byOrigin.get(keyOf(writer));
    return lane !== undefined && lane.bufferedBytes > Math.min(LANE_BYTES, LANES_BYTES / this.lanes.length);
  }
}

const keyOf = ({ subtopology, partition }: Origin): string => `${subtopology}/${partition}`;

interface Committed {
  /** Lanes whose writers had nothing more. */
  readonly ended: ReadonlySet<number>;
  /** Of lanes that are further than the committed offset, behind their last record. */
  readonly offsets: ReadonlyMap<number, number>;
}

/** What a commit said; undefined where it said nothing, as an earlier version did. */
function decode(metadata: string, writers: number): Committed | undefined {
  if (metadata === '') return undefined;
  const b = Buffer.from(metadata, 'base64');
  let p = 0;
  const next = (): number => {
    let v = 0;
    for (let scale = 1; ; scale *= 128) {
      const c = b[p++];
      if (c === undefined) throw unreadable(metadata);
      v += (c & 127) * scale;
      if (c < 128) return v;
    }
  };
  if (next() !== VERSION || next() !== writers) throw unreadable(metadata);
  const ended = new Set<number>();
  for (let i = 0; i < writers; i++) if (((b[p + (i >> 3)] ?? 0) >> (i & 7)) & 1) ended.add(i);
  p += Math.ceil(writers / 8);
  const offsets = new Map<number, number>();
  while (p < b.length) {
    const lane = next();
    offsets.set(lane, next());
  }
  return { ended, offsets };
}

const unreadable = (metadata: string): WeirError =>
  new WeirError('STATE_ERROR', `What was committed with an offset of a repartition topic cannot be read: ${metadata}`);

function uvarint(w: ByteWriter, value: number): void {
  let v = value;
  for (; v >= 128; v = Math.floor(v / 128)) w.byte((v % 128) | 128);
  w.byte(v);
}
