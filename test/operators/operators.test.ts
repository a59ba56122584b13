import { describe, expect, it } from 'vitest';
import type { TypedExpr } from '../../engine/plan/expr.js';
import type { Topology, WindowSpec } from '../../engine/plan/topology.js';
import { BIGINT, STRING } from '../../engine/values/sql-type.js';
import {
  AMOUNT,
  aggregate,
  col,
  Drive,
  filter,
  greater,
  groupByUser,
  JSON_REF,
  KEY,
  rekeyByUser,
  result,
  row,
  sink,
  source,
  topology,
  USER,
  USER_KEY,
  VALUE,
  values,
} from '../runtime/support.js';

describe('stateless steps', () => {
  const plan = topology([
    source(),
    filter('source', greater(AMOUNT, 10)),
    {
      kind: 'project',
      id: 'project',
      input: 'filter',
      key: null,
      value: [USER, { kind: 'arith', op: '*', left: AMOUNT, right: AMOUNT, type: BIGINT }],
      keyColumns: KEY,
      valueColumns: VALUE,
      table: false,
    },
    sink('project', KEY, VALUE),
  ]);

  it('filter and project, keeping key and timestamp', () => {
    const d = new Drive(plan);
    expect(d.in(1, row('a', 11), 7)).toEqual(['1 -> {"USER":"a","AMOUNT":121} (7)']);
    expect(d.in(1, row('a', 10))).toEqual([]);
    expect(d.in(1, row('a', null))).toEqual([]);
    expect(d.in(null, row('b', 20))).toEqual(['null -> {"USER":"b","AMOUNT":400} (0)']);
  });

  it('drop a null value at WHERE, and pass it through a projection alone', () => {
    expect(new Drive(plan).in(1, null)).toEqual([]);
    const projection = topology([
      source(),
      { ...plan.subtopologies[0]!.nodes[2]!, input: 'source' } as never,
      sink('project', KEY, VALUE),
    ]);
    expect(new Drive(projection).in(1, null, 3)).toEqual(['1 -> null (3)']);
  });

  it('skip what cannot be decoded, and say so', () => {
    const d = new Drive(plan);
    d.driver.pipe({ topic: 'in', key: Buffer.from('1'), value: Buffer.from('{"USER":'), timestamp: 0 });
    expect(d.driver.take()).toEqual([]);
    expect(d.driver.reports).toMatchObject([{ kind: 'skipped', node: 'source' }]);
    expect(d.in(1, row('a', 11))).toHaveLength(1);
  });

  it('report an expression that fails and give NULL', () => {
    const failing = topology([
      source(),
      {
        kind: 'project',
        id: 'project',
        input: 'source',
        key: null,
        value: [USER, { kind: 'arith', op: '/', left: AMOUNT, right: col(0, BIGINT, 'key'), type: BIGINT }],
        keyColumns: KEY,
        valueColumns: VALUE,
        table: false,
      },
      sink('project', KEY, VALUE),
    ]);
    const d = new Drive(failing);
    expect(d.in(0, row('a', 11))).toEqual(['0 -> {"USER":"a","AMOUNT":null} (0)']);
    expect(d.driver.reports).toMatchObject([{ kind: 'evaluation', node: 'project' }]);
  });

  it('skip a negative timestamp', () => {
    const d = new Drive(plan);
    expect(d.in(1, row('a', 11), -1)).toEqual([]);
    expect(d.driver.reports).toMatchObject([{ kind: 'skipped' }]);
  });

  it('take event time from a column with a pattern, and skip a record without it', () => {
    const timed = topology([
      source({ timestamp: { from: 'value', index: 0, format: "yyyy-MM-dd'T'HH:mm:ss" } }),
      sink('source', KEY, VALUE),
    ]);
    const d = new Drive(timed);
    expect(d.in(1, row('2020-07-01T00:00:01', 1))).toEqual([
      `1 -> {"USER":"2020-07-01T00:00:01","AMOUNT":1} (${Date.UTC(2020, 6, 1, 0, 0, 1)})`,
    ]);
    expect(d.in(1, row('yesterday', 1))).toEqual([]);
    expect(d.in(1, row(null, 1))).toEqual([]);
    expect(d.driver.reports).toHaveLength(2);
  });

  it('PARTITION BY gives a null key where all its columns are null', () => {
    const plan = topology([source(), { ...rekeyByUser('source'), dropNullKey: false }, sink('rekey', USER_KEY, VALUE)]);
    const d = new Drive(plan);
    expect(d.in(1, row('a', 2))).toEqual(['"a" -> {"USER":"a","AMOUNT":2} (0)']);
    expect(d.in(1, row(null, 2))).toEqual(['null -> {"USER":null,"AMOUNT":2} (0)']);
  });

  it('hand rows of a push query over, up to its limit', () => {
    const d = new Drive(topology([source(), result('source', [col(0, BIGINT, 'key'), USER], { limit: 2 })]));
    for (let i = 0; i < 5; i++) d.in(i, row(`u${i}`, i));
    expect(values(d.driver.rows)).toEqual([
      [0, 'u0'],
      [1, 'u1'],
    ]);
  });
});

describe('GROUP BY without a window', () => {
  it('folds by key, through a repartition topic, and emits each update', () => {
    const d = new Drive(groupByUser(null));
    expect(d.in(1, row('a', 5), 10)).toEqual(['"a" -> {"N":1,"TOTAL":5} (10)']);
    expect(d.in(2, row('b', 7), 20)).toEqual(['"b" -> {"N":1,"TOTAL":7} (20)']);
    // The output has the larger of the record's timestamp and the group's.
    expect(d.in(3, row('a', null), 5)).toEqual(['"a" -> {"N":2,"TOTAL":5} (10)']);
    expect(d.in(4, row(null, 9))).toEqual([]);
    expect(d.in(5, null)).toEqual([]);
  });

  it('works without a repartition topic, as in a push query', () => {
    const d = new Drive(
      topology([
        source(),
        rekeyByUser('source'),
        aggregate('rekey', null),
        result('aggregate', [col(0, STRING, 'key'), col(0, BIGINT), col(1, BIGINT)], { table: true }),
      ]),
    );
    d.in(1, row('a', 5));
    d.in(1, row('b', 6));
    d.in(1, row('a', 7));
    expect(values(d.driver.rows)).toEqual([
      ['a', 1, 5],
      ['b', 1, 6],
      ['a', 2, 12],
    ]);
  });

  it('HAVING emits one tombstone when a row stops matching, and nothing for a row that never did', () => {
    const d = new Drive(groupByUser(null, { having: greater(col(1, BIGINT), 100) }));
    expect(d.in(1, row('a', 50))).toEqual([]);
    expect(d.in(1, row('a', 51))).toEqual(['"a" -> {"N":2,"TOTAL":101} (0)']);
    expect(d.in(1, row('a', 1))).toEqual(['"a" -> {"N":3,"TOTAL":102} (0)']);
    expect(d.in(1, row('a', -50))).toEqual(['"a" -> null (0)']);
    expect(d.in(1, row('a', -1))).toEqual([]);
  });

  it('over a table undoes the row before: as ksqlDB, one record where the group stays, two where it changes', () => {
    const d = new Drive(groupByUser(null, { table: true }));
    expect(d.in(1, row('r0', 1))).toEqual(['"r0" -> {"N":1,"TOTAL":1} (0)']);
    expect(d.in(2, row('r1', 2))).toEqual(['"r1" -> {"N":1,"TOTAL":2} (0)']);
    expect(d.in(3, row('r0', 3))).toEqual(['"r0" -> {"N":2,"TOTAL":4} (0)']);
    expect(d.in(1, null)).toEqual(['"r0" -> {"N":1,"TOTAL":3} (0)']);
    expect(d.in(2, row('r0', 2))).toEqual(['"r1" -> {"N":0,"TOTAL":0} (0)', '"r0" -> {"N":2,"TOTAL":5} (0)']);
    expect(d.in(2, row('r0', 9))).toEqual(['"r0" -> {"N":2,"TOTAL":12} (0)']);
    expect(d.in(null, row('r0', 9))).toEqual([]);
  });
});

describe('WHERE on a table', () => {
  it('tells a row that stops matching from one that never did where the table is kept', () => {
    const d = new Drive(
      topology([
        source({ table: true, store: { name: 's', kind: 'table' } }),
        filter('source', greater(AMOUNT, 10), { table: true }),
        sink('filter', KEY, VALUE, { table: true }),
      ]),
    );
    expect(d.in(1, row('a', 5))).toEqual([]);
    expect(d.in(1, row('a', 15))).toEqual(['1 -> {"USER":"a","AMOUNT":15} (0)']);
    expect(d.in(1, row('a', 5))).toEqual(['1 -> null (0)']);
    expect(d.in(1, null)).toEqual([]);
  });
});

describe('time windows', () => {
  it('tumbling: a late record is counted and changes nothing, one within grace does', () => {
    const d = new Drive(groupByUser({ kind: 'TUMBLING', sizeMs: 10, graceMs: 5, retentionMs: 1000 }), 'time');
    expect(d.in(1, row('a', 1), 3)).toEqual(['"a"@0 -> {"N":1,"TOTAL":1} (3)']);
    expect(d.in(1, row('a', 2), 12)).toEqual(['"a"@10 -> {"N":1,"TOTAL":2} (12)']);
    expect(d.in(1, row('a', 3), 9)).toEqual(['"a"@0 -> {"N":2,"TOTAL":4} (9)']);
    expect(d.in(1, row('b', 1), 15)).toHaveLength(1);
    // Stream time 15, grace 5: the window that ended at 10 is closed.
    expect(d.in(1, row('a', 3), 9)).toEqual([]);
    expect(d.driver.reports).toMatchObject([{ kind: 'late', node: 'aggregate' }]);
  });

  it('hopping: a record is in each window that holds it, the earliest first; none starts before the epoch', () => {
    const window = { kind: 'HOPPING', sizeMs: 30, advanceMs: 10, graceMs: 0, retentionMs: 1000 } as const;
    const d = new Drive(groupByUser(window), 'time');
    expect(d.in(1, row('a', 1), 5)).toEqual(['"a"@0 -> {"N":1,"TOTAL":1} (5)']);
    expect(d.in(1, row('a', 1), 25)).toEqual([
      '"a"@0 -> {"N":2,"TOTAL":2} (25)',
      '"a"@10 -> {"N":1,"TOTAL":1} (25)',
      '"a"@20 -> {"N":1,"TOTAL":1} (25)',
    ]);
    // Stream time 30 closes the first of the windows of 25: the others still take the record.
    expect(d.in(1, row('b', 1), 30)).toHaveLength(3);
    expect(d.in(1, row('a', 1), 25)).toEqual(['"a"@10 -> {"N":2,"TOTAL":2} (25)', '"a"@20 -> {"N":2,"TOTAL":2} (25)']);
    expect(d.driver.reports).toEqual([]);
  });
});

describe('session windows', () => {
  const window = { kind: 'SESSION', gapMs: 10, graceMs: 20, retentionMs: 1000 } as const;

  it('grow with a tombstone for the bounds before, and merge with one for each session', () => {
    const d = new Drive(groupByUser(window), 'session');
    expect(d.in(1, row('a', 1), 0)).toEqual(['"a"@0-0 -> {"N":1,"TOTAL":1} (0)']);
    expect(d.in(1, row('a', 2), 10)).toEqual(['"a"@0-0 -> null (0)', '"a"@0-10 -> {"N":2,"TOTAL":3} (10)']);
    expect(d.in(1, row('a', 4), 30)).toEqual(['"a"@30-30 -> {"N":1,"TOTAL":4} (30)']);
    expect(d.in(1, row('a', 8), 20)).toEqual([
      '"a"@0-10 -> null (10)',
      '"a"@30-30 -> null (30)',
      '"a"@0-30 -> {"N":4,"TOTAL":15} (30)',
    ]);
    expect(d.in(1, row('b', 1), 15)).toEqual(['"b"@15-15 -> {"N":1,"TOTAL":1} (15)']);
  });

  it('a record inside a session changes it, with a tombstone and the row', () => {
    const d = new Drive(groupByUser(window), 'session');
    d.in(1, row('a', 1), 0);
    d.in(1, row('a', 1), 8);
    expect(d.in(1, row('a', 1), 4)).toEqual(['"a"@0-8 -> null (8)', '"a"@0-8 -> {"N":3,"TOTAL":3} (8)']);
  });

  it('a second record of the same instant changes a session of one instant without a tombstone', () => {
    const d = new Drive(groupByUser(window), 'session');
    d.in(1, row('a', 1), 5);
    expect(d.in(1, row('a', 1), 5)).toEqual(['"a"@5-5 -> {"N":2,"TOTAL":2} (5)']);
  });

  it('late is what would end more than grace and gap behind stream time', () => {
    const d = new Drive(groupByUser(window), 'session');
    d.in(1, row('a', 1), 100);
    expect(d.in(1, row('a', 1), 69)).toEqual([]);
    expect(d.driver.reports).toMatchObject([{ kind: 'late' }]);
    expect(d.in(1, row('a', 1), 70)).toEqual(['"a"@70-70 -> {"N":1,"TOTAL":1} (70)']);
  });
});

describe('EMIT FINAL', () => {
  const final = (window: WindowSpec): Topology => {
    const plan = groupByUser(window);
    return {
      ...plan,
      subtopologies: plan.subtopologies.map((s) => ({
        ...s,
        nodes: s.nodes.map((n) => (n.kind === 'aggregate' ? { ...n, emit: 'final' } : n)),
      })),
    };
  };

  it('gives one row a window when grace has passed, in order of time and key', () => {
    const d = new Drive(final({ kind: 'TUMBLING', sizeMs: 10, graceMs: 5, retentionMs: 1000 }), 'time');
    expect(d.in(1, row('b', 1), 3)).toEqual([]);
    expect(d.in(1, row('a', 1), 4)).toEqual([]);
    expect(d.in(1, row('a', 1), 12)).toEqual([]);
    expect(d.in(1, row('a', 5), 9)).toEqual([]);
    expect(d.in(1, row('a', 1), 15)).toEqual(['"a"@0 -> {"N":2,"TOTAL":6} (9)', '"b"@0 -> {"N":1,"TOTAL":1} (3)']);
    expect(d.in(1, row('a', 1), 9)).toEqual([]);
    expect(d.in(1, row('c', 1), 100)).toEqual(['"a"@10 -> {"N":2,"TOTAL":2} (15)']);
  });

  it('gives one row a session, without tombstones', () => {
    const d = new Drive(final({ kind: 'SESSION', gapMs: 5, graceMs: 6, retentionMs: 11 }), 'session');
    for (const t of [0, 4, 8, 12, 14]) expect(d.in(1, row('a', 1), t)).toEqual([]);
    expect(d.in(1, row('b', 1), 9)).toEqual([]);
    expect(d.in(1, row('a', 1), 30)).toEqual([
      '"b"@9-9 -> {"N":1,"TOTAL":1} (9)',
      '"a"@0-14 -> {"N":5,"TOTAL":5} (14)',
    ]);
    expect(d.in(1, row('a', 1), 29)).toEqual([]);
    expect(d.in(1, row('a', 1), 17)).toEqual([]);
    expect(d.in(1, row('a', 1), 42)).toEqual(['"a"@29-30 -> {"N":2,"TOTAL":2} (30)']);
  });
});

describe('PARTITION BY', () => {
  const by = (...key: TypedExpr[]): Topology =>
    topology([
      source(),
      {
        ...rekeyByUser('source'),
        dropNullKey: false,
        key,
        keyColumns: key.map((k, i) => ({ name: `K${i}`, type: k.type })),
      },
      sink(
        'rekey',
        key.map((k, i) => ({ name: `K${i}`, type: k.type })),
        VALUE,
        { keyFormat: JSON_REF },
      ),
    ]);

  it('of several columns keeps a key of nulls; a null row keeps what comes of its key', () => {
    const d = new Drive(by(USER, col(0, BIGINT, 'key')));
    expect(d.in(1, row(null, 2))).toEqual(['{"K0":null,"K1":1} -> {"USER":null,"AMOUNT":2} (0)']);
    expect(d.in(null, row(null, 2))).toEqual(['{"K0":null,"K1":null} -> {"USER":null,"AMOUNT":2} (0)']);
    expect(d.in(1, null)).toEqual(['{"K0":null,"K1":1} -> null (0)']);
  });
});
