import { describe, expect, test } from 'vitest';
import { scalar } from '../../engine/functions/function.js';
import { FunctionRegistry } from '../../engine/functions/registry.js';
import { parseSignature } from '../../engine/functions/signature.js';
import {
  array,
  BIGINT,
  BOOLEAN,
  DATE,
  DOUBLE,
  decimal,
  INTEGER,
  map,
  type SqlType,
  STRING,
  TIMESTAMP,
} from '../../engine/values/sql-type.js';
import { REGISTRY } from './support.js';

const resolve = (name: string, ...args: (SqlType | null)[]) => REGISTRY.resolveScalar(name, args);

describe('choice of an overload', () => {
  test('an exact fit comes first', () => {
    expect(resolve('ABS', INTEGER).type).toEqual(INTEGER);
    expect(resolve('ABS', decimal(7, 3)).type).toEqual(decimal(7, 3));
  });

  test('then widening: INTEGER to BIGINT to DECIMAL to DOUBLE', () => {
    const r = resolve('GEO_DISTANCE', DOUBLE, DOUBLE, INTEGER, decimal(3, 1));
    expect(r.paramTypes).toEqual([DOUBLE, DOUBLE, DOUBLE, DOUBLE]);
    expect(resolve('TIMESTAMPTOSTRING', INTEGER, STRING).paramTypes).toEqual([BIGINT, STRING]);
    expect(resolve('ROUND', INTEGER).type).toEqual(BIGINT);
    expect(resolve('EXP', decimal(3, 1)).paramTypes).toEqual([DOUBLE]);
  });

  test('text fits a date or time', () => {
    expect(resolve('GREATEST', DATE, null, STRING).paramTypes).toEqual([DATE, DATE, DATE]);
    expect(resolve('FORMAT_TIMESTAMP', STRING, STRING).paramTypes).toEqual([TIMESTAMP, STRING]);
  });

  test('NULL fits everything and takes the type of the parameter', () => {
    expect(resolve('SUBSTRING', STRING, null).paramTypes).toEqual([STRING, INTEGER]);
    expect(resolve('COALESCE', null, BIGINT).paramTypes).toEqual([BIGINT, BIGINT]);
    expect(resolve('GREATEST', INTEGER, null, INTEGER).type).toEqual(INTEGER);
  });

  test('a type variable is one type throughout, without coercion', () => {
    expect(resolve('ARRAY_CONTAINS', array(BIGINT), BIGINT).type).toEqual(BOOLEAN);
    expect(() => resolve('ARRAY_CONTAINS', array(BIGINT), INTEGER)).toThrow('does not accept parameters');
    expect(resolve('MAP_KEYS', map(STRING, array(INTEGER))).type).toEqual(array(STRING));
    expect(() => resolve('IFNULL', INTEGER, STRING)).toThrow(
      "Function 'IFNULL' does not accept parameters (INTEGER, STRING).",
    );
  });

  test('decimals meet in the one that holds them all', () => {
    expect(resolve('LEAST', decimal(9, 2), decimal(7, 6)).type).toEqual(decimal(13, 6));
  });
});

describe('errors', () => {
  test.each<[string, (SqlType | null)[], string]>([
    ['GREATEST', [], "Function 'greatest' does not accept parameters ()."],
    ['LEAST', [STRING, INTEGER], "Function 'least' does not accept parameters (STRING, INTEGER)."],
    ['COALESCE', [], "Function 'COALESCE' does not accept parameters ()."],
    ['DATEADD', [DATE, INTEGER, DATE], "Function 'dateadd' does not accept parameters (DATE, INTEGER, DATE)."],
    [
      'GREATEST',
      [INTEGER, BIGINT],
      "Function 'greatest' cannot be resolved due to ambiguous method parameters (INTEGER, BIGINT).",
    ],
    ['LEAST', [null, null], "Function 'least' cannot be resolved due to ambiguous method parameters (null, null)."],
  ])('%s', (name, args, message) => expect(() => resolve(name, ...args)).toThrow(message));

  test('alternatives are listed', () => {
    expect(() => resolve('SUBSTRING', INTEGER, INTEGER)).toThrow(
      'Valid alternatives are:\nsubstring(STRING str, INTEGER pos)\n',
    );
  });

  test('unknown names', () => {
    expect(() => resolve('WONT_FIND_ME')).toThrow("Can't find any functions with the name 'WONT_FIND_ME'");
    expect(REGISTRY.has('ucase')).toBe(true);
    expect(REGISTRY.kindOf('count')).toBe('aggregate');
    expect(REGISTRY.kindOf('nope')).toBeUndefined();
  });
});

test('lambdas take their parameters from the other arguments', () => {
  const seen: (readonly SqlType[])[] = [];
  const r = REGISTRY.resolveScalar('REDUCE', [
    array(INTEGER),
    BIGINT,
    {
      kind: 'LAMBDA',
      arity: 2,
      resolve: (params) => {
        seen.push(params);
        return INTEGER;
      },
    },
  ]);
  expect(seen).toEqual([[BIGINT, INTEGER]]);
  expect(r.type).toEqual(BIGINT);
  // The body is an INTEGER and must become the state's BIGINT.
  expect(r.paramTypes[2]).toEqual(BIGINT);
});

test('aggregates tell which arguments are constants', () => {
  const r = REGISTRY.resolveAggregate('TOPK', [INTEGER, STRING, INTEGER]);
  expect(r.initFrom).toBe(2);
  expect(r.table).toBe(false);
  expect(REGISTRY.resolveAggregate('COUNT', []).table).toBe(true);
  expect(() => REGISTRY.resolveAggregate('SUM', [STRING])).toThrow(
    "Function 'SUM' does not accept parameters (STRING).",
  );
});

describe('declarations', () => {
  const named = (signature: string) =>
    scalar({
      name: 'F',
      description: '',
      category: '',
      examples: [],
      overloads: [{ signature, nulls: 'propagate', make: () => () => null }],
    });

  test('signatures keep one text', () => {
    expect(parseSignature('F(a INT, init b VARCHAR...) -> MAP<STRING, ARRAY<T>>').text).toBe(
      'F(INTEGER, init STRING...) -> MAP<STRING, ARRAY<T>>',
    );
    expect(parseSignature('F(LAMBDA(T, U) => V) -> STRUCT<A INT>').text).toBe(
      'F(LAMBDA (T, U) => V) -> STRUCT<`A` INTEGER>',
    );
  });

  test.each(['F(INT', 'F(NOTYPE) -> INT', 'F(INT..., STRING...) -> INT', 'F(INT) INT'])(
    '%s is refused',
    (signature) => {
      expect(() => new FunctionRegistry([named(signature)]).describe('F')).toThrow('bad signature');
    },
  );

  test('every built-in one is sound', () => {
    for (const f of REGISTRY.list()) expect(REGISTRY.describe(f.name).overloads.length).toBeGreaterThan(0);
  });

  test('a name is declared once', () => {
    expect(() => new FunctionRegistry([named('F() -> INT'), named('F(INT) -> INT')])).toThrow('declared twice');
    expect(() => new FunctionRegistry([named('G() -> INT')]).describe('F')).toThrow('stands under F');
  });
});
