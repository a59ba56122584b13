import fc from 'fast-check';
import protobufjs from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { DecodeError, formatByName } from '../../engine/formats/index.js';
import { Decimal } from '../../engine/values/decimal.js';
import {
  array,
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  DOUBLE,
  decimal,
  INTEGER,
  map,
  type SqlType,
  STRING,
  struct,
  TIME,
  TIMESTAMP,
} from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { anyType, back, framed, hex, NOSR, proto, refOf, registered, schemas, typedRow } from './protobuf-support.js';
import { columns, decoder, encoder } from './support.js';

describe('Protobuf without a registry', () => {
  it.each([[{}], [{ nullableRepresentation: 'optional' }], [{ nullableRepresentation: 'wrapper' }]] as const)(
    'gives back rows of every type %j',
    (properties) => {
      const nulls = 'nullableRepresentation' in properties;
      fc.assert(
        fc.property(typedRow, ([types, row]) => {
          const cols = columns(...types);
          const payload = encoder(NOSR, cols, { properties })(row)!;
          const expected = types.map((t, i) => back(t, row[i]!, nulls));
          expect(decoder(NOSR, cols, { properties })(payload)).toEqual(expected);
          expect(formatByName(NOSR).readBack!(cols, { name: NOSR, properties })(row)).toEqual(expected);
        }),
        { numRuns: 200 },
      );
    },
  );

  it('fails with nothing but DecodeError on other bytes', () => {
    fc.assert(
      fc.property(
        fc.array(anyType, { minLength: 1, maxLength: 4 }),
        fc.uint8Array({ maxLength: 60 }),
        (types, bytes) => {
          try {
            decoder(NOSR, columns(...types))(bytes);
          } catch (e) {
            if (!(e instanceof DecodeError)) throw e;
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('fails with nothing but DecodeError on payloads with a byte changed or cut off', () => {
    fc.assert(
      fc.property(typedRow, fc.nat(), fc.nat(255), fc.nat(), ([types, row], at, to, cut) => {
        const cols = columns(...types);
        const payload = encoder(NOSR, cols)(row)!;
        if (payload.length === 0) return;
        payload[at % payload.length] = to;
        try {
          decoder(NOSR, cols)(payload.subarray(0, payload.length - (cut % payload.length)));
        } catch (e) {
          if (!(e instanceof DecodeError)) throw e;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('writes what the documentation of the encoding shows', () => {
    const one = (type: SqlType, v: Value) => hex(encoder(NOSR, columns(type))([v]));
    expect(one(INTEGER, 150)).toBe('089601');
    expect(one(INTEGER, -2)).toBe('08feffffffffffffffff01');
    expect(one(BIGINT, -(2n ** 63n))).toBe('0880808080808080808001');
    expect(one(BIGINT, 2 ** 40)).toBe('08808080808020');
    expect(one(STRING, 'testing')).toBe('0a0774657374696e67');
    expect(one(array(INTEGER), [3, 270, 86942])).toBe('0a06038e029ea705');
    expect(one(array(STRING), ['a', ''])).toBe('0a01610a00');
    expect(one(struct([{ name: 'X', type: INTEGER }]), [150])).toBe('0a03089601');
    expect(one(map(STRING, INTEGER), new Map([['k', 7]]))).toBe('0a050a016b1007');
    expect(one(BOOLEAN, true)).toBe('0801');
    expect(one(DOUBLE, 1.5)).toBe('09000000000000f83f');
    expect(one(TIMESTAMP, -1)).toBe('0a1108ffffffffffffffffff0110c08faedc03');
    expect(one(DATE, 0)).toBe('0a0708b20f10011801');
    expect(one(TIME, 3_600_000)).toBe('0a020801');
    expect(one(decimal(4, 2), new Decimal(-150n, 2))).toBe('0a080a02ff6a10031802');
    expect(one(STRING, 'x'.repeat(200))).toBe(`0ac801${'78'.repeat(200)}`);
  });

  it('leaves out what is a default, but not the row', () => {
    const cols = columns(INTEGER, BIGINT, DOUBLE, BOOLEAN, STRING, BYTES, array(INTEGER), map(STRING, STRING));
    const payload = encoder(NOSR, cols)([0, 0, 0, false, '', new Uint8Array(0), [], new Map()]);
    expect(payload).toEqual(Buffer.alloc(0));
    const zeros = [0, 0, 0, false, '', new Uint8Array(0), [], new Map()];
    expect(decoder(NOSR, cols)(payload!)).toEqual(zeros);
    expect(encoder(NOSR, [])([])).toBeNull();
  });

  it('keeps a negative zero', () => {
    expect(Object.is(decoder(NOSR, columns(DOUBLE))(encoder(NOSR, columns(DOUBLE))([-0])!)![0], -0)).toBe(true);
  });

  it('reads only what is needed', () => {
    const cols = columns(INTEGER, STRING, array(INTEGER));
    const payload = encoder(NOSR, cols)([1, 'a', [1]])!;
    expect(decoder(NOSR, cols, { needed: [1] })(payload)).toEqual([null, 'a', null]);
  });

  it('is read by protobufjs, and reads what that writes', () => {
    fc.assert(
      fc.property(typedRow, ([types, row]) => {
        const cols = columns(...types);
        const { text } = schemas.schemaOf(cols, false, refOf());
        const type = otherReader(text);
        const payload = encoder(NOSR, cols)(row)!;
        const again = type.encode(type.decode(payload)).finish();
        expect(decoder(NOSR, cols)(again)).toEqual(decoder(NOSR, cols)(payload));
      }),
      { numRuns: 100 },
    );
  });
});

/** The first message of a schema as protobufjs has it. */
function otherReader(text: string): protobufjs.Type {
  const root = new protobufjs.Root();
  const types = {
    'confluent.type': 'message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
    'google.type':
      'message Date { int32 year = 1; int32 month = 2; int32 day = 3; } message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }',
  };
  for (const [name, body] of Object.entries(types)) {
    protobufjs.parse(`syntax = "proto3"; package ${name}; ${body}`, root, { keepCase: true });
  }
  root.addJSON(protobufjs.common.get('google/protobuf/timestamp.proto')!.nested!);
  protobufjs.parse(text, root, { keepCase: true });
  return root.resolveAll().lookupType('ConnectDefault1');
}

describe('Protobuf fields', () => {
  const INT = columns(INTEGER);

  it('come in any order, and the last one counts', () => {
    const cols = columns(INTEGER, STRING);
    expect(decoder(NOSR, cols)(Buffer.from('12016208011201610802', 'hex'))).toEqual([2, 'a']);
  });

  it('that nobody knows are stepped over, groups too', () => {
    const unknown = ['1801', '190000000000000000', '1a020801', '1d00000000', '1b1801231801241c'];
    for (const u of unknown) expect(decoder(NOSR, INT)(Buffer.from(`${u}0807`, 'hex')), u).toEqual([7]);
  });

  it('of another wire type are unknown fields', () => {
    expect(decoder(NOSR, INT)(Buffer.from('0a01610d00000000', 'hex'))).toEqual([0]);
  });

  it('refuse what is cut off or has no end', () => {
    const bad = [
      '08',
      '0880',
      '0a05',
      '00',
      '0b',
      '0b0c0c',
      '0c',
      '0e',
      `08${'ff'.repeat(10)}01`,
      '0b141c',
      '1affffffff0f',
    ];
    for (const b of bad) expect(() => decoder(NOSR, INT)(Buffer.from(b, 'hex')), b).toThrow(DecodeError);
    expect(() => decoder(NOSR, INT)(Buffer.from('0b'.repeat(200), 'hex'))).toThrow(/nested too deep/);
  });

  it('of a list come in a run or one by one', () => {
    const cols = columns(array(INTEGER));
    expect(decoder(NOSR, cols)(Buffer.from('08010a0202030804', 'hex'))).toEqual([[1, 2, 3, 4]]);
  });

  it('that are messages are put together where they come in parts', () => {
    const cols = columns(
      struct([
        { name: 'X', type: INTEGER },
        { name: 'Y', type: array(INTEGER) },
      ]),
    );
    expect(decoder(NOSR, cols)(Buffer.from('0a0408011001' + '0a021002', 'hex'))).toEqual([[1, [1, 2]]]);
  });

  it('refuse dates, times and numbers that are none', () => {
    const bad = (type: SqlType, b: string) => () => decoder(NOSR, columns(type))(Buffer.from(b, 'hex'));
    expect(bad(DATE, '0a0708b20f10021800')).toThrow(DecodeError);
    expect(bad(DATE, '0a0708b20f1002181e')).toThrow(/no date/);
    expect(bad(DATE, '0a00')()).toEqual([null]);
    expect(bad(TIME, '0a020818')).toThrow(DecodeError);
    expect(bad(TIMESTAMP, '0a0a08ffffffffffffffff7f')).toThrow(DecodeError);
    expect(bad(decimal(2, 0), '0a040a0201f4')).toThrow(/Numeric field overflow/);
    // Of a schema of others: 1000 as int64, and with nothing written.
    const schema = proto('message M { int64 A = 1; sint32 B = 2; }');
    const long = (n: number, b: string) => registered(schema, [{ name: 'A', type: decimal(n, 2) }]).decode(framed(b));
    expect(() => long(5, '08e807')).toThrow(/Numeric field overflow/);
    expect(long(6, '08e807')).toEqual([new Decimal(100000n, 2)]);
    expect(long(5, '')).toEqual([new Decimal(0n, 2)]);
    expect(bad(decimal(4, 0), '0a0918ffffffff070a0101')).toThrow(/too many digits/);
    expect(bad(decimal(4, 0), '0a0e18feffffffffffffffff010a0107')()).toEqual([new Decimal(700n, 0)]);
  });
});
