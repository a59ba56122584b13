import { WeirError } from '../../engine/base/errors.js';
import type { KeyValueOp } from '../../engine/log/log.js';
import { compareBytes } from '../../engine/records/bytes.js';
import type { LevelDatabase, Range } from '../../engine/stores/level-database.js';
import type { SimProcess } from './process.js';

type Entry = readonly [key: Buffer, value: Buffer];

const idOf = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');

/** What a database in use asks of a `LevelDatabase`. */
export type Database = Pick<LevelDatabase, 'get' | 'batch' | 'scan' | 'clear' | 'room'>;

/**
 * The disk of a node, with one database on it. It outlives the node's processes. As LevelDB it writes batches, each whole or
 * not at all, in order; those behind the last sync are lost from the end on when the machine crashes.
 */
export class SimDisk {
  full = false;
  private readonly entries = new Map<string, Entry>();
  /** To take back each batch since the last sync, the last one first. */
  private unsynced: { readonly id: string; readonly before: Entry | undefined }[][] = [];

  get unsyncedBatches(): number {
    return this.unsynced.length;
  }

  sync(): void {
    this.unsynced = [];
  }

  /** The last batches were never written. */
  tear(batches: number): void {
    for (let i = 0; i < batches; i++) {
      for (const { id, before } of (this.unsynced.pop() ?? []).toReversed()) {
        if (before === undefined) this.entries.delete(id);
        else this.entries.set(id, before);
      }
    }
  }

  get(key: Uint8Array): Buffer | undefined {
    return this.entries.get(idOf(key))?.[1];
  }

  range(gte: Uint8Array | undefined, lt: Uint8Array | undefined): Entry[] {
    return [...this.entries.values()]
      .filter(
        ([k]) => (gte === undefined || compareBytes(k, gte) >= 0) && (lt === undefined || compareBytes(k, lt) < 0),
      )
      .sort((a, b) => compareBytes(a[0], b[0]));
  }

  write(ops: readonly KeyValueOp[]): void {
    if (this.full) throw noRoom();
    this.unsynced.push(
      ops.map((op) => {
        const id = idOf(op.key);
        const before = this.entries.get(id);
        if (op.type === 'put') this.entries.set(id, [Buffer.from(op.key), Buffer.from(op.value)]);
        else this.entries.delete(id);
        return { id, before };
      }),
    );
  }

  /** The database as a process has it open. */
  open(process: SimProcess): Database {
    return {
      get: (key) => this.get(key),
      batch: async (ops) => {
        const copies = ops.map(copied);
        await process.wait('disk');
        this.write(copies);
        await process.wait('written');
      },
      room: async () => {
        await process.wait('disk room');
        if (this.full) throw noRoom();
      },
      scan: (range) => this.scan(range, process),
      // LevelDB removes a range some keys at a time.
      clear: async (gte, lt) => {
        for (const entry of this.range(gte, lt)) {
          this.write([{ type: 'del', key: entry[0] }]);
          if (process.random.chance(0.3)) await process.wait('disk clear');
        }
      },
    };
  }

  private async *scan(range: Range, process: SimProcess): AsyncGenerator<readonly (readonly [Uint8Array, Buffer])[]> {
    const found = this.range(range.gte, range.lt);
    const limit = range.limit === undefined || range.limit < 0 ? found.length : range.limit;
    await process.wait('disk scan');
    if (limit > 0 && found.length > 0) yield found.slice(0, limit);
  }
}

const copied = (op: KeyValueOp): KeyValueOp =>
  op.type === 'del'
    ? { type: 'del', key: Buffer.from(op.key) }
    : { type: 'put', key: Buffer.from(op.key), value: Buffer.from(op.value) };

/** As `LevelDatabase` reports it. */
const noRoom = (): WeirError => new WeirError('DISK_FULL', 'No room on the simulated disk');
