import { compress, uncompressSync } from 'lz4-napi';
import {
  BATCH_HEADER,
  batchIntact,
  batchLength,
  COMPRESSION_MASK,
  PLAIN_PRODUCER,
  sealBatch,
} from '../../types/batch.js';
import { WeirError } from '../../types/errors.js';

/**
 * A batch as it lies in the database: a sealed v2 record batch. The records of a larger one are one LZ4 block (with its
 * size in front), under the attribute of LZ4; the checksum is over what is stored. Compressing happens on other threads
 * and makes the log several times faster than the disk under it: LevelDB writes everything at least twice.
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
  const records = await compress(raw.subarray(BATCH_HEADER));
  if (records.length + BATCH_HEADER >= raw.length) return raw;
  const b = Buffer.allocUnsafe(BATCH_HEADER + records.length);
  raw.copy(b, 0, 0, BATCH_HEADER);
  records.copy(b, BATCH_HEADER);
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
  const attributes = stored.readInt16BE(ATTRIBUTES);
  if ((attributes & COMPRESSION_MASK) === 0) return stored;
  const records = uncompressSync(stored.subarray(BATCH_HEADER));
  const raw = Buffer.allocUnsafe(BATCH_HEADER + records.length);
  stored.copy(raw, 0, 0, BATCH_HEADER);
  records.copy(raw, BATCH_HEADER);
  raw.writeInt32BE(raw.length - 12, 8);
  raw.writeInt16BE(attributes & ~COMPRESSION_MASK, ATTRIBUTES);
  return raw;
}

export function damaged(place: string): WeirError {
  return new WeirError(
    'LOG_ERROR',
    `The embedded log is damaged at ${place}`,
    'The data directory was changed from outside or the disk failed. Put back a copy of it, or delete the topic.',
  );
}
