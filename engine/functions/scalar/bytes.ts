import { createHash } from 'node:crypto';
import { bigintValue } from '../../values/value.js';
import { type ScalarOverload, scalar } from '../function.js';
import { decodeText, encodeBytes, encodingOf } from './byte-strings.js';

const CATEGORY = 'STRING';

const encode = scalar({
  name: 'ENCODE',
  description:
    'Turns text in one encoding into text in another: hex, utf8, ascii, base64. The two must differ, as in ksqlDB.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'ENCODE(str STRING, inputEncoding STRING, outputEncoding STRING) -> STRING',
      nulls: 'propagate',
      make: () => (s: string, from: string, to: string) => {
        const input = encodingOf(from);
        const output = encodingOf(to);
        if (input === output)
          throw new RangeError(`ENCODE from ${input} to ${output} changes nothing: use two encodings`);
        return encodeBytes(decodeText(s, input), output);
      },
    },
  ],
  examples: [{ sql: "ENCODE('4578616d706C6521', 'hex', 'utf8')", result: "'Example!'" }],
});

const toBytes = scalar({
  name: 'TO_BYTES',
  description: 'The bytes of a text in an encoding: hex, utf8, ascii, base64.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'TO_BYTES(value STRING, encoding STRING) -> BYTES',
      nulls: 'propagate',
      make: () => (s: string, encoding: string) => decodeText(s, encodingOf(encoding)),
    },
  ],
  examples: [{ sql: "TO_BYTES('IQ==', 'base64')", result: "TO_BYTES('21', 'hex')" }],
});

const fromBytes = scalar({
  name: 'FROM_BYTES',
  description: 'The text of bytes in an encoding: hex (upper case), utf8, ascii, base64.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'FROM_BYTES(value BYTES, encoding STRING) -> STRING',
      nulls: 'propagate',
      make: () => (b: Uint8Array, name: string) => {
        const encoding = encodingOf(name);
        const text = encodeBytes(b, encoding);
        return encoding === 'hex' ? text.toUpperCase() : text;
      },
    },
  ],
  examples: [{ sql: "FROM_BYTES(TO_BYTES('1aB2', 'hex'), 'hex')", result: "'1AB2'" }],
});

function numberOverloads(
  name: string,
  type: string,
  size: number,
  read: (view: DataView, littleEndian: boolean) => number | bigint,
): ScalarOverload[] {
  const from = (b: Uint8Array, order: string): number | bigint => {
    const name = order.toUpperCase();
    if (name !== 'BIG_ENDIAN' && name !== 'LITTLE_ENDIAN')
      throw new RangeError(`'${order}' is no byte order: BIG_ENDIAN or LITTLE_ENDIAN`);
    if (b.length !== size) throw new RangeError(`${type} has ${size} bytes, not ${b.length}`);
    return read(new DataView(b.buffer, b.byteOffset, size), name === 'LITTLE_ENDIAN');
  };
  return [
    {
      signature: `${name}(value BYTES) -> ${type}`,
      nulls: 'propagate',
      make: () => (b: Uint8Array) => from(b, 'BIG_ENDIAN'),
    },
    { signature: `${name}(value BYTES, byteOrder STRING) -> ${type}`, nulls: 'propagate', make: () => from },
  ];
}

const DESCRIPTION =
  'in BIG_ENDIAN (the default) or LITTLE_ENDIAN order; NULL, with an entry, for any other number of bytes';

const intFromBytes = scalar({
  name: 'INT_FROM_BYTES',
  description: `The INT of 4 bytes ${DESCRIPTION}.`,
  category: CATEGORY,
  overloads: numberOverloads('INT_FROM_BYTES', 'INT', 4, (v, little) => v.getInt32(0, little)),
  examples: [{ sql: "INT_FROM_BYTES(TO_BYTES('AAAH5Q==', 'base64'))", result: '2021' }],
});

const bigintFromBytes = scalar({
  name: 'BIGINT_FROM_BYTES',
  description: `The BIGINT of 8 bytes ${DESCRIPTION}.`,
  category: CATEGORY,
  overloads: numberOverloads('BIGINT_FROM_BYTES', 'BIGINT', 8, (v, little) => bigintValue(v.getBigInt64(0, little))),
  examples: [{ sql: "BIGINT_FROM_BYTES(TO_BYTES('AAAAASoF8gA=', 'base64'))", result: '5000000000' }],
});

const doubleFromBytes = scalar({
  name: 'DOUBLE_FROM_BYTES',
  description: `The DOUBLE of 8 bytes ${DESCRIPTION}.`,
  category: CATEGORY,
  overloads: numberOverloads('DOUBLE_FROM_BYTES', 'DOUBLE', 8, (v, little) => v.getFloat64(0, little)),
  examples: [
    { sql: "DOUBLE_FROM_BYTES(TO_BYTES('gvXJm/2mgEA=', 'base64'), 'LITTLE_ENDIAN')", result: '532.8738323E0' },
  ],
});

const md5 = scalar({
  name: 'MD5',
  description: 'The MD5 checksum of a text in UTF-8, in hexadecimal. Not for secrets.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'MD5(str STRING) -> STRING',
      nulls: 'propagate',
      make: () => (s: string) => createHash('md5').update(s, 'utf8').digest('hex'),
    },
  ],
  examples: [{ sql: "MD5('r1')", result: "'7c92cf1eee8d99cc85f8355a3d6e4b86'" }],
});

export const BYTES_FUNCTIONS = [encode, toBytes, fromBytes, intFromBytes, bigintFromBytes, doubleFromBytes, md5];
