import type { DataSource } from '../../engine/catalog/index.js';
import { readInt64 } from '../../engine/records/bytes.js';
import type { RecordSpec } from './case.js';

/** The window behind the columns of a topic's key: the start, before it the end where it is a session. */
export function windowBytes(w: NonNullable<RecordSpec['window']>): Buffer {
  const b = Buffer.alloc(w.type === 'session' ? 16 : 8);
  if (w.type === 'session') b.writeBigInt64BE(BigInt(w.end ?? w.start), 0);
  b.writeBigInt64BE(BigInt(w.start), b.length - 8);
  return b;
}

export interface SplitKey {
  readonly key: Buffer | null;
  readonly window: { readonly type: 'time' | 'session'; readonly start: number; readonly end: number } | null;
}

/** The key of a record as its columns and its window. */
export function splitKey(key: Uint8Array | null, owner: DataSource): SplitKey {
  if (key === null) return { key, window: null };
  const b = Buffer.from(key);
  if (owner.window === null) return { key: b, window: null };
  const start = readInt64(b, b.length - 8);
  if (owner.window.kind === 'session') {
    return { key: b.subarray(0, b.length - 16), window: { type: 'session', start, end: readInt64(b, b.length - 16) } };
  }
  return { key: b.subarray(0, b.length - 8), window: { type: 'time', start, end: start + owner.window.sizeMs } };
}
