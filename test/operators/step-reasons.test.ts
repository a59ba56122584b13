import { describe, expect, it } from 'vitest';
import { noMatches, remarks } from '../../engine/observe/step-reasons.js';
import { addStats } from '../../engine/observe/step-stats.js';
import { Feed, STREAMS, TABLES } from './joins-support.js';

const streamTable = `
  CREATE STREAM l (k STRING KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
  CREATE TABLE r (k STRING PRIMARY KEY, w INT) WITH (KAFKA_TOPIC='right', FORMAT='JSON', PARTITIONS=1);
  CREATE STREAM o AS SELECT l.k AS k, v, w FROM l JOIN r ON l.k = r.k;`;
const streams = `${STREAMS} CREATE STREAM o AS SELECT l.k AS k, v, w FROM l JOIN r
  WITHIN 10 MILLISECONDS GRACE PERIOD 5 MILLISECONDS ON l.k = r.k;`;
const tables = `${TABLES} CREATE TABLE o AS SELECT l.k AS k, v, w FROM l JOIN r ON l.k = r.k;`;

type Row = readonly ['left' | 'right', string | null, number];

function reasons(sql: string, ...rows: readonly Row[]): readonly string[] {
  const feed = new Feed(sql);
  for (const [side, k, ts] of rows) feed[side](k, 1, ts);
  return noMatches(feed.driver.steps.values());
}

describe('a join that matches nothing says why', () => {
  it.each<[what: string, sql: string, rows: Row[], reason: string]>([
    ['no row', streamTable, [['left', 'a', 1]], '0 of 1 matched: no row of the table has come.'],
    [
      'a table that is newer',
      streamTable,
      [
        ['left', 'a', 1],
        ['left', 'b', 2],
        ['right', 'b', 9],
      ],
      "0 of 2 matched: the table's rows are newer than the stream's, which look up what is " +
        "there when they come (all of 1970-01-01T00:00:00.009Z; the stream's: 1970-01-01T00:00:00.001Z to " +
        '1970-01-01T00:00:00.002Z).',
    ],
    [
      'another case',
      streamTable,
      [
        ['right', 'ANN', 1],
        ['left', 'ann', 2],
      ],
      "0 of 1 matched: the keys of the two sides differ in upper and lower case ('ann' and 'ANN').",
    ],
    [
      'spaces',
      streamTable,
      [
        ['right', 'ann ', 1],
        ['left', 'ann', 2],
      ],
      "0 of 1 matched: the keys of the two sides differ in spaces at their ends ('ann' and 'ann ').",
    ],
    [
      'numbers',
      tables,
      [
        ['right', '007', 1],
        ['left', '7', 2],
      ],
      "0 of 1 matched: the keys of the two sides are numbers that are written differently ('7' and '007').",
    ],
    [
      'another key',
      tables,
      [
        ['right', 'x', 1],
        ['left', 'y', 2],
      ],
      "0 of 1 matched: no row of the other side has one of these keys ('y' of the left table, 'x' of the right table).",
    ],
    [
      'NULL keys',
      streamTable,
      [
        ['right', 'x', 1],
        ['left', null, 2],
      ],
      '0 of 1 matched: the keys of the stream are NULL.',
    ],
    [
      'times that are too far apart',
      streams,
      [
        ['left', 'a', 1],
        ['right', 'a', 14],
      ],
      '0 of 1 matched: rows with the same key are 3 ms further apart than WITHIN says, or more (the ' +
        'left stream: all of 1970-01-01T00:00:00.001Z; the right stream: all of 1970-01-01T00:00:00.014Z).',
    ],
    ['a side without rows', streams, [['left', 'a', 1]], '0 of 1 matched: no row of the right stream has come.'],
  ])('%s', (_, sql, rows, reason) => {
    const [said, ...more] = reasons(sql, ...rows);
    expect(said?.replace(/^\w+: /, '')).toBe(reason);
    expect(more).toEqual([]);
  });

  it('and one that has matched, or has had nothing to match, says nothing', () => {
    expect(reasons(streamTable)).toEqual([]);
    expect(reasons(streamTable, ['right', 'a', 1])).toEqual([]);
    expect(reasons(streamTable, ['right', 'a', 1], ['left', 'a', 2], ['left', 'b', 3])).toEqual([]);
    expect(reasons(streams, ['left', 'a', 1], ['right', 'a', 2])).toEqual([]);
    expect(reasons(tables, ['left', 'a', 1], ['right', 'a', 2])).toEqual([]);
  });
});

describe('EMIT FINAL', () => {
  it('tells of windows that stream time jumps past: they give no row', () => {
    const feed = new Feed(`
      CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
      CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 MILLISECONDS, GRACE PERIOD 5 MILLISECONDS)
        GROUP BY k EMIT FINAL;`);
    expect(feed.left('a', 1, 3)).toEqual([]);
    expect(feed.left('a', 1, 15)).toHaveLength(1);
    expect(remarks(feed.driver.steps.values())).toEqual([]);
    expect(feed.left('a', 1, 1000)).toEqual([]);
    expect(remarks(feed.driver.steps.values())).toEqual([
      expect.stringMatching(/^1 window of \S+ gave no row: stream time jumped past it by more than its size and grace/),
    ]);
  });
});

describe('late records', () => {
  const counted = (...times: readonly number[]) => {
    const feed = new Feed(`
      CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
      CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 MILLISECONDS, GRACE PERIOD 0 MILLISECONDS)
        GROUP BY k;`);
    for (const ts of times) feed.left('a', 1, ts);
    return feed.driver.steps.values();
  };

  it('are remarkable from more than one per cent on, over all threads', () => {
    const one = counted(50, ...Array.from({ length: 98 }, () => 50), 5);
    expect(remarks(one)).toEqual([]);
    expect(remarks(addStats(one, counted(50, 5)))).toEqual([
      expect.stringMatching(
        /^2 of 102 records \(2\.0 %\) came to \S+ after the grace of their windows and changed nothing\./,
      ),
    ]);
  });
});
