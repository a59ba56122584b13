import { describe, expect, it } from 'vitest';
import { printExpr } from '../../engine/plan/print.js';
import { planPull } from '../../engine/planner/index.js';
import { Session } from '../analyzer/support.js';

const SETUP = `
CREATE STREAM s (a INT, b VARCHAR, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', KEY_FORMAT='NONE');
CREATE TABLE one WITH (KEY_FORMAT='JSON') AS SELECT a, COUNT(*) AS n FROM s GROUP BY a;
CREATE TABLE two WITH (KEY_FORMAT='JSON') AS SELECT a, b, COUNT(*) AS n FROM s GROUP BY a, b;
CREATE TABLE win WITH (KEY_FORMAT='JSON') AS SELECT a, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY a;
`;

function plan(sql: string) {
  const session = new Session();
  session.run(SETUP);
  const { resolved } = session.run(sql)[0]!;
  if (resolved.kind !== 'select') throw new Error(resolved.kind);
  const pull = planPull(resolved);
  if (pull.kind !== 'table') throw new Error(pull.kind);
  if (pull.plan.root.kind !== 'table') throw new Error(pull.plan.root.kind);
  return { ...pull.plan.root.read, names: pull.plan.columns };
}

const keys = (sql: string): string => {
  const { keys: k } = plan(sql);
  return k.kind !== 'points' ? k.kind : k.keys.map((t) => t.map(printExpr).join(',')).join(' ');
};
const rest = (sql: string): string | null => {
  const { where } = plan(sql);
  return where === null ? null : printExpr(where);
};

describe('which keys a pull query reads', () => {
  it.each([
    ['SELECT * FROM one;', 'scan', null],
    ['SELECT * FROM one WHERE a = 1;', '1', null],
    ['SELECT * FROM one WHERE 1 = a AND n > 2;', '1', '(N@v0 > 2)'],
    ['SELECT * FROM one WHERE a IN (1, 2, 1);', '1 2', null],
    ['SELECT * FROM one WHERE a = 1 OR a = 2 OR a IN (2, 3);', '1 2 3', null],
    ['SELECT * FROM one WHERE a > 1;', 'range', '(A@k0 > 1)'],
    ['SELECT * FROM one WHERE a = 1 OR n = 2;', 'scan', '((A@k0 = 1) OR (N@v0 = 2))'],
    ['SELECT * FROM one WHERE a = 1 AND a = 2;', '1', '(A@k0 = 2)'],
    ['SELECT * FROM one WHERE a NOT IN (1);', 'scan', '(A@k0 NOT IN (1))'],
    // A comparison in a wider type is none of the key's own.
    ['SELECT * FROM one WHERE a = 1.5;', 'scan', '(CAST(A@k0 AS DECIMAL(11, 1)) = 1.5)'],
    ["SELECT * FROM two WHERE a = 1 AND b IN ('x', 'y');", "1,'x' 1,'y'", null],
    ['SELECT * FROM two WHERE a = 1;', 'range', '(A@k0 = 1)'],
  ])('%s', (sql, expected, where) => {
    expect(keys(sql)).toBe(expected);
    expect(rest(sql)).toBe(where);
  });

  it('reads no more points than its bound', () => {
    const list = Array.from({ length: 200 }, (_, i) => i);
    const sql = `SELECT * FROM two WHERE a IN (${list.join(', ')}) AND b IN (${list.map((i) => `'${i}'`).join(', ')});`;
    expect(plan(sql).keys.kind).toBe('scan');
  });
});

describe('which windows a pull query reads', () => {
  it('takes bounds from comparisons, as text or as milliseconds', () => {
    const p = plan("SELECT * FROM win WHERE a = 1 AND WINDOWSTART >= '1970-01-01T00:01' AND 120000 > WINDOWSTART;");
    expect(p.windowStart).toEqual({ from: 60_000, to: 119_999 });
    expect(p.windowEnd).toEqual({});
    expect(p.where).toBeNull();
  });

  it('narrows with each one', () => {
    const p = plan('SELECT * FROM win WHERE WINDOWEND BETWEEN 10 AND 50 AND WINDOWEND > 20 AND WINDOWSTART = 5;');
    expect(p.windowEnd).toEqual({ from: 21, to: 50 });
    expect(p.windowStart).toEqual({ from: 5, to: 5 });
    expect(p.keys.kind).toBe('scan');
  });

  it('leaves the rest to the rows', () => {
    expect(rest('SELECT * FROM win WHERE WINDOWSTART <> 5 OR a = 1;')).toBe('((WINDOWSTART <> 5) OR (A@k0 = 1))');
  });

  it('puts the bounds behind the key', () => {
    expect(plan('SELECT * FROM win;').names.map((c) => [c.name, c.key])).toEqual([
      ['A', true],
      ['WINDOWSTART', true],
      ['WINDOWEND', true],
      ['N', false],
    ]);
  });
});
