import { BatchBuilder, type BatchCursor, type RecordBatch } from './batch.js';
import type { Header } from './record.js';

/**
 * Markers on repartition topics: records without key and value, one at the beginning of each batch. Their one header says
 * which task has written the batch, and up to which event time that task has written by the end of it. By them a reader
 * knows whose rows it has, and whose may still come. Header value: version, sub-topology and partition of the writer, time
 * as a double.
 */
const NAME = '__weir.progress';
const VERSION = 1;
const VALUE_BYTES = 17;

/** The task that a record on a repartition topic comes from. */
export interface Origin {
  readonly subtopology: number;
  readonly partition: number;
}

/** The task has nothing more to write for now: it has come to the end of its inputs. */
export const AT_END = Number.POSITIVE_INFINITY;
/** Nothing was said. */
export const UNTOLD = Number.NaN;

/** The one header of a marker, with no time yet. */
export function progressHeader({ subtopology, partition }: Origin): Header {
  const value = Buffer.alloc(VALUE_BYTES);
  value[0] = VERSION;
  value.writeInt32BE(subtopology, 1);
  value.writeInt32BE(partition, 5);
  value.writeDoubleBE(UNTOLD, 9);
  return { key: NAME, value };
}

/** Adds a marker; to be the first record of its batch. */
export function addMarker(builder: BatchBuilder, timestamp: number, header: Header): void {
  builder.add(timestamp, null, -1, -1, null, -1, -1, [header]);
}

/** All markers have the same size, and the time is in the last bytes of the first record. */
const TIME_AT = (() => {
  const probe = new BatchBuilder();
  addMarker(probe, 0, progressHeader({ subtopology: 0, partition: 0 }));
  return probe.bytes - 8;
})();

/** Writes into the marker of a finished, unsealed batch up to which time its writer has come behind that batch. */
export function setProgress(batch: Buffer, time: number): void {
  batch.writeDoubleBE(time, TIME_AT);
}

/** Whether the record under the cursor may be a marker: cheap, for every record. */
export const mayBeMarker = (cursor: BatchCursor): boolean =>
  cursor.keyStart < 0 && cursor.valueStart < 0 && cursor.headerCount === 1;

/** What a marker says; undefined where the record is none. */
export function readMarker(cursor: BatchCursor): (Origin & { readonly time: number }) | undefined {
  if (!mayBeMarker(cursor)) return undefined;
  const { key, value } = cursor.headers()[0]!;
  if (key !== NAME || value === null || value.length !== VALUE_BYTES || value[0] !== VERSION) return undefined;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  return { subtopology: bytes.readInt32BE(1), partition: bytes.readInt32BE(5), time: bytes.readDoubleBE(9) };
}

/** Who has written a batch; undefined where it does not begin with a marker. */
export function originOf(batch: RecordBatch, cursor: BatchCursor): Origin | undefined {
  cursor.reset(batch.firstWanted > batch.baseOffset ? { ...batch, firstWanted: 0 } : batch);
  return cursor.next() ? readMarker(cursor) : undefined;
}
