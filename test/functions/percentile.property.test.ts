import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KEPT_VALUES } from '../../engine/functions/aggregate/percentile.js';
import type { AggregateImpl } from '../../engine/functions/function.js';
import { DOUBLE } from '../../engine/values/sql-type.js';
import { CONFIG, REGISTRY, throughStore } from './support.js';

function implOf(fraction: number): AggregateImpl<unknown> {
  const r = REGISTRY.resolveAggregate('PERCENTILE', [DOUBLE, DOUBLE]);
  return REGISTRY.aggregateImpl(
    'PERCENTILE',
    r.overload,
    [DOUBLE],
    [{ type: DOUBLE, value: fraction }],
    r.type,
    CONFIG,
    true,
  );
}

/** The values at the two ranks that are nearest, and what is between them. */
function plain(values: readonly number[], fraction: number): { low: number; high: number; value: number | null } {
  const sorted = Float64Array.from(values).sort();
  const rank = (values.length - 1) * fraction;
  const [low, high] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
  if (values.length === 0) return { low, high, value: null };
  const share = rank - Math.floor(rank);
  return { low, high, value: low === high ? low + 0 : low * (1 - share) + high * share };
}

const numbers = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -9, max: 9 }));
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const added = (impl: AggregateImpl<unknown>, values: readonly number[]) =>
  values.reduce<unknown>((s, v) => impl.add(s, [v]), impl.init());

describe('PERCENTILE', () => {
  test('is exact while few values differ, also merged from two states', () => {
    fc.assert(
      fc.property(fc.array(numbers), fc.array(numbers), fraction, (first, second, f) => {
        const impl = implOf(f);
        const state = impl.merge!(added(impl, first), throughStore(impl, added(impl, second)));
        expect(impl.result(state)).toEqual(plain([...first, ...second], f).value);
      }),
    );
  });

  /** Both signs, zero, and many more values than are kept; `decades` powers of ten on each side. */
  const many = (n: number, decades: number) =>
    Array.from({ length: n }, (_, i) => {
      const at = (i * 7919) % n;
      return at % 97 === 0 ? 0 : (at % 3 === 0 ? -1 : 1) * 10 ** ((decades * at) / n - 3);
    });

  test.each([
    [3, 0.01],
    [20, 0.08],
    [300, 0.86],
  ])('with many values over %i powers of ten is within %d of the value at its rank', (decades, error) => {
    const values = many(20 * KEPT_VALUES, decades);
    for (const f of [0, 0.01, 0.3, 0.5, 0.9, 0.999, 1]) {
      const impl = implOf(f);
      const half = values.length / 2;
      const state = impl.merge!(
        added(impl, values.slice(0, half)),
        throughStore(impl, added(impl, values.slice(half))),
      );
      const { low, high } = plain(values, f);
      const found = impl.result(state) as number;
      const slack = error * 1.000001;
      expect(found).toBeGreaterThanOrEqual(low - Math.abs(low) * slack);
      expect(found).toBeLessThanOrEqual(high + Math.abs(high) * slack);
      const size = (impl.toState!(state) as readonly (readonly number[])[])[2]!.length;
      expect(size).toBeLessThanOrEqual(KEPT_VALUES);
    }
  });

  test('takes back what it has added after values share buckets', () => {
    const impl = implOf(0.5);
    const values = many(5 * KEPT_VALUES, 6);
    let state = added(impl, values);
    for (const v of values.slice(3)) state = impl.undo!(state, [v]);
    const { low, high } = plain(values.slice(0, 3), 0.5);
    const found = impl.result(state) as number;
    expect(found).toBeGreaterThanOrEqual(low - Math.abs(low) * 0.02);
    expect(found).toBeLessThanOrEqual(high + Math.abs(high) * 0.02);
    for (const v of values.slice(0, 3)) state = impl.undo!(throughStore(impl, state), [v]);
    expect(impl.result(state)).toBeNull();
  });

  test.each([-0.1, 1.1, Number.NaN])('refuses the fraction %d', (f) => {
    expect(() => implOf(f)).toThrow(/from 0 to 1/);
  });
});
