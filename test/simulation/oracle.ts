import { grouped } from './grouped.js';
import { END_OF_TIME, type Fields, PARTITIONS, type Row } from './inputs.js';

/** A row of a result. `window`: its start, for sessions also its end. */
export interface Out {
  readonly key: string | null;
  readonly window?: readonly number[];
  readonly value: Fields | null;
  /** Undefined: not compared, because it depends on which row came last. */
  readonly ts?: number;
}

/**
 * What a sink must hold in the end.
 *
 * - `rows`: exactly these records, in any order: all of a stream's, and results that are given once.
 * - `table`: the last record of each key is this; tombstones and keys that are missing are the same. How often a key was
 *   updated in between depends on commits, and on what came first out of several partitions.
 * - `updates`: the order in which a key's group was updated is known, for it comes out of one partition. Without a cache each
 *   update is there, in this order; with one some are left out, never the last.
 */
export interface Expected {
  readonly kind: 'rows' | 'table' | 'updates';
  readonly rows: readonly Out[];
}

/** All that went in, as the plain evaluation sees it: after the fact, all at once. */
export class Given {
  constructor(private readonly rows: readonly Row[]) {}

  /** Rows that can be read, those of a partition in order. */
  of(topic: string): Row[] {
    return this.rows.filter((r) => r.topic === topic && !r.damaged);
  }

  /** Those of each partition. */
  split(topic: string): Row[][] {
    return Array.from({ length: PARTITIONS }, (_, p) => this.of(topic).filter((r) => r.partition === p));
  }

  /** What a table holds before a phase; without one, in the end. */
  table(topic: string, before = Number.POSITIVE_INFINITY): Map<string, Fields> {
    const out = new Map<string, Fields>();
    for (const r of this.of(topic)) {
      if (r.key === null || r.phase >= before) continue;
      if (r.value === null) out.delete(r.key);
      else out.set(r.key, r.value);
    }
    return out;
  }
}

export const num = (v: Fields, name: string): number => (v[name] as number | null) ?? 0;

/** COUNT(*) AS C and SUM of a column AS X, as all aggregating queries here have them. */
export const counted = (values: readonly Fields[], column: string): Fields => ({
  C: values.length,
  X: values.reduce((n, v) => n + num(v, column), 0),
});

/** GROUP BY: the groups as they are in the end. */
export function groups(rows: readonly Row[], keyOf: (r: Row) => string | null, of: (vs: Fields[]) => Fields): Expected {
  const found = grouped(rows, keyOf);
  return { kind: 'table', rows: [...found].map(([key, rs]) => ({ key, value: of(rs.map((r) => r.value!)) })) };
}

export interface TimeWindow {
  readonly size: number;
  readonly advance: number;
  readonly grace: number;
}

interface Member {
  readonly row: Row;
  readonly start: number;
}

/** Rows of one partition in their windows, in order; what is late is left out. */
function inWindows(rows: readonly Row[], { size, advance, grace }: TimeWindow): { members: Member[]; times: number[] } {
  const members: Member[] = [];
  const times: number[] = [];
  let time = -1;
  for (const row of rows) {
    if (row.key === null) continue;
    times.push((time = Math.max(time, row.ts)));
    const last = row.ts - (row.ts % advance);
    const starts: number[] = [];
    for (let start = last; start >= 0 && start + size > row.ts; start -= advance) starts.unshift(start);
    for (const start of starts) if (start + size > time - grace) members.push({ row, start });
  }
  return { members, times };
}

const windowKey = (m: Member): string => `${m.start}/${m.row.key}`;

/** A windowed GROUP BY K of a stream: each update of each window, in the order of the window's partition. */
export function windowUpdates(partitions: readonly (readonly Row[])[], window: TimeWindow, column: string): Expected {
  const rows = partitions.flatMap((rows) =>
    [...grouped(inWindows(rows, window).members, windowKey).values()].flatMap((ms) =>
      ms.map((m, i) => ({
        key: m.row.key,
        window: [m.start],
        value: counted(
          ms.slice(0, i + 1).map((x) => x.row.value!),
          column,
        ),
      })),
    ),
  );
  return { kind: 'updates', rows };
}

/** The same with EMIT FINAL: each window once, as it is when it closes. */
export function windowFinals(partitions: readonly (readonly Row[])[], window: TimeWindow, column: string): Expected {
  const { size, advance, grace } = window;
  const rows = partitions.flatMap((all) => {
    const { members, times } = inWindows(all, window);
    return [...grouped(members, windowKey).values()].flatMap((ms) => {
      const { start, row } = ms[0]!;
      // Closed by the first row that brings stream time there, unless that row jumps past what is retained.
      const closes = times.find((t) => start + size <= t - grace);
      if (closes === undefined || start < closes - (closes % advance) - (size + grace)) return [];
      return [
        {
          key: row.key,
          window: [start],
          value: counted(
            ms.map((m) => m.row.value!),
            column,
          ),
        },
      ];
    });
  });
  return { kind: 'rows', rows };
}

/** Sessions of GROUP BY K, as they are in the end. */
export function sessions(
  partitions: readonly (readonly Row[])[],
  { gap, grace }: { readonly gap: number; readonly grace: number },
  column: string,
): Expected {
  const first = (s: readonly Row[]) => Math.min(...s.map((r) => r.ts));
  const last = (s: readonly Row[]) => Math.max(...s.map((r) => r.ts));
  const out: Out[] = [];
  for (const rows of partitions) {
    const all = new Map<string, Row[][]>();
    let time = -1;
    for (const row of rows) {
      if (row.key === null) continue;
      time = Math.max(time, row.ts);
      const mine = all.get(row.key) ?? [];
      const near = (s: Row[]) => last(s) >= row.ts - gap && first(s) <= row.ts + gap && last(s) > time - gap - grace;
      const merged = [...mine.filter(near).flat(), row];
      if (last(merged) < time - grace - gap) continue;
      // Too old to be joined, yet not closed: a session with the very same bounds takes the place of the one before.
      const same = (s: Row[]) => last(s) === last(merged) && first(s) === first(merged);
      all.set(row.key, [...mine.filter((s) => !near(s) && !same(s)), merged]);
    }
    for (const [key, found] of all) {
      for (const s of found) {
        out.push({
          key,
          window: [first(s), last(s)],
          value: counted(
            s.map((r) => r.value!),
            column,
          ),
        });
      }
    }
  }
  return { kind: 'table', rows: out };
}

/** A side of a join of two streams: its rows, what they are joined by, and whether each gives a row by itself too. */
export interface JoinSide {
  readonly rows: readonly Row[];
  readonly keyOf: (r: Row) => string | null;
  readonly outer: boolean;
}

/**
 * Two streams whose rows are at most `within` apart. Nothing is late (the grace is longer than all of the input but its
 * last rows, which come when all before them is done), so the pairs do not depend on the order of arrival; a row without a
 * match gives its padded result once time has passed its last match by the grace, as it has in the end in all partitions. A
 * row whose key is null has no match.
 */
export function streamJoin(left: JoinSide, right: JoinSide, within: number, grace: number): Expected {
  const rows: Out[] = [];
  const value = (l: Row | null, r: Row | null): Fields => ({ N: l?.value?.N ?? null, M: r?.value?.M ?? null });
  const matched = new Set<Row>();
  const keyed = (side: JoinSide) =>
    side.rows.flatMap((row) => {
      const key = side.keyOf(row);
      return key === null ? [] : [{ row, key }];
    });
  const [ls, rs] = [keyed(left), keyed(right)];
  for (const l of ls) {
    for (const r of rs) {
      if (l.key !== r.key || Math.abs(l.row.ts - r.row.ts) > within) continue;
      matched.add(l.row).add(r.row);
      rows.push({ key: l.key, value: value(l.row, r.row), ts: Math.max(l.row.ts, r.row.ts) });
    }
  }
  const alone = (side: JoinSide, all: typeof ls, padded: (r: Row) => Fields) => {
    for (const { row, key } of all) {
      if (!side.outer || matched.has(row) || row.ts + within >= END_OF_TIME - grace) continue;
      rows.push({ key, value: padded(row), ts: row.ts });
    }
  };
  const unkeyed = (side: JoinSide, padded: (r: Row) => Fields) => {
    if (!side.outer) return;
    for (const r of side.rows) if (side.keyOf(r) === null) rows.push({ key: null, value: padded(r), ts: r.ts });
  };
  alone(left, ls, (r) => value(r, null));
  alone(right, rs, (r) => value(null, r));
  unkeyed(left, (r) => value(r, null));
  unkeyed(right, (r) => value(null, r));
  return { kind: 'rows', rows };
}

/** Tables joined on their keys, as they are in the end. */
export function tableJoin(
  left: ReadonlyMap<string, Fields>,
  right: ReadonlyMap<string, Fields>,
  keep: { readonly left: boolean; readonly right: boolean },
): Expected {
  const rows: Out[] = [];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const [l, r] = [left.get(key), right.get(key)];
    if ((l === undefined && !keep.right) || (r === undefined && !keep.left)) continue;
    rows.push({ key, value: { V: l?.V ?? null, W: r?.W ?? null } });
  }
  return { kind: 'table', rows };
}
