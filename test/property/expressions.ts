import type { Choices } from './choices.js';
import {
  arithmeticType,
  compare,
  convert,
  type Dec,
  decimal,
  Failure,
  isNumber,
  type Kind,
  type Operator,
  operate,
  sameType,
  sqlType,
  type Type,
  type Val,
  widest,
} from './values.js';

/** A row as expressions see it: columns (and aggregates) by their SQL. */
export type Row = ReadonlyMap<string, Val>;

/** An expression: its text for the engine, and how the batch evaluation computes it. */
export interface Expr {
  readonly type: Type;
  readonly sql: string;
  /** Columns that it reads, by their SQL. */
  readonly reads: readonly string[];
  /** Throws a Failure. */
  readonly value: (row: Row) => Val;
}

/** NULL where the evaluation fails: a whole column, a condition, an argument of a function. */
export function guarded(e: Expr, row: Row): Val {
  try {
    return e.value(row);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

const SIMPLE = { int: 'INTEGER', bigint: 'BIGINT', double: 'DOUBLE', string: 'STRING', boolean: 'BOOLEAN' } as const;
const type = (name: keyof typeof SIMPLE): Type => ({ kind: SIMPLE[name] });
export const INT = type('int');
export const BIGINT = type('bigint');
export const DOUBLE = type('double');
export const STRING = type('string');
export const BOOLEAN = type('boolean');

export const column = (name: string, t: Type): Expr => ({
  type: t,
  sql: name,
  reads: [name],
  value: (row) => row.get(name) ?? null,
});

const make = (t: Type, sql: string, parts: readonly Expr[], value: Expr['value']): Expr => ({
  type: t,
  sql,
  reads: parts.flatMap((p) => p.reads),
  value,
});

/** NULL as soon as an operand is. */
const strict = (t: Type, sql: string, parts: readonly Expr[], apply: (...values: never[]) => Val): Expr =>
  make(t, sql, parts, (row) => {
    const values: Val[] = [];
    for (const p of parts) {
      const v = p.value(row);
      if (v === null) return null;
      values.push(v);
    }
    return apply(...(values as never[]));
  });

/** A function's arguments fail one by one; with `nulls` it takes NULL, else NULL gives NULL. */
const call = (
  t: Type,
  name: string,
  args: readonly Expr[],
  apply: (...values: never[]) => Val,
  nulls: 'taken' | 'propagated' = 'propagated',
): Expr =>
  make(t, `${name}(${args.map((a) => a.sql).join(', ')})`, args, (row) => {
    const values = args.map((a) => guarded(a, row));
    return nulls === 'propagated' && values.includes(null) ? null : apply(...(values as never[]));
  });

export function arithmetic(op: Operator, a: Expr, b: Expr): Expr {
  const t = arithmeticType(op, a.type, b.type);
  return strict(t, `(${a.sql} ${op} ${b.sql})`, [a, b], (x: Val, y: Val) => operate(op, x, y, [a.type, b.type], t));
}

export const cast = (e: Expr, to: Type): Expr =>
  sameType(e.type, to) ? e : strict(to, `CAST(${e.sql} AS ${sqlType(to)})`, [e], (v: Val) => convert(v, e.type, to));

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='] as const;

const holds = (op: (typeof COMPARISONS)[number], order: number): boolean => {
  if (op === '=') return order === 0;
  if (op === '<>') return order !== 0;
  if (op === '<') return order < 0;
  if (op === '<=') return order <= 0;
  return op === '>' ? order > 0 : order >= 0;
};

/** Two-valued: a comparison with NULL is false. */
export function comparison(op: (typeof COMPARISONS)[number], a: Expr, b: Expr): Expr {
  const t = widest(a.type, b.type);
  return make(BOOLEAN, `(${a.sql} ${op} ${b.sql})`, [a, b], (row) => {
    const x = convert(a.value(row), a.type, t);
    if (x === null) return false;
    const y = convert(b.value(row), b.type, t);
    return y !== null && holds(op, compare(x, y));
  });
}

export const LITERALS: { readonly [K in Kind]: readonly (readonly [string, Val])[] } = {
  INTEGER: [
    ['1', 1],
    ['0', 0],
    ['2', 2],
    ['7', 7],
    ['100', 100],
  ],
  BIGINT: [
    ['5000000000', 5000000000n],
    ['9007199254740993', 9007199254740993n],
    ['CAST(3 AS BIGINT)', 3n],
  ],
  DOUBLE: [
    ['1E0', 1],
    ['0.5E0', 0.5],
    ['2.75E0', 2.75],
    ['1.1E1', 11],
  ],
  DECIMAL: [
    ['1.5', { unscaled: 15n, scale: 1 }],
    ['10.25', { unscaled: 1025n, scale: 2 }],
  ],
  STRING: [
    ["'a'", 'a'],
    ["'b'", 'b'],
    ["'12'", '12'],
    ["' x'", ' x'],
    ["'it''s'", "it's"],
    ["'-7.5'", '-7.5'],
  ],
  BOOLEAN: [
    ['TRUE', true],
    ['FALSE', false],
  ],
};

const literalType = (kind: Kind, v: Val): Type =>
  kind === 'DECIMAL' ? decimal(String((v as Dec).unscaled).length, (v as Dec).scale) : { kind };

export const KINDS: readonly Kind[] = ['INTEGER', 'STRING', 'BIGINT', 'DOUBLE', 'DECIMAL', 'BOOLEAN'];
const NUMBERS: readonly Kind[] = ['INTEGER', 'BIGINT', 'DOUBLE', 'DECIMAL'];
/** Wide enough that few casts overflow. */
const DECIMALS = [decimal(20, 2), decimal(24, 4), decimal(6, 1), decimal(15, 0)];
const PATTERNS = ['%a%', 'a%', '_', '%', 'A_ c', '%!%%', '', '%1%2%'];

/** Random expressions over the columns given. */
export class Expressions {
  constructor(
    private readonly c: Choices,
    private readonly columns: readonly Expr[],
  ) {}

  any(depth: number): Expr {
    return this.of(this.c.pick(KINDS), depth);
  }

  of(kind: Kind, depth: number): Expr {
    const { c } = this;
    if (depth <= 0 || c.chance(2)) return this.leaf(kind);
    if (c.chance(3)) return this.shared(kind, depth - 1);
    switch (kind) {
      case 'INTEGER':
        return this.integer(depth - 1);
      case 'BIGINT':
        return this.bigint(depth - 1);
      case 'DOUBLE':
        return this.double(depth - 1);
      case 'DECIMAL':
        return this.decimal(depth - 1);
      case 'STRING':
        return this.string(depth - 1);
      case 'BOOLEAN':
        return this.condition(depth - 1);
    }
  }

  /** An expression that reads a column. */
  reading(kind: Kind, depth: number): Expr {
    const e = this.of(kind, depth);
    return e.reads.length > 0 ? e : this.c.pick(this.columns);
  }

  private leaf(kind: Kind): Expr {
    const { c } = this;
    const own = this.columns.filter((e) => e.type.kind === kind);
    if (own.length > 0 && !c.chance(2)) return c.pick(own);
    if (c.chance(1)) return this.nothing(kind === 'DECIMAL' ? DECIMALS[0]! : { kind });
    const [sql, v] = c.pick(LITERALS[kind]);
    return make(literalType(kind, v), sql, [], () => v);
  }

  private nothing(t: Type): Expr {
    return make(t, `CAST(NULL AS ${sqlType(t)})`, [], () => null);
  }

  private number(depth: number): Expr {
    return this.of(this.c.pick(NUMBERS), depth);
  }

  /** What is there for every type. */
  private shared(kind: Kind, depth: number): Expr {
    const { c } = this;
    const a = this.of(kind, depth);
    const b = cast(this.of(kind, depth), a.type);
    switch (c.next(kind === 'BOOLEAN' ? 5 : 7)) {
      case 0:
        return call(a.type, 'COALESCE', [a, b], (x: Val, y: Val) => x ?? y, 'taken');
      case 1:
        return call(a.type, 'IFNULL', [a, b], (x: Val, y: Val) => x ?? y, 'taken');
      case 2: {
        const same = (x: Val, y: Val) => x !== null && y !== null && compare(x, y) === 0;
        return call(a.type, 'NULLIF', [a, b], (x: Val, y: Val) => (same(x, y) ? null : x), 'taken');
      }
      case 3:
        return this.searchedCase(a, b, depth);
      case 4:
        return this.simpleCase(a, b, depth);
      default: {
        const sign = c.chance(4) ? 1 : -1;
        const best = (...values: Val[]) =>
          values.reduce((m, v) => (v !== null && (m === null || compare(v, m) * sign > 0) ? v : m), null);
        const args = [a, b, cast(this.of(kind, depth - 1), a.type)];
        return call(a.type, sign > 0 ? 'GREATEST' : 'LEAST', args, best as never, 'taken');
      }
    }
  }

  private searchedCase(a: Expr, b: Expr, depth: number): Expr {
    const when = this.condition(depth);
    const otherwise = this.c.chance(4);
    const sql = `CASE WHEN ${when.sql} THEN ${a.sql}${otherwise ? ` ELSE ${b.sql}` : ''} END`;
    return make(a.type, sql, [when, a, b], (row) => {
      if (when.value(row) === true) return a.value(row);
      return otherwise ? b.value(row) : null;
    });
  }

  private simpleCase(a: Expr, b: Expr, depth: number): Expr {
    const operand = this.of('INTEGER', depth);
    const [x, y] = [this.leaf('INTEGER'), this.leaf('INTEGER')];
    const [first, second] = [comparison('=', operand, x), comparison('=', operand, y)];
    const sql = `CASE ${operand.sql} WHEN ${x.sql} THEN ${a.sql} WHEN ${y.sql} THEN ${b.sql} END`;
    return make(a.type, sql, [operand, x, y, a, b], (row) => {
      if (first.value(row) === true) return a.value(row);
      return second.value(row) === true ? b.value(row) : null;
    });
  }

  private sum(a: Expr, b: Expr, operators: readonly Operator[]): Expr {
    return arithmetic(this.c.pick(operators), a, b);
  }

  private negated(e: Expr): Expr {
    const zero = (v: Val) => operate('-', e.type.kind === 'BIGINT' ? 0n : 0, v, [e.type, e.type], e.type);
    const value = (v: Val): Val => {
      if (e.type.kind === 'DOUBLE') return -(v as number);
      if (e.type.kind === 'DECIMAL') return { ...(v as Dec), unscaled: -(v as Dec).unscaled };
      return zero(v);
    };
    return strict(e.type, `(- ${e.sql})`, [e], value as never);
  }

  private absolute(e: Expr): Expr {
    const minus = this.negated(column('x', e.type));
    const below = (v: Val) => (typeof v === 'object' ? v!.unscaled < 0n : (v as number | bigint) < 0);
    return call(e.type, 'ABS', [e], (v: Val) => (below(v) ? minus.value(new Map([['x', v]])) : v));
  }

  private integer(depth: number): Expr {
    const { c } = this;
    switch (c.next(8)) {
      case 0:
      case 1:
        return this.sum(this.of('INTEGER', depth), this.of('INTEGER', depth), ['+', '-', '*']);
      case 2:
        return this.sum(this.of('INTEGER', depth), this.of('INTEGER', depth), ['/', '%']);
      case 3:
        return this.negated(this.of('INTEGER', depth));
      case 4:
        return this.absolute(this.of('INTEGER', depth));
      case 5:
        return call(INT, 'LEN', [this.of('STRING', depth)], (s: string) => s.length);
      case 6:
        return cast(this.of(c.pick(['BIGINT', 'DOUBLE', 'DECIMAL', 'STRING']), depth), INT);
      default: {
        const e = this.of(c.pick(['INTEGER', 'BIGINT', 'DOUBLE']), depth);
        return call(INT, 'SIGN', [e], (v: number | bigint) => (v > 0 ? 1 : v < 0 ? -1 : 0));
      }
    }
  }

  private bigint(depth: number): Expr {
    const { c } = this;
    const other = () => this.of(c.pick(['BIGINT', 'INTEGER']), depth);
    switch (c.next(6)) {
      case 0:
      case 1:
        return this.sum(this.of('BIGINT', depth), other(), ['+', '-', '*', '/', '%']);
      case 2:
        return this.sum(other(), this.of('BIGINT', depth), ['+', '-', '*', '/', '%']);
      case 3:
        return c.chance(4) ? this.negated(this.of('BIGINT', depth)) : this.absolute(this.of('BIGINT', depth));
      case 4: {
        const round = (v: number) => convert(Math.floor(v + 0.5), DOUBLE, BIGINT);
        return call(BIGINT, 'ROUND', [this.of('DOUBLE', depth)], round);
      }
      default:
        return cast(this.of(c.pick(['INTEGER', 'DOUBLE', 'DECIMAL', 'STRING']), depth), BIGINT);
    }
  }

  /** Divided by constants only: infinities have no place in JSON. */
  private double(depth: number): Expr {
    const { c } = this;
    switch (c.next(6)) {
      case 0:
        return this.sum(this.of('DOUBLE', depth), this.number(depth), ['+', '-', '*']);
      case 1:
        return this.sum(this.number(depth), this.of('DOUBLE', depth), ['+', '-', '*']);
      case 2: {
        const [sql, v] = c.pick(LITERALS.DOUBLE);
        return this.sum(
          this.number(depth),
          make(DOUBLE, sql, [], () => v),
          ['/', '%'],
        );
      }
      case 3:
        return c.chance(4) ? this.negated(this.of('DOUBLE', depth)) : this.absolute(this.of('DOUBLE', depth));
      case 4: {
        const e = this.of('DOUBLE', depth);
        return c.chance(4)
          ? call(DOUBLE, 'FLOOR', [e], Math.floor as never)
          : call(DOUBLE, 'CEIL', [e], Math.ceil as never);
      }
      default:
        return cast(this.of(c.pick(['INTEGER', 'BIGINT', 'DECIMAL', 'STRING']), depth), DOUBLE);
    }
  }

  private decimal(depth: number): Expr {
    const { c } = this;
    const exact = () => this.of(c.pick(['DECIMAL', 'INTEGER', 'BIGINT']), depth);
    switch (c.next(5)) {
      case 0:
      case 1:
        return this.sum(this.of('DECIMAL', depth), exact(), ['+', '-', '*', '/', '%']);
      case 2:
        return this.sum(exact(), this.of('DECIMAL', depth), ['+', '-', '*', '/', '%']);
      case 3:
        return c.chance(4) ? this.negated(this.of('DECIMAL', depth)) : this.absolute(this.of('DECIMAL', depth));
      default:
        return cast(this.of(c.pick(['INTEGER', 'BIGINT', 'DOUBLE', 'DECIMAL', 'STRING']), depth), c.pick(DECIMALS));
    }
  }

  private string(depth: number): Expr {
    const { c } = this;
    const text = () => this.of('STRING', depth);
    switch (c.next(8)) {
      case 0:
        return call(STRING, 'UCASE', [text()], (s: string) => s.toUpperCase());
      case 1:
        return call(STRING, 'LCASE', [text()], (s: string) => s.toLowerCase());
      case 2:
        return call(STRING, 'TRIM', [text()], (s: string) => s.replace(/^ +| +$/g, ''));
      case 3: {
        const at = 1 + c.next(3);
        const length = c.next(3);
        const from = make(INT, `${at}`, [], () => at);
        const many = make(INT, `${length}`, [], () => length);
        return call(STRING, 'SUBSTRING', [text(), from, many], (s: string) => s.substring(at - 1, at - 1 + length));
      }
      case 4:
        return call(STRING, 'CONCAT', [text(), text()], (a: Val, b: Val) => `${a ?? ''}${b ?? ''}`, 'taken');
      case 5: {
        const [a, b] = [text(), text()];
        return strict(STRING, `(${a.sql} + ${b.sql})`, [a, b], (x: string, y: string) => x + y);
      }
      case 6: {
        const [s, by] = [text(), this.leaf('STRING')];
        const old = make(STRING, "'a'", [], () => 'a');
        return call(STRING, 'REPLACE', [s, old, by], (x: string, _: string, z: string) => x.split('a').join(z));
      }
      default:
        return cast(this.of(c.pick(['INTEGER', 'BIGINT', 'DOUBLE', 'DECIMAL', 'BOOLEAN']), depth), STRING);
    }
  }

  condition(depth: number): Expr {
    const { c } = this;
    switch (c.next(9)) {
      case 0:
        return comparison(c.pick(COMPARISONS), this.number(depth), this.number(depth));
      case 1:
        return comparison(c.pick(COMPARISONS), this.of('STRING', depth), this.of('STRING', depth));
      case 2: {
        const e = this.any(depth);
        const not = c.chance(4);
        return make(BOOLEAN, `(${e.sql} IS ${not ? 'NOT ' : ''}NULL)`, [e], (row) => (e.value(row) === null) !== not);
      }
      case 3:
        return this.distinct(depth);
      case 4:
        return this.between(depth);
      case 5:
        return this.in(depth);
      case 6:
        return this.like(depth);
      case 7:
        return depth > 0 ? this.logic(depth) : this.leaf('BOOLEAN');
      default:
        return depth > 0 ? this.not(depth) : comparison('=', this.leaf('BOOLEAN'), this.leaf('BOOLEAN'));
    }
  }

  /** AND and OR go left to right and no further than needed; a NULL that is reached makes the whole NULL. */
  private logic(depth: number): Expr {
    const [a, b] = [this.of('BOOLEAN', depth), this.of('BOOLEAN', depth)];
    const or = this.c.chance(4);
    return make(BOOLEAN, `(${a.sql} ${or ? 'OR' : 'AND'} ${b.sql})`, [a, b], (row) => {
      const x = a.value(row);
      return x === null || x === or ? x : b.value(row);
    });
  }

  private not(depth: number): Expr {
    const e = this.of('BOOLEAN', depth);
    return strict(BOOLEAN, `(NOT ${e.sql})`, [e], (v: boolean) => !v);
  }

  private distinct(depth: number): Expr {
    const a = this.any(depth);
    const b = isNumber(a.type) ? this.number(depth) : this.of(a.type.kind, depth);
    const t = widest(a.type, b.type);
    const not = this.c.chance(4);
    return make(BOOLEAN, `(${a.sql} IS ${not ? 'NOT ' : ''}DISTINCT FROM ${b.sql})`, [a, b], (row) => {
      const [x, y] = [convert(a.value(row), a.type, t), convert(b.value(row), b.type, t)];
      const same = x === null || y === null ? x === y : compare(x, y) === 0;
      return same === not;
    });
  }

  private between(depth: number): Expr {
    const kind = this.c.pick(['INTEGER', 'STRING', 'DECIMAL', 'DOUBLE', 'BIGINT'] as const);
    const [e, low, high] = [this.of(kind, depth), this.of(kind, depth), this.of(kind, depth)];
    const not = this.c.chance(2);
    const [above, below] = [comparison('>=', e, low), comparison('<=', e, high)];
    const sql = `(${e.sql} ${not ? 'NOT ' : ''}BETWEEN ${low.sql} AND ${high.sql})`;
    return make(BOOLEAN, sql, [e, low, high], (row) => (above.value(row) && below.value(row)) !== not);
  }

  private in(depth: number): Expr {
    const { c } = this;
    const e = this.of(c.pick(['INTEGER', 'STRING', 'BIGINT'] as const), depth);
    const list = c.many(1, 3, () => this.leaf(e.type.kind));
    const not = c.chance(2);
    const sql = `(${e.sql} ${not ? 'NOT ' : ''}IN (${list.map((x) => x.sql).join(', ')}))`;
    return make(BOOLEAN, sql, [e, ...list], (row) => {
      const v = e.value(row);
      const found = v !== null && list.some((x) => x.value(row) === v);
      return found !== not;
    });
  }

  private like(depth: number): Expr {
    const e = this.of('STRING', depth);
    const pattern = this.c.pick(PATTERNS);
    const escaped = pattern.includes('!');
    const not = this.c.chance(2);
    const source = escaped ? '%' : null;
    const regex = new RegExp(
      `^${pattern.replace(/!%|[%_]|[^%_!]/g, (m) => (m === '!%' ? '%' : m === '%' ? '.*' : m === '_' ? '.' : m))}$`,
    );
    const sql = `(${e.sql} ${not ? 'NOT ' : ''}LIKE '${pattern}'${source === null ? '' : " ESCAPE '!'"})`;
    return make(BOOLEAN, sql, [e], (row) => {
      const v = e.value(row);
      return (v !== null && regex.test(v as string)) !== not;
    });
  }
}
