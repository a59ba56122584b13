import type { Logger } from '../../base/logger.js';
import { ownBatches } from '../../records/batch.js';
import { type FetchedPartition, LOST_HINT, type LogReader, type ReaderOptions } from '../log.js';
import type { Cluster } from './cluster.js';
import { CODE, errorOfCode, isRetriable, KafkaError, noTopic } from './errors.js';
import { decodeFetch, encodeFetch, type FetchedRecords } from './fetch-requests.js';
import { FETCH } from './protocol.js';
import { readRecordSet } from './record-set.js';
import { backoff } from './retry.js';

const KEY = '\u0000';

/** One assignment of a partition; assigning it anew makes another one, and answers to the old one are dropped. */
class Assigned {
  /** Next offset to ask the broker for, and to hand out. */
  fetchOffset: number;
  position: number;
  end = -1;
  paused = false;
  inFlight = false;
  /** There may be data: it need not wait for a shared lane. */
  hurry = true;
  failures = 0;
  retryAt = 0;
  /** When the cluster first said that there is no such partition. */
  missingSince: number | undefined;
  error: KafkaError | undefined;
  readonly buffered: Chunk[] = [];

  constructor(
    readonly topic: string,
    readonly partition: number,
    offset: number,
  ) {
    this.fetchOffset = this.position = offset;
  }

  get name(): string {
    return `${this.topic}/${this.partition}`;
  }
}

interface Chunk {
  readonly fetched: FetchedPartition;
  readonly bytes: number;
}

/**
 * A broker answers the requests of a connection in turn, so each broker has several lanes: connections with at most one fetch in
 * flight. Two share the partitions, so that one transfers while the other asks. A fetch at the end of its partitions waits at
 * the broker: what is assigned or resumed while both wait is asked for on the third lane, which never waits.
 */
const SHARED_LANES = 2;
const LATE_LANE = 2;

const laneOf = (node: number, lane: number): string => `${node}/${lane}`;

/**
 * Reads assigned partitions without a group. While the engine works on what `poll` gave, the next fetch is in flight, until
 * `bufferBytes` are waiting. Leaders that move and brokers that are away are waited for; data that is gone is an error.
 */
export class KafkaReader implements LogReader {
  private readonly partitions = new Map<string, Assigned>();
  private readonly busy = new Set<string>();
  private readonly bufferBytes: number;
  private readonly partitionBytes: number;
  private readonly logger: Logger;
  private bufferedBytes = 0;
  private reservedBytes = 0;
  private fatal: KafkaError | undefined;
  private woken = false;
  private wake: (() => void) | undefined;
  private refreshing = false;
  private refreshFailures = 0;
  private scheduledAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly cluster: Cluster,
    options: ReaderOptions,
  ) {
    this.bufferBytes = options.bufferBytes ?? cluster.config.fetchMaxBytes;
    this.partitionBytes = options.partitionBytes ?? cluster.config.partitionMaxBytes;
    this.logger = cluster.config.logger;
  }

  assign(topic: string, partition: number, offset: number): void {
    this.unassign(topic, partition);
    this.partitions.set(topic + KEY + partition, new Assigned(topic, partition, offset));
    this.pump();
  }

  unassign(topic: string, partition: number): void {
    const a = this.find(topic, partition);
    if (a === undefined) return;
    for (const c of a.buffered) this.bufferedBytes -= c.bytes;
    this.partitions.delete(topic + KEY + partition);
    this.pump();
  }

  pause(topic: string, partition: number): void {
    const a = this.find(topic, partition);
    if (a !== undefined) a.paused = true;
  }

  resume(topic: string, partition: number): void {
    const a = this.find(topic, partition);
    if (a === undefined || !a.paused) return;
    a.paused = false;
    a.hurry = true;
    if (a.buffered.length > 0) this.signal();
    this.pump();
  }

  async poll(maxWaitMs: number): Promise<readonly FetchedPartition[]> {
    let out = this.take();
    if (out.length === 0 && !this.woken && maxWaitMs > 0 && !this.cluster.closed) {
      await this.wait(maxWaitMs);
      out = this.take();
    }
    this.woken = false;
    return out;
  }

  wakeup(): void {
    this.woken = true;
    this.signal();
  }

  position(topic: string, partition: number): { readonly next: number; readonly end: number } | undefined {
    const a = this.find(topic, partition);
    return a === undefined ? undefined : { next: a.position, end: a.end };
  }

  async close(): Promise<void> {
    this.cluster.close();
    this.partitions.clear();
    this.bufferedBytes = 0;
    this.signal();
  }

  private find(topic: string, partition: number): Assigned | undefined {
    return this.partitions.get(topic + KEY + partition);
  }

  /** One chunk of each partition that has one. An error of a partition is given once the data before it has been. */
  private take(): FetchedPartition[] {
    if (this.fatal !== undefined) throw this.fatal;
    const out: FetchedPartition[] = [];
    let failed: KafkaError | undefined;
    for (const a of this.partitions.values()) {
      if (a.paused) continue;
      const chunk = a.buffered.shift();
      if (chunk === undefined) {
        failed ??= a.error;
        continue;
      }
      this.bufferedBytes -= chunk.bytes;
      a.position = chunk.fetched.nextOffset;
      out.push(chunk.fetched);
    }
    if (out.length === 0 && failed !== undefined) throw failed;
    if (out.length > 0) this.pump();
    return out;
  }

  private async wait(ms: number): Promise<void> {
    const waiting = new AbortController();
    this.wake = () => waiting.abort();
    try {
      await this.cluster.clock.sleep(ms, waiting.signal);
    } catch (e) {
      if (!waiting.signal.aborted) throw e;
    } finally {
      this.wake = undefined;
    }
  }

  private signal(): void {
    this.wake?.();
  }

  /** Starts every fetch that can be started now. */
  private pump(): void {
    if (this.cluster.closed || this.fatal !== undefined) return;
    const now = this.cluster.clock.now();
    let unknown = false;
    let due = Number.POSITIVE_INFINITY;
    const byNode = new Map<number, Assigned[]>();
    for (const a of this.partitions.values()) {
      if (a.inFlight || a.paused || a.error !== undefined) continue;
      if (a.retryAt > now) {
        due = Math.min(due, a.retryAt);
        continue;
      }
      const leader = this.cluster.leader(a.topic, a.partition);
      if (leader === undefined) {
        unknown = true;
        continue;
      }
      const of = byNode.get(leader);
      if (of === undefined) byNode.set(leader, [a]);
      else of.push(a);
    }
    for (const [node, list] of byNode) this.share(node, list);
    if (unknown) this.refresh();
    if (due < Number.POSITIVE_INFINITY) this.schedule(due);
  }

  /** Starts fetches of these partitions on the lanes that are free. */
  private share(node: number, list: readonly Assigned[]): void {
    const lanes = [];
    for (let i = 0; i < SHARED_LANES; i++) if (!this.busy.has(laneOf(node, i))) lanes.push(i);
    let partitions = list;
    if (lanes.length === 0 && !this.busy.has(laneOf(node, LATE_LANE))) {
      lanes.push(LATE_LANE);
      partitions = list.filter((a) => a.hurry);
      for (const a of partitions) a.hurry = false;
    }
    const room = this.bufferBytes - this.bufferedBytes - this.reservedBytes;
    const least = Math.min(this.partitionBytes, this.bufferBytes);
    if (room < least) return;
    // The lanes share the room. If the first took all of it, partitions of the next would wait for as long as the first has
    // nothing new.
    const used = lanes.slice(0, Math.max(1, Math.floor(room / least)));
    const size = Math.ceil(partitions.length / used.length);
    for (const [i, lane] of used.entries()) {
      const slice = partitions.slice(i * size, (i + 1) * size);
      if (slice.length > 0) this.launch(node, lane, slice, Math.floor(room / used.length));
    }
  }

  private launch(node: number, lane: number, list: readonly Assigned[], room: number): void {
    const reserved = Math.min(room, list.length * this.partitionBytes);
    this.busy.add(laneOf(node, lane));
    this.reservedBytes += reserved;
    for (const a of list) a.inFlight = true;
    this.fetch(node, lane, list, reserved)
      .catch((e: unknown) => this.fetchFailed(node, list, e))
      .catch((e: unknown) => this.fail(e))
      .finally(() => {
        this.busy.delete(laneOf(node, lane));
        this.reservedBytes -= reserved;
        for (const a of list) a.inFlight = false;
        this.pump();
      });
  }

  private async fetch(node: number, lane: number, list: readonly Assigned[], maxBytes: number): Promise<void> {
    const { cluster } = this;
    const { fetchMaxWaitMs, fetchMinBytes } = cluster.config;
    const connection = await cluster.connection(node, `fetch${lane}`);
    const body = encodeFetch({
      partitions: list.map((a) => ({ topic: a.topic, partition: a.partition, offset: a.fetchOffset })),
      maxWaitMs: lane === LATE_LANE ? 0 : fetchMaxWaitMs,
      maxBytes,
      minBytes: fetchMinBytes,
      partitionMaxBytes: this.partitionBytes,
    });
    const response = decodeFetch(await connection.request(FETCH, [body]));
    connection.throttle(response.throttleMs);
    if (response.code !== 0) throw errorOfCode(response.code, 'fetch');
    const asked = new Map(list.map((a) => [a.topic + KEY + a.partition, a]));
    for (const records of response.partitions) {
      const key = records.topic + KEY + records.partition;
      const a = asked.get(key);
      if (a !== undefined && this.partitions.get(key) === a) await this.accept(a, records);
    }
  }

  private async accept(a: Assigned, records: FetchedRecords): Promise<void> {
    if (records.code !== 0) return this.refused(a, records);
    a.failures = 0;
    a.missingSince = undefined;
    const from = a.fetchOffset;
    try {
      const set = await readRecordSet(records.buffer, records.start, records.end, {
        from,
        aborted: records.aborted,
        checkCrcs: this.cluster.config.checkCrcs,
        name: a.name,
      });
      if (this.find(a.topic, a.partition) !== a) return; // reassigned while it was decompressed
      a.end = records.lastStableOffset;
      if (set.nextOffset === from) return;
      a.fetchOffset = set.nextOffset;
      a.hurry = true;
      const bytes = records.end - records.start + set.decompressedBytes;
      // Data of a paused partition would keep the whole response in memory, long after the other partitions' data was taken.
      const batches = ownBatches(set.batches);
      a.buffered.push({
        fetched: { topic: a.topic, partition: a.partition, batches, nextOffset: set.nextOffset },
        bytes,
      });
      this.bufferedBytes += bytes;
      // The broker fills a response from the first partition on. So a partition that has just got something goes to the end.
      const key = a.topic + KEY + a.partition;
      this.partitions.delete(key);
      this.partitions.set(key, a);
    } catch (e) {
      if (!(e instanceof KafkaError)) throw e;
      a.error = e;
    }
    if (!a.paused) this.signal();
  }

  private refused(a: Assigned, records: FetchedRecords): void {
    const { code } = records;
    const error = errorOfCode(code, `read ${a.name} at offset ${a.fetchOffset}`);
    if (code === CODE.OFFSET_OUT_OF_RANGE) {
      a.error = new KafkaError(
        `Offset ${a.fetchOffset} of ${a.name} is out of range: its data was deleted`,
        code,
        false,
        false,
        { hint: LOST_HINT },
      );
    } else if (error.retriable) {
      this.later(a);
      this.refresh();
      return;
    } else a.error = error;
    this.signal();
  }

  private fetchFailed(node: number, list: readonly Assigned[], e: unknown): void {
    if (this.cluster.closed) return;
    if (!isRetriable(e)) throw e;
    const first = list.every((a) => a.failures === 0);
    const fields = { err: e, node, partitions: list.map((a) => a.name) };
    if (first) this.logger.warn(fields, 'Fetch failed: will be repeated');
    else this.logger.debug(fields, 'Fetch failed again');
    for (const a of list) this.later(a);
    this.refresh();
  }

  private later(a: Assigned): void {
    a.retryAt = this.cluster.clock.now() + backoff(++a.failures);
  }

  private fail(e: unknown): void {
    if (this.cluster.closed) return;
    this.fatal = e instanceof KafkaError ? e : new KafkaError(String(e), 0, false, false, { cause: e });
    this.signal();
  }

  /** Asks anew who leads the assigned topics; one question at a time. */
  private refresh(): void {
    if (this.refreshing || this.cluster.closed) return;
    this.refreshing = true;
    this.doRefresh()
      .catch((e: unknown) => this.fail(e))
      .finally(() => {
        this.refreshing = false;
        this.pump();
      });
  }

  private async doRefresh(): Promise<void> {
    const { cluster } = this;
    try {
      await cluster.topics([...new Set([...this.partitions.values()].map((a) => a.topic))]);
      this.refreshFailures = 0;
    } catch (e) {
      if (cluster.closed) return;
      if (!isRetriable(e)) throw e;
      this.refreshFailures++;
      this.logger.debug({ err: e }, 'Metadata cannot be had: will be repeated');
    }
    const now = cluster.clock.now();
    for (const a of this.partitions.values()) {
      if (cluster.leader(a.topic, a.partition) !== undefined) {
        a.missingSince = undefined;
        continue;
      }
      if (this.refreshFailures === 0 && !cluster.knows(a.topic, a.partition)) {
        a.missingSince ??= now;
        if (now - a.missingSince > cluster.config.topicTimeoutMs) {
          a.error ??= noTopic(a.topic, `read ${a.name}`);
          this.signal();
        }
      }
      this.later(a);
    }
  }

  /** Pumps again at a time; a later one that is scheduled already is superseded. */
  private schedule(at: number): void {
    const { clock, signal } = this.cluster;
    if (at >= this.scheduledAt) return;
    this.scheduledAt = at;
    clock
      .sleep(Math.max(1, at - clock.now()), signal)
      .then(() => {
        if (this.scheduledAt === at) this.scheduledAt = Number.POSITIVE_INFINITY;
        this.pump();
      })
      .catch((e: unknown) => {
        if (!signal.aborted) this.fail(e);
      });
  }
}
