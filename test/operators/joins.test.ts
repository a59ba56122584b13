import { describe, expect, it } from 'vitest';
import { Feed, STREAMS, TABLES } from './joins-support.js';

const EMIT_AT_ONCE = { '__emit.interval.ms.kstreams.outer.join.spurious.results.fix__': '0' };

describe('a stream-table join', () => {
  const sql = (type: string) => `
    CREATE STREAM l (k STRING KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
    CREATE TABLE r (k STRING PRIMARY KEY, w INT) WITH (KAFKA_TOPIC='right', FORMAT='JSON', PARTITIONS=1);
    CREATE STREAM o AS SELECT l.k AS k, v, w FROM l ${type} JOIN r ON l.k = r.k;`;

  it('looks up the table as it is then, with the time of the stream', () => {
    const f = new Feed(sql('INNER'));
    expect(f.left('a', 1, 5)).toEqual([]);
    expect(f.right('a', 7, 10)).toEqual([]);
    expect(f.left('a', 2, 6)).toEqual(['"a" -> {"V":2,"W":7} (6)']);
    f.right('a', 8, 3);
    expect(f.left('a', 3, 7)).toEqual(['"a" -> {"V":3,"W":8} (7)']);
    f.right('a', null, 11);
    expect(f.left('a', 4, 12)).toEqual([]);
  });

  it('LEFT gives nulls where there is no row', () => {
    const f = new Feed(sql('LEFT'));
    expect(f.left('a', 1, 5)).toEqual(['"a" -> {"V":1,"W":null} (5)']);
    f.right('a', 7, 10);
    expect(f.left('a', 2, 6)).toEqual(['"a" -> {"V":2,"W":7} (6)']);
  });

  it.each([
    ['INNER', []],
    ['LEFT', ['null -> {"V":1,"W":null} (0)']],
  ])('%s passes over null values of the stream; a null key has no match', (type, ofNullKey) => {
    const f = new Feed(sql(type));
    f.right('a', 7, 0);
    expect(f.left(null, 1)).toEqual(ofNullKey);
    expect(f.left('a', null)).toEqual([]);
  });
});

describe('a table-table join', () => {
  const sql = (type: string, select = 'l.k AS k, v, w') => `${TABLES}
    CREATE TABLE o AS SELECT ${select} FROM l ${type} JOIN r ON l.k = r.k;`;

  it('INNER gives a tombstone only where there was a row', () => {
    const f = new Feed(sql('INNER'));
    expect(f.left('a', 1, 5)).toEqual([]);
    expect(f.left('a', null, 6)).toEqual([]);
    f.left('a', 2, 7);
    expect(f.right('a', 9, 3)).toEqual(['"a" -> {"V":2,"W":9} (7)']);
    expect(f.right('a', null, 8)).toEqual(['"a" -> null (8)']);
    expect(f.left('a', null, 9)).toEqual([]);
  });

  it('LEFT keeps the left row', () => {
    const f = new Feed(sql('LEFT'));
    expect(f.right('a', 9, 1)).toEqual([]);
    expect(f.left('a', 1, 2)).toEqual(['"a" -> {"V":1,"W":9} (2)']);
    expect(f.right('a', null, 3)).toEqual(['"a" -> {"V":1,"W":null} (3)']);
    expect(f.left('a', null, 4)).toEqual(['"a" -> null (4)']);
    expect(f.right('a', null, 5)).toEqual([]);
  });

  it('RIGHT keeps the right row', () => {
    const f = new Feed(sql('RIGHT', 'r.k AS k, v, w'));
    expect(f.left('a', 1, 2)).toEqual([]);
    expect(f.right('a', 9, 1)).toEqual(['"a" -> {"V":1,"W":9} (2)']);
    expect(f.left('a', null, 3)).toEqual(['"a" -> {"V":null,"W":9} (3)']);
  });

  it('FULL keeps either', () => {
    const f = new Feed(sql('FULL OUTER', 'ROWKEY AS k, v, w'));
    expect(f.left('a', 1, 2)).toEqual(['"a" -> {"V":1,"W":null} (2)']);
    expect(f.right('a', 9, 1)).toEqual(['"a" -> {"V":1,"W":9} (2)']);
    expect(f.left('a', null, 3)).toEqual(['"a" -> {"V":null,"W":9} (3)']);
    expect(f.right('a', null, 4)).toEqual(['"a" -> null (4)']);
  });

  it('tells a filter behind it which row was replaced', () => {
    const f = new Feed(
      `${TABLES} CREATE TABLE o AS SELECT l.k AS k, v, w FROM l JOIN r ON l.k = r.k WHERE v + w > 10;`,
    );
    f.left('a', 1);
    expect(f.right('a', 1)).toEqual([]);
    expect(f.left('a', 10)).toEqual(['"a" -> {"V":10,"W":1} (0)']);
    expect(f.right('a', 0)).toEqual(['"a" -> null (0)']);
    expect(f.right('a', -1)).toEqual([]);
  });

  it('carries deletions to the side that is repartitioned for its key format', () => {
    const f = new Feed(`
      CREATE TABLE l (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
      CREATE TABLE r (k STRING PRIMARY KEY, w INT)
        WITH (KAFKA_TOPIC='right', KEY_FORMAT='DELIMITED', VALUE_FORMAT='JSON', PARTITIONS=1);
      CREATE TABLE o AS SELECT l.k AS k, v, w FROM l LEFT JOIN r ON l.k = r.k;`);
    const right = (value: unknown, ts: number) => {
      f.driver.pipe({
        topic: 'right',
        key: Buffer.from('a'),
        value: value === null ? null : Buffer.from(JSON.stringify(value)),
        timestamp: ts,
      });
      return f.driver.take().map((r) => r.value?.toString());
    };
    f.left('a', 1);
    expect(right({ W: 5 }, 1)).toEqual(['{"V":1,"W":5}']);
    expect(right(null, 2)).toEqual(['{"V":1,"W":null}']);
  });
});

describe('a stream-stream join', () => {
  const sql = (type: string, within: string, key = 'l.k') => `${STREAMS}
    CREATE STREAM o AS SELECT ${key} AS k, v, w FROM l ${type} JOIN r WITHIN ${within} ON l.k = r.k;`;

  it('joins rows that are in time of each other, in order of time', () => {
    const f = new Feed(sql('INNER', '10 MILLISECONDS GRACE PERIOD 100 MILLISECONDS'));
    f.left('a', 1, 20);
    f.left('a', 2, 15);
    f.left('b', 3, 20);
    expect(f.right('a', 7, 25)).toEqual(['"a" -> {"V":2,"W":7} (25)', '"a" -> {"V":1,"W":7} (25)']);
    expect(f.right('a', 8, 5)).toEqual(['"a" -> {"V":2,"W":8} (15)']);
    expect(f.left('a', 4, 36)).toEqual([]);
  });

  it('has windows that look more ahead than back', () => {
    const f = new Feed(sql('INNER', '(1 MILLISECONDS, 5 MILLISECONDS) GRACE PERIOD 100 MILLISECONDS'));
    f.left('a', 1, 10);
    expect(f.right('a', 7, 8)).toEqual([]);
    expect(f.right('a', 7, 9)).toHaveLength(1);
    expect(f.right('a', 7, 15)).toHaveLength(1);
    expect(f.right('a', 7, 16)).toEqual([]);
  });

  it('passes over null values; a null key has no match', () => {
    const f = new Feed(sql('LEFT', '10 MILLISECONDS GRACE PERIOD 5 MILLISECONDS'));
    expect(f.left('a', null)).toEqual([]);
    expect(f.right(null, 1)).toEqual([]);
    expect(f.left(null, 1)).toEqual(['null -> {"V":1,"W":null} (0)']);
  });

  it('keeps the rows of both sides for before, after and grace, however unequal these are', () => {
    const f = new Feed(sql('INNER', '(0 MILLISECONDS, 10 MILLISECONDS) GRACE PERIOD 3 MILLISECONDS'));
    f.right('a', 7, 13);
    f.left('a', 1, 5);
    f.left('z', 0, 18);
    // Left of 8, whose last match is of 18; right of 15, whose last match was of 15.
    expect(f.left('a', 2, 8)).toEqual(['"a" -> {"V":2,"W":7} (13)']);
    expect(f.right('a', 8, 14)).toEqual(['"a" -> {"V":1,"W":8} (14)', '"a" -> {"V":2,"W":8} (14)']);
    f.left('z', 0, 19);
    expect(f.right('a', 9, 15)).toEqual(['"a" -> {"V":2,"W":9} (15)']);
  });

  it('LEFT without a grace period pads at once, and gives the match as well', () => {
    const f = new Feed(sql('LEFT', '10 MILLISECONDS'));
    expect(f.left('a', 1, 0)).toEqual(['"a" -> {"V":1,"W":null} (0)']);
    expect(f.right('a', 7, 3)).toEqual(['"a" -> {"V":1,"W":7} (3)']);
    expect(f.right('a', 8, 30)).toEqual([]);
  });

  it('LEFT with one pads when the window is over, and not what has found a match', () => {
    const f = new Feed(sql('LEFT', '10 MILLISECONDS GRACE PERIOD 5 MILLISECONDS'), EMIT_AT_ONCE);
    expect(f.left('a', 1, 0)).toEqual([]);
    expect(f.left('b', 2, 1)).toEqual([]);
    expect(f.right('b', 7, 2)).toEqual(['"b" -> {"V":2,"W":7} (2)']);
    expect(f.right('c', 7, 15)).toEqual([]);
    expect(f.right('c', 7, 16)).toEqual(['"a" -> {"V":1,"W":null} (0)']);
    expect(f.right('c', 7, 100)).toEqual([]);
  });

  it('a late row joins nothing; of an outer side it is padded at once', () => {
    const f = new Feed(sql('FULL OUTER', '10 MILLISECONDS GRACE PERIOD 5 MILLISECONDS', 'ROWKEY'), EMIT_AT_ONCE);
    f.left('a', 1, 100);
    expect(f.right('a', 7, 84)).toEqual(['"a" -> {"V":null,"W":7} (84)']);
    expect(f.driver.reports).toMatchObject([{ kind: 'late', node: 'streamJoin' }]);
    expect(f.right('a', 8, 90)).toEqual(['"a" -> {"V":1,"W":8} (100)']);
  });

  it('looks for padded results no more often than the setting says', () => {
    const f = new Feed(sql('LEFT', '10 MILLISECONDS GRACE PERIOD 0 MILLISECONDS'));
    f.left('a', 1, 0);
    expect(f.right('c', 7, 20)).toEqual(['"a" -> {"V":1,"W":null} (0)']);
    f.left('b', 1, 30);
    // The clock of this driver stands still.
    expect(f.right('c', 7, 60)).toEqual([]);
  });

  it('of more than two streams joins what the first join gives', () => {
    const f = new Feed(`${STREAMS}
      CREATE STREAM m (k STRING KEY, x INT) WITH (KAFKA_TOPIC='third', FORMAT='JSON', PARTITIONS=1);
      CREATE STREAM o AS SELECT l.k AS k, v, w, x FROM l
        JOIN r WITHIN 10 MILLISECONDS ON l.k = r.k LEFT JOIN m WITHIN 10 MILLISECONDS ON l.k = m.k;`);
    f.left('a', 1, 0);
    expect(f.right('a', 2, 1)).toEqual(['"a" -> {"V":1,"W":2,"X":null} (1)']);
    expect(f.record('third', 'a', { X: 3 }, 2)).toEqual(['"a" -> {"V":1,"W":2,"X":3} (2)']);
  });
});

describe('a foreign-key join', () => {
  const sql = (type: string) => `
    CREATE TABLE l (id INT PRIMARY KEY, fk STRING, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
    CREATE TABLE r (k STRING PRIMARY KEY, w INT) WITH (KAFKA_TOPIC='right', FORMAT='JSON', PARTITIONS=1);
    CREATE TABLE o AS SELECT id, v, w FROM l ${type} JOIN r ON l.fk = r.k;`;
  const left = (f: Feed, id: number, row: { fk: string | null; v: number } | null, ts: number) =>
    f.record('left', id, row === null ? null : { FK: row.fk, V: row.v }, ts);

  it('follows changes of either side', () => {
    const f = new Feed(sql('INNER'));
    expect(left(f, 1, { fk: 'a', v: 10 }, 1)).toEqual([]);
    expect(f.right('a', 5, 2)).toEqual(['1 -> {"V":10,"W":5} (2)']);
    expect(left(f, 2, { fk: 'a', v: 20 }, 3)).toEqual(['2 -> {"V":20,"W":5} (3)']);
    expect(f.right('a', 6, 4)).toEqual(['1 -> {"V":10,"W":6} (4)', '2 -> {"V":20,"W":6} (4)']);
    expect(left(f, 1, null, 5)).toEqual(['1 -> null (5)']);
    expect(f.right('a', null, 6)).toEqual(['2 -> null (6)']);
    expect(f.right('a', 7, 7)).toEqual(['2 -> {"V":20,"W":7} (7)']);
  });

  it('moves a row whose foreign key changes', () => {
    const f = new Feed(sql('INNER'));
    f.right('a', 5, 0);
    f.right('b', 6, 0);
    left(f, 1, { fk: 'a', v: 10 }, 1);
    expect(left(f, 1, { fk: 'b', v: 10 }, 2)).toEqual(['1 -> {"V":10,"W":6} (2)']);
    expect(f.right('a', 50, 3)).toEqual([]);
    expect(left(f, 1, { fk: 'none', v: 10 }, 4)).toEqual(['1 -> null (4)']);
    expect(left(f, 1, { fk: null, v: 10 }, 5)).toEqual([]);
    expect(left(f, 1, { fk: 'a', v: 11 }, 6)).toEqual(['1 -> {"V":11,"W":50} (6)']);
  });

  it('LEFT keeps rows without a match, those with a null foreign key too', () => {
    const f = new Feed(sql('LEFT'));
    expect(left(f, 1, { fk: 'a', v: 10 }, 1)).toEqual(['1 -> {"V":10,"W":null} (1)']);
    expect(left(f, 2, { fk: null, v: 20 }, 1)).toEqual(['2 -> {"V":20,"W":null} (1)']);
    expect(f.right('a', 5, 2)).toEqual(['1 -> {"V":10,"W":5} (2)']);
    expect(f.right('a', null, 3)).toEqual(['1 -> {"V":10,"W":null} (3)']);
    expect(left(f, 2, null, 4)).toEqual(['2 -> null (4)']);
  });
});
