import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../engine/formats/format.js';
import { formatByName } from '../../engine/formats/index.js';
import { pinSchema } from '../../engine/formats/registry/pinned.js';
import type { FormatRef } from '../../engine/plan/topology.js';
import { ByteWriter } from '../../engine/records/bytes.js';
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
import { nestedType, rowOf, scalarType } from './arbitraries.js';
import { columns, decoder } from './support.js';

/** What decoding gives: a row, null, or DecodeError, whatever it says. */
function outcome(f: () => Value[] | null): Value[] | null | 'bad' {
  try {
    return f();
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e;
    return 'bad';
  }
}

describe('a record is bad for all readers or for none, and each reads the same', () => {
  const TOKENS = [
    '"x"',
    '"1"',
    '-1',
    '1.5',
    '86400000',
    '3000000000',
    '1e3',
    '1e-400',
    'null',
    'true',
    '[]',
    '{}',
    '[1]',
  ];
  const refOf = (format: string, cols: ReturnType<typeof columns>): FormatRef => {
    const ref: FormatRef = { name: format, properties: {} };
    const { schemas } = formatByName(format);
    return schemas === undefined ? ref : pinSchema(ref, { ...schemas.schemaOf(cols, false, ref), id: 7 });
  };

  it.each([
    ['JSON', nestedType()],
    ['DELIMITED', scalarType],
    ['AVRO', nestedType()],
    ['PROTOBUF_NOSR', scalarType],
    ['PROTOBUF_NOSR', nestedType()],
  ] as const)('%s', (format, type) => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...TOKENS), fc.nat(255)), { maxLength: 3 });
    let bad = 0;
    fc.assert(
      fc.property(
        fc.array(type, { minLength: 2, maxLength: 5 }).chain((types) => {
          const cols = columns(...types);
          return fc.tuple(fc.constant(cols), rowOf(types), damage, fc.subarray([...cols.keys()]));
        }),
        ([cols, row, wounds, needed]) => {
          const ref = refOf(format, cols);
          const coder = formatByName(format);
          const all = { columns: cols, needed: [...cols.keys()], ref, isKey: false };
          const out = new ByteWriter();
          let encoded: boolean;
          try {
            encoded = coder.encoder(all).encode(row, out);
          } catch {
            return; // a NULL that the format has not
          }
          if (!encoded) return;
          let payload = out.toBuffer();
          for (const [at, token, byte] of wounds) payload = wound(format, payload, at, token, byte);
          const bytes = Buffer.concat([payload, Buffer.from('5","x":"y"}]} ')]);
          const decode = (reader: ReturnType<typeof coder.decoder>) =>
            outcome(() => {
              const into: Value[] = cols.map(() => 'stale');
              return reader.decode(bytes, 0, payload.length, into) ? into : null;
            });
          const whole = decode(coder.decoder(all));
          if (whole === 'bad') bad++;
          const part = coder.decoder({ ...all, needed });
          const wanted = Array.isArray(whole) ? whole.map((v, i) => (needed.includes(i) ? v : null)) : whole;
          // A reader learns what comes again.
          for (let i = 0; i < 10; i++) expect(decode(part)).toEqual(wanted);
        },
      ),
      { numRuns: 1500 },
    );
    expect(bad).toBeGreaterThan(50);
  });

  /** JSON and DELIMITED get another value in the place of one, the others another byte. */
  function wound(format: string, payload: Buffer, at: number, token: string, byte: number): Buffer {
    if (payload.length === 0) return payload;
    if (format !== 'JSON' && format !== 'DELIMITED') {
      const copy = Buffer.from(payload);
      copy[at % copy.length] = byte;
      return copy;
    }
    const text = payload.toString('latin1');
    const values = [...text.matchAll(format === 'JSON' ? /(?<=[:[,])[^:[\]{},]+(?=[,}\]])/g : /[^,]+/g)];
    if (values.length === 0) return payload;
    const v = values[at % values.length]!;
    return Buffer.from(text.slice(0, v.index) + token + text.slice(v.index + v[0].length), 'latin1');
  }

  const json = (types: readonly SqlType[], text: string, needed: readonly number[]) =>
    outcome(() => decoder('JSON', columns(...types), { needed })(text));

  it.each([
    ['INTEGER', INTEGER, ['1', '-1', '1.5', '1e3', '"7"', 'null', '99999999999'], ['"x"', 'true', '[]', '{}', '""']],
    ['BIGINT', BIGINT, ['1', '-1', '1.5', '"7"', 'null', '99999999999999999999'], ['"x"', 'false', '[1]']],
    ['DOUBLE', DOUBLE, ['1', '-1.5e3', '"NaN"', 'null'], ['"x"', 'true', '{}']],
    ['DECIMAL', decimal(3, 1), ['99.9', '1', '"1.25"', '-99.94', 'null'], ['100', '99.95', '"x"', 'true', '[]']],
    ['STRING', STRING, ['"x"', '"\\u0041"', '1', '1.5e7', 'true', '[1,{}]', '{"a":[]}', 'null'], ['1e9999999999']],
    ['BOOLEAN', BOOLEAN, ['true', 'false', 'null'], ['"true"', '1', '[]']],
    ['BYTES', BYTES, ['"AQI="', '""', 'null'], ['"A"', '1', '"?"']],
    [
      'TIME',
      TIME,
      ['0', '86399999', '"5"', 'null'],
      ['-1', '-5', '86400000', '86400001', '90061001', '1e9', '"-1"', '"x"', 'true'],
    ],
    ['DATE', DATE, ['0', '-719162', '2147483647', 'null'], ['2147483648', '-2147483649', '"x"', '[]']],
    ['TIMESTAMP', TIMESTAMP, ['0', '-1', 'null'], ['"x"', '{}']],
    ['ARRAY', array(INTEGER), ['[]', '[1,null]', 'null'], ['["x"]', '{}', '1', '"x"']],
    ['MAP', map(STRING, INTEGER), ['{}', '{"a":1}', 'null'], ['{"a":"x"}', '[]', 'true']],
    ['STRUCT', struct([{ name: 'F', type: TIME }]), ['{}', '{"f":1}', '{"g":true}', 'null'], ['{"F":-1}', '[]', '1']],
  ] as const)('JSON for %s', (_name, type, good, wrong) => {
    const types = [type, INTEGER];
    for (const text of good) {
      expect([text, json(types, `{"A":${text},"B":2}`, [1])]).toEqual([text, [null, 2]]);
      expect(json(types, `{"A":${text},"B":2}`, [0, 1])).not.toBe('bad');
    }
    for (const text of wrong) {
      for (const needed of [[], [0], [1], [0, 1]]) {
        expect([text, needed, json(types, `{"A":${text},"B":2}`, needed)]).toEqual([text, needed, 'bad']);
      }
    }
  });

  it('keys that nobody reads are checked too', () => {
    const key = (format: string, type: SqlType, payload: string | Uint8Array) =>
      outcome(() => decoder(format, columns(type), { needed: [], isKey: true })(payload));
    expect(key('KAFKA', INTEGER, Buffer.from([0, 0, 0, 1]))).toEqual([null]);
    expect(key('KAFKA', INTEGER, Buffer.from([0, 0, 1]))).toBe('bad');
    expect(key('KAFKA', STRING, 'x')).toEqual([null]);
    expect(key('JSON', INTEGER, '1')).toEqual([null]);
    expect(key('JSON', INTEGER, 'null')).toBeNull();
    expect(key('JSON', STRING, 'null')).toBeNull();
    expect(key('JSON', INTEGER, '"x"')).toBe('bad');
    expect(key('DELIMITED', INTEGER, 'x')).toBe('bad');
  });
});

describe('a TIME is in the day', () => {
  it('in DELIMITED', () => {
    const decode = decoder('DELIMITED', columns(TIME, INTEGER));
    expect(decode('86399999,1')).toEqual([86_399_999, 1]);
    for (const text of ['-5', '86400000', '90061001']) expect(() => decode(`${text},1`)).toThrow(/TIME/);
  });

  it.each([
    ['time-millis', 'int', [0, 86_399_999], [-5, 86_400_000]],
    ['time-micros', 'long', [0, 86_399_999_999], [-5, 86_400_000_000]],
  ] as const)('in Avro, as %s', (logicalType, type, good, wrong) => {
    const cols = columns(TIME);
    const text = JSON.stringify({ type: 'record', name: 'r', fields: [{ name: 'A', type: { type, logicalType } }] });
    const ref = pinSchema({ name: 'AVRO', properties: {} }, { id: 7, type: 'AVRO', text, references: [] });
    const read = formatByName('AVRO').decoder({ columns: cols, needed: [0], ref, isKey: false });
    const decode = (n: number) => {
      const payload = Buffer.from([0, 0, 0, 0, 7, ...zigzag(n)]);
      const row: Value[] = [null];
      read.decode(payload, 0, payload.length, row);
      return row[0];
    };
    const unit = logicalType === 'time-millis' ? 1 : 1000;
    for (const n of good) expect(decode(n)).toBe(Math.floor(n / unit));
    for (const n of wrong) expect(() => decode(n)).toThrow(/TIME/);
  });
});

function zigzag(n: number): number[] {
  let v = BigInt.asUintN(64, (BigInt(n) << 1n) ^ (BigInt(n) >> 63n));
  const bytes: number[] = [];
  for (; v >= 128n; v >>= 7n) bytes.push(Number(v & 127n) | 128);
  return [...bytes, Number(v)];
}
