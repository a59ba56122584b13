import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../engine/formats/index.js';
import { Decimal } from '../../engine/values/decimal.js';
import { doubleText } from '../../engine/values/java-text.js';
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
import { double, nestedType, nullableOf, rowOf } from './arbitraries.js';
import { columns, decoder, encoder, encodeText } from './support.js';

const one = (type: SqlType) => {
  const decode = decoder('JSON', columns(type), { wrapSingle: false });
  return (json: string) => decode(json)?.[0] ?? null;
};

describe('what a JSON value means for a column', () => {
  it.each<[string, SqlType, string, Value]>([
    ['text', STRING, '"a\\u00e9\\n\\"\\/"', 'aé\n"/'],
    ['a surrogate pair in escapes', STRING, '"\\ud83d\\ude00"', '😀'],
    ['a number for a STRING', STRING, '1', '1'],
    ['a fraction for a STRING', STRING, '1.50', '1.50'],
    ['an exponent for a STRING', STRING, '1E2', '1E+2'],
    ['a tiny number for a STRING', STRING, '0.00000001', '1E-8'],
    ['a small number for a STRING', STRING, '0.000001', '0.000001'],
    ['minus zero for a STRING', STRING, '-0', '0'],
    ['a boolean for a STRING', STRING, 'true', 'true'],
    [
      'an object for a STRING',
      STRING,
      '{ "b" : [1, 2.0, null], "a":"x\\u0001\\u001f", "b": 3 }',
      '{"b":3,"a":"x\\u0001\\u001F"}',
    ],
    ['an array for a STRING', STRING, '[ {}, [], false ]', '[{},[],false]'],
    ['an INTEGER', INTEGER, '-2147483648', -2147483648],
    ['a fraction for an INTEGER', INTEGER, '-1.9', -1],
    ['an exponent for an INTEGER', INTEGER, '1.5e2', 150],
    ['too much for an INTEGER', INTEGER, '2147483648', -2147483648],
    ['text for an INTEGER', INTEGER, '"+12"', 12],
    ['minus zero for an INTEGER', INTEGER, '-0', 0],
    ['a BIGINT', BIGINT, '9223372036854775807', 9223372036854775807n],
    ['a BIGINT at the edge of doubles', BIGINT, '9007199254740993', 9007199254740993n],
    ['text for a BIGINT', BIGINT, '"-9223372036854775808"', -9223372036854775808n],
    ['a DOUBLE', DOUBLE, '12.3', 12.3],
    ['a DOUBLE of many digits', DOUBLE, '0.1000000000000000055511151231257827', 0.1],
    ['an integer for a DOUBLE', DOUBLE, '7', 7],
    ['text for a DOUBLE', DOUBLE, '" 1.5e3 "', 1500],
    ['infinity', DOUBLE, '"-Infinity"', Number.NEGATIVE_INFINITY],
    ['a DECIMAL at its scale', decimal(6, 4), '12.365', new Decimal(123650n, 4)],
    ['a DECIMAL beyond doubles', decimal(21, 19), '10.1234512345123451234', new Decimal(101234512345123451234n, 19)],
    ['text for a DECIMAL', decimal(4, 2), '"1.5"', new Decimal(150n, 2)],
    ['more digits than the scale', decimal(4, 2), '1.005', new Decimal(101n, 2)],
    ['an exponent for a DECIMAL', decimal(6, 1), '1.2e3', new Decimal(12000n, 1)],
    ['base 64', BYTES, '"IQ=="', new Uint8Array([33])],
    ['days', DATE, '-10', -10],
    ['a time', TIME, '60220000', 60220000],
    ['a timestamp', TIMESTAMP, '1700000000000', 1700000000000],
    ['text for a timestamp', TIMESTAMP, '"12"', 12],
    ['an array', array(BIGINT), '[1, null,3]', [1, null, 3]],
    [
      'a map',
      map(STRING, INTEGER),
      '{"a":1,"b":null,"a":2}',
      new Map([
        ['a', 2],
        ['b', null],
      ] as [Value, Value][]),
    ],
    [
      'a struct',
      struct([
        { name: 'F', type: STRING },
        { name: 'G', type: INTEGER },
      ]),
      '{"g":1,"x":[{}]}',
      [null, 1],
    ],
  ])('%s', (_name, type, json, expected) => {
    expect(one(type)(json)).toEqual(expected);
    expect(one(type)(` ${json}\n`)).toEqual(expected);
    expect(decoder('JSON', columns(type))(`{"A":${json}}`)).toEqual([expected]);
    expect(decoder('JSON', columns(array(type)))(`{"A": [${json} , ${json}]}`)).toEqual([[expected, expected]]);
  });

  it.each<[string, SqlType, string]>([
    ['text that is no number', INTEGER, '"1.5"'],
    ['text beyond an INTEGER', INTEGER, '"2147483648"'],
    ['an object for an INTEGER', INTEGER, '{}'],
    ['a boolean for a BIGINT', BIGINT, 'true'],
    ['text for a DOUBLE', DOUBLE, '"abc"'],
    ['a DECIMAL too wide', decimal(4, 2), '100'],
    ['text for a BOOLEAN', BOOLEAN, '"true"'],
    ['a number for a BOOLEAN', BOOLEAN, '1'],
    ['text that is no base 64', BYTES, '"a$=="'],
    ['a number for BYTES', BYTES, '1'],
    ['an object for an ARRAY', array(INTEGER), '{}'],
    ['an array for a MAP', map(STRING, INTEGER), '[]'],
    ['an array for a STRUCT', struct([{ name: 'F', type: STRING }]), '[]'],
    ['a huge exponent where it must be exact', BIGINT, '1e1000000000'],
    ['a huge exponent for a DECIMAL', decimal(4, 2), '1e-1000000000'],
    ['endless digits for a DECIMAL', decimal(4, 2), `0.${'0'.repeat(5000)}1`],
  ])('refuses %s', (_name, type, json) => {
    expect(() => one(type)(json)).toThrow(DecodeError);
    expect(() => decoder('JSON', columns(type))(`{"A":${json}}`)).toThrow(DecodeError);
  });
});

describe('records', () => {
  const trip = [
    { name: 'VENDORID', type: STRING },
    { name: 'TRIP_DISTANCE', type: DOUBLE },
    { name: 'PAYMENT_TYPE', type: STRING },
  ];

  it('are read ignoring case, unknown fields ignored, missing ones null', () => {
    const decode = decoder('JSON', trip);
    expect(decode('{"VendorID":1,"x":{"VendorID":2},"trip_distance":1.5,"payment_type":"2"}')).toEqual(['1', 1.5, '2']);
    expect(decode('{"Payment_Type":1}')).toEqual([null, null, '1']);
    expect(decode('{}')).toEqual([null, null, null]);
    expect(decode(' { } ')).toEqual([null, null, null]);
  });

  it('change their shape from one to the next', () => {
    const decode = decoder('JSON', trip);
    for (let i = 0; i < 100; i++) {
      expect(decode(`{"VendorID":"${i}","a":${i},"trip_distance":${i}.5,"payment_type":"2"}`)).toEqual([
        `${i}`,
        i + 0.5,
        '2',
      ]);
      if (i % 3 === 0) expect(decode(`{"VendorID":"${i}","payment_type":null}`)).toEqual([`${i}`, null, null]);
      if (i % 5 === 0)
        expect(decode(`{ "trip_distance" : -${i}e1, "b":[{"a":"\\""}],"VendorID":"é"}`)).toEqual(['é', -i * 10, null]);
      if (i % 7 === 0) expect(decode(`{"f${i}":1,"payment_\\u0074ype":"x"}`)).toEqual([null, null, 'x']);
    }
  });

  it('prefer a field of exactly the name, wherever it stands', () => {
    const cols = [
      { name: 'foo', type: INTEGER },
      { name: 'FOO', type: INTEGER },
      { name: 'BAR', type: INTEGER },
    ];
    const decode = decoder('JSON', cols);
    for (let i = 0; i < 3; i++) {
      expect(decode('{"foo":1,"bar":3}')).toEqual([1, null, 3]);
      expect(decode('{"Foo":1,"FOO":2}')).toEqual([1, 2, null]);
      expect(decode('{"BAR":1,"bar":2}')).toEqual([null, null, 1]);
      expect(decode('{"bar":2,"BAR":1}')).toEqual([null, null, 1]);
      expect(decode('{"bar":2,"Bar":3}')).toEqual([null, null, 3]);
      expect(decode('{"BAR":4,"bar":2,"BAR":null}')).toEqual([null, null, null]);
    }
    const others = decoder('JSON', cols, { needed: [1] });
    for (let i = 0; i < 3; i++) expect(others('{"foo":"7","bar":-7}')).toEqual([null, null, null]);
  });

  it('null, empty and unwrapped', () => {
    expect(decoder('JSON', trip)('')).toBeNull();
    expect(decoder('JSON', trip)(' null ')).toBeNull();
    expect(() => decoder('JSON', trip)('5')).toThrow(DecodeError);
    expect(() => decoder('JSON', trip)('  ')).toThrow(DecodeError);
    expect(decoder('JSON', columns(STRING), { isKey: true })('"k"')).toEqual(['k']);
    expect(decoder('JSON', columns(STRING), { isKey: true })('null')).toBeNull();
    expect(decoder('JSON', columns(STRING, INTEGER), { isKey: true })('{"A":"k","B":1}')).toEqual(['k', 1]);
    expect(decoder('JSON', columns(INTEGER))('{"A":1}')).toEqual([1]);
    expect(decoder('JSON', [])('{"A":1}')).toEqual([]);
  });

  it('keep only what is needed', () => {
    const decode = decoder('JSON', columns(INTEGER, INTEGER), { needed: [1] });
    for (let i = 0; i < 3; i++) expect(decode('{"A":1,"B":2}')).toEqual([null, 2]);
  });

  it('nest down to a limit, wanted or not', () => {
    const decode = decoder('JSON', columns(STRING));
    expect(decode(`{"X":${'['.repeat(400)}${']'.repeat(400)}}`)).toEqual([null]);
    expect(() => decode(`{"X":${'['.repeat(600)}${']'.repeat(600)}}`)).toThrow(/deeper/);
    expect(() => decode(`{"A":${'['.repeat(100000)}`)).toThrow(DecodeError);
  });

  it('may have names without end, and are read all the same', () => {
    const decode = decoder('JSON', columns(STRING, INTEGER));
    for (let i = 0; i < 3000; i++) expect(decode(`{"A":"x","name${i}":1,"other${i}":{},"B":${i}}`)).toEqual(['x', i]);
  });

  it('with a byte order mark', () => {
    expect(decoder('JSON', columns(STRING))('\ufeff{"A":"x"}')).toEqual(['x']);
  });
});

/** JSON text of any value, with white space here and there, names likely to be columns, numbers as written. */
const space = fc.constantFrom('', '', '', ' ', '\n\t ');
const jsonName = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('A', 'a', 'B', 'b', 'C', 'D', 'E', 'F', 'x', '') },
  { weight: 1, arbitrary: fc.string({ maxLength: 5 }) },
);
const quoted = (names: fc.Arbitrary<string>) =>
  fc
    .tuple(names, fc.nat(9))
    .map(([s, kind]) =>
      kind === 0 && s.length > 0
        ? `"\\u${s.charCodeAt(0).toString(16).padStart(4, '0')}${JSON.stringify(s.slice(1)).slice(1)}`
        : JSON.stringify(s),
    );
const json = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('null', 'true', 'false', '0', '-0', '1.0', '12e3', '""', '"x"', '[]', '{}'),
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    quoted(fc.string({ unit: 'grapheme', maxLength: 8 })),
    fc.tuple(fc.array(tie('value'), { maxLength: 3 }), space).map(([v, s]) => `[${s}${v.join(`${s},`)}${s}]`),
    tie('object'),
  ),
  object: fc
    .tuple(fc.array(fc.tuple(quoted(jsonName), tie('value')), { maxLength: 6 }), space, space)
    .map(([m, s, t]) => `{${s}${m.map(([k, v]) => `${k}${t}:${s}${v}${t}`).join(`,${t}`)}}`),
}));

const mutate = (text: string, kind: number, at: number, by: string): string => {
  const i = text.length === 0 ? 0 : at % text.length;
  switch (kind) {
    case 0:
      return text.slice(0, i);
    case 1:
      return text.slice(0, i) + text.slice(i + 1);
    case 2:
      return text.slice(0, i) + by + text.slice(i);
    case 3:
      return text.slice(0, i) + by + text.slice(i + 1);
    default:
      return text;
  }
};
const mutated = fc
  .tuple(
    json.object,
    fc.nat(7),
    fc.nat(),
    fc.constantFrom('"', '\\', ',', ':', '{', '}', ']', '0', '-', '.', 'e', ' ', '\u0001', 'x', '}{'),
  )
  // Through bytes and back: half a surrogate pair has none.
  .map(([text, kind, at, by]) => Buffer.from(mutate(text, kind, at, by)).toString());

const outcome = (f: () => unknown): unknown => {
  try {
    return f();
  } catch (e) {
    if (e instanceof DecodeError) return 'DecodeError';
    throw e;
  }
};

describe('against other readers', () => {
  it('accepts what JSON.parse accepts, and sees the same values', () => {
    const cols = columns(STRING);
    // By name, case ignored, the field's own name first.
    const field = (o: Record<string, unknown>, name: string): unknown =>
      Object.hasOwn(o, name) ? o[name] : (o[name.toLowerCase()] ?? null);
    const expected = (text: string): unknown => {
      if (text === '') return null;
      let o: unknown;
      try {
        o = JSON.parse(text);
      } catch {
        return 'DecodeError';
      }
      if (o === null) return null;
      if (typeof o !== 'object' || Array.isArray(o)) return 'DecodeError';
      const a = field(o as Record<string, unknown>, 'A');
      return { text: a === null ? null : typeof a === 'string' ? a : 'other' };
    };
    const seen = (decode: (s: string) => Value[] | null, text: string): unknown => {
      const row = outcome(() => decode(text)) as Value[] | null | 'DecodeError';
      if (row === null || row === 'DecodeError') return row;
      return { text: row[0]! };
    };
    const learned = decoder('JSON', cols);
    fc.assert(
      fc.property(mutated, (text) => {
        // Where text is wanted of a number, an exponent that no exact number of Java's has is refused.
        fc.pre(!/[eE][-+]?0*[1-9]\d{8}/.test(text));
        let want = expected(text);
        const got = seen(learned, text) as { text: string | null };
        if ((want as { text?: string } | null)?.text === 'other') {
          expect(typeof got.text).toBe('string');
          want = got;
        }
        expect(got).toEqual(want);
        expect(seen(decoder('JSON', cols), text)).toEqual(want);
      }),
      { numRuns: 5000 },
    );
  });

  it('reads the same having learned other orders of fields, or this one, or nothing', () => {
    const cols = columns(STRING, DOUBLE, BOOLEAN, array(STRING), BIGINT, struct([{ name: 'A', type: STRING }]));
    const old = decoder('JSON', cols);
    fc.assert(
      fc.property(json.object, mutated, (first, text) => {
        const fresh = outcome(() => decoder('JSON', cols)(text));
        expect(outcome(() => old(text))).toEqual(fresh);
        expect(outcome(() => old(text))).toEqual(fresh);
        const other = decoder('JSON', cols);
        for (let i = 0; i < 10; i++) outcome(() => other(first));
        for (let i = 0; i < 10; i++) expect(outcome(() => other(text))).toEqual(fresh);
      }),
      { numRuns: 1000 },
    );
  });

  it('fails with nothing but DecodeError on random bytes', () => {
    const cols = columns(STRING, DOUBLE, BYTES, decimal(4, 2), map(STRING, array(STRING)), TIMESTAMP);
    const decode = decoder('JSON', cols);
    const single = cols.map((c) => decoder('JSON', [c], { wrapSingle: false }));
    const chars = fc.constantFrom(...'{}[]",:\\\\0123456789.-+eEtrufalsn ABCDEF\n\u00e9\u0000');
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.string({ unit: chars, maxLength: 40 })), (bytes) => {
        outcome(() => decode(bytes));
        for (const s of single) outcome(() => s(bytes));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('writing', () => {
  it('is what ksqlDB writes', () => {
    const cols = [
      { name: 'VENDORID', type: STRING },
      { name: 'SURGE', type: DOUBLE },
      { name: 'N', type: BIGINT },
      { name: 'D', type: decimal(6, 4) },
      { name: 'B', type: BYTES },
      { name: 'O', type: BOOLEAN },
      { name: 'M', type: map(STRING, array(DOUBLE)) },
      {
        name: 'mixed"',
        type: struct([
          { name: 'F', type: DATE },
          { name: 'g', type: TIMESTAMP },
        ]),
      },
    ];
    const row = [
      '1',
      12,
      9223372036854775807n,
      new Decimal(1000n, 3),
      new Uint8Array([33]),
      true,
      new Map([['k', [1, null]]]),
      [3, null],
    ];
    expect(encodeText('JSON', cols, row as Value[])).toBe(
      '{"VENDORID":"1","SURGE":12.0,"N":9223372036854775807,"D":1.0000,"B":"IQ==","O":true,"M":{"k":[1.0,null]},"mixed\\"":{"F":3,"g":null}}',
    );
    expect(encodeText('JSON', columns(STRING, INTEGER), [null, null])).toBe('{"A":null,"B":null}');
    expect(encodeText('JSON', [], [])).toBe('{}');
    expect(encodeText('JSON', columns(STRING), [null], { wrapSingle: false })).toBeNull();
    expect(encodeText('JSON', columns(DOUBLE), [1], { isKey: true })).toBe('1.0');
    expect(encodeText('JSON', columns(STRING), ['a"\\\n\u0001\u001f\u007fé😀/'], { isKey: true })).toBe(
      '"a\\"\\\\\\n\\u0001\\u001F\u007fé😀/"',
    );
    expect(encodeText('JSON', columns(DOUBLE, DOUBLE), [Number.NaN, Infinity])).toBe('{"A":"NaN","B":"Infinity"}');
  });

  it('spells doubles as Java does', () => {
    const write = encoder('JSON', columns(DOUBLE), { isKey: true });
    fc.assert(
      fc.property(double, fc.integer({ min: 0, max: 9 }), (d, places) => {
        for (const v of [d, Number(d.toFixed(places)), Math.round(d * 1e4) / 1e4]) {
          if (Number.isFinite(v)) expect(write([v])!.toString()).toBe(doubleText(v));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('spells integers', () => {
    const write = encoder('JSON', columns(BIGINT), { isKey: true });
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.maxSafeInteger()), (n) => {
        expect(write([n])!.toString()).toBe(String(n));
      }),
    );
    for (const n of [0, -1, 9, 10, -10, 99, 100, 2147483647, -2147483648, 999999999, 1000000000]) {
      expect(write([n])!.toString()).toBe(String(n));
    }
  });

  it('gives JSON that JSON.parse reads as the same text', () => {
    const write = encoder('JSON', columns(STRING), { isKey: true });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 40, maxLength: 90 })), (s) => {
        expect(JSON.parse(write([s])!.toString('utf8'))).toBe(s);
      }),
    );
  });

  it('comes back as it was, for every type', () => {
    const typed = fc
      .array(nestedType(), { minLength: 1, maxLength: 5 })
      .chain((types) => fc.tuple(fc.constant(types), rowOf(types)));
    fc.assert(
      fc.property(typed, ([types, row]) => {
        const cols = columns(...types);
        const wrapped = { wrapSingle: true };
        const bytes = encoder('JSON', cols, wrapped)(row)!;
        expect(() => JSON.parse(bytes.toString('utf8'))).not.toThrow();
        const decode = decoder('JSON', cols, wrapped);
        for (let i = 0; i < 3; i++) expect(decode(bytes)).toEqual(row);
      }),
      { numRuns: 500 },
    );
  });

  it('comes back as it was, a single column as the payload', () => {
    const typed = nestedType().chain((t) => fc.tuple(fc.constant(t), nullableOf(t)));
    fc.assert(
      fc.property(typed, ([type, value]) => {
        const bytes = encoder('JSON', columns(type), { isKey: true })([value]);
        if (value === null) expect(bytes).toBeNull();
        else expect(decoder('JSON', columns(type), { isKey: true })(bytes!)).toEqual([value]);
      }),
      { numRuns: 500 },
    );
  });
});
