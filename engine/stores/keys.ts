import type { TaskId } from './store.js';

/**
 * Keys of the state in the database, in order:
 *
 *     'S' · length(query) · query · subtopology · partition · length(store) · store · tag · key of the store
 *
 * Lengths and subtopology are 2 bytes, the partition 4, all big-endian. Each part delimits itself, so no name can reach
 * into another's range, and a query, a task or a store is one range. Tag 0 is the checkpoint, tag 1 an entry.
 */
const STATE = 0x53;
export const CHECKPOINT = 0;
export const ENTRY = 1;

/** All keys of one query begin with it. */
export function queryPrefix(queryId: string): Buffer {
  const query = name(queryId);
  const b = Buffer.allocUnsafe(3 + query.length);
  b[0] = STATE;
  b.writeUInt16BE(query.length, 1);
  query.copy(b, 3);
  return b;
}

/** All keys of one store of a task begin with it. */
export function storePrefix(task: TaskId, store: string): Buffer {
  const query = queryPrefix(task.queryId);
  const storeName = name(store);
  const b = Buffer.allocUnsafe(query.length + 8 + storeName.length);
  let p = query.copy(b, 0);
  p = b.writeUInt16BE(task.subtopology, p);
  p = b.writeUInt32BE(task.partition, p);
  p = b.writeUInt16BE(storeName.length, p);
  storeName.copy(b, p);
  return b;
}

export function taskPrefix(task: TaskId): Buffer {
  const whole = storePrefix(task, '');
  return whole.subarray(0, whole.length - 2);
}

export function tagged(prefix: Uint8Array, tag: number): Buffer {
  return Buffer.concat([prefix, Buffer.of(tag)]);
}

/** The first key behind all that begin with `prefix`. */
export function behind(prefix: Uint8Array): Buffer {
  const b = Buffer.from(prefix);
  for (let i = b.length - 1; i >= 0; i--) {
    if (b[i]! < 0xff) {
      b[i]!++;
      return b.subarray(0, i + 1);
    }
  }
  throw new RangeError('A prefix of 0xff bytes has nothing behind it');
}

/** Where the key of the store begins in a whole key: behind the tag. */
export function entryStart(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const store = 3 + view.getUint16(1) + 6;
  return store + 2 + view.getUint16(store) + 1;
}

function name(s: string): Buffer {
  const b = Buffer.from(s, 'utf8');
  if (b.length > 0xffff) throw new RangeError(`A name of ${b.length} bytes is too long for a key`);
  return b;
}
