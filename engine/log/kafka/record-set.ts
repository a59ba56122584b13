import {
  BATCH_HEADER,
  batchAt,
  batchIntact,
  batchLength,
  COMPRESSION_MASK,
  CONTROL,
  type RecordBatch,
  TRANSACTIONAL,
} from '../../records/batch.js';
import { readInt64 } from '../../records/bytes.js';
import { decompress } from './compression.js';
import { KafkaError } from './errors.js';

/** From the fetch response: an aborted transaction that overlaps the fetched range. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface RecordSet {
  /** What read_committed may see. */
  readonly batches: readonly RecordBatch[];
  /** Behind the last whole batch, whatever it was. */
  readonly nextOffset: number;
  /** Held besides the response itself. */
  readonly decompressedBytes: number;
}

export interface RecordSetOptions {
  readonly from: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly checkCrcs: boolean;
  /** For errors: topic and partition. */
  readonly name: string;
}

/**
 * The batches in bytes [start, end) of a fetch response: control batches and batches of aborted transactions left out,
 * compressed ones decompressed. A batch that is cut short at the end is for the next fetch.
 *
 * The broker lists aborted transactions in the order of their ends, not of their beginnings (kafkajs relies on the latter and
 * leaks). A producer is aborting from the first offset of such a transaction to its abort marker, which is a control batch.
 * @throws KafkaError when a batch is damaged or of a format older than v2
 */
export async function readRecordSet(
  b: Buffer,
  start: number,
  end: number,
  options: RecordSetOptions,
): Promise<RecordSet> {
  const batches: RecordBatch[] = [];
  const compressed: { at: number; codec: number; batch: RecordBatch }[] = [];
  const pending = [...options.aborted].sort((x, y) => x.firstOffset - y.firstOffset);
  let nextPending = 0;
  const aborting = new Set<number>();
  let nextOffset = options.from;
  let p = start;
  for (;;) {
    if (end - p >= 17 && b[p + 16] !== 2) throw damaged(options, b, p, `message format v${b[p + 16]} is not supported`);
    const length = batchLength(b, p, end);
    if (length < 0) break;
    if (length < BATCH_HEADER) throw damaged(options, b, p, `a batch of ${length} bytes`);
    if (options.checkCrcs && !batchIntact(b, p, length)) throw damaged(options, b, p, 'the checksum does not match');
    const batch = batchAt(b, p, options.from);
    const attributes = b.readInt16BE(p + 21);
    const at = p;
    p += length;
    if (batch.lastOffset < options.from) continue;
    nextOffset = batch.lastOffset + 1;
    const producerId = readInt64(b, at + 43);
    while (nextPending < pending.length && pending[nextPending]!.firstOffset <= batch.lastOffset) {
      aborting.add(pending[nextPending++]!.producerId);
    }
    if ((attributes & CONTROL) !== 0) {
      if (isAbortMarker(batch)) aborting.delete(producerId);
      continue;
    }
    if ((attributes & TRANSACTIONAL) !== 0 && aborting.has(producerId)) continue;
    if (batch.count <= 0) continue; // compaction keeps empty batches for their sequence numbers
    const codec = attributes & COMPRESSION_MASK;
    if (codec !== 0) compressed.push({ at: batches.length, codec, batch });
    batches.push(batch);
  }
  let decompressedBytes = 0;
  for (const { at, codec, batch } of compressed) {
    const buffer = await decompress(codec, b.subarray(batch.start, batch.end));
    decompressedBytes += buffer.length;
    batches[at] = { ...batch, buffer, start: 0, end: buffer.length };
  }
  return { batches, nextOffset, decompressedBytes };
}

/** Control record: length, attributes, two deltas, then a key of version (int16) and type (int16): 0 abort, 1 commit. */
function isAbortMarker(batch: RecordBatch): boolean {
  const b = batch.buffer;
  let p = batch.start;
  const skipVarint = (): void => {
    while (p < batch.end && b[p]! >= 128) p++;
    p++;
  };
  skipVarint(); // length
  p++; // attributes
  skipVarint(); // timestamp delta
  skipVarint(); // offset delta
  skipVarint(); // length of the key
  return p + 4 <= batch.end && b.readInt16BE(p + 2) === 0;
}

function damaged(options: RecordSetOptions, b: Buffer, p: number, why: string): KafkaError {
  const text = `${options.name}: damaged batch at offset ${readInt64(b, p)}: ${why}`;
  return new KafkaError(text, 2, false, false, {
    hint: 'Nothing was skipped. Compare with another client; a damaged segment is mended from a replica.',
  });
}
