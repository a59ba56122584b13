import { groupQuery } from './aggregates.js';
import type { Choices } from './choices.js';
import { cast, column, type Expr, Expressions, guarded, INT, type Row } from './expressions.js';
import {
  condition,
  createAs,
  type Item,
  keyText,
  passes,
  type QueryCase,
  type ResultRow,
  randomItems,
  script,
  sinkOf,
  streamQuery,
  tableRows,
  valuesOf,
  where,
} from './queries.js';
import { columnsOf, declared, type Input, KEY_KINDS, rowOf, type Source } from './sources.js';
import type { Type, Val } from './values.js';

/** One side of a join: its source, and what it is joined by. */
interface Side {
  readonly source: Source;
  readonly key: Expr;
}

type JoinType = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL';

const ofKind = (c: Choices): Type => ({ kind: c.pick(KEY_KINDS) });

/** A stream to be joined by a column, its key or not, or by an expression. */
function streamSide(c: Choices, name: string, prefix: string, type: Type): Side {
  const byKey = c.chance(3);
  const declaredStream = declared(c, { name, kind: 'STREAM', prefix, ...(byKey ? { key: [type] } : {}) });
  // Its first value column is of the type wanted.
  const value = declaredStream.value.map((v, i) => (i === 0 ? { ...v, type } : v));
  const source = { ...declaredStream, value };
  const own = byKey ? source.key[0]! : value[0]!;
  const key = column(own.name, type);
  return { source, key: !byKey && c.chance(2) ? sameAs(c, key) : key };
}

/** An expression of the column that is no column: mostly its value, NULL for some. */
function sameAs(c: Choices, e: Expr): Expr {
  const other = cast(new Expressions(c, [e]).of(e.type.kind, 0), e.type);
  const value = (row: Row): Val => e.value(row) ?? guarded(other, row);
  return { type: e.type, sql: `COALESCE(${e.sql}, ${other.sql})`, reads: [e.sql], value };
}

const tableSide = (c: Choices, name: string, prefix: string, type: Type): Side => {
  const source = declared(c, { name, kind: 'TABLE', prefix, key: [type] });
  return { source, key: column(source.key[0]!.name, type) };
};

interface Joined {
  readonly query: Omit<QueryCase, 'evaluate'>;
  /** The result for a pair of rows, or none where WHERE says no; null: a side without a match. */
  result(left: Input | null, right: Input | null, timestamp: number | undefined): ResultRow[];
}

function joined(
  c: Choices,
  type: JoinType,
  [left, right]: readonly [Side, Side],
  compared: QueryCase['compared'],
  within = '',
): Joined {
  const columns = [left, right].flatMap((s) => columnsOf(s.source)).filter((e) => e.sql !== 'ROWTIME');
  // The columns that it is joined by are the key; the list may have them once, WHERE as often as it likes.
  const others = columns.filter((e) => e.sql !== left.key.sql && e.sql !== right.key.sql);
  const filter = condition(c, columns);
  const key = [keyItem(type, left.key, right.key)];
  const value = randomItems(c, others, key);
  const kind = left.source.kind;
  const plain = sinkOf(c, kind, key, value);
  const word = type === 'FULL' ? 'FULL OUTER JOIN' : type === 'INNER' ? 'JOIN' : `${type} JOIN`;
  const on = `ON ${left.key.sql} = ${right.key.sql}`;
  const rest = `FROM ${left.source.name} ${word} ${right.source.name}${within} ${on}${where(filter)} EMIT CHANGES`;
  const { sql, sink, keys, values } = createAs(c, plain, [...key, ...value], rest);
  const sources = [left.source, right.source];
  return {
    query: { sources, sql: script(sources, sql), sink, compared },
    result: (l, r, timestamp) => {
      const row = new Map<string, Val>([...(l === null ? [] : rowOf(l)), ...(r === null ? [] : rowOf(r))]);
      row.set('ROWKEY', l === null ? keyOf(right, r!) : keyOf(left, l));
      if (!passes(filter, row)) return [];
      return [{ key: valuesOf(keys, row), value: valuesOf(values, row), timestamp }];
    },
  };
}

const keyOf = (side: Side, r: Input): Val => guarded(side.key, rowOf(r));

/** The key is the column of the side that always has a row; ROWKEY where neither has, or where both are expressions. */
function keyItem(type: JoinType, left: Expr, right: Expr): Item {
  const bare = (e: Expr) => /^\w+$/.test(e.sql);
  const choices = type === 'FULL' ? [] : type === 'RIGHT' ? [right, left] : [left, right];
  const chosen = choices.find(bare);
  if (chosen === undefined) return { name: 'ROWKEY', expr: column('ROWKEY', left.type) };
  // Where it is the other side's column, its value is the key all the same.
  return { name: 'JK', expr: { ...column('ROWKEY', left.type), sql: chosen.sql } };
}

const idOf = (side: Side, r: Input): string => keyText([keyOf(side, r)], [side.key]);

/** A row of a stream that a join takes: it has a value, and a key. */
const takes = (side: Side, r: Input): boolean =>
  r.source === side.source && r.value !== null && keyOf(side, r) !== null;

/** A stream looks up a table, as it is when the row of the stream comes. */
export function streamTableJoin(c: Choices): QueryCase {
  const type = ofKind(c);
  const [left, right] = [streamSide(c, 'S', '', type), tableSide(c, 'T', 'T', type)] as const;
  const joinType = c.chance(4) ? 'LEFT' : 'INNER';
  const { query, result } = joined(c, joinType, [left, right], 'log');
  return {
    ...query,
    evaluate: (inputs) =>
      inputs.flatMap((r, i) => {
        if (r.source !== left.source || r.value === null) return [];
        const match = takes(left, r)
          ? (tableRows(inputs.slice(0, i), right.source).find((t) => idOf(right, t) === idOf(left, r)) ?? null)
          : null;
        return match === null && joinType === 'INNER' ? [] : result(r, match, r.timestamp);
      }),
  };
}

/** Two tables on their primary keys: what both hold in the end. */
export function tableTableJoin(c: Choices): QueryCase {
  const type = ofKind(c);
  const [left, right] = [tableSide(c, 'L', 'L', type), tableSide(c, 'R', 'R', type)] as const;
  const joinType = c.pick(['INNER', 'LEFT', 'RIGHT', 'FULL'] as const);
  const { query, result } = joined(c, joinType, [left, right], 'table');
  return {
    ...query,
    evaluate: (inputs) => {
      const [ls, rs] = [tableRows(inputs, left.source), tableRows(inputs, right.source)];
      const keys = new Set([...ls.map((r) => idOf(left, r)), ...rs.map((r) => idOf(right, r))]);
      return [...keys].flatMap((key) => {
        const l = ls.find((r) => idOf(left, r) === key) ?? null;
        const r = rs.find((x) => idOf(right, x) === key) ?? null;
        if (l === null && joinType !== 'RIGHT' && joinType !== 'FULL') return [];
        if (r === null && joinType !== 'LEFT' && joinType !== 'FULL') return [];
        return result(l, r, undefined);
      });
    },
  };
}

/** A table whose rows name the key of another. */
export function foreignKeyJoin(c: Choices): QueryCase {
  const type = ofKind(c);
  const right = tableSide(c, 'R', 'R', type);
  const table = declared(c, { name: 'L', kind: 'TABLE', prefix: 'L', key: [c.chance(4) ? INT : type] });
  const source = { ...table, value: table.value.map((v, i) => (i === 0 ? { ...v, type } : v)) };
  const left: Side = { source, key: column(source.value[0]!.name, type) };
  const joinType = c.chance(4) ? 'LEFT' : 'INNER';
  const own = source.key[0]!;
  const columns = [source, right.source].flatMap(columnsOf).filter((e) => e.sql !== 'ROWTIME');
  const filter = condition(c, columns);
  const key: Item[] = [{ name: own.name, expr: column(own.name, own.type) }];
  const value = randomItems(c, columns, key);
  const plain = sinkOf(c, 'TABLE', key, value);
  const on = `ON ${left.key.sql} = ${right.key.sql}`;
  const rest = `FROM L ${joinType === 'LEFT' ? 'LEFT ' : ''}JOIN R ${on}${where(filter)} EMIT CHANGES`;
  const { sql, sink, keys, values } = createAs(c, plain, [...key, ...value], rest);
  const sources = [source, right.source];
  return {
    sources,
    sql: script(sources, sql),
    sink,
    compared: 'table',
    evaluate: (inputs) => {
      const rs = tableRows(inputs, right.source);
      return tableRows(inputs, source).flatMap((l): ResultRow[] => {
        const named = keyOf(left, l);
        const r = named === null ? undefined : rs.find((x) => idOf(right, x) === idOf(left, l));
        if (r === undefined && joinType === 'INNER') return [];
        const row = new Map<string, Val>([...(r === undefined ? [] : rowOf(r)), ...rowOf(l)]);
        if (!passes(filter, row)) return [];
        return [{ key: valuesOf(keys, row), value: valuesOf(values, row), timestamp: undefined }];
      });
    },
  };
}

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** Two streams whose rows are close in time. */
export function streamStreamJoin(c: Choices): QueryCase {
  const type = ofKind(c);
  const [left, right] = [streamSide(c, 'L', 'L', type), streamSide(c, 'R', 'R', type)] as const;
  const joinType = c.pick(['INNER', 'LEFT', 'RIGHT', 'FULL'] as const);
  const before = c.pick([10, 60, 0]) * SECOND;
  const after = c.chance(4) ? c.pick([1, 30, 0]) * SECOND : before;
  const grace = c.pick([undefined, 0, 5, 45, 600]);
  const graceMs = grace === undefined ? DAY : grace * SECOND;
  const span = before === after ? `${before} MILLISECONDS` : `(${before} MILLISECONDS, ${after} MILLISECONDS)`;
  const within = ` WITHIN ${span}${grace === undefined ? '' : ` GRACE PERIOD ${grace} SECONDS`}`;
  const { query, result } = joined(c, joinType, [left, right], 'bag', within);
  const keeps = {
    left: joinType === 'LEFT' || joinType === 'FULL',
    right: joinType === 'RIGHT' || joinType === 'FULL',
  };
  return {
    ...query,
    evaluate: (inputs) => {
      const out: ResultRow[] = [];
      const alone = (r: Input, isLeft: boolean) =>
        out.push(...result(isLeft ? r : null, isLeft ? null : r, r.timestamp));
      const kept: { readonly row: Input; readonly isLeft: boolean; waits: boolean }[] = [];
      /** The last time at which a row finds a match. */
      const lastMatch = (r: Input, isLeft: boolean) => r.timestamp + (isLeft ? after : before);
      let time = -1;
      for (const row of inputs) {
        const isLeft = row.source === left.source;
        if ((!isLeft && row.source !== right.source) || row.value === null) continue;
        const [side, outer] = isLeft ? [left, keeps.left] : [right, keeps.right];
        if (!takes(side, row)) {
          if (outer) alone(row, isLeft);
          continue;
        }
        time = Math.max(time, row.timestamp);
        const over = time - graceMs;
        // What waits for its time is given by the row that brings stream time there.
        for (const w of row.timestamp < time ? [] : kept) {
          if (!w.waits || lastMatch(w.row, w.isLeft) >= over) continue;
          w.waits = false;
          alone(w.row, w.isLeft);
        }
        const id = idOf(side, row);
        let matched = false;
        for (const other of kept) {
          if (other.isLeft === isLeft || idOf(isLeft ? right : left, other.row) !== id) continue;
          if (other.row.timestamp < over - before - after) continue;
          const [l, r] = isLeft ? [row, other.row] : [other.row, row];
          if (r.timestamp < l.timestamp - before || r.timestamp > l.timestamp + after) continue;
          matched = true;
          other.waits = false;
          out.push(...result(l, r, Math.max(l.timestamp, r.timestamp)));
        }
        const waits = outer && !matched && grace !== undefined && lastMatch(row, isLeft) >= over;
        if (outer && !matched && !waits) alone(row, isLeft);
        if (row.timestamp >= over - before - after) kept.push({ row, isLeft, waits });
      }
      return out;
    },
  };
}

/** A query over another's output. */
export function chain(c: Choices): QueryCase {
  const first = streamQuery(c, undefined, 'MID', 'JSON');
  const second = groupQuery(c, first.sink, [first.sql]);
  return {
    ...second,
    sources: first.sources,
    evaluate: (inputs) =>
      second.evaluate(
        first.evaluate(inputs).map((r) => ({
          source: first.sink,
          key: r.key.every((v) => v === null) ? null : r.key,
          value: r.value,
          timestamp: r.timestamp!,
        })),
      ),
  };
}
