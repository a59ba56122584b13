import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AggregateImpl } from '../../engine/functions/function.js';
import { nullSafeEqual } from '../../engine/values/compare.js';
import { Decimal } from '../../engine/values/decimal.js';
import { evaluationMessage } from '../../engine/values/evaluation-error.js';
import {
  array,
  BIGINT,
  DOUBLE,
  decimal,
  INTEGER,
  printType,
  type SqlType,
  STRING,
} from '../../engine/values/sql-type.js';
import { bigintValue, type Value } from '../../engine/values/value.js';
import { CONFIG, REGISTRY, throughStore } from './support.js';

const double: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 0.1, 1e300, -1e300, 5e-324),
  fc.double({ noNaN: true }),
  fc.integer({ min: -1000, max: 1000 }).map((n) => n / 100),
);
const bigint: fc.Arbitrary<Value> = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(bigintValue),
  fc.integer({ min: -3, max: 3 }),
);
const DECIMAL = decimal(4, 2);

/** Arguments by their types: what each aggregate that takes rows back is tried with. */
const VALUES: readonly (readonly [SqlType, fc.Arbitrary<Value>])[] = [
  [DOUBLE, double],
  [BIGINT, bigint],
  [INTEGER, fc.oneof(fc.integer(), fc.integer({ min: -2, max: 2 }))],
  [DECIMAL, fc.integer({ min: -9999, max: 9999 }).map((n) => new Decimal(BigInt(n), 2))],
  [STRING, fc.constantFrom('a', 'b', 'c')],
  [array(DOUBLE), fc.array(fc.option(double), { maxLength: 3 })],
];

interface Case {
  readonly name: string;
  readonly args: readonly SqlType[];
  readonly row: fc.Arbitrary<readonly Value[]>;
}

const cases: Case[] = [];
for (const { name } of REGISTRY.list().filter((f) => f.kind === 'aggregate')) {
  for (const [type, value] of VALUES) {
    for (const args of [[], [type], [type, type]]) {
      if (args.length === 0 && type !== DOUBLE) continue;
      try {
        if (!REGISTRY.resolveAggregate(name, args).table) continue;
      } catch {
        continue; // It does not take such arguments.
      }
      cases.push({ name, args, row: fc.tuple(...args.map(() => fc.option(value, { freq: 6 }))) });
    }
  }
}

function implOf(c: Case, properties: Record<string, string> = {}): { impl: AggregateImpl<unknown>; type: SqlType } {
  const r = REGISTRY.resolveAggregate(c.name, c.args);
  const config = { ...CONFIG, properties };
  const types = r.paramTypes.slice(0, r.initFrom);
  const constants = r.paramTypes.slice(r.initFrom).map((type) => ({ type, value: 0.3 }));
  return { impl: REGISTRY.aggregateImpl(c.name, r.overload, types, constants, r.type, config, true), type: r.type };
}

/** NULL where there is no result: a sum that does not fit. */
function resultOf(impl: AggregateImpl<unknown>, state: unknown): Value | string {
  try {
    return impl.result(state);
  } catch (e) {
    return `! ${evaluationMessage(e)}`;
  }
}

/** A changelog: each step adds a row or takes one of those back, and may go through the store. */
const steps = (row: Case['row']) =>
  fc.array(fc.record({ row, undo: fc.option(fc.nat(), { freq: 1 }), stored: fc.boolean() }), { maxLength: 24 });

describe('what an aggregate takes back leaves no trace', () => {
  test('functions that declare it are tried', () => {
    expect([...new Set(cases.map((c) => c.name))].sort()).toEqual([
      'ATTR',
      'AVG',
      'COLLECT_LIST',
      'CORRELATION',
      'COUNT',
      'HISTOGRAM',
      'MEDIAN',
      'PERCENTILE',
      'STDDEV_SAMP',
      'STDDEV_SAMPLE',
      'SUM',
      'SUM_LIST',
    ]);
  });

  test.each(cases.map((c) => [`${c.name}(${c.args.map(printType).join(', ')})`, c] as const))('%s', (_, c) => {
    const { impl, type } = implOf(c);
    fc.assert(
      fc.property(steps(c.row), (log) => {
        const left: (readonly Value[])[] = [];
        let state = impl.init();
        for (const { row, undo, stored } of log) {
          if (undo !== null && left.length > 0) {
            const [gone] = left.splice(undo % left.length, 1);
            state = impl.undo!(state, gone!);
          } else {
            left.push(row);
            state = impl.add(state, row);
          }
          if (stored) state = throughStore(impl, state);
        }
        const anew = left.reduce<unknown>((s, row) => impl.add(s, row), impl.init());
        const [found, wanted] = [resultOf(impl, state), resultOf(impl, anew)];
        if (c.name === 'COLLECT_LIST') {
          // Which of two equal values went is not told, so the order may be another.
          const text = (v: Value | string) => (v as Value[]).map((x) => show(x)).sort();
          expect(text(found)).toEqual(text(wanted));
        } else if (typeof wanted === 'string') expect(found).toBe(wanted);
        else expect([nullSafeEqual(type)(found as Value, wanted), found]).toEqual([true, wanted]);
      }),
    );
  });
});

const show = (v: Value): string =>
  v instanceof Decimal ? v.toString() : Array.isArray(v) ? `[${v.map(show)}]` : Object.is(v, -0) ? '-0' : String(v);

describe('limits hold for the result, not for what can be taken back', () => {
  test('COLLECT_LIST', () => {
    const c: Case = { name: 'COLLECT_LIST', args: [INTEGER], row: fc.constant([]) };
    const { impl } = implOf(c, { 'ksql.functions.collect_list.limit': '2' });
    let s = [1, 2, 3, 4].reduce<unknown>((state, v) => impl.add(state, [v]), impl.init());
    expect(impl.result(s)).toEqual([1, 2]);
    s = impl.undo!(throughStore(impl, s), [1]);
    expect(impl.result(s)).toEqual([2, 3]);
    s = impl.undo!(s, [4]);
    expect(impl.result(s)).toEqual([2, 3]);
    expect(impl.result(impl.undo!(s, [3]))).toEqual([2]);
  });

  test('HISTOGRAM', () => {
    const { impl } = implOf({ name: 'HISTOGRAM', args: [STRING], row: fc.constant([]) });
    let s = impl.init();
    for (let i = 0; i < 1001; i++) s = impl.add(s, [`v${i}`]);
    expect((impl.result(s) as Map<Value, Value>).size).toBe(1000);
    expect((impl.result(s) as Map<Value, Value>).has('v1000')).toBe(false);
    s = impl.undo!(s, ['v0']);
    expect((impl.result(s) as Map<Value, Value>).get('v1000')).toBe(1);
    s = impl.undo!(s, ['v1000']);
    expect((impl.result(s) as Map<Value, Value>).size).toBe(999);
  });
});

describe('states of earlier versions', () => {
  const first = (
    name: string,
    args: readonly SqlType[],
    stored: Value,
  ): AggregateImpl<unknown> & { state: unknown } => {
    const { impl } = implOf({ name, args, row: fc.constant([]) });
    return { ...impl, state: impl.fromState!(stored, null) };
  };

  test('are read and go on', () => {
    const sum = first('SUM', [DOUBLE], 4.5);
    expect(sum.result(sum.undo!(sum.state, [1.5]))).toBe(3);
    const avg = first('AVG', [DOUBLE], [6, 2]);
    expect(avg.result(avg.add(avg.state, [3]))).toBe(3);
    const whole = first('AVG', [BIGINT], [6, 2]);
    expect(whole.result(whole.add(whole.state, [3]))).toBe(3);
    // Of 1, 3 and 5.
    const deviation = first('STDDEV_SAMP', [INTEGER], [9, 3, 8]);
    expect(deviation.result(deviation.undo!(deviation.state, [5]))).toBe(2);
    const linear = first('CORRELATION', [BIGINT, BIGINT], [2, 3, 6, 5, 20, 10]);
    expect(linear.result(linear.add(linear.state, [3, 6]))).toBe(1);
  });

  test('what was infinite in them is taken back, where it is known', () => {
    const sum = first('SUM', [DOUBLE], Number.POSITIVE_INFINITY);
    expect(sum.result(sum.add(sum.undo!(sum.state, [Number.POSITIVE_INFINITY]), [2]))).toBe(2);
  });
});
