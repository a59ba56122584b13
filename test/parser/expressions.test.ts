import { describe, expect, test } from 'vitest';
import { parseExpression, printExpression } from '../../parser/index.js';
import { bare, column, errorOf, id, shape } from './support.js';

const parsed = (sql: string): unknown => bare(parseExpression(sql));

describe('literals', () => {
  test.each([
    ["'it''s'", { kind: 'StringLiteral', value: "it's" }],
    ["''", { kind: 'StringLiteral', value: '' }],
    ['42', { kind: 'IntegerLiteral', value: 42 }],
    ['2147483647', { kind: 'IntegerLiteral', value: 2147483647 }],
    ['-2147483648', { kind: 'IntegerLiteral', value: -2147483648 }],
    ['2147483648', { kind: 'BigintLiteral', value: 2147483648n }],
    ['9223372036854775807', { kind: 'BigintLiteral', value: 9223372036854775807n }],
    ['-9223372036854775808', { kind: 'BigintLiteral', value: -9223372036854775808n }],
    ['1.50', { kind: 'DecimalLiteral', text: '1.50' }],
    ['- 1.50', { kind: 'DecimalLiteral', text: '-1.50' }],
    ['.5', { kind: 'DecimalLiteral', text: '0.5' }],
    ['5.', { kind: 'DecimalLiteral', text: '5.' }],
    ['5.E2', { kind: 'DoubleLiteral', value: 500, text: '5.E2' }],
    ['1e2', { kind: 'DoubleLiteral', value: 100, text: '1E2' }],
    ['1.5E-3', { kind: 'DoubleLiteral', value: 0.0015, text: '1.5E-3' }],
    ['true', { kind: 'BooleanLiteral', value: true }],
    ['FALSE', { kind: 'BooleanLiteral', value: false }],
    ['null', { kind: 'NullLiteral' }],
    ["DATE '2020-01-31'", { kind: 'TemporalLiteral', type: 'DATE', text: '2020-01-31' }],
    ["time '10:00'", { kind: 'TemporalLiteral', type: 'TIME', text: '10:00' }],
    ["TIMESTAMP '2020-01-31T10:00'", { kind: 'TemporalLiteral', type: 'TIMESTAMP', text: '2020-01-31T10:00' }],
  ])('%s', (sql, tree) => {
    expect(parsed(sql)).toEqual(tree);
    expect(parsed(printExpression(parseExpression(sql)))).toEqual(tree);
  });

  test.each([
    ['9223372036854775808', 'Invalid numeric literal: 9223372036854775808'],
    ['-9223372036854775809', 'line 1:2: Invalid numeric literal: -9223372036854775809'],
    ['1.7976931348623159E308', 'Number overflows DOUBLE: 1.7976931348623159E308'],
    ['-1.8E308', 'Number overflows DOUBLE: -1.8E308'],
  ])('%s is out of range', (sql, message) => {
    const error = errorOf(() => parseExpression(sql));
    expect(error.code).toBe('NUMBER_OUT_OF_RANGE');
    expect(error.message).toContain(message);
  });
});

describe('names', () => {
  test.each([
    ['abc', column('ABC')],
    ['s.abc', { kind: 'ColumnRef', source: id('S'), name: id('ABC') }],
    ['`a``b`', { kind: 'ColumnRef', name: id('a`b', true) }],
    ['"a""b".c', { kind: 'ColumnRef', source: id('a"b', true), name: id('C') }],
    ['1st', column('1ST')],
    ['t.2nd', { kind: 'ColumnRef', source: id('T'), name: id('2ND') }],
    ['a@b_1', column('A@B_1')],
    ['1e', column('1E')],
    ['date', column('DATE')],
    ['map', column('MAP')],
    ['array', column('ARRAY')],
    ['key', column('KEY')],
  ])('%s', (sql, tree) => {
    expect(parsed(sql)).toEqual(tree);
    expect(parsed(printExpression(parseExpression(sql)))).toEqual(tree);
  });
});

describe('precedence', () => {
  test.each([
    ['a + b * c', '(a + (b * c))'],
    ['a * b + c', '((a * b) + c)'],
    ['a - b - c', '((a - b) - c)'],
    ['a / b % c', '((a / b) % c)'],
    ['(a + b) * c', '((a + b) * c)'],
    ['a || b + c', '(a || (b + c))'],
    ['- a * b', '((-a) * b)'],
    ['- - a', '(-(-a))'],
    ['-(-5)', '(--5)'],
    ['-5[1]', '(-5[1])'],
    ['a - -5', '(a - -5)'],
    ['a OR b AND c', '(a OR (b AND c))'],
    ['a AND b OR c AND d', '((a AND b) OR (c AND d))'],
    ['NOT a = b AND c', '((NOT (a = b)) AND c)'],
    ['NOT NOT a', '(NOT (NOT a))'],
    ['a = b + 1', '(a = (b + 1))'],
    ['a <> b', '(a != b)'],
    ['a is distinct from b', '(a IS DISTINCT FROM b)'],
    ['a is not distinct from b || c', '(a IS NOT DISTINCT FROM (b || c))'],
    ['a BETWEEN 1 AND 2 AND b', '((a BETWEEN 1 AND 2) AND b)'],
    ['a NOT BETWEEN b + 1 AND c', '(a NOT BETWEEN (b + 1) AND c)'],
    ['a + 1 IS NOT NULL', '((a + 1) IS NOT NULL)'],
    ['s.a->b->c[1]->d', 's.a->b->c[1]->d'],
    ['a[b + 1][2]', 'a[(b + 1)][2]'],
    ["- a AT TIME ZONE 'UTC'", "(-(a @ 'UTC'))"],
    ["a AT TIME ZONE 'UTC' + b", "((a @ 'UTC') + b)"],
    ['f(x => x + 1, (k, v) => k OR v)', 'f({x: (x + 1)}, {k v: (k OR v)})'],
    ['f((x) => y => x + y)', 'f({x: {y: (x + y)}})'],
    ['count(*) > count()', '(count(*) > count())'],
  ])('%s', (sql, tree) => {
    expect(shape(parseExpression(sql))).toBe(tree);
    expect(shape(parseExpression(printExpression(parseExpression(sql))))).toBe(tree);
  });
});

describe('forms', () => {
  test('LIKE, IN', () => {
    expect(parsed("a NOT LIKE 'x%' ESCAPE '!'")).toEqual({
      kind: 'Like',
      operand: column('A'),
      pattern: { kind: 'StringLiteral', value: 'x%' },
      escape: '!',
      negated: true,
    });
    expect(parsed('a IN (1, b = c)')).toMatchObject({ kind: 'In', negated: false, list: [{}, { kind: 'Comparison' }] });
    expect(parsed("a NOT IN ('x')")).toMatchObject({ kind: 'In', negated: true });
  });

  test('CASE', () => {
    expect(parsed('CASE WHEN a THEN 1 WHEN b THEN 2 END')).toMatchObject({ kind: 'SearchedCase', whens: [{}, {}] });
    expect(parsed('CASE WHEN a THEN 1 ELSE 3 END')).toMatchObject({
      kind: 'SearchedCase',
      otherwise: { kind: 'IntegerLiteral', value: 3 },
    });
    expect(parsed('CASE a WHEN 1 THEN 2 END')).toMatchObject({ kind: 'SimpleCase', operand: column('A') });
    expect(parsed('CASE a WHEN 1 THEN 2 ELSE b END')).toMatchObject({
      kind: 'SimpleCase',
      operand: column('A'),
      otherwise: column('B'),
    });
  });

  test('constructors and CAST', () => {
    expect(printExpression(parseExpression('array[1, f(x)]'))).toBe('ARRAY[1, F(X)]');
    expect(printExpression(parseExpression('ARRAY[]'))).toBe('ARRAY[]');
    expect(printExpression(parseExpression("map('a' := 1, 'b':=x)"))).toBe("MAP('a' := 1, 'b' := X)");
    expect(printExpression(parseExpression('struct(a := 1, `b`:=x)'))).toBe('STRUCT(A := 1, `b` := X)');
    expect(printExpression(parseExpression('cast(a as map<string, decimal(4,2)>)'))).toBe(
      'CAST(A AS MAP<STRING, DECIMAL(4, 2)>)',
    );
  });

  test('a unit is one only where functions take it: first, before other arguments', () => {
    expect(parsed('dateadd(day, 1, d)')).toMatchObject({
      args: [{ kind: 'IntervalUnit', unit: 'DAYS', name: id('DAY') }, {}, {}],
    });
    expect(parsed('f(second)')).toMatchObject({ args: [column('SECOND')] });
    expect(parsed('f(a, second)')).toMatchObject({ args: [column('A'), column('SECOND')] });
    expect(parsed('f(`DAYS`, 1)')).toMatchObject({ args: [{ kind: 'ColumnRef' }, {}] });
  });

  test('signs never make a comment', () => {
    expect(printExpression(parseExpression('- - a'))).toBe('-(-A)');
    expect(printExpression(parseExpression('-(5)'))).toBe('-(5)');
    expect(printExpression(parseExpression('+5'))).toBe('+(5)');
  });
});
