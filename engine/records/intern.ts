/** Slots of a cache; a power of two. Together with MAX_BYTES it bounds the cache to a few hundred kilobytes. */
const SLOTS = 1024;
/** Longer strings are rarely repeated, and comparing them costs as much as making them. */
const MAX_BYTES = 16;

/** Strings of one ASCII character. */
const SINGLE: readonly string[] = Array.from({ length: 128 }, (_, i) => String.fromCharCode(i));

/**
 * A bounded cache from UTF-8 bytes to strings. Columns of few values (a vendor, a payment type, a zone) then cost a hash
 * and a comparison instead of a native call and a fresh string. One slot a hash: a newcomer replaces what was there.
 */
export class StringCache {
  private readonly strings: string[] = new Array<string>(SLOTS).fill('');
  private readonly keys: Uint8Array = new Uint8Array(SLOTS * MAX_BYTES);
  private readonly lengths: Uint8Array = new Uint8Array(SLOTS);

  /** The string of UTF-8 bytes [start, end). Malformed sequences become U+FFFD. */
  get(b: Buffer, start: number, end: number): string {
    if (end - start > MAX_BYTES) return b.toString('utf8', start, end);
    let h = 0;
    for (let i = start; i < end; i++) h = (Math.imul(h, 31) + b[i]!) | 0;
    return this.getHashed(b, start, end, h);
  }

  /** As `get`, for a caller that has walked the bytes already: `h` starts at 0 and is `imul(h, 31) + byte` in 32 bits. */
  getHashed(b: Buffer, start: number, end: number, h: number): string {
    const n = end - start;
    if (n === 0) return '';
    if (n === 1 && h >= 0 && h < 128) return SINGLE[h]!;
    if (n > MAX_BYTES) return b.toString('utf8', start, end);
    const slot = (h ^ (h >>> 15)) & (SLOTS - 1);
    const at = slot * MAX_BYTES;
    const keys = this.keys;
    if (this.lengths[slot] === n) {
      let i = 0;
      while (i < n && keys[at + i] === b[start + i]) i++;
      if (i === n) return this.strings[slot]!;
    }
    const s = b.toString('utf8', start, end);
    for (let i = 0; i < n; i++) keys[at + i] = b[start + i]!;
    this.lengths[slot] = n;
    this.strings[slot] = s;
    return s;
  }
}
