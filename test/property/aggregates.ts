import type { Choices } from './choices.js';
import { BIGINT, column, DOUBLE, type Expr, Expressions, guarded, type Row } from './expressions.js';
import {
  type Created,
  condition,
  createAs,
  distinct,
  type Item,
  inValue,
  keyText,
  passes,
  type QueryCase,
  type ResultRow,
  script,
  sinkOf,
  stream,
  table,
  tableRows,
  valuesOf,
  where,
} from './queries.js';
import { columnsOf, type Input, rowOf, type Source } from './sources.js';
import { canonical, compare, type Dec, fits, type Kind, type Type, Undecided, type Val } from './values.js';

/** An aggregate: `of` sees its argument in each row of the group, in order of arrival; NULLs included. */
export interface Aggregate {
  readonly sql: string;
  readonly type: Type;
  readonly argument: Expr | null;
  readonly of: (values: readonly Val[]) => Val;
}

interface Allowed {
  /** Sums come in another order than the rows: doubles that are not exact have no place there. */
  readonly exactDoubles: boolean;
  /** What a table can take back. */
  readonly undo: boolean;
  /** The order of the rows of a group is that of their arrival. */
  readonly ordered: boolean;
  /** State of more than one value: not where the source's values are DELIMITED. */
  readonly structured?: boolean;
}

const present = (values: readonly Val[]): Val[] => values.filter((v) => v !== null);

function sumOf(values: readonly Val[], type: Type): Val {
  const all = present(values);
  if (type.kind === 'DOUBLE') return all.reduce((a: number, v) => a + (v as number), 0);
  if (type.kind === 'DECIMAL') {
    let total = 0n;
    for (const v of all) {
      total += (v as Dec).unscaled;
      if (!fits({ unscaled: total, scale: type.scale }, type.precision)) throw new Undecided('a DECIMAL sum overflows');
    }
    return { unscaled: total, scale: type.scale };
  }
  const total = all.reduce((a: bigint, v) => a + BigInt(v as number | bigint), 0n);
  return type.kind === 'BIGINT' ? BigInt.asIntN(64, total) : Number(BigInt.asIntN(32, total));
}

export function aggregate(c: Choices, columns: readonly Expr[], allowed: Allowed): Aggregate {
  const argument = (kinds: readonly Kind[]): Expr => {
    const kind = c.pick(kinds);
    if (kind !== 'DOUBLE' || !allowed.exactDoubles) return new Expressions(c, columns).of(kind, 2);
    return columns.find((e) => e.type.kind === 'DOUBLE') ?? new Expressions(c, columns).of('INTEGER', 2);
  };
  const call = (name: string, e: Expr, type: Type, of: Aggregate['of']): Aggregate => ({
    sql: `${name}(${e.sql})`,
    type,
    argument: e,
    of,
  });
  const best = (name: string, sign: 1 | -1): Aggregate => {
    const e = argument(['INTEGER', 'STRING', 'BIGINT', 'DOUBLE', 'DECIMAL']);
    return call(name, e, e.type, (vs) =>
      present(vs).reduce<Val>((m, v) => (m === null || compare(v, m) * sign > 0 ? v : m), null),
    );
  };
  const names = ['COUNT', 'COUNT(*)', 'SUM'];
  if (!allowed.undo) names.push('MIN', 'MAX');
  if (allowed.structured === true) {
    names.push('AVG');
    if (!allowed.undo) names.push('COUNT_DISTINCT');
    if (allowed.ordered) names.push('LATEST', 'EARLIEST');
  }
  switch (c.pick(names)) {
    case 'COUNT(*)':
      return { sql: 'COUNT(*)', type: BIGINT, argument: null, of: (vs) => BigInt(vs.length) };
    case 'COUNT':
      return call('COUNT', new Expressions(c, columns).any(2), BIGINT, (vs) => BigInt(present(vs).length));
    case 'SUM': {
      const e = argument(['INTEGER', 'BIGINT', 'DOUBLE', 'DECIMAL']);
      return call('SUM', e, e.type, (vs) => sumOf(vs, e.type));
    }
    case 'AVG': {
      const e = argument(['INTEGER', 'BIGINT', 'DOUBLE']);
      return call('AVG', e, DOUBLE, (vs) => {
        const all = present(vs);
        // The sum of integers does not wrap here.
        const sum =
          e.type.kind === 'DOUBLE' ? sumOf(vs, e.type) : all.reduce((a: bigint, v) => a + BigInt(v as bigint), 0n);
        return all.length === 0 ? 0 : Number(sum) / all.length;
      });
    }
    case 'MIN':
      return best('MIN', -1);
    case 'MAX':
      return best('MAX', 1);
    case 'LATEST':
      return edge('LATEST_BY_OFFSET', (vs) => vs.at(-1) ?? null);
    case 'EARLIEST':
      return edge('EARLIEST_BY_OFFSET', (vs) => vs[0] ?? null);
    default: {
      const e = new Expressions(c, columns).any(2);
      return call('COUNT_DISTINCT', e, BIGINT, (vs) =>
        BigInt(new Set(present(vs).map((v) => canonical(v, e.type))).size),
      );
    }
  }

  function edge(name: string, of: (vs: readonly Val[]) => Val): Aggregate {
    const e = new Expressions(c, columns).any(2);
    return call(name, e, e.type, (vs) => of(present(vs)));
  }
}

/** What GROUP BY needs of a query: its groups, its columns, its conditions. */
interface Grouping extends Created {
  readonly from: Source;
  readonly filter: Expr | null;
  readonly having: Expr | null;
  readonly groups: readonly Expr[];
  readonly calls: readonly Aggregate[];
}

function grouping(c: Choices, from: Source, allowed: Allowed, window: string, emit: string): Grouping {
  const columns = columnsOf(from);
  const filter = condition(c, columns);
  // Mostly a column, the key's own among them: then nothing is repartitioned.
  const groups = (): Expr => {
    const own = columns.filter((e) => e.sql !== 'ROWTIME');
    return c.chance(5) ? c.pick(own) : new Expressions(c, columns).reading(c.pick(['INTEGER', 'STRING', 'BOOLEAN']), 2);
  };
  const byKey = from.key.length > 0 && c.chance(2);
  const keys = byKey ? from.key.map((k) => column(k.name, k.type)) : distinct(c.many(1, 2, groups));
  const calls = c.many(1, 3, () => aggregate(c, columns, { ...allowed, structured: from.valueFormat !== 'DELIMITED' }));
  const known = [...calls.map((a) => column(a.sql, a.type)), ...keys.map((k) => column(k.sql, k.type))];
  const key = keys.map((expr, i) => ({ name: `G${i + 1}`, expr: column(expr.sql, expr.type) }));
  const value: Item[] = calls.map((a, i) => ({ name: `N${i + 1}`, expr: column(a.sql, a.type) }));
  if (c.chance(3)) value.push({ name: 'Y', expr: inValue(new Expressions(c, known).any(2), key) });
  if (window !== '' && c.chance(3)) value.push({ name: 'WS', expr: column('WINDOWSTART', BIGINT) });
  if (window !== '' && c.chance(3)) value.push({ name: 'WE', expr: column('WINDOWEND', BIGINT) });
  const having = c.chance(3) ? new Expressions(c, known).condition(2) : null;
  const plain = sinkOf(c, 'TABLE', key, value);
  const by = ` GROUP BY ${keys.map((k) => k.sql).join(', ')}${having === null ? '' : ` HAVING ${having.sql}`}`;
  const rest = `FROM ${from.name}${window}${where(filter)}${by} ${emit}`;
  return { from, filter, having, groups: keys, calls, ...createAs(c, plain, [...key, ...value], rest) };
}

interface Member {
  readonly row: Row;
  readonly timestamp: number;
}

/** Rows of one group (and window) as one row, or none where HAVING says no. */
function aggregated(
  g: Grouping,
  key: readonly Val[],
  members: readonly Member[],
  timestamp: number | undefined,
  window?: { readonly start: number; readonly end: number },
): ResultRow[] {
  const row = new Map<string, Val>(g.groups.map((k, i) => [k.sql, key[i]!]));
  for (const a of g.calls)
    row.set(a.sql, a.of(members.map((m) => (a.argument === null ? null : guarded(a.argument, m.row)))));
  if (window !== undefined) {
    row.set('WINDOWSTART', BigInt(window.start));
    row.set('WINDOWEND', BigInt(window.end));
  }
  if (!passes(g.having, row)) return [];
  return [
    {
      key: valuesOf(g.keys, row),
      value: valuesOf(g.values, row),
      timestamp,
      ...(window === undefined ? {} : { window }),
    },
  ];
}

/** What reaches the aggregation, in order: rows that pass WHERE and whose key has no NULL. */
function arriving(
  g: Grouping,
  inputs: readonly Input[],
): (Member & { readonly key: readonly Val[]; readonly id: string })[] {
  return inputs.flatMap((r) => {
    if (r.source !== g.from || r.value === null) return [];
    const row = rowOf(r);
    if (!passes(g.filter, row)) return [];
    const key = g.groups.map((k) => guarded(k, row));
    // Grouping by the record's own key: without a key there is no group either.
    return key.includes(null) ? [] : [{ row, timestamp: r.timestamp, key, id: keyText(key, g.groups) }];
  });
}

function grouped<T>(items: readonly T[], by: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const id = by(item);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

const first = (members: readonly Member[]): number => Math.min(...members.map((m) => m.timestamp));
const latest = (members: readonly Member[]): number => Math.max(...members.map((m) => m.timestamp));

/** GROUP BY over a stream, without a window. */
export function groupQuery(c: Choices, from: Source = stream(c), before: readonly string[] = []): QueryCase {
  const g = grouping(c, from, { exactDoubles: false, undo: false, ordered: true }, '', 'EMIT CHANGES');
  return {
    sources: [from],
    sql: before.length === 0 ? script([from], g.sql) : [...before, g.sql].join('\n'),
    sink: g.sink,
    compared: 'table',
    evaluate: (inputs) =>
      grouped(arriving(g, inputs), (m) => m.id).flatMap((ms) => aggregated(g, ms[0]!.key, ms, latest(ms))),
  };
}

/** GROUP BY over a table: what the table holds in the end, and groups that are empty again. */
export function tableGroupQuery(c: Choices): QueryCase {
  const g = grouping(c, table(c), { exactDoubles: true, undo: true, ordered: false }, '', 'EMIT CHANGES');
  return {
    sources: [g.from],
    sql: script([g.from], g.sql),
    sink: g.sink,
    compared: 'table',
    evaluate: (inputs) => {
      const kept = grouped(arriving(g, tableRows(inputs, g.from)), (m) => m.id);
      const ever = grouped(
        arriving(
          g,
          inputs.filter((r) => r.key !== null),
        ),
        (m) => m.id,
      );
      return ever.flatMap((ms) => {
        const members = kept.find((k) => k[0]!.id === ms[0]!.id) ?? [];
        return aggregated(g, ms[0]!.key, members, undefined);
      });
    },
  };
}

const DAY = 86_400_000;
const SECOND = 1000;

/** GROUP BY with a tumbling or hopping window. */
export function windowQuery(c: Choices): QueryCase {
  const size = c.pick([10, 60, 7]) * SECOND;
  const hopping = c.chance(4);
  const advance = hopping ? c.pick([size, 5 * SECOND, 3 * SECOND]) : size;
  const grace = c.pick([undefined, 0, 5, 45, 600]);
  const final = c.chance(2);
  const graceMs = grace !== undefined ? grace * SECOND : final ? 0 : DAY - size;
  const text = grace === undefined ? '' : `, GRACE PERIOD ${grace} SECONDS`;
  const seconds = (ms: number) => `${ms / SECOND} SECONDS`;
  const window = hopping
    ? ` WINDOW HOPPING (SIZE ${seconds(size)}, ADVANCE BY ${seconds(advance)}${text})`
    : ` WINDOW TUMBLING (SIZE ${seconds(size)}${text})`;
  const from = stream(c);
  const g = grouping(
    c,
    from,
    { exactDoubles: false, undo: false, ordered: true },
    window,
    final ? 'EMIT FINAL' : 'EMIT CHANGES',
  );
  return {
    sources: [from],
    sql: script([from], g.sql),
    sink: g.sink,
    compared: final ? 'bag' : 'table',
    evaluate: (inputs) => {
      const rows = arriving(g, inputs);
      let time = -1;
      const times: number[] = [];
      const taken = rows.flatMap((m) => {
        time = Math.max(time, m.timestamp);
        times.push(time);
        const open: { start: number; member: typeof m }[] = [];
        for (let start = 0; start <= m.timestamp; start += advance) {
          if (start + size > m.timestamp && start + size > time - graceMs) open.push({ start, member: m });
        }
        return open;
      });
      return grouped(taken, (t) => `${t.member.id}@${t.start}`).flatMap((ts) => {
        const { start } = ts[0]!;
        const members = ts.map((t) => t.member);
        if (final) {
          // Closed by the first row that brings stream time there, unless that row jumps past what is retained.
          const closes = times.find((t) => start + size <= t - graceMs);
          if (closes === undefined) return [];
          if (graceMs > 0 && start < closes - (closes % advance) - (size + graceMs)) return [];
        }
        return aggregated(g, members[0]!.key, members, latest(members), { start, end: start + size });
      });
    },
  };
}

/** GROUP BY with a session window. */
export function sessionQuery(c: Choices): QueryCase {
  const gap = c.pick([10, 60, 2]) * SECOND;
  const grace = c.pick([undefined, 0, 5, 45, 600]);
  const graceMs = grace === undefined ? DAY - gap : grace * SECOND;
  const window = ` WINDOW SESSION (${gap / SECOND} SECONDS${grace === undefined ? '' : `, GRACE PERIOD ${grace} SECONDS`})`;
  const g = grouping(c, stream(c), { exactDoubles: true, undo: false, ordered: false }, window, 'EMIT CHANGES');
  return {
    sources: [g.from],
    sql: script([g.from], g.sql),
    sink: g.sink,
    compared: 'table',
    evaluate: (inputs) => {
      const rows = arriving(g, inputs);
      const sessions = new Map<string, (typeof rows)[]>();
      let time = -1;
      for (const m of rows) {
        time = Math.max(time, m.timestamp);
        const mine = sessions.get(m.id) ?? [];
        const near = (s: typeof rows) =>
          latest(s) >= m.timestamp - gap && first(s) <= m.timestamp + gap && latest(s) >= time - gap - graceMs;
        const merged = [...mine.filter(near).flat(), m];
        // Late: the session, with this row in it, has closed.
        if (latest(merged) < time - graceMs - gap) continue;
        sessions.set(m.id, [...mine.filter((s) => !near(s)), merged]);
      }
      return [...sessions.values()].flat().flatMap((s) => {
        const window = { start: first(s), end: latest(s) };
        return aggregated(g, s[0]!.key, s, window.end, window);
      });
    },
  };
}
