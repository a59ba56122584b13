import { describe, expect, it } from 'vitest';
import type { ResolvedQuery, ResolvedStatement } from '../../engine/analyzer/index.js';
import { analyze } from '../../engine/analyzer/index.js';
import { printExpr } from '../../engine/plan/print.js';
import { printSchema } from '../../engine/values/schema.js';
import { printType } from '../../engine/values/sql-type.js';
import { parseStatement } from '../../parser/index.js';
import { Session } from './support.js';

const SETUP = `
CREATE STREAM s (k VARCHAR KEY, i INT, b BIGINT, d DOUBLE, m DECIMAL(4,2), t VARCHAR, ts TIMESTAMP, day DATE, l BOOLEAN,
  a ARRAY<INT>, mp MAP<VARCHAR, BIGINT>, st STRUCT<x INT, y STRUCT<z VARCHAR>>, second INT)
  WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');
CREATE STREAM w (k INT KEY, v INT) WITH (KAFKA_TOPIC='w', VALUE_FORMAT='JSON', WINDOW_TYPE='TUMBLING', WINDOW_SIZE='10 SECONDS');
`;

function session(): Session {
  const s = new Session();
  s.run(SETUP);
  return s;
}

function resolve(sql: string, s = session()): ResolvedStatement {
  return analyze(parseStatement(sql), s.context(sql));
}

function query(sql: string): ResolvedQuery {
  const r = resolve(sql);
  if (r.kind !== 'select' && r.kind !== 'createAs' && r.kind !== 'insertInto') throw new Error(r.kind);
  return r.query;
}

/** One expression over `s`: its text with casts shown, and its type. */
function expression(sql: string): string {
  const { expr } = query(`SELECT ${sql} AS e FROM s EMIT CHANGES;`).select[0]!;
  return `${printExpr(expr)} : ${printType(expr.type)}`;
}

describe('types and implicit casts', () => {
  it.each([
    ['1', '1 : INTEGER'],
    ['2147483648', '2147483648 : BIGINT'],
    ['1.50', '1.50 : DECIMAL(3, 2)'],
    ['0.05', '0.05 : DECIMAL(3, 2)'],
    ['0.8', '0.8 : DECIMAL(2, 1)'],
    ['.5', '0.5 : DECIMAL(2, 1)'],
    ['-0.0', '-0.0 : DECIMAL(2, 1)'],
    ['00.8', '0.8 : DECIMAL(2, 1)'],
    ['1e3', '1000 : DOUBLE'],
    ['1E2', '100 : DOUBLE'],
    ['i + b', '(CAST(I@v0 AS BIGINT) + B@v1) : BIGINT'],
    ['i + d', '(CAST(I@v0 AS DOUBLE) + D@v2) : DOUBLE'],
    ['m + 1', '(M@v3 + 1) : DECIMAL(13, 2)'],
    ['m * m', '(M@v3 * M@v3) : DECIMAL(9, 4)'],
    ['m / m', '(M@v3 / M@v3) : DECIMAL(11, 7)'],
    ['m % i', '(M@v3 % CAST(I@v0 AS DECIMAL(10, 0))) : DECIMAL(4, 2)'],
    ['t + t', '(T@v4 + T@v4) : STRING'],
    ['i = b', '(CAST(I@v0 AS BIGINT) = B@v1) : BOOLEAN'],
    ['d > 1', '(D@v2 > 1) : BOOLEAN'],
    ['m <> 10', '(CAST(M@v3 AS DECIMAL(12, 2)) <> 10.00) : BOOLEAN'],
    ["ts > '2020-01-01'", "(TS@v5 > CAST('2020-01-01' AS TIMESTAMP)) : BOOLEAN"],
    ['day = ts', '(CAST(DAY@v6 AS TIMESTAMP) = TS@v5) : BOOLEAN'],
    ["ROWTIME >= '2020-01-01T00:00:01'", '(ROWTIME >= 1577836801000) : BOOLEAN'],
    ["i IN (1, '2')", '(I@v0 IN (1, 2)) : BOOLEAN'],
    ["i IN (1, '2147483648')", '(CAST(I@v0 AS BIGINT) IN (1, 2147483648)) : BOOLEAN'],
    ['i BETWEEN 1 AND b', '((I@v0 >= 1) AND (CAST(I@v0 AS BIGINT) <= B@v1)) : BOOLEAN'],
    ['i NOT BETWEEN 1 AND 2', '(I@v0 NOT BETWEEN 1 AND 2) : BOOLEAN'],
    ['CASE WHEN l THEN i ELSE NULL END', 'CASE WHEN L@v7 THEN I@v0 ELSE NULL END : INTEGER'],
    ["CASE i WHEN 1 THEN 'a' END", "CASE WHEN (I@v0 = 1) THEN 'a' END : STRING"],
    ['ARRAY[i, b, NULL]', 'ARRAY[CAST(I@v0 AS BIGINT), B@v1, NULL] : ARRAY<BIGINT>'],
    ["MAP('x' := i, 'y' := 2.5)", "MAP('x' := CAST(I@v0 AS DECIMAL(11, 1)), 'y' := 2.5) : MAP<STRING, DECIMAL(11, 1)>"],
    ['STRUCT(x := i, y := t)', 'STRUCT(I@v0, T@v4) : STRUCT<`X` INTEGER, `Y` STRING>'],
    ['st->y->z', 'ST@v10->Y->Z : STRING'],
    ['a[1]', 'A@v8[1] : INTEGER'],
    ["mp['k']", "MP@v9['k'] : BIGINT"],
    ['t || t', 'CONCAT(T@v4, T@v4) : STRING'],
    ['ABS(i)', 'ABS(I@v0) : INTEGER'],
    ['TRANSFORM(a, x => x + b)', 'TRANSFORM(A@v8, (X) => (CAST(X AS BIGINT) + B@v1)) : ARRAY<BIGINT>'],
    // A column may have the name of a unit.
    ['second + 1', '(SECOND@v11 + 1) : INTEGER'],
    ['ABS(second)', 'ABS(SECOND@v11) : INTEGER'],
    ['DATEADD(DAYS, 1, day)', "DATEADD('DAYS', 1, DAY@v6) : DATE"],
    ["TIMESTAMP '2020-01-01T00:00:00'", 'TIMESTAMP 1577836800000 : TIMESTAMP'],
    ['CAST(NULL AS BIGINT)', 'NULL : BIGINT'],
  ])('%s', (sql, expected) => expect(expression(sql)).toBe(expected));
});

describe('projections', () => {
  const names = (sql: string): readonly string[] => query(sql).select.map((c) => c.name);

  it('leaves pseudo columns out of *', () => {
    expect(names('SELECT * FROM w EMIT CHANGES;')).toEqual(['K', 'WINDOWSTART', 'WINDOWEND', 'V']);
    expect(names('CREATE STREAM x AS SELECT * FROM w;')).toEqual(['K', 'V']);
  });

  it('names what has no name', () => {
    expect(names('SELECT i + 1, t, i + 2, st->x, st->y->z FROM s EMIT CHANGES;')).toEqual([
      'KSQL_COL_0',
      'T',
      'KSQL_COL_1',
      'X',
      'Z',
    ]);
    expect(names('SELECT st->x, st->x, st->* FROM s EMIT CHANGES;')).toEqual(['X', 'X_1', 'X_2', 'Y']);
  });

  it('moves the key that PARTITION BY replaces behind the values', () => {
    const r = resolve('CREATE STREAM x AS SELECT * FROM w2 PARTITION BY v;', partitioned());
    if (r.kind !== 'createAs') throw new Error(r.kind);
    expect(printSchema(r.sink.schema)).toBe('`V` INTEGER KEY, `U` INTEGER, `K` INTEGER');
  });

  function partitioned(): Session {
    const s = session();
    s.run("CREATE STREAM w2 (k INT KEY, v INT, u INT) WITH (KAFKA_TOPIC='w2', VALUE_FORMAT='JSON');");
    return s;
  }
});

describe('sinks', () => {
  function sink(sql: string, s = session()) {
    const r = resolve(sql, s);
    if (r.kind !== 'createAs') throw new Error(r.kind);
    return r.sink;
  }

  it('inherit formats, partitions and windows from the first source', () => {
    const s = session();
    s.run(
      "CREATE STREAM p (k INT KEY, v INT) WITH (KAFKA_TOPIC='p', KEY_FORMAT='JSON', VALUE_FORMAT='DELIMITED', VALUE_DELIMITER='|', PARTITIONS=7, REPLICAS=2);",
    );
    const x = sink('CREATE STREAM x AS SELECT * FROM p;', s);
    expect(x.topic).toEqual({ name: 'X', partitions: 7, replicas: 2, retentionMs: null });
    expect(x.keyFormat).toEqual({ name: 'JSON', properties: {} });
    expect(x.valueFormat).toEqual({ name: 'DELIMITED', properties: { delimiter: '|' } });
    expect(sink("CREATE STREAM x WITH (VALUE_FORMAT='JSON', PARTITIONS=1) AS SELECT * FROM p;", s).valueFormat).toEqual(
      {
        name: 'JSON',
        properties: {},
      },
    );
    expect(sink('CREATE STREAM x AS SELECT * FROM w;').window).toEqual({ kind: 'time', sizeMs: 10_000 });
  });

  it('take their names and settings from the session', () => {
    const s = session();
    s.properties = { 'ksql.output.topic.name.prefix': 'pre-', 'ksql.persistence.wrap.single.values': 'false' };
    const x = sink('CREATE TABLE x AS SELECT i, COUNT(*) AS n FROM s GROUP BY i;', s);
    expect(x.topic.name).toBe('pre-X');
    expect(x.valueFormat.wrapSingle).toBe(false);
  });

  it('of PARTITION BY NULL have no key', () => {
    const x = sink('CREATE STREAM x AS SELECT i FROM s PARTITION BY NULL;');
    expect(x.schema.key).toEqual([]);
    expect(x.keyFormat.name).toBe('NONE');
  });
});

describe('windows', () => {
  const window = (sql: string) => {
    const q = query(`CREATE TABLE x AS SELECT i, COUNT(*) AS n FROM s WINDOW ${sql} GROUP BY i;`);
    return q.shape.kind === 'grouped' ? q.shape.window : null;
  };

  it('have 24 hours of grace less their size, unless told', () => {
    expect(window('TUMBLING (SIZE 1 HOUR)')).toMatchObject({
      kind: 'TUMBLING',
      sizeMs: 3_600_000,
      graceMs: 82_800_000,
    });
    expect(window('TUMBLING (SIZE 2 DAYS)')).toMatchObject({ sizeMs: 172_800_000, graceMs: 0 });
    expect(window('SESSION (60 SECONDS)')).toMatchObject({ kind: 'SESSION', gapMs: 60_000, graceMs: 86_340_000 });
    expect(window('HOPPING (SIZE 10 SECONDS, ADVANCE BY 5 SECONDS, GRACE PERIOD 0 SECONDS)')).toMatchObject({
      kind: 'HOPPING',
      advanceMs: 5000,
      graceMs: 0,
    });
  });

  it('keep at least size and grace', () => {
    for (const sql of ['TUMBLING (SIZE 1 HOUR)', 'TUMBLING (SIZE 3 DAYS)', 'SESSION (1 DAY, GRACE PERIOD 2 DAYS)']) {
      const w = window(sql)!;
      const extent = w.kind === 'SESSION' ? w.gapMs : w.sizeMs;
      expect(w.retentionMs).toBeGreaterThanOrEqual(extent + w.graceMs);
    }
  });
});

describe('INSERT VALUES', () => {
  const insert = (sql: string) => {
    const r = resolve(sql);
    if (r.kind !== 'insertValues') throw new Error(r.kind);
    return r;
  };

  it('gives every column a constant of its type, NULL where none is said', () => {
    const r = insert("INSERT INTO s (k, b, m, ts, ROWTIME) VALUES ('x', 1, 5, '2020-01-01T00:00:00', 42);");
    expect(r.key.map(printExpr)).toEqual(["'x'"]);
    expect(r.value.map(printExpr).slice(0, 6)).toEqual([
      'NULL',
      '1',
      'NULL',
      '5.00',
      'NULL',
      'TIMESTAMP 1577836800000',
    ]);
    expect(r.value.map((e) => e.type.kind).slice(0, 4)).toEqual(['INTEGER', 'BIGINT', 'DOUBLE', 'DECIMAL']);
    expect(r.rowtime && printExpr(r.rowtime)).toBe('42');
  });

  it('refuses a number that does not fit a DECIMAL', () => {
    expect(() => insert('INSERT INTO s (m) VALUES (123.45);')).toThrow('Numeric field overflow');
  });

  it('takes calls and constructors', () => {
    const r = insert(
      "INSERT INTO s (k, a, st) VALUES (UCASE('x'), ARRAY[1, '2'], STRUCT(x := 1, y := STRUCT(z := 'q')));",
    );
    expect(r.key.map(printExpr)).toEqual(["UCASE('x')"]);
    expect(printExpr(r.value[8]!)).toBe('ARRAY[1, 2]');
  });
});

describe('sources', () => {
  it('knows custom types, headers and quoted names', () => {
    const s = session();
    s.run('CREATE TYPE point AS STRUCT<x INT, y INT>;');
    const r = resolve(
      "CREATE STREAM h (`k` INT KEY, p point, all_of ARRAY<STRUCT<key VARCHAR, value BYTES>> HEADERS) WITH (KAFKA_TOPIC='h', VALUE_FORMAT='JSON');",
      s,
    );
    if (r.kind !== 'createSource') throw new Error(r.kind);
    expect(printSchema(r.source.schema)).toBe(
      '`k` INTEGER KEY, `P` STRUCT<`X` INTEGER, `Y` INTEGER>, `ALL_OF` ARRAY<STRUCT<`KEY` STRING, `VALUE` BYTES>> HEADERS',
    );
  });

  it('says when IF NOT EXISTS has nothing to do', () => {
    const r = resolve("CREATE STREAM IF NOT EXISTS s (a INT) WITH (KAFKA_TOPIC='q', VALUE_FORMAT='JSON');");
    expect(r).toMatchObject({ kind: 'createSource', exists: true });
  });

  it('keeps the statement as it was written', () => {
    const sql = "  CREATE STREAM q (a INT)\n WITH (KAFKA_TOPIC='q', VALUE_FORMAT='JSON') ;";
    expect(resolve(sql)).toMatchObject({
      sql: "CREATE STREAM q (a INT)\n WITH (KAFKA_TOPIC='q', VALUE_FORMAT='JSON')",
    });
  });
});

describe('aggregates without arguments', () => {
  it('take the time of the row, all but COUNT', () => {
    const q = query('CREATE TABLE x AS SELECT i, MAX(*) AS a, MAX() AS b, COUNT(*) AS n FROM s GROUP BY i;');
    const calls = q.shape.kind === 'grouped' ? q.shape.calls : [];
    expect(calls.map((c) => `${c.name}(${c.args.map(printExpr).join(', ')})`)).toEqual(['MAX(ROWTIME)', 'COUNT()']);
  });
});
