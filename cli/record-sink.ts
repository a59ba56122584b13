import { buildBatches, type LoadMarks, type Log, type LogWriter, loadMarks, type RawRecord } from '../engine/index.js';
import type { ApiClient } from './api-client.js';

/** Where `weir load` and `weir datagen` write. `send` resolves when the records are durable. */
export interface RecordSink {
  /** Makes the topic where it is missing. @returns its partitions */
  prepare(topic: string, partitions: number): Promise<number>;
  /** How far a file has been loaded into a topic. */
  marks(topic: string, file: string): Promise<LoadMarks>;
  send(topic: string, records: readonly RawRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** A running server's `/topics/:topic/records`: the embedded log belongs to the process that serves it. */
export class ServerSink implements RecordSink {
  private partitions = 4;

  constructor(private readonly api: ApiClient) {}

  async prepare(topic: string, partitions: number): Promise<number> {
    this.partitions = partitions;
    return this.post(topic, []);
  }

  async marks(topic: string, file: string): Promise<LoadMarks> {
    return this.api.get(`/topics/${encodeURIComponent(topic)}/loads/${encodeURIComponent(file)}`);
  }

  async send(topic: string, records: readonly RawRecord[]): Promise<void> {
    await this.post(topic, records);
  }

  private async post(topic: string, records: readonly RawRecord[]): Promise<number> {
    const answer = await this.api.post<{ partitions: number }>(`/topics/${encodeURIComponent(topic)}/records`, {
      partitions: this.partitions,
      records: records.map(toJson),
    });
    return answer.partitions;
  }

  async close(): Promise<void> {}
}

function toJson(r: RawRecord): object {
  return {
    ...(r.key === null ? {} : { keyBase64: Buffer.from(r.key).toString('base64') }),
    ...(r.value === null ? {} : { value: Buffer.from(r.value).toString('utf8') }),
    ...(r.timestamp === undefined ? {} : { timestamp: r.timestamp }),
    ...(r.partition === undefined ? {} : { partition: r.partition }),
    ...(r.headers === undefined || r.headers.length === 0
      ? {}
      : { headers: r.headers.map((h) => ({ key: h.key, value: Buffer.from(h.value ?? []).toString('utf8') })) }),
  };
}

/** A log of one's own: Kafka, or the embedded one in a folder that no server holds. */
export class LogSink implements RecordSink {
  private writer: LogWriter | undefined;
  private readonly partitions = new Map<string, number>();
  private turn = 0;

  constructor(
    private readonly log: Log,
    private readonly now: () => number,
  ) {}

  async prepare(topic: string, partitions: number): Promise<number> {
    const known = await this.log.describeTopic(topic);
    if (known === undefined) await this.log.createTopics([{ name: topic, partitions }]);
    const count = known?.partitions ?? partitions;
    this.partitions.set(topic, count);
    this.writer ??= await this.log.writer({ clientId: 'weir-load' });
    return count;
  }

  async marks(topic: string, file: string): Promise<LoadMarks> {
    const marks = await loadMarks(this.log, topic, file);
    return marks ?? { partitions: this.partitions.get(topic)!, run: null, rows: [] };
  }

  async send(topic: string, records: readonly RawRecord[]): Promise<void> {
    const count = this.partitions.get(topic)!;
    const batches = buildBatches(records, count, this.now(), () => this.turn++);
    for (const [partition, batch] of batches) this.writer!.append(topic, partition, batch);
    await this.writer!.flush();
  }

  async close(): Promise<void> {
    await this.writer?.close();
    await this.log.close();
  }
}
