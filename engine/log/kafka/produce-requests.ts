import { ByteWriter } from '../../records/bytes.js';
import type { TopicPartition } from '../log.js';
import { byTopic, Reader, writeString } from './protocol.js';

export interface ProduceEntry extends TopicPartition {
  /** Sealed. */
  readonly batch: Buffer;
}

export interface ProduceResult extends TopicPartition {
  readonly code: number;
  readonly baseOffset: number;
}

/** Produce v7, acknowledged by all in-sync replicas: parts of the request, in which the batches stand uncopied. */
export function encodeProduce(
  transactionalId: string | null,
  timeoutMs: number,
  entries: readonly ProduceEntry[],
): Buffer[] {
  const parts: Buffer[] = [];
  let w = new ByteWriter(128);
  writeString(w, transactionalId);
  w.int16(-1); // acks: all
  w.int32(timeoutMs);
  const topics = byTopic(entries);
  w.int32(topics.size);
  for (const [topic, partitions] of topics) {
    writeString(w, topic);
    w.int32(partitions.length);
    for (const p of partitions) {
      w.int32(p.partition);
      w.int32(p.batch.length);
      parts.push(w.bytes(), p.batch);
      w = new ByteWriter(64);
    }
  }
  if (w.length > 0) parts.push(w.bytes());
  return parts;
}

export function decodeProduce(payload: Buffer): {
  readonly results: readonly ProduceResult[];
  readonly throttleMs: number;
} {
  const r = new Reader(payload);
  const results: ProduceResult[] = [];
  for (let topics = r.int32(); topics > 0; topics--) {
    const topic = r.string();
    for (let n = r.int32(); n > 0; n--) {
      results.push({ topic, partition: r.int32(), code: r.int16(), baseOffset: r.int64() });
      r.int64(); // log append time
      r.int64(); // log start offset
    }
  }
  return { results, throttleMs: r.int32() };
}
