import { GroupAggregate } from './group-aggregate.js';
import type { TaskRecord } from './task-record.js';

/**
 * GROUP BY without a window. Rows with a null key or a null value are dropped; over a table (a record with a `previous`),
 * the previous row is undone and the new one added.
 */
export class AggregateUnwindowed extends GroupAggregate {
  process(record: TaskRecord): void {
    if (record.value === null && record.previous === null) return;
    if (this.keyed) {
      if (record.keyStart < 0) return;
      this.update(this.cache.slot(record.keyBytes, record.keyStart, record.keyEnd), record);
    } else {
      const key = this.encodedKey(record);
      if (key !== undefined) this.update(this.cache.slot(key.buffer, 0, key.length), record);
    }
  }

  protected describe(_bytes: Buffer, _start: number, end: number): number {
    return end;
  }
}
