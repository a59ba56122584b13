import {
  aggregate,
  aggregateFunction,
  type FunctionDeclaration,
  scalar,
  tableFunction,
  type Undo,
} from '../../engine/functions/function.js';
import type { Decimal } from '../../engine/values/decimal.js';
import { javaText } from '../../engine/values/java-text.js';
import { array, BIGINT, INTEGER, type SqlType, STRING } from '../../engine/values/sql-type.js';
import { bigintValue, type Value } from '../../engine/values/value.js';

/** The functions that the suite's cases call and that no one else should: its README, section 2. */

const say = (text: string) => () => text;
const fails = (message: string): never => {
  throw new Error(message);
};

const TEST_UDF = scalar({
  name: 'TEST_UDF',
  category: 'OTHER',
  description: 'Tells which of its overloads was chosen.',
  overloads: [
    {
      signature: 'TEST_UDF(a INT, b STRING) -> STRING',
      nulls: 'pass',
      make: () => (a: Value) => (a === null ? fails('null') : 'doStuffIntString'),
    },
    {
      signature: 'TEST_UDF(a BIGINT, b STRING) -> STRING',
      nulls: 'pass',
      make: () => (a: Value) => (a === null ? fails('null') : 'doStuffLongString'),
    },
    {
      signature: 'TEST_UDF(a BIGINT, b BIGINT, c STRING) -> STRING',
      nulls: 'pass',
      make: () => (a: Value, b: Value) => (a === null || b === null ? fails('null') : 'doStuffLongLongString'),
    },
    { signature: 'TEST_UDF(a BIGINT...) -> STRING', nulls: 'pass', make: () => say('doStuffLongVarargs') },
    { signature: 'TEST_UDF(s STRUCT<A STRING>) -> STRING', nulls: 'propagate', make: () => (s: Value[]) => s[0]! },
    { signature: 'TEST_UDF() -> STRUCT<A STRING>', nulls: 'pass', make: () => () => ['foo'] },
  ],
  examples: [],
});

const TOSTRUCT = scalar({
  name: 'TOSTRUCT',
  category: 'OTHER',
  description: 'A struct of one field.',
  overloads: [
    { signature: 'TOSTRUCT(s STRING) -> STRUCT<A STRING>', nulls: 'propagate', make: () => (s: string) => [s] },
  ],
  examples: [],
});

const BAD_UDF = scalar({
  name: 'BAD_UDF',
  category: 'OTHER',
  description: 'Throws.',
  overloads: [
    { signature: 'BAD_UDF(i INT) -> STRING', nulls: 'pass', make: () => () => fails('boom!') },
    {
      signature: 'BAD_UDF(b BOOLEAN) -> INT',
      nulls: 'pass',
      make: () => (b: Value) => (b === false ? 0 : fails('You asked me to throw...')),
    },
    {
      signature: 'BAD_UDF(s STRING) -> STRING',
      nulls: 'pass',
      make: () => {
        let calls = 0;
        return (s: Value) => (calls++ % 2 === 0 ? null : s);
      },
    },
  ],
  examples: [],
});

const when = (name: string, type: 'BOOLEAN' | 'INT') =>
  scalar({
    name,
    category: 'OTHER',
    description: 'Its first argument; throws where the second is not true.',
    overloads: [
      {
        signature: `${name}(r ${type}, ok BOOLEAN) -> ${type}`,
        nulls: 'pass',
        make: () => (r: Value, ok: Value) =>
          ok === true && r !== null ? r : fails('When condition in case is not running lazily!'),
      },
    ],
    examples: [],
  });

const SEVEN = 'i INT, l BIGINT, d DOUBLE, b BOOLEAN, s STRING, n DECIMAL, t STRUCT<A STRING>';
const seven = (wrap: (type: string, index: number) => string): string =>
  SEVEN.split(', ')
    .map((p, i) => {
      const [name, ...type] = p.split(' ');
      return `${name} ${wrap(type.join(' '), i)}`;
    })
    .join(', ');

/** A row each: the Java text of the arguments, as `pick` gets them out. */
const texts =
  (pick: (v: Value) => Value, typeOf: (t: SqlType) => SqlType) => (types: { readonly args: readonly SqlType[] }) => {
    const print = types.args.map((t) => javaText(typeOf(t)));
    return (...args: Value[]) => args.map((v, i) => (v === null ? null : print[i]!(pick(v))));
  };

const one = (type: string) => ({
  signature: `TEST_UDTF(v ${type}) -> ${type}`,
  make: () => (v: Value) => (v === null && /^(INT|BIGINT|DOUBLE|BOOLEAN)$/.test(type) ? fails('null') : [v]),
});

const TEST_UDTF = tableFunction({
  name: 'TEST_UDTF',
  category: 'TABLE',
  description: 'Its arguments as rows.',
  overloads: [
    {
      signature: `TEST_UDTF(${SEVEN}) -> STRING`,
      make: texts(
        (v) => v,
        (t) => t,
      ),
    },
    {
      signature: `TEST_UDTF(${seven((t) => `ARRAY<${t}>`)}) -> STRING`,
      make: texts(
        (v) => (v as Value[])[0]!,
        (t) => (t.kind === 'ARRAY' ? t.element : t),
      ),
    },
    {
      signature: `TEST_UDTF(${seven((t) => `MAP<STRING, ${t}>`)}) -> STRING`,
      make: texts(
        (v) => [...(v as Map<Value, Value>).values()][0] ?? null,
        (t) => (t.kind === 'MAP' ? t.value : t),
      ),
    },
    {
      signature: `TEST_UDTF(${seven((t, i) => `MAP<${i === 0 ? 'BIGINT' : 'STRING'}, ${t}>`)}) -> STRING`,
      make: texts(
        (v) => [...(v as Map<Value, Value>).values()][0] ?? null,
        (t) => (t.kind === 'MAP' ? t.value : t),
      ),
    },
    ...['INT', 'BIGINT', 'DOUBLE', 'BOOLEAN', 'STRING', 'STRUCT<A STRING>'].map(one),
    {
      signature: 'TEST_UDTF(v DECIMAL) -> DECIMAL(30, 10)',
      make: () => (v: Decimal) => [v.setScale(10)],
    },
  ],
  examples: [],
});

const THROWING_UDTF = tableFunction({
  name: 'THROWING_UDTF',
  category: 'TABLE',
  description: 'A row with its argument; throws on true.',
  overloads: [
    {
      signature: 'THROWING_UDTF(b BOOLEAN) -> BOOLEAN',
      make: () => (b: Value) => (b === true ? fails('You asked me to throw...') : [b]),
    },
  ],
  examples: [],
});

const long = (v: Value): bigint => (v === null ? 0n : BigInt(v as number | bigint));
const length = (v: Value): bigint => (v === null ? 0n : BigInt((v as string).length));

/** A sum of longs over `add(args)`; the result adds what `start` says of the constants. */
const sum = (add: (args: readonly Value[]) => bigint, start: (init: readonly Value[]) => bigint, undo: Undo) => ({
  undo,
  make: (_types: unknown, init: readonly Value[]) =>
    aggregate<Value>({
      stateType: BIGINT,
      init: () => bigintValue(start(init)),
      add: (s, args) => bigintValue(long(s) + add(args)),
      merge: (a, b) => bigintValue(long(a) + long(b) - start(init)),
      ...(undo === 'exact' ? { undo: (s: Value, args: readonly Value[]) => bigintValue(long(s) - add(args)) } : {}),
      result: (s) => s,
    }),
});

const zero = () => 0n;
const total = (init: readonly Value[]) =>
  init.reduce((n: bigint, v) => n + (typeof v === 'string' ? length(v) : long(v)), 0n);

const TEST_UDAF = aggregateFunction({
  name: 'TEST_UDAF',
  category: 'AGGREGATE',
  description: 'Sums.',
  overloads: [
    { signature: 'TEST_UDAF(v BIGINT) -> BIGINT', ...sum((a) => long(a[0]!), zero, 'exact') },
    {
      signature: 'TEST_UDAF(v INT) -> BIGINT',
      undo: 'exact',
      make: (types, init, config) => {
        const start = BigInt(config.properties['ksql.functions.test_udaf.init'] ?? 0);
        return sum(
          (a) => long(a[0]!),
          () => start,
          'exact',
        ).make(types, init);
      },
    },
    {
      signature: 'TEST_UDAF(v DOUBLE) -> DOUBLE',
      undo: 'none',
      make: () =>
        aggregate<number>({
          stateType: { kind: 'DOUBLE' },
          init: () => 0,
          add: (s, a) => s + ((a[0] as number | null) ?? 0),
          merge: (a, b) => a + b,
          result: (s) => s,
        }),
    },
    {
      signature: 'TEST_UDAF(v STRING, init s STRING) -> BIGINT',
      ...sum(
        (a) => length(a[0]!),
        (init) => length(init[0]!),
        'none',
      ),
    },
    {
      signature: 'TEST_UDAF(v STRUCT<A INT, B INT>) -> STRUCT<A INT, B INT>',
      undo: 'none',
      make: (types) =>
        aggregate<Value[]>({
          stateType: types.result,
          init: () => [0, 0],
          add: (s, a) => {
            const v = a[0] as Value[] | null;
            return v === null
              ? s
              : [
                  ((s[0] as number) + ((v[0] as number | null) ?? 0)) | 0,
                  ((s[1] as number) + ((v[1] as number | null) ?? 0)) | 0,
                ];
          },
          merge: (a, b) => [((a[0] as number) + (b[0] as number)) | 0, ((a[1] as number) + (b[1] as number)) | 0],
          result: (s) => s,
        }),
    },
  ],
  examples: [],
});

const lengths = (a: readonly Value[]) => a.reduce((n: bigint, v) => n + length(v), 0n);

const summing = (name: string, signature: string, add: (a: readonly Value[]) => bigint) =>
  aggregateFunction({
    name,
    category: 'AGGREGATE',
    description: 'Sums longs and the lengths of texts.',
    overloads: [{ signature, ...sum(add, total, 'none') }],
    examples: [],
  });

/** Appends the first argument of every row in which none is null. */
const appending = (name: string, signature: string, element: (args: readonly SqlType[]) => SqlType) =>
  aggregateFunction({
    name,
    category: 'AGGREGATE',
    description: 'Collects its first argument.',
    overloads: [
      {
        signature,
        undo: 'none',
        make: (types) =>
          aggregate<Value[]>({
            stateType: array(element(types.args)),
            init: () => [],
            add: (s, a) => (a.every((v) => v !== null) ? [...s, a[0]!] : s),
            merge: (a, b) => [...a, ...b],
            result: (s) => s,
          }),
      },
    ],
    examples: [],
  });

export const TEST_FUNCTIONS: readonly FunctionDeclaration[] = [
  TEST_UDF,
  TOSTRUCT,
  BAD_UDF,
  when('WHENCONDITION', 'BOOLEAN'),
  when('WHENRESULT', 'INT'),
  TEST_UDTF,
  THROWING_UDTF,
  TEST_UDAF,
  summing('VAR_ARG', 'VAR_ARG(a BIGINT, b STRING...) -> BIGINT', (a) => long(a[0]!) + lengths(a.slice(1))),
  summing(
    'MID_VAR_ARG',
    'MID_VAR_ARG(a BIGINT, b STRING..., init c INT, init d INT) -> BIGINT',
    (a) => long(a[0]!) + lengths(a.slice(1)),
  ),
  summing(
    'MULTI_ARG',
    'MULTI_ARG(a BIGINT, b STRING, init c INT, init d STRING...) -> BIGINT',
    (a) => long(a[0]!) + length(a[1]!),
  ),
  summing(
    'FOUR_ARG',
    'FOUR_ARG(a BIGINT, b STRING, c STRING, d STRING, init e INT, init f STRING...) -> BIGINT',
    (a) => long(a[0]!) + lengths(a.slice(1)),
  ),
  summing(
    'FIVE_ARG',
    'FIVE_ARG(a BIGINT, b STRING, c STRING, d STRING, e INT, init f INT, init g STRING...) -> BIGINT',
    (a) => long(a[0]!) + lengths(a.slice(1, 4)) + long(a[4]!),
  ),
  appending('OBJ_COL_ARG', 'OBJ_COL_ARG(a INT, b ANY...) -> ARRAY<INT>', () => INTEGER),
  appending('GENERIC_VAR_ARG', 'GENERIC_VAR_ARG(a A, b B, c C...) -> ARRAY<A>', (args) => args[0] ?? STRING),
];
