import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, EARLIEST, eventually, type Json, open, run, startServer, type TestServer } from './support.js';

/** What a server tells of a query: late records, joins that match nothing, how long windows are kept, bytes of state. */
describe('what is told of a query', () => {
  let s: TestServer;
  let late: string;
  let join: string;

  beforeAll(async () => {
    s = await startServer({ 'weir.errors.late.topic.name': 'late', 'weir.notice.after.ms': '50' });
    await run(
      s,
      `CREATE STREAM clicks (usr STRING KEY, n INT) WITH (KAFKA_TOPIC='clicks', FORMAT='JSON', PARTITIONS=1);
       CREATE TABLE names (usr STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='names', FORMAT='JSON', PARTITIONS=1);
       INSERT INTO names (usr, name, ROWTIME) VALUES ('ANN', 'Ann', 0);
       INSERT INTO clicks (usr, n, ROWTIME) VALUES ('ann', 1, 1000);
       INSERT INTO clicks (usr, n, ROWTIME) VALUES ('ann', 2, 90000);
       INSERT INTO clicks (usr, n, ROWTIME) VALUES ('ann', 3, 2000);`,
    );
    await run(
      s,
      `CREATE TABLE visits WITH (RETENTION_MS=5000) AS SELECT usr, COUNT(*) AS c FROM clicks
         WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 5 SECONDS, GRACE PERIOD 1 SECONDS) GROUP BY usr;`,
      EARLIEST,
    );
    await run(
      s,
      'CREATE STREAM named AS SELECT c.usr AS usr, n, name FROM clicks c JOIN names m ON c.usr = m.usr;',
      EARLIEST,
    );
    const stats = await eventually(
      async () => s.running.engine.queryStats(),
      (all) => all.length === 2 && all[0]!.recordsIn === 3 && all[1]!.recordsIn === 4 && all.every((q) => q.lag === 0),
    );
    [late, join] = stats.map((q) => q.queryId) as [string, string];
    await eventually(
      async () => s.running.engine.stateBytes(),
      (bytes) => bytes.size === 2 && [...bytes.values()].every((n) => n > 0),
    );
  });
  afterAll(() => s.stop());

  const one = async (sql: string): Promise<Json> => (await run(s, sql))[0] as Json;
  const lateRemark = () =>
    `${late}: 1 of 3 records (33.3 %) came to aggregate after the grace of their windows and changed nothing. A longer ` +
    'GRACE PERIOD takes them; SHOW ERRORS lists the latest; weir.errors.late.topic.name names a topic that gets those to come.';
  const joinRemark = 'streamTableJoin: 0 of 3 matched: the keys of the two sides differ in upper and lower case';

  it('SHOW QUERIES has late, lag, misses, retention and bytes of state, and warns', async () => {
    expect(await one('SHOW QUERIES;')).toMatchObject({
      queries: [
        { id: late, statistics: { late: 1, lag: 0, retentionMs: 604_800_000, stateBytes: expect.any(Number) } },
        { id: join, statistics: { late: 0, lag: 0, matched: 0, unmatched: 3, stateBytes: expect.any(Number) } },
      ],
      warnings: [{ message: lateRemark() }, { message: expect.stringContaining(joinRemark) }],
    });
  });

  it('DESCRIBE has the windows of a table, and the warnings of who writes it', async () => {
    expect(await one('DESCRIBE visits EXTENDED;')).toMatchObject({
      sourceDescription: {
        window: { kind: 'HOPPING', sizeMs: 10_000, advanceMs: 5000, graceMs: 1000, retentionMs: 604_800_000 },
        writeQueries: [{ id: late, statistics: { late: 1 } }],
      },
      warnings: [{ message: lateRemark() }],
    });
    expect(await one('DESCRIBE named EXTENDED;')).toMatchObject({
      sourceDescription: { statistics: 'records read: 4  records written: 0  late: 0  matched: 0  unmatched: 3' },
    });
    expect((await one('DESCRIBE clicks;')).sourceDescription).not.toHaveProperty('window');
  });

  it('EXPLAIN ANALYZE tells what each step has done', async () => {
    const { queryDescription } = (await one(`EXPLAIN ANALYZE ${join};`)) as { queryDescription: { analysis: string } };
    expect(queryDescription.analysis.split('\n')).toEqual([
      'state RUNNING, 1 task, lag 0 records',
      expect.stringMatching(/^records in 4, out 0, skipped 0, late 0, expressions failed 0, commits \d+$/),
      'stream time 1970-01-01T00:01:30.000Z',
      expect.stringMatching(/^stored state \d+ bytes$/),
      'streamTableJoin: 3 records, 0 matched when they came, 3 did not, left 3 (1970-01-01T00:00:01.000Z to ' +
        '1970-01-01T00:01:30.000Z), right 1 (1970-01-01T00:00:00.000Z), 0 late',
      expect.stringContaining(joinRemark),
    ]);
    expect((await one(`EXPLAIN ${join};`)).queryDescription).not.toHaveProperty('analysis');
  });

  it('EXPLAIN ANALYZE of a statement runs its SELECT for a moment, counts its rows and writes nothing', async () => {
    const analysis = async (sql: string, properties: Json = {}): Promise<string[]> => {
      const [entity] = (await run(s, `EXPLAIN ANALYZE ${sql};`, properties)) as [
        { queryDescription: { analysis: string } },
      ];
      return entity.queryDescription.analysis.split('\n');
    };
    const ran = (rest: string) => expect.stringMatching(new RegExp(`^ran for [\\d,]+ ms, without writing: ${rest}$`));
    expect(await analysis('SELECT * FROM visits')).toEqual([
      ran('3 rows, the first after [\\d,]+ ms'),
      'it has read all there is',
    ]);
    expect(await analysis('SELECT usr, COUNT(*) AS c FROM clicks GROUP BY usr EMIT CHANGES', EARLIEST)).toEqual([
      ran('1 row, the first after [\\d,]+ ms'),
      'it has read all there is',
      'records in 3, filtered 0, skipped 0, late 0, lag 0 records',
    ]);
    expect(await analysis('SELECT usr, n FROM clicks WHERE n > 1 EMIT CHANGES', EARLIEST)).toEqual([
      ran('2 rows, the first after [\\d,]+ ms'),
      'it has read all there is',
      'records in 3, filtered 1, skipped 0, late 0, lag 0 records',
    ]);
    expect(await analysis('SELECT usr, n FROM clicks EMIT CHANGES')).toEqual([
      ran('0 rows'),
      'it has read all there is',
      'records in 0, filtered 0, skipped 0, late 0, lag 0 records',
      "3 records stood before where it began: SET 'auto.offset.reset'='earliest' takes them too",
    ]);
    const join = 'SELECT c.usr AS usr, n, name FROM clicks c JOIN names m ON c.usr = m.usr';
    expect(await analysis(`CREATE STREAM tried AS ${join}`, EARLIEST)).toEqual([
      ran('0 rows'),
      'it has read all there is',
      'records in 4, filtered 0, skipped 0, late 0, lag 0 records',
      expect.stringContaining('0 of 3 matched'),
    ]);
    expect(s.running.engine.queryStats()).toHaveLength(2);
    await expect(run(s, 'EXPLAIN ANALYZE DROP STREAM clicks;')).rejects.toThrow(/only a query can be run/);
  });

  it('late records are in SHOW ERRORS, and on the topic that the server is told', async () => {
    const { errors } = (await one('SHOW ERRORS;')) as unknown as { errors: Json[] };
    expect(errors).toMatchObject([
      {
        level: 'WARN',
        logger: `processing.${late}.aggregate`,
        message: {
          recordProcessingError: { errorMessage: expect.stringContaining('Late: a record of 1970-01-01T00:00:02') },
        },
      },
    ]);
    expect(await s.running.engine.topicSize('late')).toBe(1);
  });

  it('a pull query says it behind its rows, where side messages are asked for', async () => {
    const ask1 = async (properties: Record<string, string>) =>
      (await ask(s, { path: '/query-stream', body: { sql: 'SELECT usr, c FROM visits;', properties } })).text
        .trim()
        .split('\n');
    const [, ...plain] = await ask1({});
    expect(plain.map((l) => JSON.parse(l) as unknown)).toEqual([
      ['ann', 1],
      ['ann', 1],
      ['ann', 1],
    ]);
    const [, ...lines] = await ask1({ 'weir.side.messages': 'true' });
    expect(lines.slice(0, 3)).toEqual(plain);
    expect(lines.slice(3).map((l) => JSON.parse(l) as unknown)).toEqual([
      { notice: { code: 'REMARK', message: lateRemark() } },
    ]);
  });

  it('a silent push query says it of the query that fills its source', async () => {
    const sql = 'SELECT * FROM named EMIT CHANGES;';
    const request = open(s, { path: '/query-stream', body: { sql, properties: { 'weir.side.messages': 'true' } } });
    const text = await new Promise<string>((resolve, reject) => {
      let got = '';
      request.on('error', reject);
      request.on('response', (response) => {
        response.on('data', (t) => {
          got += String(t);
          if (got.includes('REMARK')) resolve(got);
        });
      });
    });
    request.destroy();
    expect(JSON.parse(text.trimEnd().split('\n').at(-1)!)).toMatchObject({
      notice: { code: 'REMARK', message: expect.stringContaining(joinRemark) },
    });
  });

  it('metrics have bytes of state and misses', async () => {
    const { text } = await ask(s, { path: '/metrics' });
    expect(text).toMatch(new RegExp(`weir_query_state_bytes\\{query="${late}"\\} [1-9]`));
    expect(text).toContain(`weir_query_join_unmatched_records_total{query="${join}"} 3`);
    expect(text).toContain(`weir_query_records_late_total{query="${late}"} 1`);
  });

  it('CREATE TABLE warns where its topic keeps less than a late record can change', async () => {
    const entity = await one(
      `CREATE TABLE more WITH (RETENTION_MS=10999) AS SELECT usr, COUNT(*) AS c FROM clicks
         WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 1 SECONDS) GROUP BY usr;`,
    );
    expect(entity.warnings).toMatchObject([
      {
        message: expect.stringMatching(
          /^Topic MORE keeps records for 10999 ms \(RETENTION_MS\), and a window takes records for 11000 ms/,
        ),
      },
    ]);
  });
});
