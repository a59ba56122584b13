import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { deploy } from '../../cli/deploy.js';
import { ask, type Json, run, startServer, type TestServer } from '../server/support.js';
import { tempDir } from '../support/temp.js';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const s of servers.splice(0)) await s.stop();
});

async function server(settings: Record<string, string> = {}): Promise<TestServer> {
  const s = await startServer(settings);
  servers.push(s);
  return s;
}

/** A folder of files, and `weir plan` and `weir apply` on it. */
function project(s: TestServer) {
  const dir = tempDir();
  const command = async (name: 'plan' | 'apply', ...options: string[]) => {
    let text = '';
    const out = (line: string) => {
      text += `${line}\n`;
    };
    const signal = new AbortController().signal;
    const status = await deploy(name, [dir, '--server', s.address, ...options], { out, err: out, signal });
    return { status, text: text.replaceAll(`${dir}/`, '') };
  };
  return {
    write: (name: string, sql: string) => writeFileSync(join(dir, name), sql),
    plan: (...options: string[]) => command('plan', ...options),
    apply: (...options: string[]) => command('apply', ...options),
  };
}

const SOURCE = "CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);";

const names = async (s: TestServer) => {
  const entities = (await run(s, 'SHOW STREAMS; SHOW TABLES; SHOW QUERIES;')) as [
    { streams: Json[] },
    { tables: Json[] },
    { queries: Json[] },
  ];
  return [
    ...entities[0].streams.map((x) => x.name),
    ...entities[1].tables.map((x) => x.name),
    ...entities[2].queries.map((x) => x.id),
  ];
};

/** `weir apply --watch`, from when it watches on: what it has said, and how it ends. */
async function watched(s: TestServer, path: string) {
  const ends = new AbortController();
  const lines: string[] = [];
  let wake = () => {};
  const say = (text: string) => {
    lines.push(text);
    wake();
  };
  const said = async (part: string) => {
    while (!lines.some((l) => l.includes(part))) await new Promise<void>((resolve) => (wake = resolve));
  };
  const watching = deploy('apply', [path, '--server', s.address, '--watch'], {
    out: say,
    err: say,
    signal: ends.signal,
  });
  await said('Watching');
  const end = () => {
    ends.abort();
    return watching;
  };
  return { lines, said, end };
}

describe('weir plan and weir apply', () => {
  it('tell what is new, do it, and then find nothing to do', async () => {
    const s = await server();
    const p = project(s);
    p.write('1.sql', SOURCE);
    p.write('2.sql', 'CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;');
    expect(await p.plan()).toEqual({
      status: 2,
      text: `1.sql
  + create    STREAM S
      + ${SOURCE}
2.sql
  + create    TABLE T
      + CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
2 to create.
`,
    });
    expect(await names(s)).toEqual([]);
    expect(await p.apply()).toMatchObject({ status: 0, text: expect.stringContaining('2 new.') });
    expect(await names(s)).toEqual(['S', 'T', 'CTAS_T_0']);
    expect(await p.plan()).toMatchObject({ status: 0, text: expect.stringContaining('2 unchanged.') });
  });

  it('replace a changed query, and refuse what its state or its readers forbid, with the reason', async () => {
    const s = await server();
    const p = project(s);
    p.write('1.sql', SOURCE);
    p.write('2.sql', 'CREATE STREAM o AS SELECT k, v FROM s WHERE v > 1;');
    p.write('3.sql', 'CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;');
    await p.apply();
    p.write('2.sql', 'CREATE STREAM o AS SELECT k, v FROM s WHERE v > 2;');
    expect(await p.plan()).toMatchObject({
      status: 2,
      text: expect.stringContaining(`  ~ replace   STREAM O
      - CREATE STREAM o AS SELECT k, v FROM s WHERE v > 1;
      + CREATE STREAM o AS SELECT k, v FROM s WHERE v > 2;`),
    });
    expect(await p.apply()).toMatchObject({ status: 0 });
    const [queries] = (await run(s, 'SHOW QUERIES;')) as [{ queries: { id: string; queryString: string }[] }];
    expect(queries.queries.find((q) => q.id === 'CSAS_O_0')?.queryString).toContain('v > 2');
    expect(await p.plan()).toMatchObject({ status: 0 });

    p.write('3.sql', 'CREATE TABLE t AS SELECT k, SUM(v) AS n FROM s GROUP BY k;');
    p.write('1.sql', SOURCE.replace('v INT', 'v STRING'));
    const refused = await p.apply();
    expect(refused.status).toBe(1);
    expect(refused.text).toMatch(/! refused {3}STREAM S {2}\(1\.sql:1\)\n.*Cannot upgrade data source/);
    expect(refused.text).toMatch(/! refused {3}TABLE T {2}\(3\.sql:1\)\n/);
    expect(refused.text).toContain('Nothing has been applied.');
    expect(await names(s)).toEqual(['O', 'S', 'T', 'CSAS_O_0', 'CTAS_T_1']);
  });

  it('know what is in no file, and drop it only when told, readers first', async () => {
    const s = await server();
    const p = project(s);
    p.write('1.sql', SOURCE);
    await p.apply();
    await run(
      s,
      'CREATE STREAM a AS SELECT k, v FROM s; CREATE STREAM b AS SELECT k, v FROM a; INSERT INTO a SELECT k, v FROM s;',
    );
    expect(await p.plan()).toMatchObject({
      status: 0,
      text: expect.stringMatching(/\? extra {5}STREAM A\n[\s\S]*3 in no file \(--prune drops them\)/),
    });
    expect(await p.apply('--prune')).toMatchObject({ status: 0, text: expect.stringContaining('3 dropped') });
    expect(await names(s)).toEqual(['S']);
  });

  it('know what a file makes under a variable as its own', async () => {
    const s = await server();
    const p = project(s);
    const variable = (name: string) => `$\{${name}}`;
    p.write(
      '1.sql',
      `DEFINE n = 'named'; DEFINE least = '3'; ${SOURCE} CREATE STREAM ${variable('n')} AS SELECT k, v FROM s;
       INSERT INTO ${variable('n')} SELECT k, v FROM s WHERE v > ${variable('least')};`,
    );
    await p.apply();
    for (const option of [[], ['--prune']])
      expect(await p.plan(...option)).toMatchObject({ status: 0, text: expect.stringMatching(/\n3 unchanged\.\n$/) });
  });

  it('end a query that is in no file before they change what it writes', async () => {
    const s = await server();
    const p = project(s);
    p.write('1.sql', `${SOURCE} CREATE STREAM o AS SELECT k, v FROM s WHERE v > 1;`);
    p.write('2.sql', 'INSERT INTO o SELECT k, v FROM s WHERE v < 0;');
    await p.apply();
    p.write('1.sql', `${SOURCE} CREATE STREAM o AS SELECT k, v FROM s WHERE v > 2;`);
    p.write('2.sql', '');
    expect(await p.plan()).toMatchObject({ status: 1 });
    expect(await p.apply('--prune')).toMatchObject({
      status: 0,
      text: expect.stringContaining('1 changed, 1 dropped'),
    });
    expect(await names(s)).toEqual(['O', 'S', 'CSAS_O_0']);
  });

  it('name every file that cannot be read or applied, not the first alone', async () => {
    const s = await server();
    const p = project(s);
    p.write('1.sql', `${SOURCE} ${SOURCE}`);
    p.write('2.sql', 'CREATE STREAM');
    p.write('3.sql', '-- o\nCREATE STREAM o AS\n  SELECT nope FROM s;');
    const { status, text } = await p.plan();
    expect(status).toBe(1);
    expect(text).toContain('S is made twice: in this file.');
    expect(text).toMatch(/2\.sql\n {2}! refused {3}FILE {2}\(2\.sql:1\)\n.*line 1:\d+: Syntax Error/);
    expect(text).toMatch(
      /3\.sql\n {2}! refused {3}STREAM O {2}\(3\.sql:3\)\n.*NOPE.*\n.*SELECT nope FROM s;\n +! +\^{4}\n/,
    );
    expect(JSON.parse((await p.plan('--json')).text)).toMatchObject([{ action: 'create' }, {}, {}, {}]);
  });

  it('refuse a type that would become another, and know one that stays', async () => {
    const s = await server();
    const p = project(s);
    p.write('1.sql', 'CREATE TYPE t AS STRUCT<a INT>;');
    await p.apply();
    expect(await p.plan()).toMatchObject({ status: 0, text: expect.stringContaining('1 unchanged.') });
    p.write('1.sql', 'CREATE TYPE t AS STRUCT<a BIGINT>;');
    const { status, text } = await p.plan();
    expect([status, text]).toEqual([
      1,
      expect.stringContaining('Type T is STRUCT<`A` INTEGER> and cannot become STRUCT<`A` BIGINT>.'),
    ]);
  });

  it('wrong use is told', async () => {
    const s = await server();
    const io = { out: () => {}, err: () => {}, signal: new AbortController().signal };
    for (const [args, said] of [
      [['a', 'b'], 'one file or folder, not a, b'],
      [['a', '--watch'], '--watch goes with weir apply'],
      [['nothing', '--server', s.address], 'are not there: nothing'],
    ] as const)
      await expect(deploy('plan', args, io)).rejects.toThrow(said);
  });

  it('say where no server answers', async () => {
    const s = await server();
    const p = project(s);
    p.write('1.sql', SOURCE);
    await s.stop();
    await expect(p.plan()).rejects.toThrow(`No Weir server answers at ${s.address}.`);
  });

  it('apply again when a file has changed', async () => {
    const s = await server();
    const dir = tempDir();
    writeFileSync(join(dir, '1.sql'), SOURCE);
    const { lines, said, end } = await watched(s, dir);
    writeFileSync(join(dir, '2.sql'), 'CREATE STREAM o AS SELECT k, nope FROM s;');
    await said('NOPE');
    writeFileSync(join(dir, '2.sql'), 'CREATE STREAM o AS SELECT k, v FROM s;');
    await said('1 new, 1 unchanged.');
    expect(lines.filter((l) => l.includes('unchanged STREAM S'))).toEqual([]); // named at the first time at most
    expect(await end()).toBe(0);
    expect(await names(s)).toEqual(['O', 'S', 'CSAS_O_0']);
  });

  it('see one file also where an editor puts a new one in its place', async () => {
    const s = await server();
    const file = join(tempDir(), '1.sql');
    writeFileSync(file, SOURCE);
    const { said, end } = await watched(s, file);
    for (const name of ['o', 'p']) {
      writeFileSync(`${file}~`, `${SOURCE} CREATE STREAM ${name} AS SELECT k, v FROM s;`);
      renameSync(`${file}~`, file);
      await said(`create    STREAM ${name.toUpperCase()}`);
    }
    expect(await end()).toBe(0);
  });
});

describe('a headless server', () => {
  it('serves reads, and refuses changes over its API', async () => {
    const dir = tempDir();
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, '1.sql'), `${SOURCE} CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`);
    const s = await server({ 'ksql.queries.file': dir, 'weir.headless': 'true' });
    const post = (path: string, body: unknown) => ask(s, { path, body });
    for (const [path, body] of [
      ['/ksql', { ksql: 'CREATE STREAM o AS SELECT k FROM s;' }],
      ['/ksql', { ksql: 'INSERT INTO s VALUES (1, 2);' }],
      ['/ksql', { ksql: 'TERMINATE ALL;' }],
      ['/ksql', { ksql: "SHOW STREAMS; ALTER SYSTEM 'auto.offset.reset'='latest';" }],
      ['/ksql/terminate', {}],
      ['/inserts-stream', '{"target":"S"}\n{"K":1,"V":2}\n'],
      ['/topics/s/records', { records: [{ key: '1', value: '{}' }] }],
      ['/deployments', { files: [] }],
    ] as const) {
      const answer = await post(path, body);
      expect([path, answer.text]).toEqual([path, expect.stringMatching(/"error_code":40300.*headless/)]);
    }
    expect((await post('/ksql', { ksql: 'SHOW STREAMS; DESCRIBE t;' })).status).toBe(200);
    expect((await post('/query-stream', { sql: 'SELECT * FROM t;' })).status).toBe(200);
    expect((await post('/deployments/plan', { files: [] })).status).toBe(200);
    for (const path of ['/healthcheck', '/metrics', '/readyz']) expect((await ask(s, { path })).status).toBe(200);
  });
});
