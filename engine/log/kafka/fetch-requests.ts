import { ByteWriter } from '../../records/bytes.js';
import type { TopicPartitionOffset } from '../log.js';
import { byTopic, Reader, writeString } from './protocol.js';
import type { AbortedTransaction } from './record-set.js';

const READ_COMMITTED = 1;

export interface FetchRequest {
  /** In the order in which the broker is to fill the response. */
  readonly partitions: readonly TopicPartitionOffset[];
  readonly maxWaitMs: number;
  readonly minBytes: number;
  /** The largest size of the response. A first batch that is larger comes whole. */
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
}

/** Fetch v11, read_committed, without a fetch session. */
export function encodeFetch(request: FetchRequest): Buffer {
  const w = new ByteWriter(64 + request.partitions.length * 64);
  w.int32(-1); // replica id: a consumer
  w.int32(request.maxWaitMs);
  w.int32(request.minBytes);
  w.int32(request.maxBytes);
  w.byte(READ_COMMITTED);
  w.int32(0); // session id
  w.int32(-1); // session epoch: none
  const topics = byTopic(request.partitions);
  w.int32(topics.size);
  for (const [topic, partitions] of topics) {
    writeString(w, topic);
    w.int32(partitions.length);
    for (const p of partitions) {
      w.int32(p.partition);
      w.int32(-1); // leader epoch: not checked
      w.int64(p.offset);
      w.int64(-1); // log start offset: a follower's
      w.int32(request.partitionMaxBytes);
    }
  }
  w.int32(0); // forgotten topics
  writeString(w, ''); // rack
  return w.bytes();
}

/** One partition of a fetch response; its records lie in `buffer` from `start` to `end`. */
export interface FetchedRecords {
  readonly topic: string;
  readonly partition: number;
  readonly code: number;
  /** The read-committed end: nothing from here on may be seen yet. */
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

export interface FetchResponse {
  readonly throttleMs: number;
  readonly code: number;
  readonly partitions: readonly FetchedRecords[];
}

const NONE: readonly AbortedTransaction[] = [];

export function decodeFetch(buffer: Buffer): FetchResponse {
  const r = new Reader(buffer);
  const throttleMs = r.int32();
  const code = r.int16();
  r.int32(); // session id
  const partitions: FetchedRecords[] = [];
  for (let topics = r.int32(); topics > 0; topics--) {
    const topic = r.string();
    for (let n = r.int32(); n > 0; n--) {
      const partition = r.int32();
      const partitionCode = r.int16();
      r.int64(); // high watermark
      const lastStableOffset = r.int64();
      const logStartOffset = r.int64();
      const abortedCount = r.int32();
      const aborted =
        abortedCount <= 0
          ? NONE
          : Array.from({ length: abortedCount }, () => ({ producerId: r.int64(), firstOffset: r.int64() }));
      r.int32(); // preferred read replica
      const size = Math.max(0, r.int32());
      const start = r.at;
      r.at += size;
      const end = Math.min(r.at, buffer.length);
      partitions.push({
        topic,
        partition,
        code: partitionCode,
        lastStableOffset,
        logStartOffset,
        aborted,
        buffer,
        start,
        end,
      });
    }
  }
  return { throttleMs, code, partitions };
}
