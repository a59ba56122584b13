import { BatchBuilder } from './batch.js';
import { addMarker, setProgress } from './progress.js';
import type { Header } from './record.js';

export type AppendBatch = (topic: string, partition: number, batch: Buffer) => void;

/** A batch is closed at this size: brokers refuse more than message.max.bytes (1 MiB by default) in one. */
const MAX_BATCH_BYTES = 512 * 1024;

/** The records of one topic that wait to be appended, in batches by partition. */
export class OutputBatches {
  /** Bytes that wait. */
  bytes = 0;
  private readonly builders: (BatchBuilder | undefined)[] = [];
  private readonly full: { readonly partition: number; readonly batch: Buffer }[] = [];

  /** `marker`: each batch begins with one, whose header this is. */
  constructor(
    readonly topic: string,
    private readonly marker: Header | null = null,
  ) {}

  /** Key and value as byte ranges; a start of -1 stands for null. */
  add(
    partition: number,
    timestamp: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    headers: readonly Header[],
  ): void {
    const builder = this.builderOf(partition);
    const before = builder.count === 0 ? 0 : builder.bytes;
    if (builder.count === 0 && this.marker !== null) addMarker(builder, timestamp, this.marker);
    builder.add(timestamp, key, keyStart, keyEnd, value, valueStart, valueEnd, headers);
    this.bytes += builder.bytes - before;
    if (builder.bytes >= MAX_BATCH_BYTES) this.close(partition, builder);
  }

  /**
   * Marks, for each partition, up to which event time the writer has come behind what waits: in the last batch, or in an
   * empty batch of its own with this timestamp. Does nothing where there are no markers.
   */
  tell(partition: number, time: number, timestamp: number): void {
    const builder = this.builderOf(partition);
    if (builder.count === 0) {
      addMarker(builder, timestamp, this.marker!);
      this.bytes += builder.bytes;
    }
    setProgress(this.close(partition, builder), time);
  }

  /** Hands over what waits. A batch is forgotten once it has been taken, not before. */
  drain(append: AppendBatch): void {
    for (const [partition, builder] of this.builders.entries()) {
      if (builder !== undefined && builder.count > 0) this.close(partition, builder);
    }
    let taken = 0;
    try {
      for (const { partition, batch } of this.full) {
        append(this.topic, partition, batch);
        taken++;
        this.bytes -= batch.length;
      }
    } finally {
      this.full.splice(0, taken);
    }
  }

  /** Forgets what waits. */
  discard(): void {
    this.builders.length = 0;
    this.full.length = 0;
    this.bytes = 0;
  }

  private builderOf(partition: number): BatchBuilder {
    let builder = this.builders[partition];
    if (builder === undefined) this.builders[partition] = builder = new BatchBuilder();
    return builder;
  }

  private close(partition: number, builder: BatchBuilder): Buffer {
    const batch = builder.finish()!;
    this.full.push({ partition, batch });
    return batch;
  }
}
