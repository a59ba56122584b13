import { type Aggregate, aggregate } from './aggregates.js';
import type { Choices } from './choices.js';
import { column, comparison, type Expr, Expressions, guarded, LITERALS, type Row } from './expressions.js';
import { condition, distinct, type Item, itemSql, passes, tableRows } from './queries.js';
import { columnsOf, createSql, declared, type Input, rowOf, type Source } from './sources.js';
import { canonical, compare, type Kind, type Type, type Val } from './values.js';

/** A random pull query on one table or two, and what plain evaluation over the tables' rows says of it. */
export interface PullCase {
  readonly tables: readonly Source[];
  readonly ddl: string;
  readonly sql: string;
  /** Types of the result's columns. */
  readonly types: readonly Type[];
  /** All rows before OFFSET and LIMIT: those that the order does not tell apart are one block. */
  blocks(inputs: readonly Input[]): string[][];
  readonly offset: number;
  readonly limit: number | null;
}

interface OrderItem {
  readonly sql: string;
  readonly expr: Expr;
  readonly descending: boolean;
  readonly nulls: 'FIRST' | 'LAST' | null;
}

const ON_KINDS: readonly Kind[] = ['INTEGER', 'STRING', 'BIGINT'];

export function pullCase(c: Choices): PullCase {
  const left = declared(c, { name: 'T', kind: 'TABLE' });
  const right = c.chance(3) ? declared(c, { name: 'U', kind: 'TABLE', prefix: 'U_' }) : null;
  const tables = right === null ? [left] : [left, right];
  // In a join ROWTIME is that of either table.
  const of = (t: Source): Expr[] => columnsOf(t).filter((e) => right === null || e.sql !== 'ROWTIME');
  const columns = tables.flatMap(of);
  const join = right === null ? null : joined(c, of(left), of(right));
  const filter = and([...c.many(0, 2, () => keyCondition(c, c.pick(tables))), condition(c, columns)]);
  const calls = c.chance(3)
    ? c.many(0, 2, () => aggregate(c, columns, { exactDoubles: true, undo: false, ordered: false, structured: true }))
    : null;
  const groups =
    calls === null
      ? []
      : distinct(c.many(calls.length === 0 ? 1 : 0, 2, () => new Expressions(c, columns).reading(c.pick(ON_KINDS), 1)));
  const known =
    calls === null
      ? columns
      : [...calls.map((a) => column(a.sql, a.type)), ...groups.map((g) => column(g.sql, g.type))];
  const having = calls !== null && calls.length > 0 && c.chance(3) ? new Expressions(c, known).condition(2) : null;
  const items = c.many(1, 3, (i): Item => ({ name: `X${i + 1}`, expr: new Expressions(c, known).reading(kind(c), 2) }));
  const once = c.chance(1);
  const order = c.many(0, 3, () => orderItem(c, items, once ? [] : known));
  const limit = c.chance(4) ? c.next(8) : null;
  const offset = c.chance(2) ? c.next(6) : 0;
  const sql = [
    `SELECT ${once ? 'DISTINCT ' : ''}${items.map(itemSql).join(', ')} FROM T`,
    ...(join === null ? [] : [`${join.type} JOIN U ON ${join.sql}`]),
    ...(filter === null ? [] : [`WHERE ${filter.sql}`]),
    ...(groups.length === 0 ? [] : [`GROUP BY ${groups.map((g) => g.sql).join(', ')}`]),
    ...(having === null ? [] : [`HAVING ${having.sql}`]),
    ...(order.length === 0 ? [] : [`ORDER BY ${order.map(orderSql).join(', ')}`]),
    ...(limit === null ? [] : [`LIMIT ${limit}`]),
    ...(offset === 0 ? [] : [`OFFSET ${offset}`]),
  ].join(' ');
  return {
    tables,
    ddl: tables.map((t) => createSql(t).replace('CREATE TABLE', 'CREATE SOURCE TABLE')).join('\n'),
    sql: `${sql};`,
    types: items.map((i) => i.expr.type),
    limit,
    offset,
    blocks: (inputs) => {
      const [mine, theirs] = tables.map((t) => tableRows(inputs, t).map(rowOf));
      let rows = join === null ? mine! : joinedRows(mine!, theirs!, join);
      rows = rows.filter((row) => passes(filter, row));
      if (calls !== null) rows = groupedRows(rows, groups, calls).filter((row) => passes(having, row));
      return blocksOf(rows, items, order, once);
    },
  };
}

const kind = (c: Choices): Kind => c.pick(['INTEGER', 'STRING', 'BIGINT', 'DOUBLE', 'DECIMAL', 'BOOLEAN']);

/** Conditions that say which keys to read, or which range of them. */
function keyCondition(c: Choices, t: Source): Expr {
  const key = c.pick(t.key);
  const own = column(key.name, key.type);
  const [sql, v] = c.pick(LITERALS[key.type.kind]);
  const literal: Expr = { type: key.type, sql, reads: [], value: () => v };
  return c.chance(2)
    ? comparison(c.pick(['=', '<', '>=']), literal, own)
    : comparison(c.pick(['>=', '=', '>', '<', '<=', '<>']), own, literal);
}

function and(conditions: readonly (Expr | null)[]): Expr | null {
  const all = conditions.filter((e) => e !== null);
  if (all.length === 0) return null;
  return {
    type: { kind: 'BOOLEAN' },
    sql: all.map((e) => e.sql).join(' AND '),
    reads: all.flatMap((e) => e.reads),
    value: (row) => all.every((e) => guarded(e, row) === true),
  };
}

// --- Joins -------------------------------------------------------------------------------------------------------------

interface Join {
  readonly type: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL';
  readonly sql: string;
  readonly pairs: readonly (readonly [Expr, Expr])[];
}

function joined(c: Choices, left: readonly Expr[], right: readonly Expr[]): Join {
  const pairs = c.many(1, 2, () => {
    const of = c.pick(ON_KINDS);
    const side = (columns: readonly Expr[]): Expr | undefined => columns.find((e) => e.type.kind === of);
    const [a, b] = [side(left), side(right)];
    // Where no column is of this type, any is in one of the others.
    const own = (e: Expr | undefined, columns: readonly Expr[]): Expr => {
      if (e !== undefined && of !== 'STRING') return e;
      const any = e ?? columns[0]!;
      return {
        ...any,
        type: { kind: 'BOOLEAN' },
        sql: `(${any.sql} IS NULL)`,
        value: (row) => any.value(row) === null,
      };
    };
    const plain = a !== undefined && b !== undefined;
    return plain ? ([a, b] as const) : ([own(undefined, left), own(undefined, right)] as const);
  });
  return {
    type: c.pick(['INNER', 'LEFT', 'RIGHT', 'FULL']),
    sql: pairs.map(([a, b], i) => (i === 0 ? `${a.sql} = ${b.sql}` : `${b.sql} = ${a.sql}`)).join(' AND '),
    pairs,
  };
}

function joinedRows(left: readonly Row[], right: readonly Row[], { type, pairs }: Join): Row[] {
  const met = new Set<Row>();
  const rows = left.flatMap((a) => {
    const matches = right.filter((b) =>
      pairs.every(([x, y]) => {
        const [v, w] = [guarded(x, a), guarded(y, b)];
        return v !== null && w !== null && compare(v, w) === 0;
      }),
    );
    for (const b of matches) met.add(b);
    if (matches.length === 0) return type === 'LEFT' || type === 'FULL' ? [a] : [];
    return matches.map((b): Row => new Map([...a, ...b]));
  });
  return type === 'RIGHT' || type === 'FULL' ? [...rows, ...right.filter((b) => !met.has(b))] : rows;
}

// --- Groups ------------------------------------------------------------------------------------------------------------

function groupedRows(rows: readonly Row[], groups: readonly Expr[], calls: readonly Aggregate[]): Row[] {
  const members = new Map<string, Row[]>();
  if (groups.length === 0) members.set('', []);
  for (const row of rows) {
    const key = groups.map((g) => canonical(guarded(g, row), g.type)).join(', ');
    const group = members.get(key);
    if (group === undefined) members.set(key, [row]);
    else group.push(row);
  }
  return [...members.values()].map(
    (group): Row =>
      new Map([
        ...groups.map((g) => [g.sql, guarded(g, group[0]!)] as const),
        ...calls.map((a): readonly [string, Val] => {
          const { argument } = a;
          return [a.sql, a.of(group.map((row) => (argument === null ? null : guarded(argument, row))))];
        }),
      ]),
  );
}

// --- Order -------------------------------------------------------------------------------------------------------------

function orderItem(c: Choices, items: readonly Item[], known: readonly Expr[]): OrderItem {
  const descending = c.chance(4);
  const nulls = c.pick([null, 'FIRST', 'LAST'] as const);
  const at = c.next(items.length);
  const { name, expr } = items[at]!;
  if (known.length === 0 || c.chance(4)) return { sql: c.pick([name, String(at + 1)]), expr, descending, nulls };
  const own = new Expressions(c, known).reading(kind(c), 1);
  return { sql: own.sql, expr: own, descending, nulls };
}

const orderSql = (o: OrderItem): string =>
  `${o.sql}${o.descending ? ' DESC' : ''}${o.nulls === null ? '' : ` NULLS ${o.nulls}`}`;

function compareBy(o: OrderItem, a: Val, b: Val): number {
  if (a === null || b === null) {
    const first = o.nulls === null ? o.descending : o.nulls === 'FIRST';
    return a === b ? 0 : (a === null) === first ? -1 : 1;
  }
  return o.descending ? compare(b, a) : compare(a, b);
}

function blocksOf(
  rows: readonly Row[],
  items: readonly Item[],
  order: readonly OrderItem[],
  once: boolean,
): string[][] {
  const all = rows.map((row) => ({
    text: rowText(
      items.map((i) => guarded(i.expr, row)),
      items.map((i) => i.expr.type),
    ),
    keys: order.map((o) => guarded(o.expr, row)),
  }));
  const given = once ? [...new Map(all.map((r) => [r.text, r])).values()] : all;
  const compareRows = (a: (typeof all)[number], b: (typeof all)[number]): number =>
    order.reduce((result, o, i) => (result !== 0 ? result : compareBy(o, a.keys[i]!, b.keys[i]!)), 0);
  given.sort(compareRows);
  const blocks: string[][] = [];
  given.forEach((row, i) => {
    if (i > 0 && compareRows(given[i - 1]!, row) === 0) blocks.at(-1)!.push(row.text);
    else blocks.push([row.text]);
  });
  return blocks;
}

/** What stands in a row; 0 and -0 are one number. */
export const rowText = (row: readonly Val[], types: readonly Type[]): string =>
  row.map((v, i) => canonical(v, types[i]!)).join(', ');
