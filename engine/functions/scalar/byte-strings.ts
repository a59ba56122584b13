/** BYTES at run time are plain `Uint8Array`s; what is made here owns its memory. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

const view = (b: Uint8Array): Buffer => Buffer.from(b.buffer, b.byteOffset, b.byteLength);

export const indexOfBytes = (b: Uint8Array, part: Uint8Array, from: number): number => view(b).indexOf(part, from);

export type Encoding = 'hex' | 'utf8' | 'ascii' | 'base64';

/** Throws a RangeError on an unknown name. */
export function encodingOf(name: string): Encoding {
  const n = name.toLowerCase();
  if (n === 'hex' || n === 'utf8' || n === 'ascii' || n === 'base64') return n;
  throw new RangeError(`'${name}' is no encoding: use hex, utf8, ascii or base64`);
}

/** Hexadecimal digits, plain, as `0x…` or as `X'…'`; behind `0x` a leading zero may be missing. */
function fromHex(text: string): Uint8Array {
  let digits = text;
  if (/^0x/.test(text)) digits = text.slice(2);
  else if (/^[xX]'.*'$/s.test(text)) digits = text.slice(2, -1);
  if (!/^[0-9a-fA-F]*$/.test(digits)) throw new RangeError('not hexadecimal');
  const odd = digits.length % 2 !== 0;
  // Only the form that is a number may leave out its first zero.
  if (odd && !text.startsWith('0x')) throw new RangeError('an odd number of hexadecimal digits');
  return new Uint8Array(Buffer.from(odd ? `0${digits}` : digits, 'hex'));
}

/** Padding may be missing, but a part of it or a single digit at the end is malformed, as in java.util.Base64. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** The bytes that a text stands for. Throws a RangeError where it is malformed. */
export function decodeText(text: string, encoding: Encoding): Uint8Array {
  switch (encoding) {
    case 'hex':
      return fromHex(text);
    case 'utf8':
      return new Uint8Array(Buffer.from(text, 'utf8'));
    case 'ascii':
      // Java writes a question mark for what ASCII does not have: one for each code point.
      return Uint8Array.from(text, (c) => (c.codePointAt(0)! < 128 ? c.charCodeAt(0) : 63));
    case 'base64':
      if (!BASE64.test(text)) throw new RangeError('not base64');
      return new Uint8Array(Buffer.from(text, 'base64'));
  }
}

/** The text of some bytes. */
export function encodeBytes(bytes: Uint8Array, encoding: Encoding): string {
  if (encoding === 'ascii') {
    let out = '';
    for (const b of bytes) out += b < 128 ? String.fromCharCode(b) : '\ufffd';
    return out;
  }
  return view(bytes).toString(encoding);
}
