/**
 * Uncompresses one block of Snappy's raw format (https://github.com/google/snappy/blob/main/format_description.txt).
 * @throws RangeError where it is none
 */
export function uncompressSnappy(b: Uint8Array): Buffer {
  let at = 0;
  const byte = (): number => {
    const value = b[at++];
    if (value === undefined) throw new RangeError('a compressed block ends too early');
    return value;
  };
  const little = (bytes: number): number => {
    let value = 0;
    for (let i = 0; i < bytes; i++) value += byte() * 256 ** i;
    return value;
  };
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const next = byte();
    length += (next & 127) * 2 ** shift;
    if (next < 128) break;
    if (shift > 28) throw new RangeError('a compressed block has no length');
  }
  if (length > 2 ** 30) throw new RangeError('a compressed block is too long');
  const out = Buffer.allocUnsafe(length);
  let end = 0;
  while (at < b.length) {
    const tag = byte();
    const kind = tag & 3;
    if (kind === 0) {
      const small = tag >>> 2;
      const count = (small < 60 ? small : little(small - 59)) + 1;
      if (at + count > b.length || end + count > length) throw new RangeError('a compressed block is damaged');
      out.set(b.subarray(at, at + count), end);
      at += count;
      end += count;
      continue;
    }
    const count = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const back = kind === 1 ? (tag >>> 5) * 256 + byte() : little(kind === 2 ? 2 : 4);
    if (back === 0 || back > end || end + count > length) throw new RangeError('a compressed block is damaged');
    // Byte by byte: what is copied may overlap what is written.
    for (let i = 0; i < count; i++, end++) out[end] = out[end - back]!;
  }
  if (end !== length) throw new RangeError('a compressed block is damaged');
  return out;
}
