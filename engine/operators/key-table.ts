/**
 * A hash table from byte strings to slots 0, 1, 2…: what a state cache is indexed by. Open addressing over a power of two,
 * keys one after another in one arena, nothing allocated per key: a million keys cost about 30 MB beside the caller's own
 * columns, and a look-up some 20 ns. Slots are never freed one by one; `compact` keeps a selection.
 */
export class KeyTable {
  /** Bytes of all keys; a slot's are [offset(slot), offset(slot + 1)). Another buffer after an insertion, maybe. */
  arena: Buffer;
  size = 0;
  private index: Int32Array;
  private hashes: Int32Array;
  private offsets: Uint32Array;

  constructor(capacity = 1024) {
    this.index = new Int32Array(capacity * 2).fill(-1);
    this.hashes = new Int32Array(capacity);
    this.offsets = new Uint32Array(capacity + 1);
    this.arena = Buffer.allocUnsafeSlow(capacity * 16);
  }

  /** Slots that there is room for: the caller's columns have this length at least. */
  get capacity(): number {
    return this.hashes.length;
  }

  keyStart(slot: number): number {
    return this.offsets[slot]!;
  }

  keyEnd(slot: number): number {
    return this.offsets[slot + 1]!;
  }

  /** A copy of a slot's key. */
  key(slot: number): Buffer {
    return Buffer.from(this.arena.subarray(this.offsets[slot]!, this.offsets[slot + 1]!));
  }

  /** Slot of the key in bytes [start, end) of `b`. A new key gets slot `size`, which then grows by one. */
  slot(b: Uint8Array, start: number, end: number): number {
    const h = hash(b, start, end);
    const index = this.index;
    const mask = index.length - 1;
    const n = end - start;
    let i = h & mask;
    for (let k = index[i]!; k >= 0; k = index[i]!) {
      if (this.hashes[k] === h) {
        const at = this.offsets[k]!;
        if (this.offsets[k + 1]! - at === n) {
          const arena = this.arena;
          let j = 0;
          while (j < n && arena[at + j] === b[start + j]) j++;
          if (j === n) return k;
        }
      }
      i = (i + 1) & mask;
    }
    return this.insert(i, h, b, start, n);
  }

  /** Keeps the slots for which `keep` is true, renumbered in order; tells each move. */
  compact(keep: (slot: number) => boolean, moved: (from: number, to: number) => void): void {
    let to = 0;
    let end = 0;
    for (let from = 0; from < this.size; from++) {
      if (!keep(from)) continue;
      const start = this.offsets[from]!;
      const stop = this.offsets[from + 1]!;
      this.arena.copyWithin(end, start, stop);
      end += stop - start;
      this.hashes[to] = this.hashes[from]!;
      // Slot `to` is never behind `from`: its end may be written before later offsets are read.
      if (from !== to) moved(from, to);
      this.offsets[to + 1] = end;
      to++;
    }
    this.size = to;
    this.reindex(this.index.fill(-1));
  }

  private insert(at: number, h: number, b: Uint8Array, start: number, n: number): number {
    const slot = this.size;
    if (slot === this.hashes.length) {
      this.grow();
      const mask = this.index.length - 1;
      at = h & mask;
      while (this.index[at]! >= 0) at = (at + 1) & mask;
    }
    const offset = this.offsets[slot]!;
    if (offset + n > this.arena.length) {
      const wider = Buffer.allocUnsafeSlow(Math.max(this.arena.length * 2, offset + n));
      this.arena.copy(wider, 0, 0, offset);
      this.arena = wider;
    }
    const arena = this.arena;
    for (let i = 0; i < n; i++) arena[offset + i] = b[start + i]!;
    this.index[at] = slot;
    this.hashes[slot] = h;
    this.offsets[slot + 1] = offset + n;
    this.size = slot + 1;
    return slot;
  }

  private grow(): void {
    const capacity = this.hashes.length * 2;
    const hashes = new Int32Array(capacity);
    hashes.set(this.hashes);
    const offsets = new Uint32Array(capacity + 1);
    offsets.set(this.offsets);
    this.hashes = hashes;
    this.offsets = offsets;
    this.index = this.reindex(new Int32Array(capacity * 2).fill(-1));
  }

  private reindex(index: Int32Array): Int32Array {
    const mask = index.length - 1;
    for (let k = 0; k < this.size; k++) {
      let i = this.hashes[k]! & mask;
      while (index[i]! >= 0) i = (i + 1) & mask;
      index[i] = k;
    }
    return index;
  }
}

/** FNV-1a with a final mix: the low bits, which pick the place, depend on all of the key. */
function hash(b: Uint8Array, start: number, end: number): number {
  let h = -2128831035;
  for (let i = start; i < end; i++) h = Math.imul(h ^ b[i]!, 16777619);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return h ^ (h >>> 12);
}
