import { createHash } from 'node:crypto';
import { ConnectorFailed, type JsonValue } from '../connector.js';
import type { CsvForm } from '../files/rows.js';

/** Files that are done and still there: their marks stand in each position. */
const MOST_DONE = 20_000;
const HEAD = 256;

/** The file that is being read, and how far. */
export interface FilePlace {
  readonly name: string;
  /** Tells the file from one that has taken its name; text, as it may have 64 bits. */
  readonly inode: string;
  /** So many of its first bytes, and their checksum. */
  readonly head: readonly [number, string];
  /** As `Row.end`; of Parquet: rows so far. */
  readonly at: number;
  readonly line: number;
  /** Of CSV, once it is known. */
  readonly form: CsvForm | null;
}

/** Where the source stands. */
export class Position {
  /** Marks of files that are done. */
  readonly done: Set<string>;
  file: FilePlace | undefined;

  constructor(json: JsonValue | undefined) {
    const { done = '', file = null } = (json ?? {}) as { done?: string; file?: FilePlace | null };
    this.done = new Set(done === '' ? [] : done.split(' '));
    this.file = file ?? undefined;
  }

  toJson(): JsonValue {
    return { done: [...this.done].join(' '), file: (this.file ?? null) as unknown as JsonValue };
  }

  isDone(name: string): boolean {
    return this.done.has(markOf(name));
  }

  /** @throws ConnectorFailed with too many files */
  finish(name: string): void {
    this.file = undefined;
    this.done.add(markOf(name));
    if (this.done.size > MOST_DONE) {
      throw new ConnectorFailed(
        `More than ${MOST_DONE} files are there that have been read.`,
        'Let finished files be deleted or moved (finished.files), or read a folder or pattern with fewer files.',
      );
    }
  }

  /** Forgets files that are gone. */
  keepOnly(names: readonly string[]): void {
    const there = new Set(names.map(markOf));
    for (const mark of this.done) if (!there.has(mark)) this.done.delete(mark);
  }
}

const markOf = (name: string): string => createHash('sha256').update(name).digest('base64url').slice(0, 11);

/** What a file begins with: its first bytes, some hundred at most. */
export function headOf(bytes: Buffer): readonly [number, string] {
  const head = bytes.subarray(0, HEAD);
  return [head.length, createHash('sha256').update(head).digest('base64url').slice(0, 22)];
}

/** Whether a file that begins with these bytes is the one that had such a head, perhaps with more behind it. */
export const hasHead = (bytes: Buffer, [length, sum]: readonly [number, string]): boolean =>
  bytes.length >= length && headOf(bytes.subarray(0, length))[1] === sum;

export const HEAD_BYTES = HEAD;
