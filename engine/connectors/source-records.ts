import { messageOf, WeirError } from '../base/errors.js';
import type { DataSource } from '../catalog/index.js';
import type { Log, LogWriter } from '../log/log.js';
import { BatchBuilder, batchAt, partitionOf } from '../records/batch.js';
import { OutputBatches } from '../records/output-batches.js';
import type { RawRecord } from '../records/raw-record.js';
import { isInternalTopic, isTopicName } from '../records/topic-name.js';
import type { BytesRecord, JsonRow, RowRecord, SourceRecord } from './connector.js';
import type { ConnectorServices, RowWriter } from './services.js';
import { SinkRows } from './sink-rows.js';

type Stringify = typeof import('lossless-json').stringify;

export interface RecordOptions {
  /** The stream or table of the option `into`. */
  readonly into: DataSource | undefined;
  /** The option `topic`. */
  readonly topic: string | undefined;
  readonly partitions: number;
  readonly keyColumns: readonly string[] | undefined;
  readonly keepsKey: boolean;
}

/** What a source gives does not fit where it is to go: the message says why. */
export class UnfitRecord extends Error {}

interface Target {
  readonly batches: OutputBatches;
  readonly partitions: number;
  turn: number;
}

const NO_BYTES = Buffer.alloc(0);
const isBytes = (r: SourceRecord): r is BytesRecord =>
  r.value instanceof Uint8Array || r.key === null || r.key instanceof Uint8Array;

/** Encodes what a source gives, in batches by topic and partition that wait to be appended. */
export class SourceRecords {
  private readonly targets = new Map<string, Target>();

  private constructor(
    private readonly services: ConnectorServices,
    private readonly options: RecordOptions,
    private readonly write: RowWriter | undefined,
    private readonly stringify: Stringify,
  ) {}

  static async open(services: ConnectorServices, options: RecordOptions): Promise<SourceRecords> {
    const { stringify } = await import('lossless-json');
    const write = options.into === undefined ? undefined : await services.rowWriter(options.into);
    return new SourceRecords(services, options, write, stringify);
  }

  get bytes(): number {
    let bytes = 0;
    for (const { batches } of this.targets.values()) bytes += batches.bytes;
    return bytes;
  }

  /** @throws UnfitRecord, and nothing waits that did not before */
  async add(record: SourceRecord): Promise<void> {
    const { into } = this.options;
    const topic = record.topic ?? into?.topic.name ?? this.options.topic;
    if (topic === undefined) throw new UnfitRecord('The record names no topic, and neither into nor topic is set.');
    const own = into !== undefined && topic === into.topic.name;
    const raw = isBytes(record)
      ? own
        ? await this.checked(record, into)
        : record
      : this.encoded(record, own ? this.write : undefined);
    const target = await this.target(topic);
    const { key, value } = raw;
    const partition =
      raw.partition ??
      (key === null ? target.turn++ % target.partitions : partitionOf(key, 0, key.length, target.partitions));
    const timestamp = raw.timestamp ?? this.services.clock.now();
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw new UnfitRecord(`${timestamp} is no event time.`);
    target.batches.add(
      partition % target.partitions,
      timestamp,
      key ?? NO_BYTES,
      key === null ? -1 : 0,
      key?.length ?? 0,
      value ?? NO_BYTES,
      value === null ? -1 : 0,
      value?.length ?? 0,
      raw.headers ?? [],
    );
  }

  drain(writer: LogWriter): void {
    for (const { batches } of this.targets.values()) {
      batches.drain((topic, partition, batch) => writer.append(topic, partition, batch));
    }
  }

  /** Bytes as they are; they must be a row of the stream. */
  private async checked(record: BytesRecord, into: DataSource): Promise<RawRecord> {
    const { key, value } = record;
    const builder = new BatchBuilder();
    const timestamp = record.timestamp ?? this.services.clock.now();
    builder.add(timestamp, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, record.headers ?? []);
    const rows = new SinkRows(0, into, into.topic.name, this.services, 0);
    const batch = batchAt(builder.finish()!, 0);
    rows.add({ topic: into.topic.name, partition: 0, batches: [batch], nextOffset: 1 });
    const [bad] = (await rows.take(1, 1, false)).bad;
    if (bad !== undefined) throw new UnfitRecord(bad.reason);
    return record;
  }

  private encoded(record: RowRecord, write: RowWriter | undefined): RawRecord {
    const { key, value, timestamp, headers } = record;
    const rest = {
      ...(timestamp === undefined ? {} : { timestamp }),
      ...(headers === undefined ? {} : { headers }),
    };
    if (write === undefined) return { ...this.asJson(key, value), ...rest };
    try {
      return { ...write(this.text({ ...key, ...value }), value === null), ...rest };
    } catch (e) {
      if (e instanceof WeirError) throw new UnfitRecord(messageOf(e), { cause: e });
      throw e;
    }
  }

  /** As JSON on a topic. A key of one text column is that text; any other is JSON, of several columns an object. */
  private asJson(key: JsonRow | undefined, value: JsonRow | null): RawRecord {
    const { keyColumns, keepsKey } = this.options;
    const names = keyColumns ?? Object.keys(key ?? {});
    const all: JsonRow = { ...key, ...value };
    for (const name of names)
      if (!(name in all)) throw new UnfitRecord(`The row has no field ${name}, which is in key.`);
    const [first] = names;
    const one = names.length === 1 ? all[first!] : undefined;
    const keyText =
      names.length === 0 || one === null
        ? null
        : typeof one === 'string'
          ? one
          : this.text(names.length === 1 ? one : Object.fromEntries(names.map((name) => [name, all[name]])));
    const shown = keepsKey ? all : Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
    return {
      key: keyText === null ? null : Buffer.from(keyText, 'utf8'),
      value: value === null ? null : Buffer.from(this.text(shown), 'utf8'),
    };
  }

  private text(value: unknown): string {
    return this.stringify(value) ?? 'null';
  }

  private async target(topic: string): Promise<Target> {
    let target = this.targets.get(topic);
    if (target !== undefined) return target;
    if (!isTopicName(topic)) throw new UnfitRecord(`'${topic}' is no name of a topic.`);
    if (isInternalTopic(topic)) throw new UnfitRecord(`Topic ${topic} is Weir's own.`);
    const partitions = await partitionsOf(this.services.log, topic, this.options.partitions);
    target = { batches: new OutputBatches(topic), partitions, turn: 0 };
    this.targets.set(topic, target);
    return target;
  }
}

/** Of a topic, which is made where it is missing. Event times may be years old: it keeps all. */
async function partitionsOf(log: Log, topic: string, partitions: number): Promise<number> {
  const there = await log.describeTopic(topic);
  if (there !== undefined) return there.partitions;
  await log.createTopics([{ name: topic, partitions, config: { 'retention.ms': '-1' } }]);
  return (await log.describeTopic(topic))?.partitions ?? partitions;
}
