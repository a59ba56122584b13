import { compress, uncompressSync } from 'lz4-napi';
import { WeirError } from '../../base/errors.js';
import {
  BATCH_HEADER,
  batchIntact,
  batchLength,
  COMPRESSION_MASK,
  PLAIN_PRODUCER,
  sealBatch,
} from '../../records/batch.js';

/**
 * A batch as it lies in the database: a sealed v2 record batch. A larger one is compressed. In place of its records it then
 * holds the whole batch as one LZ4 block, with its size in front, and its attribute says LZ4; the checksum is over what is
 * stored. Compressing happens on other threads. It makes the log several times faster than the disk under it, because
 * LevelDB writes everything at least twice. The block holds the whole batch so that reading it takes no second large buffer.
 */
const ATTRIBUTES = 21;
const LZ4 = 3;
/** Below it compressing saves nothing that is worth the trip to another thread. */
const WORTH_PACKING = 4096;

/** The batch that will be stored, still without offset and checksum; `raw` itself where it is small. */
export function pack(raw: Buffer): Buffer | Promise<Buffer> {
  return raw.length < WORTH_PACKING ? raw : packed(raw);
}

async function packed(raw: Buffer): Promise<Buffer> {
  const block = await compress(raw);
  if (block.length + BATCH_HEADER >= raw.length) return raw;
  const b = Buffer.allocUnsafe(BATCH_HEADER + block.length);
  raw.copy(b, 0, 0, BATCH_HEADER);
  block.copy(b, BATCH_HEADER);
  b.writeInt32BE(b.length - 12, 8);
  b.writeInt16BE((b.readInt16BE(ATTRIBUTES) & ~COMPRESSION_MASK) | LZ4, ATTRIBUTES);
  return b;
}

/** Completes a stored batch. */
export function seal(stored: Buffer, baseOffset: number): void {
  sealBatch(stored, baseOffset, PLAIN_PRODUCER);
}

/** The uncompressed batch. @throws WeirError LOG_ERROR where the bytes are not those that were written */
export function unpack(stored: Buffer, place: () => string): Buffer {
  if (batchLength(stored, 0) !== stored.length || !batchIntact(stored, 0, stored.length)) throw damaged(place());
  if ((stored.readInt16BE(ATTRIBUTES) & COMPRESSION_MASK) === 0) return stored;
  const raw = uncompressSync(stored.subarray(BATCH_HEADER));
  // It was compressed before its offset was known.
  stored.copy(raw, 0, 0, 8);
  return raw;
}

export function damaged(place: string): WeirError {
  return new WeirError(
    'LOG_ERROR',
    `The embedded log is damaged at ${place}`,
    'The data directory was changed from outside or the disk failed. Put back a copy of it, or delete the topic.',
  );
}
