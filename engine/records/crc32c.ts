import { crc32c as native } from '@node-rs/crc32';

/** TABLES[k][n]: the checksum of byte n followed by k zero bytes. */
const TABLES = Array.from({ length: 16 }, () => new Int32Array(256));
for (let n = 0; n < 256; n++) {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  TABLES[0]![n] = c;
}
for (let n = 0; n < 256; n++) {
  let c = TABLES[0]![n]!;
  for (let k = 1; k < 16; k++) {
    c = TABLES[0]![c & 255]! ^ (c >>> 8);
    TABLES[k]![n] = c;
  }
}
// Constants of the module, so that the compiler knows each table in the loop.
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES.slice(0, 8) as Eight;
const [T8, T9, T10, T11, T12, T13, T14, T15] = TABLES.slice(8) as Eight;
type Eight = [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

const LITTLE_ENDIAN = new Uint8Array(new Int32Array([1]).buffer)[0] === 1;

/** Below so many bytes the call of native code costs more than it saves. */
const NATIVE_BYTES = 1024;

/** CRC-32C (Castagnoli) of bytes [start, end). */
export function crc32c(b: Uint8Array, start: number, end: number): number {
  if (end - start < NATIVE_BYTES) return sliced(b, start, end);
  return native(Buffer.from(b.buffer, b.byteOffset + start, end - start));
}

/** Slicing by sixteen over 32-bit words, which reads four bytes at once. */
function sliced(b: Uint8Array, start: number, end: number): number {
  let c = -1;
  let i = start;
  if (LITTLE_ENDIAN && end - start >= 64) {
    const { byteOffset } = b;
    while (((byteOffset + i) & 3) !== 0) c = T0[(c ^ b[i++]!) & 255]! ^ (c >>> 8);
    const blocks = (end - i) >>> 4;
    const words = new Int32Array(b.buffer, byteOffset + i, blocks * 4);
    for (let q = 0; q < words.length; q += 4) {
      const v = c ^ words[q]!;
      const x = words[q + 1]!;
      const y = words[q + 2]!;
      const z = words[q + 3]!;
      c =
        T15[v & 255]! ^
        T14[(v >>> 8) & 255]! ^
        T13[(v >>> 16) & 255]! ^
        T12[v >>> 24]! ^
        T11[x & 255]! ^
        T10[(x >>> 8) & 255]! ^
        T9[(x >>> 16) & 255]! ^
        T8[x >>> 24]! ^
        T7[y & 255]! ^
        T6[(y >>> 8) & 255]! ^
        T5[(y >>> 16) & 255]! ^
        T4[y >>> 24]! ^
        T3[z & 255]! ^
        T2[(z >>> 8) & 255]! ^
        T1[(z >>> 16) & 255]! ^
        T0[z >>> 24]!;
    }
    i += blocks * 16;
  }
  while (i < end) c = T0[(c ^ b[i++]!) & 255]! ^ (c >>> 8);
  return (c ^ -1) >>> 0;
}
