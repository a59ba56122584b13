import type { StepStats } from '../observe/step-stats.js';
import { type AggregateNode, isExpired, keptMs } from '../plan/topology.js';
import { ByteWriter } from '../records/bytes.js';
import { KeyCodec } from '../records/key-codec.js';
import type { Store } from '../stores/store.js';
import type { Value } from '../values/value.js';
import { Folds } from './folds.js';
import type { AggregateOptions } from './group-aggregate.js';
import { asBuffer } from './group-cache.js';
import { KeyTable } from './key-table.js';
import type { Expiry, Operator, OperatorEnv } from './operator.js';
import { PendingSessions } from './pending-sessions.js';
import { SessionCodec } from './session-codec.js';
import { StreamClock } from './stream-clock.js';
import { newRecord, type TaskRecord } from './task-record.js';

/** What a changed session costs until the commit, its state beside it. */
const SESSION_BYTES = 160;

/** A session in memory. `emittedEnd` -1: nothing about it has gone out yet. */
interface Session {
  start: number;
  end: number;
  readonly states: unknown[];
  changed: boolean;
  emittedStart: number;
  emittedEnd: number;
  /** The row that went out; kept only where someone behind wants it. */
  emittedRow: Value[] | null;
}

/** A session that has gone out and is no more: it gets a tombstone. */
interface Replaced {
  readonly start: number;
  readonly end: number;
  readonly row: Value[] | null;
}

/** All live sessions of one key, in order of time; they never overlap and are more than the gap apart. */
interface KeySessions {
  readonly sessions: Session[];
  replaced: Replaced[];
  dirty: boolean;
}

/**
 * GROUP BY with a session window: records of a key that are at most the gap apart share a session; one in between joins
 * two. A record whose session would end more than grace and gap behind stream time is late. A session that ends further
 * behind than the retention is out of reach: nothing joins it any more. Retention is at least gap and grace, so whatever is
 * not late finds a session that ends when its own would.
 *
 * Output: a tombstone for each session that was replaced (timestamp: its end), then the row of the new one (timestamp: its
 * end). Not cached: at each record, as Kafka Streams does, the unchanged bounds included. Cached: at the commit, tombstones
 * only for bounds that had gone out and are no more. EMIT FINAL: one row a session, at the record that closes it; what is
 * closed is out of reach, whatever its retention.
 */
export class AggregateSession implements Operator {
  private readonly folds: Folds;
  private readonly codec: KeyCodec;
  private readonly sessionCodec: SessionCodec;
  private readonly clock: StreamClock;
  private readonly store: Store;
  private readonly table = new KeyTable();
  private keys: KeySessions[] = [];
  private dirtySlots: number[] = [];
  private held = 0;
  private liveSessions = 0;
  private complete: boolean;
  private readonly final: boolean;
  private readonly pending = new PendingSessions();
  private readonly gap: number;
  private readonly grace: number;
  private readonly retention: number;
  readonly expiry: Expiry;
  private readonly stats: StepStats;
  private readonly scratch = new ByteWriter();
  private readonly emitted = newRecord();
  private readonly key: Value[];
  private readonly row: Value[];
  private readonly storedRow: Value[];

  constructor(
    private readonly node: AggregateNode,
    private readonly env: OperatorEnv,
    private readonly out: Operator,
    private readonly options: AggregateOptions,
  ) {
    const window = node.window;
    if (window === null || window.kind !== 'SESSION') throw new Error('not a session window');
    this.final = node.emit === 'final';
    this.gap = window.gapMs;
    this.grace = window.graceMs;
    this.retention = Math.max(window.retentionMs, window.gapMs + window.graceMs);
    const { store, empty } = env.store(node.store);
    this.store = store;
    this.complete = empty;
    this.clock = new StreamClock(store);
    this.stats = env.stats(node.id, 'window');
    this.expiry = {
      store: node.store.name,
      retentionMs: keptMs(window),
      streamTime: () => this.clock.time,
      expired: (key, value) => key.length > 0 && isExpired(window, Number.NaN, this.lastEnd(value), this.clock.time),
    };
    this.folds = new Folds(node, env);
    this.codec = new KeyCodec(node.keyColumns.map((c) => c.type));
    this.sessionCodec = new SessionCodec(this.folds.storedTypes);
    this.key = new Array<Value>(node.keyColumns.length).fill(null);
    this.row = new Array<Value>(node.valueColumns.length).fill(null);
    this.storedRow = new Array<Value>(this.folds.storedTypes.length).fill(null);
  }

  process(record: TaskRecord): void {
    if (record.value === null) return;
    let bytes: Buffer;
    let from = 0;
    let to: number;
    if (this.options.keyed) {
      if (record.keyStart < 0) return;
      bytes = record.keyBytes;
      from = record.keyStart;
      to = record.keyEnd;
    } else {
      if (record.key === null) return;
      this.scratch.reset();
      this.codec.encode(record.key, this.scratch);
      bytes = this.scratch.buffer;
      to = this.scratch.length;
    }
    this.stats.records++;
    const t = record.timestamp;
    const streamTime = this.clock.observe(t);
    const closed = streamTime - this.grace - this.gap;
    const reach = this.final ? closed : streamTime - this.retention;
    const slot = this.slot(bytes, from, to);
    const key = this.keys[slot]!;
    const list = key.sessions;

    // Sessions [first, last] are those that the record touches; mostly it is the last of the list, or none.
    let last = list.length - 1;
    while (last >= 0 && list[last]!.start > t + this.gap) last--;
    let first = last;
    while (first >= 0 && list[first]!.end >= t - this.gap && list[first]!.end >= reach) first--;
    first++;
    const end = first <= last ? Math.max(t, list[last]!.end) : t;
    if (end < closed) {
      this.stats.late++;
      const { grace: graceMs } = this;
      this.env.late(this.node.id, record, { windowStart: t, windowEnd: t + this.gap, streamTime, graceMs });
      if (this.final) this.emitClosed(closed);
      return;
    }
    if (!this.folds.accepts(list, first, last, record)) {
      if (this.final) this.emitClosed(closed);
      return;
    }
    if (!key.dirty) {
      key.dirty = true;
      this.dirtySlots.push(slot);
      this.held += 2 * (to - from) + SESSION_BYTES;
    }
    let session: Session;
    if (first > last) {
      session = newSession(t, t, new Array<unknown>(this.folds.width));
      this.folds.init(session.states, 0);
      list.splice(first, 0, session);
      this.liveSessions++;
      if (this.final) this.pending.add(this.table.key(slot), t, t);
    } else {
      session = list[first]!;
      if (!this.env.cached && !this.final) this.emitReplaced(slot, list, first, last, t);
      for (let i = first + 1; i <= last; i++) this.absorb(key, session, list[i]!);
      if (last > first) {
        list.splice(first + 1, last - first);
        this.liveSessions -= last - first;
      }
      if (t < session.start) {
        session.start = t;
        if (this.final) this.pending.add(this.table.key(slot), t, session.end);
      }
      if (end > session.end) session.end = end;
    }
    this.folds.add(session.states, 0, record);
    if (!session.changed) {
      session.changed = true;
      this.held += SESSION_BYTES + 16 * this.folds.width;
    }
    if (this.final) this.emitClosed(closed);
    else if (!this.env.cached) this.emitRow(slot, session, null, record);
  }

  async prepare(): Promise<void> {
    if (!this.final) return;
    const closed = this.clock.time - this.grace - this.gap;
    for await (const [stored, value] of this.store.range(undefined, undefined)) {
      if (stored.length === 0) continue;
      const key = Buffer.from(stored);
      this.sessionCodec.read(asBuffer(value), (start, end) => {
        if (end >= closed) this.pending.add(key, start, end);
      });
    }
  }

  flush(): void {
    this.clock.persist();
    for (const slot of this.dirtySlots) {
      const key = this.keys[slot]!;
      if (this.env.cached && !this.final) this.emitChanges(slot, key);
      key.replaced = [];
      for (const s of key.sessions) {
        s.changed = false;
        s.emittedStart = s.start;
        s.emittedEnd = s.end;
      }
      let drop = 0;
      while (drop < key.sessions.length && this.isExpired(key.sessions[drop]!)) drop++;
      if (drop > 0) key.sessions.splice(0, drop);
      this.liveSessions -= drop;
      this.persist(slot, key);
      key.dirty = false;
    }
    if (Math.max(this.liveSessions, this.table.size) > this.env.cacheEntries) this.evict();
    this.dirtySlots = [];
    this.held = 0;
  }

  heldBytes(): number {
    return this.held;
  }

  openGroups(): number {
    return this.pending.size;
  }

  private emitClosed(closed: number): void {
    // What has gone out may still be there with the same start, which a late record gave to the next one: its end is earlier.
    const sessionAt = (key: Buffer, start: number, end: number) =>
      this.keys[this.slot(key, 0, key.length)]!.sessions.find((s) => s.start === start && s.end >= end);
    this.pending.take(
      closed,
      (key, start, end) => sessionAt(key, start, end)?.end,
      (key, start, end) => this.emitRow(this.slot(key, 0, key.length), sessionAt(key, start, end)!, null, null),
    );
  }

  private slot(b: Uint8Array, start: number, end: number): number {
    const before = this.table.size;
    const slot = this.table.slot(b, start, end);
    if (this.table.size !== before) {
      this.keys[slot] = { sessions: [], replaced: [], dirty: false };
      if (!this.complete) this.load(slot);
    }
    return slot;
  }

  private load(slot: number): void {
    const stored = this.store.get(this.table.key(slot));
    if (stored === undefined) return;
    const list = this.keys[slot]!.sessions;
    this.sessionCodec.read(asBuffer(stored), (start, end, row) => {
      const session = newSession(start, end, new Array<unknown>(this.folds.width));
      this.folds.load(row, session.states, 0);
      session.emittedStart = start;
      session.emittedEnd = end;
      if (this.options.previous && this.env.cached) session.emittedRow = this.result(session);
      list.push(session);
    });
    this.liveSessions += list.length;
  }

  private isExpired({ start, end }: Session): boolean {
    return isExpired(this.node.window!, start, end, this.clock.time);
  }

  private lastEnd(stored: Buffer): number {
    let last = -1;
    this.sessionCodec.read(stored, (_, end) => {
      last = end;
    });
    return last;
  }

  private persist(slot: number, key: KeySessions): void {
    const stored = this.table.key(slot);
    if (key.sessions.length === 0) {
      this.store.delete(stored);
      return;
    }
    this.scratch.reset();
    this.sessionCodec.writeCount(key.sessions.length, this.scratch);
    for (const s of key.sessions) {
      this.folds.store(s.end, s.states, 0, this.storedRow);
      this.sessionCodec.write(s.start, s.end, this.storedRow, this.scratch);
    }
    this.store.put(stored, this.scratch.toBuffer());
  }

  /** Takes `later` into `session`; what went out about it will get a tombstone. */
  private absorb(key: KeySessions, session: Session, later: Session): void {
    this.folds.merge(session.states, later.states);
    session.end = later.end;
    if (this.env.cached && later.emittedEnd >= 0) {
      key.replaced.push({ start: later.emittedStart, end: later.emittedEnd, row: later.emittedRow });
    }
  }

  /** Tombstones of the sessions that a record at `t` replaces, unless it leaves a session of one instant as it is. */
  private emitReplaced(slot: number, list: readonly Session[], first: number, last: number, t: number): void {
    if (first === last && list[first]!.start === t && list[first]!.end === t) return;
    for (let i = first; i <= last; i++) {
      const s = list[i]!;
      this.emitTombstone(slot, s.start, s.end, this.options.previous ? this.result(s) : null);
    }
  }

  private emitChanges(slot: number, key: KeySessions): void {
    for (const r of key.replaced) this.emitTombstone(slot, r.start, r.end, r.row);
    for (const s of key.sessions) {
      if (!s.changed) continue;
      const moved = s.emittedEnd >= 0 && (s.emittedStart !== s.start || s.emittedEnd !== s.end);
      if (moved) this.emitTombstone(slot, s.emittedStart, s.emittedEnd, s.emittedRow);
      this.emitRow(slot, s, moved ? null : s.emittedRow, null);
      if (this.options.previous) s.emittedRow = this.row.slice();
    }
  }

  private emitTombstone(slot: number, start: number, end: number, previous: Value[] | null): void {
    const r = this.address(slot, start, end);
    r.value = null;
    r.previous = previous;
    r.previousTimestamp = end;
    r.headers = null;
    this.out.process(r);
  }

  private emitRow(slot: number, session: Session, previous: Value[] | null, cause: TaskRecord | null): void {
    const r = this.address(slot, session.start, session.end);
    this.folds.result(session.states, 0, this.row, r);
    r.value = this.row;
    r.previous = previous;
    r.previousTimestamp = session.emittedEnd;
    r.headers = cause === null ? null : cause.headers;
    this.out.process(r);
  }

  private address(slot: number, start: number, end: number): TaskRecord {
    const { emitted: r, table } = this;
    this.codec.decodeInto(table.arena, table.keyStart(slot), table.keyEnd(slot), this.key);
    r.key = this.key;
    r.windowStart = start;
    r.windowEnd = end;
    r.timestamp = end;
    return r;
  }

  private result(session: Session): Value[] {
    const row = new Array<Value>(this.row.length).fill(null);
    this.folds.result(session.states, 0, row, null);
    return row;
  }

  /** Keeps the keys that the last commit interval touched, if they are not too many themselves. */
  private evict(): void {
    const touched = new Set(this.dirtySlots);
    let sessions = 0;
    for (const slot of touched) sessions += this.keys[slot]!.sessions.length;
    const keep = sessions <= this.env.cacheEntries / 2;
    this.table.compact(
      (slot) => keep && touched.has(slot),
      (from, to) => {
        this.keys[to] = this.keys[from]!;
      },
    );
    this.keys.length = this.table.size;
    this.liveSessions = keep ? sessions : 0;
    this.complete = false;
  }
}

const newSession = (start: number, end: number, states: unknown[]): Session => ({
  start,
  end,
  states,
  changed: false,
  emittedStart: -1,
  emittedEnd: -1,
  emittedRow: null,
});
