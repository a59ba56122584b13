import { ByteWriter } from '../../records/bytes.js';
import type { CommittedOffset, TopicPartition } from '../log.js';
import { byTopic, Reader, writeCompactString, writeUvarint } from './protocol.js';

/** Who commits: a member of the group in one generation, or no member (''/-1). */
export interface GroupIdentity {
  readonly memberId: string;
  readonly generation: number;
}

export const NO_MEMBER: GroupIdentity = { memberId: '', generation: -1 };

export interface PartitionCode extends TopicPartition {
  readonly code: number;
}

/** TxnOffsetCommit v3: offsets inside a transaction, with the member that they are of (KIP-447). */
export function encodeTxnOffsetCommit(request: {
  readonly transactionalId: string;
  readonly group: string;
  readonly producerId: number;
  readonly epoch: number;
  readonly identity: GroupIdentity;
  readonly offsets: readonly CommittedOffset[];
}): Buffer {
  const w = new ByteWriter(256);
  writeCompactString(w, request.transactionalId);
  writeCompactString(w, request.group);
  w.int64(request.producerId);
  w.int16(request.epoch);
  w.int32(request.identity.generation);
  writeCompactString(w, request.identity.memberId);
  writeCompactString(w, null); // group instance id
  const topics = byTopic(request.offsets);
  writeUvarint(w, topics.size + 1);
  for (const [topic, partitions] of topics) {
    writeCompactString(w, topic);
    writeUvarint(w, partitions.length + 1);
    for (const p of partitions) {
      w.int32(p.partition);
      w.int64(p.offset);
      w.int32(-1); // leader epoch: unknown
      writeCompactString(w, p.metadata ?? '');
      w.byte(0);
    }
    w.byte(0);
  }
  w.byte(0);
  return w.bytes();
}

export function decodeTxnOffsetCommit(payload: Buffer): PartitionCode[] {
  const r = new Reader(payload);
  r.tags();
  r.int32(); // throttle time
  const out: PartitionCode[] = [];
  for (let topics = r.uvarint() - 1; topics > 0; topics--) {
    const topic = r.compactString();
    for (let n = r.uvarint() - 1; n > 0; n--) {
      out.push({ topic, partition: r.int32(), code: r.int16() });
      r.tags();
    }
    r.tags();
  }
  return out;
}

/**
 * OffsetFetch v7: stable offsets only (KIP-447): a partition whose offset waits for the end of a transaction answers
 * UNSTABLE_OFFSET_COMMIT instead of an old one. The partitions must be named: asked for all, the broker is silent about those
 * whose first offset is such a one.
 */
export function encodeOffsetFetch(group: string, partitions: readonly TopicPartition[]): Buffer {
  const w = new ByteWriter(64);
  writeCompactString(w, group);
  const topics = byTopic(partitions);
  writeUvarint(w, topics.size + 1);
  for (const [topic, list] of topics) {
    writeCompactString(w, topic);
    writeUvarint(w, list.length + 1);
    for (const p of list) w.int32(p.partition);
    w.byte(0);
  }
  w.byte(1); // require stable
  w.byte(0);
  return w.bytes();
}

export interface FetchedOffsets {
  readonly code: number;
  readonly partitions: readonly (PartitionCode & CommittedOffset)[];
}

export function decodeOffsetFetch(payload: Buffer): FetchedOffsets {
  const r = new Reader(payload);
  r.tags();
  r.int32(); // throttle time
  const partitions: (PartitionCode & CommittedOffset)[] = [];
  for (let topics = r.uvarint() - 1; topics > 0; topics--) {
    const topic = r.compactString();
    for (let n = r.uvarint() - 1; n > 0; n--) {
      const partition = r.int32();
      const offset = r.int64();
      r.int32(); // leader epoch
      const metadata = r.compactString();
      partitions.push({ topic, partition, offset, ...(metadata === '' ? {} : { metadata }), code: r.int16() });
      r.tags();
    }
    r.tags();
  }
  return { code: r.int16(), partitions };
}
