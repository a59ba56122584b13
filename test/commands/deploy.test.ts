import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Json, run, startServer, type TestServer } from '../server/support.js';
import { tempDir } from '../support/temp.js';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const s of servers.splice(0)) await s.stop();
});

/** Starts with the files of a folder deployed, over the same data each time. */
function deployment() {
  const [data, queries] = [tempDir(), tempDir()];
  return {
    write: (name: string, sql: string) => writeFileSync(join(queries, name), sql),
    start: async () => {
      for (const s of servers.splice(0)) await s.stop();
      const s = await startServer({ 'weir.data.dir': data, 'ksql.queries.file': queries });
      servers.push(s);
      return s;
    },
  };
}

const queries = async (s: TestServer) => {
  const [entity] = (await run(s, 'SHOW QUERIES;')) as [{ queries: { id: string; queryString: string }[] }];
  return entity.queries;
};

const SOURCE = "CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);";

describe('deployed statements', () => {
  it('are applied once, whatever their spaces and comments become', async () => {
    const d = deployment();
    d.write('1.sql', `${SOURCE}\nCREATE TYPE t AS STRUCT<a INT>;`);
    d.write('2.sql', 'CREATE STREAM o AS SELECT k, v FROM s;\nINSERT INTO o SELECT k, v + 1 AS v FROM s;');
    const before = (await queries(await d.start())).map((q) => q.id);
    expect(before).toHaveLength(2);
    d.write(
      '2.sql',
      '-- the sums\nCREATE STREAM o AS\n  SELECT k, v\n  FROM s;\n\nINSERT INTO o\n  SELECT k, v + 1 AS v FROM s; -- more',
    );
    const s = await d.start();
    expect((await queries(s)).map((q) => q.id)).toEqual(before);
    expect(await run(s, 'SHOW TYPES;')).toMatchObject([{ types: { T: { type: 'STRUCT' } } }]);
  });

  it('add what is new, and replace where they say so', async () => {
    const d = deployment();
    d.write('1.sql', `${SOURCE}\nCREATE OR REPLACE STREAM o AS SELECT k, v FROM s WHERE v > 1;`);
    const first = await queries(await d.start());
    d.write('1.sql', `${SOURCE}\nCREATE OR REPLACE STREAM o AS SELECT k, v FROM s WHERE v > 2;`);
    d.write('2.sql', 'CREATE STREAM p AS SELECT k, v FROM o;');
    const second = await queries(await d.start());
    expect(second.map((q) => q.id).slice(0, 1)).toEqual(first.map((q) => q.id));
    expect(second.map((q) => q.queryString)).toEqual([
      expect.stringContaining('v > 2'),
      expect.stringContaining('CREATE STREAM p'),
    ]);
  });

  it('are refused whole, naming the file, and the start with them', async () => {
    const d = deployment();
    d.write('1.sql', SOURCE);
    await d.start();
    for (const [sql, reason] of [
      ['INSERT INTO s VALUES (1, 2);', /2\.sql:1: INSERT … VALUES cannot be deployed/],
      ["CREATE STREAM s (other INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');", /2\.sql:1: S is made twice/],
      ['SELECT * FROM s EMIT CHANGES;', /2\.sql:1: SELECT cannot be deployed/],
      ['\n\nALTER STREAM s ADD w INT;', /2\.sql:3: ALTER STREAM cannot be deployed/],
      ['DROP STREAM IF EXISTS s;', /2\.sql:1: DROP cannot be deployed/],
      ['CREATE TYPE t AS STRUCT<a INT>; CREATE TYPE t AS STRUCT<b INT>;', /2\.sql:1: Type T is made twice/],
      ['CREATE STREAM o AS SELECT k, v FROM s; CREATE STREAM q AS SELECT nope FROM o;', /2\.sql:1: .*NOPE/],
      ['CREATE STREAM', /2\.sql:1: line 1:\d+: Syntax Error/],
      // With variables each statement is read by itself, and stands where it stands.
      ["DEFINE c = 'v';\n\nCREATE STREAM o AS\n  SELECT k, ${c}, nope FROM s;", /2\.sql:4: Line: 4, Col: \d+: .*NOPE/],
    ] as const) {
      d.write('2.sql', sql);
      await expect(d.start()).rejects.toThrow(reason);
    }
    d.write('2.sql', '');
    const [streams] = (await run(await d.start(), 'SHOW STREAMS;')) as [{ streams: Json[] }];
    expect(streams.streams.map((x) => x.name)).toEqual(['S']);
  });
});
