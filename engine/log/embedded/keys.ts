import { readInt64 } from '../../records/bytes.js';

/**
 * Keys of the log in the database. All begin with 'L' and a letter for what they hold; numbers are big-endian:
 *
 *     Lv                                  version of this format
 *     Ln                                  next topic id
 *     Lt name                             topic: JSON of its id, partitions, config
 *     Lx id                               topic whose batches are still to be removed
 *     Lp id partition                     earliest and next offset, bytes of the batches
 *     Lb id partition lastOffset          one record batch
 *     Lg length(group) group length(topic) topic partition     committed offset of a group
 *
 * A batch is found under its last offset: the first key at or behind an offset is then the batch that holds it.
 * A topic that is created again has a new id, so nothing of an old one can be taken for it.
 */
const L = 0x4c;
const kind = (letter: string, rest = 0): Buffer => {
  const b = Buffer.alloc(2 + rest);
  b[0] = L;
  b.write(letter, 1, 'latin1');
  return b;
};

export const VERSION_KEY = kind('v');
export const NEXT_ID_KEY = kind('n');
export const TOPICS = prefixRange('t');
export const REMOVALS = prefixRange('x');
export const PARTITIONS = prefixRange('p');
export const GROUPS = prefixRange('g');

export interface KeyRange {
  readonly gte: Buffer;
  readonly lt: Buffer;
}

function prefixRange(letter: string): KeyRange {
  return { gte: kind(letter), lt: kind(String.fromCharCode(letter.charCodeAt(0) + 1)) };
}

export const topicKey = (name: string): Buffer => Buffer.concat([kind('t'), Buffer.from(name)]);
export const topicOfKey = (key: Uint8Array): string => Buffer.from(key.subarray(2)).toString();

export function removalKey(id: number): Buffer {
  const b = kind('x', 4);
  b.writeUInt32BE(id, 2);
  return b;
}
export const idOfRemoval = (key: Uint8Array): number => Buffer.from(key).readUInt32BE(2);

export function partitionKey(id: number, partition: number): Buffer {
  const b = kind('p', 8);
  b.writeUInt32BE(id, 2);
  b.writeUInt32BE(partition, 6);
  return b;
}

export function batchKey(id: number, partition: number, lastOffset: number): Buffer {
  const b = kind('b', 16);
  b.writeUInt32BE(id, 2);
  b.writeUInt32BE(partition, 6);
  b.writeUInt32BE(Math.floor(lastOffset / 4294967296), 10);
  b.writeUInt32BE(lastOffset % 4294967296, 14);
  return b;
}

export function lastOffsetOf(key: Uint8Array): number {
  return readInt64(Buffer.from(key.buffer, key.byteOffset, key.length), 10);
}

/** All batches of a topic. */
export function batchesOf(id: number): KeyRange {
  return { gte: batchKey(id, 0, 0), lt: batchKey(id + 1, 0, 0) };
}

function groupPrefix(group: string): Buffer {
  return Buffer.concat([kind('g'), sized(group)]);
}

export function groupKey(group: string, topic: string, partition: number): Buffer {
  const p = Buffer.alloc(4);
  p.writeUInt32BE(partition);
  return Buffer.concat([groupPrefix(group), sized(topic), p]);
}

export function partsOfGroupKey(key: Uint8Array): { group: string; topic: string; partition: number } {
  const b = Buffer.from(key);
  const groupEnd = 4 + b.readUInt16BE(2);
  const topicEnd = groupEnd + 2 + b.readUInt16BE(groupEnd);
  return {
    group: b.toString('utf8', 4, groupEnd),
    topic: b.toString('utf8', groupEnd + 2, topicEnd),
    partition: b.readUInt32BE(topicEnd),
  };
}

function sized(s: string): Buffer {
  const text = Buffer.from(s);
  const b = Buffer.allocUnsafe(2 + text.length);
  b.writeUInt16BE(text.length);
  text.copy(b, 2);
  return b;
}
