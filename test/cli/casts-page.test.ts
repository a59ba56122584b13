import { describe, expect, it } from 'vitest';
import { CASTS } from '../../cli/casts-page.js';
import { compileConstant } from '../../engine/expression/index.js';
import { canCast } from '../../engine/values/cast.js';
import { nullSafeEqual } from '../../engine/values/compare.js';
import { decimal, type SqlType, type TypeKind } from '../../engine/values/sql-type.js';
import { context, typed } from '../functions/support.js';

const text: SqlType = { kind: 'STRING' };
const OF: Record<TypeKind, SqlType> = {
  BOOLEAN: { kind: 'BOOLEAN' },
  INTEGER: { kind: 'INTEGER' },
  BIGINT: { kind: 'BIGINT' },
  DOUBLE: { kind: 'DOUBLE' },
  DECIMAL: decimal(4, 2),
  STRING: text,
  BYTES: { kind: 'BYTES' },
  DATE: { kind: 'DATE' },
  TIME: { kind: 'TIME' },
  TIMESTAMP: { kind: 'TIMESTAMP' },
  ARRAY: { kind: 'ARRAY', element: text },
  MAP: { kind: 'MAP', key: text, value: text },
  STRUCT: { kind: 'STRUCT', fields: [{ name: 'A', type: text }] },
};
const KINDS = Object.keys(OF) as TypeKind[];

describe('docs/casts.md', () => {
  it.each(KINDS)('tells of all casts of %s', (from) => {
    const wider = (to: TypeKind): SqlType => (from === to && to === 'DECIMAL' ? decimal(6, 2) : OF[to]);
    const there = KINDS.filter((to) => (from !== to || Object.hasOwn(CASTS[from], to)) && canCast(OF[from], wider(to)));
    expect(Object.keys(CASTS[from]).sort()).toEqual(there.sort());
  });

  const all = KINDS.flatMap((from) => Object.values(CASTS[from]));
  it.each(all.flatMap((c) => c.examples))('%s is %s', (sql, result) => {
    const [given, wanted] = [typed(sql), typed(result)];
    const values = [compileConstant(given, context), compileConstant(wanted, context)] as const;
    expect(
      nullSafeEqual(given.type)(...values),
      JSON.stringify(values, (_, v) => (typeof v === 'bigint' ? `${v}n` : v)),
    ).toBe(true);
  });

  it.each(all.flatMap((c) => c.failing ?? []))('%s fails', (sql) => {
    expect(() => compileConstant(typed(sql), context)).toThrow();
  });
});
