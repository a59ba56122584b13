import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uncompress } from 'snappyjs';
import { messageOf } from '../base/errors.js';
import { crc32c } from '../records/crc32c.js';

/**
 * Checks the files of a LevelDB that is closed, byte by byte, against the checksums in them. LevelDB itself does not: by
 * default it checks tables neither when it reads nor when it compacts them, and it leaves out damaged records of its log
 * without a word. So a flipped bit would become a wrong value, or a batch that never was.
 *
 * Formats: https://github.com/google/leveldb/blob/main/doc/table_format.md, log_format.md and impl.md.
 */
export interface Verified {
  /** What is wrong, with the file; undefined where nothing is. */
  readonly damage: string | undefined;
  /** Read and compared. */
  readonly bytes: number;
}

class Damage extends Error {}

/** Nothing is changed. A directory without a database is no damage. */
export async function verifyLevel(directory: string): Promise<Verified> {
  let bytes = 0;
  const read = async (name: string): Promise<Buffer> => {
    const content = await readFile(join(directory, name)).catch((e: NodeJS.ErrnoException) => {
      throw e.code === 'ENOENT' ? new Damage(`${name} is missing`) : e;
    });
    bytes += content.length;
    return content;
  };
  try {
    const names = await readdir(directory).catch((e: NodeJS.ErrnoException): string[] => {
      if (e.code === 'ENOENT') return [];
      throw e;
    });
    if (!names.includes('CURRENT')) {
      const left = names.find((n) => /^\d+\.(ldb|sst)$/.test(n));
      if (left !== undefined) throw new Damage(`CURRENT is missing, but not ${left}`);
      return { damage: undefined, bytes };
    }
    const current = (await read('CURRENT')).toString('latin1');
    const manifest = /^(MANIFEST-\d+)\n$/.exec(current)?.[1];
    if (manifest === undefined) throw new Damage('CURRENT names no manifest');
    const version = readVersion(logRecords(await read(manifest), manifest));
    for (const [number, size] of version.tables) {
      const name = [`${padded(number)}.ldb`, `${padded(number)}.sst`].find((n) => names.includes(n));
      if (name === undefined) throw new Damage(`${padded(number)}.ldb is missing`);
      const table = await read(name);
      if (table.length !== size) throw new Damage(`${name} has ${table.length} bytes, not ${size}`);
      verifyTable(table, name);
    }
    // The log that the manifest names is there before it is named, and until the next one is named.
    if (version.log > 0 && !names.includes(`${padded(version.log)}.log`)) {
      throw new Damage(`${padded(version.log)}.log is missing`);
    }
    const numbers = names.flatMap((n) => /^(\d+)\.log$/.exec(n)?.slice(1) ?? []).map(Number);
    let next: number | undefined;
    let before: string | undefined;
    for (const number of numbers.filter((n) => n >= version.log).sort((x, y) => x - y)) {
      // A log is followed by another one because it is full.
      if (before !== undefined && next === undefined)
        throw new Damage(`${before} has nothing before ${padded(number)}.log`);
      before = `${padded(number)}.log`;
      next = checkBatches(logRecords(await read(before), before), before, next);
    }
    return { damage: undefined, bytes };
  } catch (e) {
    if (!(e instanceof Damage) && !(e instanceof RangeError)) throw e;
    return { damage: messageOf(e), bytes };
  }
}

const padded = (number: number): string => String(number).padStart(6, '0');

/** LevelDB stores checksums masked, for a checksum over checksums is of little use. */
function intact(b: Buffer, start: number, end: number, stored: number): boolean {
  const crc = crc32c(b, start, end) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0 === stored;
}

const BLOCK = 32_768;
const HEADER = 7;
const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

/**
 * The records of a log or a manifest. A file may end in the midst of a record: that is what a process leaves which is
 * killed while it writes, and nobody was told that it was written. Anything else that does not add up is damage.
 */
function* logRecords(b: Buffer, name: string): Generator<Buffer> {
  const parts: Buffer[] = [];
  for (let at = 0; at < b.length; ) {
    const block = at - (at % BLOCK);
    const room = Math.min(block + BLOCK, b.length);
    if (block + BLOCK - at < HEADER) {
      at = block + BLOCK; // padding
      continue;
    }
    const length = at + HEADER <= b.length ? b.readUInt16LE(at + 4) : 0;
    const end = at + HEADER + length;
    if (at + HEADER > b.length || end > room) {
      if (end <= block + BLOCK && !recordBehind(b, at)) return; // the end is torn
      throw new Damage(`${name} is damaged at ${at}`);
    }
    const type = b[at + 6]!;
    // What a file system makes of a power cut: the file is longer than what was written.
    if (type === 0 && length === 0 && b.subarray(at).every((byte) => byte === 0)) return;
    if (!intact(b, at + 6, end, b.readUInt32LE(at))) throw new Damage(`${name} is damaged at ${at}`);
    const starts = type === FULL || type === FIRST;
    if (type < FULL || type > LAST || starts !== (parts.length === 0)) {
      // This version of LevelDB never goes on writing behind a torn end.
      throw new Damage(`${name} has a record of type ${type} at ${at}`);
    }
    parts.push(b.subarray(at + HEADER, end));
    if (type !== FIRST && type !== MIDDLE) yield Buffer.concat(parts.splice(0));
    at = end;
  }
}

/**
 * Batches are numbered by their operations, over the logs. A log that was cut off has a gap behind it where it is not the
 * last one; the end of the last one is the end of what is known to have been written.
 * @param next the number that must come; undefined: any
 * @returns the number that must come next
 */
function checkBatches(records: Iterable<Buffer>, name: string, next: number | undefined): number | undefined {
  for (const record of records) {
    const sequence = Number(record.readBigUInt64LE(0));
    if (next !== undefined && sequence !== next) throw new Damage(`${name} goes on at ${sequence}, not at ${next}`);
    next = sequence + record.readUInt32LE(8);
  }
  return next;
}

/**
 * Whether a whole record stands somewhere behind what looks like a torn end. Then the end is not torn: a length is wrong.
 */
function recordBehind(b: Buffer, from: number): boolean {
  for (let at = from + 1; at + HEADER <= b.length; at++) {
    const type = b[at + 6]!;
    const end = at + HEADER + b.readUInt16LE(at + 4);
    if (type < FULL || type > LAST || end > b.length) continue;
    if (intact(b, at + 6, end, b.readUInt32LE(at))) return true;
  }
  return false;
}

interface Version {
  /** Sizes of the tables that make up the database, by number. */
  readonly tables: ReadonlyMap<number, number>;
  /** Number of the log that has what is in no table. */
  readonly log: number;
}

const TAG = { comparator: 1, log: 2, next: 3, sequence: 4, compactPointer: 5, deleted: 6, added: 7, previousLog: 9 };

function readVersion(edits: Iterable<Buffer>): Version {
  const tables = new Map<number, number>();
  let log = 0;
  for (const edit of edits) {
    const c = new Cursor(edit);
    while (c.at < edit.length) {
      switch (c.varint()) {
        case TAG.comparator:
          c.skip(c.varint());
          break;
        case TAG.log:
          log = c.varint();
          break;
        case TAG.next:
        case TAG.sequence:
        case TAG.previousLog:
          c.varint();
          break;
        case TAG.compactPointer:
          c.varint();
          c.skip(c.varint());
          break;
        case TAG.deleted:
          c.varint();
          tables.delete(c.varint());
          break;
        case TAG.added: {
          c.varint();
          tables.set(c.varint(), c.varint());
          c.skip(c.varint());
          c.skip(c.varint());
          break;
        }
        default:
          throw new Damage('the manifest has an entry of an unknown kind');
      }
    }
  }
  return { tables, log };
}

const FOOTER = 48;
const MAGIC = 0xdb4775248b80fb57n;
const TRAILER = 5;

function verifyTable(b: Buffer, name: string): void {
  if (b.length < FOOTER || b.readBigUInt64LE(b.length - 8) !== MAGIC)
    throw new Damage(`${name} does not end as a table`);
  const footer = new Cursor(b, b.length - FOOTER);
  const meta = footer.handle();
  const index = footer.handle();
  // Each block is read once and stands where the one before it ends, so that no byte is left out.
  const blocks = [...handles(block(b, meta, name), name), ...handles(block(b, index, name), name)];
  for (const handle of blocks) checkBlock(b, handle, name);
  let end = 0;
  for (const { offset, size } of [...blocks, meta, index].sort((x, y) => x.offset - y.offset)) {
    if (offset !== end) throw new Damage(`${name} is damaged at ${end}`);
    end = offset + size + TRAILER;
  }
  if (end !== b.length - FOOTER) throw new Damage(`${name} is damaged at ${end}`);
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

function checkBlock(b: Buffer, { offset, size }: Handle, name: string): void {
  const end = offset + size;
  if (end + TRAILER > b.length - FOOTER || !intact(b, offset, end + 1, b.readUInt32LE(end + 1))) {
    throw new Damage(`${name} is damaged at ${offset}`);
  }
}

const PLAIN = 0;
const SNAPPY = 1;
/** Bytes of a block of LevelDB when it is uncompressed: a length beyond is none. */
const MAX_BLOCK = 2 ** 30;

/** The contents of a block. */
function block(b: Buffer, handle: Handle, name: string): Buffer {
  checkBlock(b, handle, name);
  const stored = b.subarray(handle.offset, handle.offset + handle.size);
  const type = b[handle.offset + handle.size];
  if (type === PLAIN) return stored;
  if (type === SNAPPY) {
    try {
      return uncompress(stored, MAX_BLOCK);
    } catch (e) {
      throw new Damage(`${name} has a compressed block at ${handle.offset} that cannot be read: ${messageOf(e)}`);
    }
  }
  throw new Damage(`${name} is compressed in an unknown way`);
}

/** The places that an index block names. */
function handles(b: Buffer, name: string): Handle[] {
  const out: Handle[] = [];
  const restarts = b.readUInt32LE(b.length - 4);
  const end = b.length - 4 - 4 * restarts;
  if (end < 0) throw new Damage(`${name} has an index that cannot be read`);
  const c = new Cursor(b);
  while (c.at < end) {
    c.varint(); // bytes shared with the key before
    const own = c.varint();
    c.varint(); // of the handle
    c.skip(own);
    out.push(c.handle());
  }
  return out;
}

class Cursor {
  constructor(
    private readonly b: Buffer,
    public at = 0,
  ) {}

  /** Numbers that are no safe integers stand in no file that is intact. */
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.b.readUInt8(this.at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      if (scale > 2 ** 63) throw new RangeError('a number has no end');
    }
  }

  skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.b.length) throw new RangeError('a length reaches behind the end');
  }

  handle(): Handle {
    return { offset: this.varint(), size: this.varint() };
  }
}
