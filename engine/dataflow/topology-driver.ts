import type { Properties } from '../base/properties.js';
import { StepBook } from '../observe/step-stats.js';
import type { Topology } from '../plan/topology.js';
import { BatchBuilder, BatchCursor, batchAt } from '../records/batch.js';
import type { Header } from '../records/record.js';
import { MemoryState } from '../stores/memory.js';
import type { Store } from '../stores/store.js';
import type { Value } from '../values/value.js';
import { buildChain, type Chain } from './chain.js';
import { InputQueue } from './input-queue.js';
import { topicOf } from './names.js';
import { type CodecServices, operatorEnv } from './runtime-services.js';

/** A record of a topic as bytes. */
export interface DriverRecord {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: number;
  readonly headers?: readonly Header[];
}

/** What happened besides output. */
export interface DriverReport {
  readonly kind: 'evaluation' | 'skipped' | 'unwritten' | 'late';
  readonly node: string;
  readonly message: string;
  /** Of a row that was not written: what of it does not fit its schema. */
  readonly target?: 'key' | 'value' | undefined;
}

/** A row of a push query's result. */
export interface DriverRow {
  readonly values: readonly Value[];
  readonly tombstone: boolean;
}

/**
 * Runs a topology in memory, one record at a time and to quiescence, internal topics included: one task a sub-topology,
 * partition 0, no threads, no cache, wall clock as given. What Kafka Streams' TopologyTestDriver is there; for tests.
 */
export class TopologyDriver {
  readonly reports: DriverReport[] = [];
  readonly rows: DriverRow[] = [];
  readonly steps = new StepBook();
  private readonly chains: readonly Chain[];
  private readonly queues = new Map<string, InputQueue[]>();
  private readonly offsets = new Map<string, number>();
  private readonly written: DriverRecord[] = [];
  private readonly internal = new Set<string>();
  private streamTime = -1;
  private readonly state: MemoryState;
  private readonly stores: Store[] = [];

  constructor(
    topology: Topology,
    services: CodecServices,
    properties: Properties = {},
    queryId = 'driver',
    /** The query is replaced: this one goes on from where that one has committed. */
    before?: TopologyDriver,
  ) {
    const state = (this.state = before?.state ?? new MemoryState());
    if (before !== undefined) {
      for (const [t, offset] of before.offsets) this.offsets.set(t, offset);
      this.streamTime = before.streamTime;
    }
    const topic = (node: Parameters<typeof topicOf>[0]) => topicOf(node, 'test', queryId)!;
    this.chains = topology.subtopologies.map((sub) => {
      const task = { queryId, subtopology: sub.id, partition: 0 };
      const env = operatorEnv({
        services,
        properties,
        cached: false,
        cacheEntries: 1 << 20,
        context: {
          evaluationError: (node, message) => this.reports.push({ kind: 'evaluation', node, message }),
          skipped: (node, message) => this.reports.push({ kind: 'skipped', node, message }),
          unwritten: (node, message, _record, { target }) =>
            this.reports.push({ kind: 'unwritten', node, message, target }),
          late: (node) => this.reports.push({ kind: 'late', node, message: '' }),
          stats: (node, kind) => this.steps.of(node, kind),
          streamTime: () => this.streamTime,
        },
        openStore: (ref) => {
          const store = state.store(task, ref.name);
          this.stores.push(store);
          return { store, empty: before === undefined };
        },
      });
      for (const node of sub.nodes) if (node.kind === 'repartition') this.internal.add(topic(node));
      const chain = buildChain(
        sub,
        env,
        { target: (node) => ({ name: topic(node), partitions: 1 }), source: topic },
        (values, tombstone) => this.rows.push({ values, tombstone }),
      );
      for (const source of chain.sources) {
        const queue = new InputQueue(source, 0, this.offsets.get(source.topic) ?? 0);
        this.queues.set(source.topic, [...(this.queues.get(source.topic) ?? []), queue]);
      }
      return chain;
    });
  }

  /** Topics that the topology reads, internal ones left out. */
  get sources(): readonly string[] {
    return [...this.queues.keys()].filter((t) => !this.internal.has(t));
  }

  /** Internal topics that have had a record. */
  get internalTopics(): readonly string[] {
    return [...this.internal].filter((t) => this.offsets.has(t));
  }

  /** Feeds one record and runs until nothing is left to do; what reached sinks is in `take`. */
  pipe(record: DriverRecord): void {
    const builder = new BatchBuilder();
    const { key, value } = record;
    const keyEnd = key?.length ?? 0;
    const valueEnd = value?.length ?? 0;
    builder.add(
      record.timestamp,
      key,
      key === null ? -1 : 0,
      keyEnd,
      value,
      value === null ? -1 : 0,
      valueEnd,
      record.headers,
    );
    this.feed(record.topic, builder.finish()!);
  }

  /** Commits: gives what operators have held back, and writes their state down. */
  commit(): void {
    for (const chain of this.chains) for (const operator of chain.operators) operator.flush?.();
    this.settle();
    for (const store of this.stores) store.committed();
  }

  /** Takes what sinks have written since the last call, in order. */
  take(): readonly DriverRecord[] {
    return this.written.splice(0);
  }

  private feed(topic: string, batch: Buffer): void {
    const offset = this.offsets.get(topic) ?? 0;
    batch.writeBigInt64BE(BigInt(offset), 0);
    const read = batchAt(batch, 0);
    this.offsets.set(topic, offset + read.count);
    for (const queue of this.queues.get(topic) ?? []) {
      queue.add({ topic, partition: 0, batches: [read], nextOffset: offset + read.count });
      while (queue.advance()) {
        this.streamTime = Math.max(this.streamTime, queue.record.timestamp);
        queue.source.entry.process(queue.record);
      }
      if (queue.needed !== null) throw new Error(`schema ${queue.needed} is not there`);
    }
    this.settle();
  }

  /** Moves what waits in sinks on: to the log of a topic, or into the sub-topology that reads it. */
  private settle(): void {
    for (const chain of this.chains) {
      for (const operator of chain.operators) operator.advance?.(this.streamTime);
      for (const sink of chain.sinks) {
        // A sink may be fed again by what it has written: it is emptied first.
        const written: (readonly [topic: string, batch: Buffer])[] = [];
        sink.drain((topic, _partition, batch) => written.push([topic, batch]));
        for (const [topic, batch] of written) {
          if (this.internal.has(topic)) this.feed(topic, batch);
          else this.collect(topic, batch);
        }
      }
    }
  }

  private collect(topic: string, batch: Buffer): void {
    const cursor = new BatchCursor();
    cursor.reset(batchAt(batch, 0));
    const copy = (start: number, end: number) => (start < 0 ? null : Buffer.from(batch.subarray(start, end)));
    while (cursor.next()) {
      const headers = cursor.headers();
      this.written.push({
        topic,
        key: copy(cursor.keyStart, cursor.keyEnd),
        value: copy(cursor.valueStart, cursor.valueEnd),
        timestamp: cursor.timestamp,
        ...(headers.length > 0 ? { headers } : {}),
      });
    }
  }
}
