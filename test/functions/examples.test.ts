import { describe, expect, test } from 'vitest';
import { compileConstant } from '../../engine/expression/index.js';
import type { AggregateImpl } from '../../engine/functions/function.js';
import { BUILT_IN_FUNCTIONS } from '../../engine/functions/index.js';
import { canImplicitlyCast } from '../../engine/values/cast-rules.js';
import { nullSafeEqual } from '../../engine/values/compare.js';
import { doubleText } from '../../engine/values/java-text.js';
import { printType, type SqlType } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { CONFIG, context, REGISTRY, throughStore, typed } from './support.js';

/** Every example of every declared function: documentation that is run. */
const show = (v: unknown): string =>
  JSON.stringify(v, (_k, x) => {
    if (typeof x === 'bigint') return `${x}n`;
    if (x instanceof Map) return [...x];
    if (typeof x === 'number' && !Number.isFinite(x)) return doubleText(x);
    return x instanceof Object && 'unscaled' in x ? String(x) : x;
  });

function expectEqual(actual: Value, wanted: Value, type: SqlType): void {
  if (!nullSafeEqual(type)(actual, wanted))
    expect(`${printType(type)} ${show(actual)}`).toBe(`${printType(type)} ${show(wanted)}`);
}

const constant = (sql: string) => {
  const expr = typed(sql);
  return { type: expr.type, value: compileConstant(expr, context) };
};

for (const f of BUILT_IN_FUNCTIONS) {
  describe(f.name, () => {
    test('has examples and a description', () => {
      expect(f.examples.length).toBeGreaterThan(0);
      expect(f.description).toMatch(/\.$/);
    });
    if (f.kind === 'scalar') {
      for (const e of f.examples) {
        test(`${e.sql} is ${e.result ?? 'not fixed'}`, () => {
          const actual = constant(e.sql);
          if (e.result === null) return expect(actual.value).not.toBeNull();
          const wanted = constant(e.result);
          // A literal may be narrower: 2 for a BIGINT.
          expect(
            canImplicitlyCast(wanted.type, actual.type) || printType(wanted.type) === printType(actual.type),
            `${printType(actual.type)}, not ${printType(wanted.type)}`,
          ).toBe(true);
          expectEqual(actual.value, wanted.value, actual.type);
        });
      }
    }
    if (f.kind === 'table') {
      for (const e of f.examples) {
        test(`${e.sql} gives ${e.result}`, () => {
          const call = /^\w+\((.*)\)$/s.exec(e.sql)!;
          const arg = constant(call[1]!);
          const r = REGISTRY.resolveTable(f.name, [arg.type]);
          const fn = REGISTRY.tableImpl(f.name, r.overload, r.paramTypes, r.type, CONFIG);
          const wanted = constant(e.result!);
          expectEqual([...fn(arg.value)!], wanted.value, wanted.type);
        });
      }
    }
    if (f.kind === 'aggregate') {
      for (const e of f.examples) {
        test(`${e.sql} is ${e.result}`, () => {
          const rows = e.rows.map((row) => row.map(constant));
          const init = (e.init ?? []).map(constant);
          const r = REGISTRY.resolveAggregate(
            f.name,
            [...rows[0]!, ...init].map((x) => x.type),
          );
          expect(r.initFrom).toBe(rows[0]!.length);
          const args = r.paramTypes.slice(0, r.initFrom);
          const values = rows.map((row) => row.map((x) => x.value));
          const wanted = constant(e.result);
          for (const undone of r.table ? [false, true] : [false]) {
            const impl = REGISTRY.aggregateImpl(f.name, r.overload, args, init, r.type, CONFIG, undone);
            const check = (state: unknown) => expectEqual(impl.result(state), wanted.value, r.type);
            check(fold(impl, values));
            check(fold(impl, values, (s) => throughStore(impl, s)));
            if (impl.merge !== undefined) check(merged(impl, values));
            if (!undone) continue;
            const before = impl.result(impl.init());
            let state = fold(impl, values);
            for (const row of values) state = impl.undo!(throughStore(impl, state), row);
            expectEqual(impl.result(state), before, r.type);
          }
        });
      }
    }
  });
}

function fold(impl: AggregateImpl<unknown>, rows: readonly Value[][], between = (s: unknown) => s): unknown {
  return rows.reduce<unknown>((s, row) => impl.add(between(s), row), impl.init());
}

function merged(impl: AggregateImpl<unknown>, rows: readonly Value[][]): unknown {
  const half = Math.ceil(rows.length / 2);
  const first = fold(impl, rows.slice(0, half));
  return impl.merge!(first, fold(impl, rows.slice(half)));
}
