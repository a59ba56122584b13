import { describe, expect, test } from 'vitest';
import { compile, compilePredicate, compileSafe, likeMatcher } from '../../engine/expression/index.js';
import type { ColumnExpr, TypedExpr } from '../../engine/plan/expr.js';
import { emptyRecord } from '../../engine/records/record.js';
import { array, BIGINT, BOOLEAN, DOUBLE, INTEGER, map, type SqlType, STRING } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { context, evaluate, typed } from '../functions/support.js';

const column = (index: number, type: SqlType): ColumnExpr => ({
  kind: 'column',
  from: 'value',
  index,
  name: `C${index}`,
  type,
});
const literal = (value: string | number | boolean | null, type: SqlType): TypedExpr => ({
  kind: 'literal',
  value,
  type,
});
const record = (...value: Value[]) => ({ ...emptyRecord(), key: ['k'], value, timestamp: 7, offset: 3, partition: 2 });

function run(expr: TypedExpr, ...value: Value[]) {
  const errors: string[] = [];
  const result = compileSafe(expr, { ...context, onError: (m) => errors.push(m) })(record(...value));
  return { result, errors };
}

const compare = (op: (TypedExpr & { kind: 'compare' })['op'], left: TypedExpr, right: TypedExpr): TypedExpr => ({
  kind: 'compare',
  op,
  left,
  right,
  type: BOOLEAN,
});

describe('columns', () => {
  test('come from key and value; a null payload gives NULL', () => {
    const key: TypedExpr = { kind: 'column', from: 'key', index: 0, name: 'K', type: STRING };
    const onError = () => {};
    expect(compile(key, { ...context, onError })(record())).toBe('k');
    expect(compile(column(1, INTEGER), { ...context, onError })(record(1, 2))).toBe(2);
    expect(compile(column(0, INTEGER), { ...context, onError })({ ...record(), value: null })).toBeNull();
  });

  test('pseudo columns', () => {
    const pseudo = (name: 'ROWTIME' | 'ROWOFFSET' | 'ROWPARTITION' | 'WINDOWSTART') =>
      run({ kind: 'pseudo', name, type: BIGINT }).result;
    expect([pseudo('ROWTIME'), pseudo('ROWOFFSET'), pseudo('ROWPARTITION'), pseudo('WINDOWSTART')]).toEqual([
      7,
      3,
      2,
      null,
    ]);
  });
});

describe('comparison is two-valued', () => {
  const a = column(0, INTEGER);
  const b = column(1, INTEGER);
  test.each(['=', '<>', '<', '<=', '>', '>='] as const)('%s with NULL is false', (op) => {
    expect(run(compare(op, a, b), null, 1).result).toBe(false);
    expect(run(compare(op, a, b), 1, null).result).toBe(false);
    expect(run(compare(op, a, literal(1, INTEGER)), null).result).toBe(false);
    expect(run(compare(op, a, literal(null, INTEGER)), 1).result).toBe(false);
  });

  test('IS DISTINCT FROM knows NULL', () => {
    expect(run(compare('IS DISTINCT FROM', a, b), null, 1).result).toBe(true);
    expect(run(compare('IS NOT DISTINCT FROM', a, b), null, null).result).toBe(true);
  });

  test('BIGINTs beyond 2^53 are told apart', () => {
    const wide = [column(0, BIGINT), column(1, BIGINT)] as const;
    expect(run(compare('=', ...wide), 9007199254740993n, 9007199254740993n).result).toBe(true);
    expect(run(compare('<', ...wide), 9007199254740991, 9007199254740993n).result).toBe(true);
  });

  test('collections are equal by their parts', () => {
    const arrays = [column(0, array(INTEGER)), column(1, array(INTEGER))] as const;
    expect(run(compare('=', ...arrays), [1, null], [1, null]).result).toBe(true);
    expect(run(compare('<>', ...arrays), [1], [1, 2]).result).toBe(true);
    const maps = [column(0, map(STRING, INTEGER)), column(1, map(STRING, INTEGER))] as const;
    const m = (...e: [string, Value][]) => new Map<Value, Value>(e);
    expect(run(compare('=', ...maps), m(['a', 1], ['b', 2]), m(['b', 2], ['a', 1])).result).toBe(true);
  });
});

describe('logic', () => {
  const a = column(0, BOOLEAN);
  const b = column(1, BOOLEAN);
  const logic = (op: 'AND' | 'OR'): TypedExpr => ({ kind: 'logic', op, left: a, right: b, type: BOOLEAN });
  test('goes no further than needed', () => {
    const fails: TypedExpr = { kind: 'cast', operand: literal('x', STRING), type: INTEGER };
    const risky = compare('=', fails, literal(1, INTEGER));
    expect(run({ kind: 'logic', op: 'AND', left: a, right: risky, type: BOOLEAN }, false)).toEqual({
      result: false,
      errors: [],
    });
    expect(run({ kind: 'logic', op: 'OR', left: a, right: risky, type: BOOLEAN }, true)).toEqual({
      result: true,
      errors: [],
    });
  });
  test('a NULL that is reached makes it NULL', () => {
    expect(run(logic('AND'), null, true).result).toBeNull();
    expect(run(logic('AND'), true, null).result).toBeNull();
    expect(run(logic('OR'), false, true).result).toBe(true);
  });
  test('a condition that is NULL keeps no row', () => {
    const p = compilePredicate(a, { ...context, onError: () => {} });
    expect([true, false, null].map((v) => p(record(v)))).toEqual([true, false, false]);
  });
  test('a chain of ten thousand costs no stack', () => {
    let e: TypedExpr = compare('=', column(0, INTEGER), literal(0, INTEGER));
    for (let i = 1; i < 10_000; i++) {
      e = {
        kind: 'logic',
        op: 'OR',
        left: e,
        right: compare('=', column(0, INTEGER), literal(i, INTEGER)),
        type: BOOLEAN,
      };
    }
    expect(run(e, 9999).result).toBe(true);
    expect(run(e, -1).result).toBe(false);
  });
});

describe('IN and BETWEEN', () => {
  const isIn = (negated: boolean): TypedExpr => ({
    kind: 'in',
    operand: column(0, INTEGER),
    list: [literal(11, INTEGER), literal(null, INTEGER), column(1, INTEGER)],
    negated,
    type: BOOLEAN,
  });
  test('NULL is in no list, and a NULL in the list matches nothing', () => {
    expect(run(isIn(false), 11, 10).result).toBe(true);
    expect(run(isIn(false), 10, 10).result).toBe(true);
    expect(run(isIn(false), null, null).result).toBe(false);
    expect(run(isIn(true), 12, 10).result).toBe(true);
  });
  test('decimals are equal at any scale', () => {
    expect(evaluate('CAST(1.0 AS DECIMAL(3, 1)) IN (1.00, 2)')).toBe(true);
  });
  test('BETWEEN holds its bounds', () => {
    expect(['1.19', '1.20', '1.21', '1.22'].map((x) => evaluate(`${x} BETWEEN 1.20 AND 1.21`))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(evaluate("CAST(NULL AS STRING) BETWEEN 'a' AND 'b'")).toBe(false);
  });
});

describe('LIKE', () => {
  test.each([
    ['foo', 'foo', true],
    ['foo', 'f_o', true],
    ['foobar', '%oba%', true],
    ['abc', 'a%c', true],
    ['abc', 'a%b', false],
    ['aa', 'a%a%a', false],
    ['', '%', true],
    ['', '_', false],
    ['xaxbxc', '%a_b%', true],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
  ])('%s LIKE %s', (text, pattern, yes) => expect(likeMatcher(pattern, null)(text)).toBe(yes));

  test('ESCAPE', () => {
    expect(likeMatcher('!%', '!')('%')).toBe(true);
    expect(likeMatcher('!%', '!')('x')).toBe(false);
  });

  test('no pattern takes long', () => {
    const text = 'a'.repeat(20_000);
    const started = performance.now();
    expect(likeMatcher(`${'%a'.repeat(500)}b`, null)(text)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('errors', () => {
  const divide = (): TypedExpr => ({
    kind: 'arith',
    op: '/',
    left: column(0, INTEGER),
    right: column(1, INTEGER),
    type: INTEGER,
  });
  test('a column that cannot be computed is NULL and reported', () => {
    expect(run(divide(), 1, 0)).toEqual({ result: null, errors: ['/ by zero'] });
    expect(() => compile(divide(), { ...context, onError: () => {} })(record(1, 0))).toThrow('/ by zero');
  });
  test('a failed call is NULL where it stands', () => {
    const errors: string[] = [];
    const e = typed("MAP('boo' := STRINGTODATE('foo', 'yyyyMMdd'), 'shoe' := 3)");
    const result = compileSafe(e, { ...context, onError: (m) => errors.push(m) })(record());
    expect(result).toEqual(
      new Map([
        ['boo', null],
        ['shoe', 3],
      ]),
    );
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('STRINGTODATE');
  });
  test('so is a failed argument', () => {
    expect(
      run({ ...(typed('IFNULL(1, -1)') as TypedExpr & { kind: 'call' }), args: [divide(), literal(-1, INTEGER)] }, 1, 0)
        .result,
    ).toBe(-1);
  });
});

describe('lazy CASE', () => {
  const divide: TypedExpr = {
    kind: 'arith',
    op: '/',
    left: literal(1, INTEGER),
    right: column(0, INTEGER),
    type: INTEGER,
  };
  const e: TypedExpr = {
    kind: 'case',
    // biome-ignore lint/suspicious/noThenProperty: the field of a branch, never awaited
    branches: [{ when: compare('=', column(0, INTEGER), literal(0, INTEGER)), then: literal(-1, INTEGER) }],
    otherwise: divide,
    type: INTEGER,
  };
  test('takes the branch that holds and leaves the others', () => {
    expect(run(e, 0)).toEqual({ result: -1, errors: [] });
    expect(run(e, 1)).toEqual({ result: 1, errors: [] });
    expect(run(e, null)).toEqual({ result: null, errors: [] });
  });
});

describe('subscripts', () => {
  test('arrays count from 1 and backwards from -1', () => {
    expect(['1', '3', '-1', '0', '4', '-4'].map((i) => evaluate(`ARRAY[10, 20, 30][${i}]`))).toEqual([
      10,
      30,
      30,
      null,
      null,
      null,
    ]);
    expect(evaluate("MAP('a' := 1)['b']")).toBeNull();
  });
});

describe('lambdas', () => {
  test('see what is around them', () => {
    expect(evaluate('TRANSFORM(ARRAY[1, 2], x => REDUCE(ARRAY[10, 20], x, (s, y) => s + x * y))')).toEqual([31, 62]);
  });
  test('NULL as an operand makes the whole call NULL, as in ksqlDB', () => {
    const errors: string[] = [];
    const e = typed('TRANSFORM(ARRAY[5, NULL], x => x + 1)');
    expect(compileSafe(e, { ...context, onError: (m) => errors.push(m) })(record())).toBeNull();
    expect(errors[0]).toContain('NULL as an operand');
    expect(evaluate('FILTER(ARRAY[6, NULL], x => x > 5)')).toEqual([6]);
  });
});

test('arithmetic on constants is done once and for all kinds', () => {
  expect(evaluate('6 % 4 / 2 * 6')).toBe(6);
  expect(evaluate('9223372036854775807 + CAST(1 AS BIGINT)')).toBe(-9223372036854775808n);
  expect(String(evaluate('10.10 / 2.00'))).toBe('5.050000');
  expect(evaluate("'a' + 'b' || 'c'")).toBe('abc');
  expect(
    run({ kind: 'arith', op: '*', left: column(0, DOUBLE), right: literal(1.2, DOUBLE), type: DOUBLE }, 10).result,
  ).toBe(12);
  expect(
    run({ kind: 'arith', op: '*', left: column(0, DOUBLE), right: literal(1.2, DOUBLE), type: DOUBLE }, null).result,
  ).toBeNull();
});
