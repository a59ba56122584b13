import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeirError } from '../../engine/base/errors.js';
import { DecodeError, FORMATS, formatByName } from '../../engine/formats/index.js';
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
import { nestedType, nullableOf, rowOf, scalarType } from './arbitraries.js';
import { columns, decoder, encoder, encodeText, type Setting } from './support.js';

const ALL = columns(STRING, INTEGER, BIGINT, DOUBLE, BOOLEAN, decimal(6, 2), BYTES, DATE, TIME, TIMESTAMP);

function onlyDecodeErrors(f: () => unknown): void {
  try {
    f();
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e;
  }
}

describe('formats by name', () => {
  it('are found in any case', () => {
    expect(formatByName('json').name).toBe('JSON');
    expect(formatByName(' Delimited ').name).toBe('DELIMITED');
    for (const [name, format] of Object.entries(FORMATS)) expect(format.name).toBe(name);
  });

  it('or not at all', () => {
    expect(() => formatByName('FOO')).toThrow(/^Unknown format: FOO$/);
    expect(() => formatByName('FOO')).toThrow(WeirError);
  });

  it.each<[string, readonly SqlType[], boolean, string]>([
    ['JSON', [map(INTEGER, DOUBLE)], false, 'JSON only supports MAP types with STRING keys'],
    [
      'JSON',
      [struct([{ name: 'X', type: array(map(BIGINT, STRING)) }])],
      false,
      'JSON only supports MAP types with STRING keys',
    ],
    [
      'DELIMITED',
      [INTEGER, array(INTEGER)],
      false,
      "The 'DELIMITED' format does not support type 'ARRAY', column: `B`",
    ],
    ['DELIMITED', [struct([])], true, "The 'DELIMITED' format does not support type 'STRUCT', column: `A`"],
    ['KAFKA', [BOOLEAN], true, "The 'KAFKA' format does not support type 'BOOLEAN'"],
    ['KAFKA', [decimal(21, 19)], false, "The 'KAFKA' format does not support type 'DECIMAL'"],
    [
      'KAFKA',
      [INTEGER, STRING],
      false,
      "The 'KAFKA' format only supports a single field. Got: [`A` INTEGER, `B` STRING]",
    ],
    [
      'KAFKA',
      [INTEGER, INTEGER],
      true,
      "The 'KAFKA' format only supports a single field. Got: [`A` INTEGER KEY, `B` INTEGER KEY]",
    ],
    ['NONE', [INTEGER], false, "The 'NONE' format can only be used when no columns are defined. Got: [`A` INTEGER]"],
    ['NONE', [INTEGER], true, "The 'NONE' format can only be used when no columns are defined. Got: [`A` INTEGER KEY]"],
  ])('%s says what it cannot hold (%#)', (name, types, isKey, message) => {
    const validate = () => formatByName(name).validate(columns(...types), isKey, { name, properties: {} });
    expect(validate).toThrow(WeirError);
    expect(validate).toThrow(message);
  });

  it('hold what they can', () => {
    const ref = (name: string) => ({ name, properties: {} });
    formatByName('JSON').validate(
      columns(map(STRING, array(struct([{ name: 'F', type: decimal(3, 1) }])))),
      false,
      ref('JSON'),
    );
    formatByName('DELIMITED').validate(ALL, false, ref('DELIMITED'));
    for (const c of columns(INTEGER, BIGINT, DOUBLE, STRING, BYTES))
      formatByName('KAFKA').validate([c], true, ref('KAFKA'));
    formatByName('KAFKA').validate([], true, ref('KAFKA'));
    formatByName('NONE').validate([], true, ref('NONE'));
  });
});

describe('DELIMITED', () => {
  const decode = (types: readonly SqlType[], text: string, setting?: Setting) =>
    decoder('DELIMITED', columns(...types), setting)(text);
  const encode = (types: readonly SqlType[], row: readonly Value[], setting?: Setting) =>
    encodeText('DELIMITED', columns(...types), row, setting);

  it('reads every type', () => {
    expect(
      decoder('DELIMITED', ALL)('a b,-5,9223372036854775807,1e2,TRUE,1.005,IQ==,-10,60220000,1700000000000'),
    ).toEqual([
      'a b',
      -5,
      9223372036854775807n,
      100,
      true,
      new Decimal(101n, 2),
      new Uint8Array([33]),
      -10,
      60220000,
      1700000000000,
    ]);
  });

  it('reads empty fields as NULL, quoted or not', () => {
    expect(decode([STRING, INTEGER, STRING], ',,')).toEqual([null, null, null]);
    expect(decode([STRING, INTEGER, STRING], '"","",x')).toEqual([null, null, 'x']);
    expect(decode([STRING], '')).toEqual([null]);
    expect(decode([STRING, STRING], 'x,')).toEqual(['x', null]);
  });

  it('reads quotes as RFC 4180 has them', () => {
    expect(decode([STRING, STRING], '"a,""b""\n", "c"')).toEqual(['a,"b"\n', ' "c"']);
    expect(decode([STRING, INTEGER], '"a"  ,"22"')).toEqual(['a', 22]);
    expect(decode([STRING, STRING], 'a"b,c""')).toEqual(['a"b', 'c""']);
    expect(() => decode([STRING], '"a')).toThrow(DecodeError);
    expect(() => decode([STRING, STRING], '"a"b,c')).toThrow(DecodeError);
  });

  it('takes the first line', () => {
    expect(decode([INTEGER, INTEGER], '\r\n\n1,2\r\n3,4,5')).toEqual([1, 2]);
    expect(decode([STRING, INTEGER], '"a",2\n')).toEqual(['a', 2]);
  });

  it('counts the fields', () => {
    expect(() => decode([STRING, STRING], 'a,b,c')).toThrow(
      new DecodeError('Unexpected field count, csvFields:3 schemaFields:2'),
    );
    expect(() => decode([STRING, STRING], 'a')).toThrow('Unexpected field count, csvFields:1 schemaFields:2');
    expect(() => decode([STRING, STRING], '')).toThrow(DecodeError);
  });

  it.each<[SqlType, string]>([
    [INTEGER, 'x'],
    [INTEGER, ' 1'],
    [INTEGER, '2147483648'],
    [INTEGER, '1.0'],
    [BIGINT, '9223372036854775808'],
    [DOUBLE, '1,5'],
    [DOUBLE, '0x10'],
    [BOOLEAN, 'yes'],
    [decimal(4, 2), '100'],
    [decimal(4, 2), '1e999999'],
    [BYTES, 'é'],
  ])('refuses text that is no %o: %s', (type, text) => {
    expect(() => decode([type], text)).toThrow(DecodeError);
  });

  it('keeps only what is needed', () => {
    expect(decode([INTEGER, INTEGER], '1,2', { needed: [1] })).toEqual([null, 2]);
    expect(decode([INTEGER, INTEGER], '"1",2', { needed: [1] })).toEqual([null, 2]);
  });

  it('takes any character between fields', () => {
    for (const delimiter of ['|', ';', '\t', ' ', '$', '.', '\\', '^', '-', ']', '§', '€']) {
      const setting = { properties: { delimiter } };
      expect(decode([INTEGER, STRING], `1${delimiter}a,b`, setting)).toEqual([1, 'a,b']);
      const row = [`x${delimiter}"`, delimiter];
      const text = encode([STRING, STRING], row, setting)!;
      expect(decode([STRING, STRING], text, setting)).toEqual(row);
    }
    const quote = { name: 'DELIMITED', properties: { delimiter: '"' } };
    expect(() => formatByName('DELIMITED').validate([], false, quote)).toThrow(WeirError);
  });

  it('writes as Commons CSV does', () => {
    expect(encode([STRING, INTEGER, STRING], [null, 456, 'foo'])).toBe(',456,foo');
    expect(encode([STRING, BYTES, STRING], ['!', new Uint8Array([33]), '!'])).toBe('"!",IQ==,"!"');
    expect(encode([STRING, BYTES, STRING], ['#', new Uint8Array([35]), '#'])).toBe('"#",Iw==,"#"');
    expect(encode([DATE], [-10])).toBe('"-10"');
    expect(encode([INTEGER, DATE], [1, -10])).toBe('1,-10');
    expect(encode([STRING, STRING], ['', ''])).toBe('"",');
    expect(encode([STRING, STRING], ['a', 'b '])).toBe('a,"b "');
    expect(encode([STRING, STRING], ['a', 'x"y'])).toBe('a,"x""y"');
    expect(encode([STRING, STRING], ['a', '_é$'])).toBe('a,_é$');
    expect(encode([DOUBLE, decimal(5, 3), BIGINT], [1e7, new Decimal(15n, 1), 2n ** 62n])).toBe(
      '1.0E7,1.500,4611686018427387904',
    );
    expect(encode([STRING], [null])).toBe('');
  });

  it('comes back as it was, but for empty text', () => {
    const typed = fc
      .array(scalarType, { minLength: 1, maxLength: 5 })
      .chain((types) => fc.tuple(fc.constant(types), rowOf(types)));
    fc.assert(
      fc.property(typed, fc.constantFrom(',', '|', '\t', 'é'), ([types, row], delimiter) => {
        const setting = { properties: { delimiter } };
        // A record of one or more NULLs alone is an empty line where there is one column only.
        const bytes = encoder('DELIMITED', columns(...types), setting)(row)!;
        const empty = (v: Value) => v === '' || (v instanceof Uint8Array && v.length === 0);
        const expected = row.map((v) => (empty(v) ? null : v));
        expect(decoder('DELIMITED', columns(...types), setting)(bytes)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('fails with nothing but DecodeError on random bytes', () => {
    const read = decoder('DELIMITED', ALL);
    const single = ALL.map((c) => decoder('DELIMITED', [c]));
    const chars = fc.constantFrom(...'",\n 0123456789.-+eEtrufalse\r\u00e9');
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.string({ unit: chars, maxLength: 30 })), (bytes) => {
        onlyDecodeErrors(() => read(bytes));
        for (const s of single) onlyDecodeErrors(() => s(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('KAFKA', () => {
  const bytes = (type: SqlType, v: Value) => encoder('KAFKA', columns(type))([v]);

  it('writes as Kafka serializers do', () => {
    expect(bytes(INTEGER, -2)).toEqual(Buffer.from('fffffffe', 'hex'));
    expect(bytes(BIGINT, 1)).toEqual(Buffer.from('0000000000000001', 'hex'));
    expect(bytes(BIGINT, -(2n ** 63n))).toEqual(Buffer.from('8000000000000000', 'hex'));
    expect(bytes(DOUBLE, 1.5)).toEqual(Buffer.from('3ff8000000000000', 'hex'));
    expect(bytes(STRING, 'é')).toEqual(Buffer.from('é'));
    expect(bytes(STRING, '')).toEqual(Buffer.alloc(0));
    expect(bytes(BYTES, new Uint8Array([1, 2]))).toEqual(Buffer.from([1, 2]));
    expect(bytes(STRING, null)).toBeNull();
    expect(encoder('KAFKA', [])([])).toBeNull();
    expect(decoder('KAFKA', [])('x')).toBeNull();
  });

  it('comes back as it was', () => {
    const typed = fc
      .constantFrom(INTEGER, BIGINT, DOUBLE, STRING, BYTES)
      .chain((t) => fc.tuple(fc.constant(t), nullableOf(t)));
    fc.assert(
      fc.property(typed, ([type, v]) => {
        const payload = bytes(type, v);
        if (v === null) expect(payload).toBeNull();
        else expect(decoder('KAFKA', columns(type))(payload!)).toEqual([v]);
      }),
    );
  });

  it('refuses bytes of another length', () => {
    fc.assert(
      fc.property(fc.constantFrom(INTEGER, BIGINT, DOUBLE), fc.uint8Array({ maxLength: 12 }), (type, payload) => {
        const wanted = type === INTEGER ? 4 : 8;
        const read = () => decoder('KAFKA', columns(type))(payload);
        if (payload.length === wanted) expect(read()).toHaveLength(1);
        else expect(read).toThrow(DecodeError);
      }),
    );
  });
});

describe('NONE', () => {
  it('has no payload', () => {
    expect(encoder('NONE', [])([])).toBeNull();
    expect(decoder('NONE', [])('anything')).toBeNull();
  });
});

describe('ROW', () => {
  const typed = fc
    .array(nestedType(INTEGER), { maxLength: 4 })
    .chain((types) => fc.tuple(fc.constant(types), rowOf(types)));

  it('comes back as it was, as a value and as a key', () => {
    fc.assert(
      fc.property(typed, ([types, row]) => {
        const cols = columns(...types);
        expect(decoder('ROW', cols)(encoder('ROW', cols)(row)!)).toEqual(row);
        const key = encoder('ROW', cols, { isKey: true })(row)!;
        const back = decoder('ROW', cols, { isKey: true })(key)!;
        expect(encoder('ROW', cols, { isKey: true })(back)).toEqual(key);
      }),
    );
  });

  it('fails with nothing but DecodeError on other bytes', () => {
    const cols = columns(STRING, DOUBLE, decimal(4, 2), map(STRING, array(STRING)));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, isKey) => {
        onlyDecodeErrors(() => decoder('ROW', cols, { isKey })(bytes));
      }),
    );
  });
});
