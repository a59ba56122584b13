import { WeirError } from '../base/errors.js';
import type { JoinKeys } from './join-keys.js';
import type { TaskRecord } from './task-record.js';

const MAX_BYTES = 256 * 1024 * 1024;
/** What a key costs in the set besides its own bytes, about. */
const ENTRY_BYTES = 64;

/** Keys (`JoinKeys`, as text) of the rows that a push query has given and that are still there. Bounded. */
export class GivenKeys {
  private readonly keys = new Set<string>();
  private bytes = 0;

  add(key: string): void {
    if (this.keys.has(key)) return;
    this.keys.add(key);
    this.bytes += key.length + ENTRY_BYTES;
    if (this.bytes > MAX_BYTES) {
      throw new WeirError(
        'LIMIT_EXCEEDED',
        `The push query has given more rows of a table than it can remember: more than ${MAX_BYTES / 1024 / 1024} MiB of keys`,
        'Make it a table with CREATE TABLE … AS SELECT, and select from that without WHERE.',
      );
    }
  }

  /** True where it was there. */
  delete(key: string): boolean {
    if (!this.keys.delete(key)) return false;
    this.bytes -= key.length + ENTRY_BYTES;
    return true;
  }

  addAll(other: GivenKeys): void {
    for (const key of other.keys) this.add(key);
  }
}

export const givenKey = (keys: JoinKeys, record: TaskRecord): string => keys.encode(record)!.toString('latin1');
