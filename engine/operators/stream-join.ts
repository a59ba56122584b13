import { type StepStats, saw } from '../observe/step-stats.js';
import type { KeyWindow, StreamJoinNode } from '../plan/topology.js';
import type { Value } from '../values/value.js';
import { JoinBuffer } from './join-buffer.js';
import { copyOrigin, JoinKeys } from './join-keys.js';
import type { Operator, OperatorEnv } from './operator.js';
import type { Step } from './step.js';
import { StreamClock } from './stream-clock.js';
import { NO_BYTES, newRecord, type TaskRecord } from './task-record.js';
import { TimeIndex } from './time-index.js';
import { Entry, type TwoInputs } from './two-inputs.js';

/** How long rows without a match can still find one where no GRACE PERIOD says it. */
const DEFAULT_GRACE_MS = 24 * 60 * 60 * 1000;
/** Spans of time into which the life of a row is cut for the indexes. */
const SPANS = 256;
/** First bytes of the indexes' keys; the buffers have 1 and 2. */
const WAITING = 3;
const ENDS = 4;
const LEFT = 0;
const RIGHT = 1;

interface Side {
  readonly tag: typeof LEFT | typeof RIGHT;
  readonly buffer: JoinBuffer;
  /** A row's match is at most so much earlier than the row, and at most so much later. */
  readonly backMs: number;
  readonly aheadMs: number;
  /** Rows without a match give a padded result. */
  readonly outer: boolean;
}

/**
 * Joins two streams: rows of the same key where `left.time - beforeMs <= right.time <= left.time + afterMs`. Rows of both
 * sides are kept while stream time, the largest time of either side, is at most before, after and grace past them, and a row
 * joins what the other side has kept: so one that comes before stream time is past its last match by more than the grace
 * finds all of its matches. One that comes after that and finds none is late. Rows whose value is null give nothing.
 *
 * A row of an outer side without a match: with GRACE PERIOD its padded result comes when stream time is past its last match
 * by more than the grace, for a late one at once; without, at once, and again with each later match. As in Kafka Streams, a
 * row that has been padded and is still kept joins what comes later. A null key has no match: an outer side pads such a row
 * at once. Matches of a row come in order of their time; the output's time is the larger of the two.
 *
 * Padded results are looked for, as Kafka Streams does, at the records that move stream time, but at most once in
 * `outerJoinEmitMs` of wall-clock time, and at each commit.
 */
class StreamJoin implements TwoInputs {
  readonly left: Operator;
  readonly right: Operator;
  private readonly keys: JoinKeys;
  private readonly clock: StreamClock;
  private readonly sides: readonly [Side, Side];
  private readonly waiting: TimeIndex;
  private readonly ends: TimeIndex;
  private readonly graceMs: number;
  /** Rows are kept so long behind stream time. */
  private readonly keptMs: number;
  private readonly delayed: boolean;
  private readonly stats: StepStats;
  private readonly joined = newRecord();
  private readonly row: Value[];
  private readonly key: Value[];
  private nextEmit = 0;

  constructor(
    private readonly node: StreamJoinNode,
    private readonly env: OperatorEnv,
    private readonly out: Operator,
    window: KeyWindow | null,
  ) {
    const { beforeMs, afterMs, joinType, leftWidth } = node;
    this.graceMs = node.graceMs ?? DEFAULT_GRACE_MS;
    this.delayed = node.graceMs !== null && joinType !== 'INNER';
    this.keys = new JoinKeys(
      node.keyColumns.map((c) => c.type),
      window,
    );
    const types = node.valueColumns.map((c) => c.type);
    const store = env.store(node.leftStore).store;
    const left = new JoinBuffer(store, types.slice(0, leftWidth), env.cacheEntries);
    const right = new JoinBuffer(env.store(node.rightStore).store, types.slice(leftWidth), env.cacheEntries);
    this.sides = [
      {
        tag: LEFT,
        buffer: left,
        backMs: beforeMs,
        aheadMs: afterMs,
        outer: joinType === 'LEFT' || joinType === 'FULL',
      },
      {
        tag: RIGHT,
        buffer: right,
        backMs: afterMs,
        aheadMs: beforeMs,
        outer: joinType === 'RIGHT' || joinType === 'FULL',
      },
    ];
    this.clock = new StreamClock(store);
    this.stats = env.stats(node.id, 'streams');
    this.keptMs = beforeMs + afterMs + this.graceMs;
    const width = Math.max(1, Math.ceil(this.keptMs / SPANS));
    this.waiting = new TimeIndex(store, WAITING, width);
    this.ends = new TimeIndex(store, ENDS, width);
    this.row = new Array<Value>(types.length).fill(null);
    this.key = new Array<Value>(node.keyColumns.length).fill(null);
    this.left = new Entry((record) => this.join(record, LEFT));
    this.right = new Entry((record) => this.join(record, RIGHT));
  }

  flush(): void {
    const { time } = this.clock;
    this.emitWaiting(time - this.graceMs);
    this.ends.take(time, (_, key) => {
      this.sides[key[0] as 0 | 1].buffer.prune(key.subarray(1), time - this.keptMs);
    });
    for (const { buffer } of this.sides) buffer.flush();
    this.waiting.flush();
    this.ends.flush();
    this.clock.persist();
  }

  heldBytes(): number {
    const [left, right] = this.sides;
    return left.buffer.heldBytes() + right.buffer.heldBytes() + this.waiting.heldBytes() + this.ends.heldBytes();
  }

  private join(record: TaskRecord, which: 0 | 1): void {
    const { timestamp: time, value } = record;
    if (value === null) return;
    const side = this.sides[which];
    const { stats } = this;
    stats.records++;
    saw(which === LEFT ? stats.left : stats.right, time, record.key);
    const key = this.keys.encode(record);
    if (key === undefined) {
      if (side.outer) this.pad(record, side);
      return;
    }
    const streamTime = this.clock.observe(time);
    const over = streamTime - this.graceMs;
    if (this.delayed && time === streamTime) this.emitInTime(over);
    const end = time + side.aheadMs;
    const matched = this.match(record, key, side, streamTime);
    const late = !matched && end < over;
    if (matched) stats.matched++;
    else if (stats.matched === 0) this.lookAround(key, time, side);
    if (late) this.late(record, side, streamTime);
    const padded = side.outer && !matched;
    const waits = padded && this.delayed && !late;
    if (padded && !waits) this.pad(record, side);
    if (time + this.keptMs < streamTime) return;
    const { width } = this.ends;
    const span = spanOf(time + this.keptMs, width);
    const first = side.buffer.add(key, time, value, waits, (other) => spanOf(other + this.keptMs, width) === span);
    if (!first && !waits) return;
    const tagged = Buffer.concat([Buffer.of(side.tag), key]);
    // One entry for all rows of a key in a span: at its end none of them is kept any more.
    if (first) this.ends.add((span + 1) * width - 1, tagged);
    if (waits) this.waiting.add(end, tagged);
  }

  private match(record: TaskRecord, key: Buffer, side: Side, streamTime: number): boolean {
    const { timestamp: time, value } = record;
    const other = this.sides[1 - side.tag]!;
    let matched = false;
    const from = Math.max(time - side.backMs, streamTime - this.keptMs);
    other.buffer.probe(key, from, time + side.aheadMs, (row) => {
      matched = true;
      other.buffer.settle(key, row);
      copyOrigin(record, this.joined);
      this.emit(value!, other.buffer.values(row), side, Math.max(time, row.time));
    });
    return matched;
  }

  private late(record: TaskRecord, side: Side, streamTime: number): void {
    this.stats.late++;
    const { timestamp } = record;
    const [windowStart, windowEnd] = [timestamp - side.backMs, timestamp + side.aheadMs];
    this.env.late(this.node.id, record, { windowStart, windowEnd, streamTime, graceMs: this.graceMs });
  }

  /** While nothing has matched: how far the rows of the same key are. */
  private lookAround(key: Buffer, time: number, side: Side): void {
    const far = this.sides[1 - side.tag]!.buffer.nearest(key, time - side.backMs, time + side.aheadMs);
    if (far === undefined) return;
    this.stats.sameKey++;
    this.stats.nearestMs = Math.min(this.stats.nearestMs, far);
  }

  /** Gives the row without a match. */
  private pad(record: TaskRecord, side: Side): void {
    copyOrigin(record, this.joined);
    this.emit(record.value!, null, side, record.timestamp);
  }

  /** Gives the joined row; key and origin are set. */
  private emit(own: readonly Value[], other: readonly Value[] | null, side: Side, time: number): void {
    const { row, joined } = this;
    const { leftWidth } = this.node;
    const [left, right] = side.tag === LEFT ? [own, other] : [other, own];
    for (let i = 0; i < leftWidth; i++) row[i] = left === null ? null : left[i]!;
    for (let i = leftWidth; i < row.length; i++) row[i] = right === null ? null : right[i - leftWidth]!;
    joined.value = row;
    joined.timestamp = time;
    this.out.process(joined);
  }

  private emitInTime(over: number): void {
    if (this.waiting.earliest() >= over) return;
    const now = this.env.now();
    if (now < this.nextEmit) return;
    this.nextEmit = now + this.env.outerJoinEmitMs;
    this.emitWaiting(over);
  }

  /** Padded results of the rows whose windows ended before `over`. */
  private emitWaiting(over: number): void {
    this.waiting.take(over, (end, tagged) => {
      const side = this.sides[tagged[0] as 0 | 1];
      const key = tagged.subarray(1);
      const time = end - side.aheadMs;
      side.buffer.probe(key, time, time, (row) => {
        if (!row.waiting) return;
        side.buffer.settle(key, row);
        const { joined } = this;
        this.keys.decode(key, this.key, joined);
        joined.keyBytes = NO_BYTES;
        joined.keyStart = joined.keyEnd = -1;
        joined.partition = 0;
        joined.offset = 0;
        joined.headers = null;
        this.emit(side.buffer.values(row), null, side, time);
      });
    });
  }
}

const spanOf = (time: number, width: number): number => Math.floor(time / width);

export const streamJoin: Step<StreamJoinNode> = (node, out, { env, graph }) =>
  new StreamJoin(node, env, out, graph.window(node.left));
