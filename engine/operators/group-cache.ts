import { ByteWriter } from '../records/bytes.js';
import { VersionedRowCodec } from '../records/row-codec.js';
import type { Store } from '../stores/store.js';
import type { Value } from '../values/value.js';
import type { Folds } from './folds.js';
import { KeyTable } from './key-table.js';

/** What a dirty group costs beside its key: its columns here, and its entry in the store's buffer at the commit. */
const GROUP_BYTES = 96;

/**
 * Decoded states of groups, by key bytes, in front of a store: an update touches memory only, and a commit writes each
 * changed group once. A group that is not here is read from the store, unless the store is known to hold no other.
 */
export class GroupCache {
  readonly table = new KeyTable();
  /** States, `folds.width` entries a slot. */
  states: unknown[] = [];
  /** Largest timestamp of a slot's records. */
  timestamps: Float64Array;
  /** The version of the query by which a slot's result was given last. */
  versions: Uint8Array;
  /** 0 clean, 1 changed since the last commit. */
  private dirty: Uint8Array;
  private dirtySlots: Int32Array;
  private dirtyCount = 0;
  private dirtyKeyBytes = 0;
  /** Every group of the store is in the table: a key that is not here is nowhere. */
  private complete: boolean;
  private readonly codec: VersionedRowCodec;
  private readonly row: Value[];
  private readonly out = new ByteWriter();

  constructor(
    private readonly folds: Folds,
    private readonly store: Store,
    empty: boolean,
    private readonly maxEntries: number,
    /** Of the query, as it runs. */
    private readonly version: number,
  ) {
    this.codec = new VersionedRowCodec(folds.storedTypes, version);
    this.row = new Array<Value>(folds.storedTypes.length).fill(null);
    this.complete = empty;
    const n = this.table.capacity;
    this.timestamps = new Float64Array(n);
    this.versions = new Uint8Array(n);
    this.dirty = new Uint8Array(n);
    this.dirtySlots = new Int32Array(n);
  }

  /** The slot of a group: from memory, else from the store, else a new one with a timestamp of -1. */
  slot(b: Uint8Array, start: number, end: number): number {
    const table = this.table;
    const before = table.size;
    const slot = table.slot(b, start, end);
    if (table.size !== before) this.load(slot);
    return slot;
  }

  /** Whether the slot has changed since the last commit. */
  isChanged(slot: number): boolean {
    return this.dirty[slot] === 1;
  }

  touch(slot: number): void {
    if (this.dirty[slot] === 1) return;
    this.dirty[slot] = 1;
    this.dirtySlots[this.dirtyCount++] = slot;
    this.dirtyKeyBytes += this.table.keyEnd(slot) - this.table.keyStart(slot);
  }

  get changed(): number {
    return this.dirtyCount;
  }

  /** The i-th of the changed slots, in the order of their first change. */
  changedSlot(i: number): number {
    return this.dirtySlots[i]!;
  }

  heldBytes(): number {
    return this.dirtyKeyBytes * 2 + this.dirtyCount * (GROUP_BYTES + 16 * this.folds.width);
  }

  /** Writes the changed groups to the store; they are clean then. */
  persist(): void {
    for (let i = 0; i < this.dirtyCount; i++) {
      const slot = this.dirtySlots[i]!;
      this.folds.store(this.timestamps[slot]!, this.states, slot * this.folds.width, this.row);
      this.out.reset();
      this.codec.encode(this.row, this.out);
      this.store.put(this.table.key(slot), this.out.toBuffer());
    }
  }

  /** After `persist`, once the changed groups are not needed any more. */
  clean(): void {
    if (this.table.size > this.maxEntries) {
      this.evict();
      return;
    }
    for (let i = 0; i < this.dirtyCount; i++) this.dirty[this.dirtySlots[i]!] = 0;
    this.dirtyCount = 0;
    this.dirtyKeyBytes = 0;
  }

  /** Fills a slot that the table has just made. */
  private load(slot: number): void {
    if (slot >= this.timestamps.length) this.grow();
    const base = slot * this.folds.width;
    if (!this.complete) {
      const stored = this.store.get(this.table.key(slot));
      if (stored !== undefined) {
        this.versions[slot] = this.codec.decodeInto(asBuffer(stored), this.row);
        this.timestamps[slot] = Number(this.row[0]);
        this.folds.load(this.row, this.states, base);
        return;
      }
    }
    this.timestamps[slot] = -1;
    this.versions[slot] = this.version;
    this.folds.init(this.states, base);
  }

  private grow(): void {
    const n = this.table.capacity;
    const timestamps = new Float64Array(n);
    timestamps.set(this.timestamps);
    this.timestamps = timestamps;
    const versions = new Uint8Array(n);
    versions.set(this.versions);
    this.versions = versions;
    const dirty = new Uint8Array(n);
    dirty.set(this.dirty);
    this.dirty = dirty;
    const slots = new Int32Array(n);
    slots.set(this.dirtySlots);
    this.dirtySlots = slots;
  }

  /** Keeps what the last commit interval touched: hot keys stay. All else is read again when it comes back. */
  private evict(): void {
    const width = this.folds.width;
    const keep = this.dirtyCount <= this.maxEntries / 2;
    this.table.compact(
      (slot) => keep && this.dirty[slot] === 1,
      (from, to) => {
        this.timestamps[to] = this.timestamps[from]!;
        this.versions[to] = this.versions[from]!;
        for (let i = 0; i < width; i++) this.states[to * width + i] = this.states[from * width + i];
      },
    );
    this.states.length = this.table.size * width;
    this.dirty.fill(0);
    this.dirtyCount = 0;
    this.dirtyKeyBytes = 0;
    this.complete = false;
  }
}

/** A view as a Buffer, without a copy. */
export function asBuffer(b: Uint8Array): Buffer {
  return Buffer.isBuffer(b) ? b : Buffer.from(b.buffer, b.byteOffset, b.byteLength);
}
