import { describe, expect, test } from 'vitest';
import type { AggregateImpl } from '../../engine/functions/function.js';
import { Decimal } from '../../engine/values/decimal.js';
import { BIGINT, BOOLEAN, decimal, INTEGER, type SqlType, STRING } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { CONFIG, REGISTRY, throughStore } from './support.js';

function aggregate(
  name: string,
  args: readonly SqlType[],
  init: readonly { type: SqlType; value: Value }[] = [],
  properties: Record<string, string> = {},
): AggregateImpl<unknown> {
  const r = REGISTRY.resolveAggregate(name, [...args, ...init.map((i) => i.type)]);
  const config = { ...CONFIG, properties };
  return REGISTRY.aggregateImpl(name, r.overload, args, init, r.type, config, false);
}

const over = (impl: AggregateImpl<unknown>, ...values: Value[]) =>
  values.reduce<unknown>((s, v) => impl.add(s, [v]), impl.init());

test('SUM of BIGINT is exact beyond 2^53 and wraps as Java does', () => {
  const sum = aggregate('SUM', [BIGINT]);
  expect(sum.result(over(sum, 9007199254740991, 9007199254740991))).toBe(18014398509481982n);
  expect(sum.result(over(sum, 9223372036854775807n, 1))).toBe(-9223372036854775808n);
});

test('SUM of DECIMAL fails where it outgrows its precision', () => {
  const sum = aggregate('SUM', [decimal(3, 1)]);
  expect(() => over(sum, Decimal.of('50.9'), Decimal.of('50.8'))).toThrow('Numeric field overflow');
});

test('AVG of nothing is 0.0, MIN and MAX of nothing NULL', () => {
  const avg = aggregate('AVG', [INTEGER]);
  expect(avg.result(over(avg, null))).toBe(0);
  const max = aggregate('MAX', [STRING]);
  expect(max.result(over(max, null, null))).toBeNull();
});

describe('LATEST_BY_OFFSET in sessions', () => {
  test('goes by arrival, not by the order of the sessions', () => {
    const latest = aggregate('LATEST_BY_OFFSET', [INTEGER]);
    const late = over(latest, 3);
    const early = over(latest, 1);
    // The session that lies earlier in time was seen last.
    expect(latest.result(latest.merge!(early, late))).toBe(1);
    expect(latest.result(latest.add(latest.merge!(over(latest, 1), over(latest, 3)), [2]))).toBe(2);
  });

  test('a state from the store keeps its place in the order', () => {
    const before = aggregate('LATEST_BY_OFFSET', [INTEGER]);
    over(before, 0, 0, 0);
    const stored = before.toState!(over(before, 5));
    const after = aggregate('LATEST_BY_OFFSET', [INTEGER]);
    const old = after.fromState!(stored, null);
    expect(after.result(after.merge!(over(after, 6), old))).toBe(6);
  });

  test('NULLs count where they are asked for', () => {
    const init = [{ type: BOOLEAN, value: false }];
    const latest = aggregate('LATEST_BY_OFFSET', [INTEGER], init);
    expect(latest.result(over(latest, 1, null))).toBeNull();
    const two = aggregate('EARLIEST_BY_OFFSET', [INTEGER], [{ type: INTEGER, value: 2 }, ...init]);
    expect(two.result(over(two, null, 1, 2))).toEqual([null, 1]);
  });

  test('n must be positive', () => {
    expect(() => aggregate('LATEST_BY_OFFSET', [INTEGER], [{ type: INTEGER, value: 0 }])).toThrow('1 or greater');
  });
});

describe('limits', () => {
  test('COLLECT_LIST and COLLECT_SET', () => {
    const list = aggregate('COLLECT_LIST', [INTEGER], [], { 'ksql.functions.collect_list.limit': '2' });
    expect(list.result(over(list, 1, 2, 3))).toEqual([1, 2]);
    expect(list.result(list.merge!(over(list, 1), over(list, 2, 3)))).toEqual([1, 2]);
    const set = aggregate('COLLECT_SET', [INTEGER], [], { 'ksql.functions.collect_set.limit': '1' });
    expect(set.result(over(set, 1, 2, 1))).toEqual([1]);
    const all = aggregate('COLLECT_SET', [INTEGER], [], { 'ksql.functions.collect_set.limit': '-1' });
    expect(all.result(over(all, 1, null, 2, null))).toEqual([1, null, 2]);
  });

  test('HISTOGRAM counts a thousand values', () => {
    const histogram = aggregate('HISTOGRAM', [STRING]);
    const s = over(histogram, ...Array.from({ length: 1001 }, (_, i) => `v${i}`), 'v0');
    const counts = histogram.result(s) as Map<Value, Value>;
    expect(counts.size).toBe(1000);
    expect(counts.get('v0')).toBe(2);
  });

  test('results are copies', () => {
    const list = aggregate('COLLECT_LIST', [INTEGER]);
    const s = over(list, 1);
    const first = list.result(s);
    list.add(s, [2]);
    expect(first).toEqual([1]);
  });
});

test('COLLECT_LIST on a table takes back the last of equal values', () => {
  const list = aggregate('COLLECT_LIST', [INTEGER]);
  expect(list.result(list.undo!(over(list, 1, 2, 1), [1]))).toEqual([1, 2]);
  expect(list.result(list.undo!(over(list, 1), [9]))).toEqual([1]);
});

describe('COUNT_DISTINCT', () => {
  const count = aggregate('COUNT_DISTINCT', [STRING]);
  const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `name-${from + i}`);
  test('is exact for few and near for many', () => {
    expect(count.result(over(count, ...names(0, 500), ...names(0, 500)))).toBe(500);
    for (const n of [1000, 20_000]) {
      expect(Math.abs((count.result(over(count, ...names(0, n))) as number) / n - 1)).toBeLessThan(0.05);
    }
  });
  test('merges and survives the store, few with many', () => {
    const few = over(count, ...names(0, 10));
    const many = throughStore(count, over(count, ...names(5, 5000)));
    expect(Math.abs((count.result(count.merge!(throughStore(count, few), many)) as number) / 5000 - 1)).toBeLessThan(
      0.05,
    );
  });
});

test('ATTR forgets values that are taken back', () => {
  const attr = aggregate('ATTR', [STRING]);
  const s = over(attr, '1', '1', '2');
  expect(attr.result(s)).toBeNull();
  expect(attr.result(attr.undo!(s, ['2']))).toBe('1');
});

test('a state that ksqlDB keeps in the format of the value says its type', () => {
  expect(aggregate('AVG', [INTEGER]).stateType.kind).toBe('STRUCT');
  expect(aggregate('COUNT_DISTINCT', [STRING]).intermediateType?.kind).toBe('ARRAY');
});
